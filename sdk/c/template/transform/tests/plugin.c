// The plugin as a native program: whole, and in parts of one row.
#include <math.h>
#include <refrain/testing.h>
#include <refrain/transform.h>

static rf_text NAMES = {"{\"columns\":[\"x\"]}", 17};

// The state after fitting these rows.
static rf_bytes fitted(rf_context *cx, rf_schema input, const double *values, size_t n_rows) {
    void *fit;
    rf_bytes state = {};
    rf_column column = rf_test_column(cx, n_rows, values);
    rf_batch rows = {(uint32_t)n_rows, {&column, 1}};
    RF_CHECK(refrain_plugin.fit_start(cx, NAMES, input, 0, &fit));
    RF_CHECK(refrain_plugin.fit_update(cx, fit, rows));
    RF_CHECK(refrain_plugin.fit_save(cx, fit, &state));
    return state;
}

static void whole_and_in_parts(void) {
    rf_context cx = rf_test_context();
    rf_field field = {rf_text_of("x"), RF_FLOAT64, true, 0};
    rf_schema input = {&field, 1};
    const double values[] = {1, NAN, 3};

    void *fit;
    RF_CHECK(refrain_plugin.fit_start(&cx, NAMES, input, 0, &fit));
    for (size_t row = 0; row < 3; row++) {
        RF_CHECK(refrain_plugin.fit_merge(&cx, fit, fitted(&cx, input, values + row, 1)));
    }
    rf_bytes parts, whole = fitted(&cx, input, values, 3);
    RF_CHECK(refrain_plugin.fit_finish(&cx, fit, &parts));
    RF_CHECK(parts.len == 24 && whole.len == 24);

    const rf_bytes states[] = {whole, parts};
    for (size_t i = 0; i < 2; i++) {
        void *map;
        rf_columns out;
        rf_column column = rf_test_column(&cx, 3, values);
        RF_CHECK(refrain_plugin.apply_start(&cx, NAMES, input, states[i], &map));
        RF_CHECK(refrain_plugin.apply(&cx, map, (rf_batch){3, {&column, 1}}, &out));
        double *found = out.ptr[0].float64.ptr;
        RF_CHECK(found[0] == -1 && found[1] == 0 && found[2] == 1);
        RF_CHECK(rf_is_valid(&out.ptr[0], 0) && !rf_is_valid(&out.ptr[0], 1));
    }
}

static void refusals_name_what_is_wrong(void) {
    static const char *const cases[][2] = {
        {"{\"columns\":[]}", "parameter `columns` is empty"},
        {"{}", "missing parameter `columns`"},
        {"{\"columns\":[\"x\"],\"x\":1}", "unknown parameter `x`; known: `columns`"},
        {"{\"columns\":[\"y\"]}", "no column `y` in the input; there are `x`, `id`"},
        {"{\"columns\":[\"id\"]}", "column `id` is int64, and must be float64"},
    };
    rf_field fields[] = {
        {rf_text_of("x"), RF_FLOAT64, false, 0}, {rf_text_of("id"), RF_INT64, false, 0}};
    for (size_t i = 0; i < RF_COUNT(cases); i++) {
        rf_context cx = rf_test_context();
        rf_transform_description found;
        rf_text params = rf_text_of(cases[i][0]);
        RF_CHECK(!refrain_plugin.describe(&cx, params, (rf_schema){fields, 2}, &found));
        RF_CHECK(cx.error.kind == RF_INVALID_PARAMS);
        RF_CHECK_TEXT(cx.error.message, cases[i][1]);
    }
}

int main(void) {
    return RF_RUN(whole_and_in_parts) + RF_RUN(refusals_name_what_is_wrong) + rf_test_end();
}

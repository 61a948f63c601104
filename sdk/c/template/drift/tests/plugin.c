// The plugin as a native program.
#include <refrain/drift.h>
#include <refrain/testing.h>

static rf_column texts(rf_context *cx, const char *first, const char *second) {
    rf_variable_builder builder = rf_variable_builder_of(cx, RF_UTF8, 2);
    rf_append(cx, &builder, rf_text_of(first));
    if (second == NULL) rf_append_null(cx, &builder);
    else rf_append(cx, &builder, rf_text_of(second));
    return rf_variable_finish(&builder);
}

static void half_of_a_column_became_null(void) {
    rf_context cx = rf_test_context();
    rf_field field = {rf_text_of("x"), RF_UTF8, true, 0};
    rf_text params = rf_text_of("{\"columns\":[\"x\"],\"threshold\":0.5}");
    rf_column before = texts(&cx, "a", "b"), after = texts(&cx, "a", NULL);
    void *fold;
    rf_scores scores;
    RF_CHECK(refrain_plugin.start(&cx, params, (rf_schema){&field, 1}, &fold));
    RF_CHECK(refrain_plugin.update(&cx, fold, RF_REFERENCE, (rf_batch){2, {&before, 1}}));
    RF_CHECK(refrain_plugin.update(&cx, fold, RF_CURRENT, (rf_batch){2, {&after, 1}}));
    RF_CHECK(refrain_plugin.finish(&cx, fold, &scores));
    RF_CHECK(scores.len == 1 && scores.ptr[0].value.is_some && scores.ptr[0].value.value == 0.5);
    RF_CHECK(scores.ptr[0].verdict == RF_DRIFTED);
    RF_CHECK(scores.ptr[0].n_reference == 2 && scores.ptr[0].n_current == 1);
}

int main(void) {
    return RF_RUN(half_of_a_column_became_null) + rf_test_end();
}

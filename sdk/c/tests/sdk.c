// The library's own tests, natively.
#include <math.h>
#include <refrain/moments.h>
#include <refrain/params.h>
#include <refrain/schema.h>
#include <refrain/testing.h>
#include <stdlib.h>
#include <string.h>

#include "../src/arena.h"

typedef struct {
    rf_texts columns;
    double rate;
    bool exact;
    int64_t limit;
} sample;

static const rf_param SAMPLE[] = {
    RF_REQUIRED(sample, columns, RF_PARAM_TEXTS),
    RF_OPTIONAL(sample, rate, RF_PARAM_F64),
    RF_OPTIONAL(sample, exact, RF_PARAM_BOOL),
    RF_OPTIONAL(sample, limit, RF_PARAM_I64),
};

static void parameters_are_read(void) {
    rf_context cx = rf_test_context();
    sample found = {.rate = 0.5};
    rf_text json = rf_text_of("{\"columns\":[\"a\",\"\\u00e9\\ud83d\\ude00\\n\"],\"limit\":-7}");
    RF_CHECK(rf_params_read(&cx, json, SAMPLE, RF_COUNT(SAMPLE), &found));
    RF_CHECK(found.columns.len == 2 && found.limit == -7 && found.rate == 0.5 && !found.exact);
    RF_CHECK_TEXT(found.columns.ptr[1], "é😀\n");
}

static void parameters_are_refused(void) {
    static const char *const cases[][2] = {
        {"", "missing parameter `columns`"},
        {"null", "the parameters must be an object"},
        {"[]", "the parameters must be an object"},
        {"{\"columns\":[1]}", "parameter `columns[0]` is a number, and must be a string"},
        {"{\"columns\":[],\"limit\":1.5}", "parameter `limit` is a number, and must be an integer"},
        {"{\"columns\":[],\"exact\":1}", "parameter `exact` is a number, and must be a boolean"},
        {"{\"colums\":[]}",
            "unknown parameter `colums`; known: `columns`, `rate`, `exact`, `limit`"},
        {"{\"columns\":[}", "the parameters are not JSON, as byte 12 shows"},
        {"{\"columns\":[]} x", "the parameters are not JSON, as byte 15 shows"},
        {"{\"columns\":[\"\\ud800\"]}", "the parameters are not JSON, as byte 19 shows"},
        {"\"\\", "the parameters are not JSON, as byte 1 shows"},
        {"{\"columns\":[],\"rate\":-}", "the parameters are not JSON, as byte 22 shows"},
    };
    for (size_t i = 0; i < RF_COUNT(cases); i++) {
        rf_context cx = rf_test_context();
        sample found = {};
        RF_CHECK(!rf_params_read(&cx, rf_text_of(cases[i][0]), SAMPLE, RF_COUNT(SAMPLE), &found));
        RF_CHECK(cx.error.kind == RF_INVALID_PARAMS);
        RF_CHECK_TEXT(cx.error.message, cases[i][1]);
    }
    rf_context cx = rf_test_context();
    char deep[300];
    memset(deep, '[', sizeof deep);
    rf_json value;
    RF_CHECK(!rf_json_read(&cx, (rf_text){deep, sizeof deep}, &value));
    RF_CHECK_TEXT(cx.error.message, "the parameters are nested too deep");
}

static void numbers_come_back(void) {
    rf_context cx = rf_test_context();
    static const double numbers[] = {0, 0.1, -1.5, 1.0 / 3, 1e21, 5e-324, 1.7976931348623157e308};
    for (size_t i = 0; i < RF_COUNT(numbers); i++) {
        rf_json value;
        RF_CHECK(rf_json_read(&cx, rf_number(&cx, numbers[i]), &value));
        RF_CHECK(value.kind == RF_JSON_NUMBER && value.number == numbers[i]);
    }
    RF_CHECK_TEXT(rf_number(&cx, 0.1), "0.1");
}

static void columns_are_found_by_name(void) {
    rf_context cx = rf_test_context();
    rf_field fields[] = {
        {rf_text_of("x"), RF_FLOAT64, true, 0},
        {rf_text_of("at"), RF_TIMESTAMP_US, false, 0},
        {rf_text_of("y"), RF_FLOAT64, false, 0},
    };
    rf_schema schema = {fields, RF_COUNT(fields)};
    rf_text names[] = {rf_text_of("y"), rf_text_of("x")};
    rf_u32s indices;
    RF_CHECK(rf_indices_of_kind(&cx, schema, (rf_texts){names, 2}, RF_KINDS(RF_FLOAT64), &indices));
    RF_CHECK(indices.len == 2 && indices.ptr[0] == 0 && indices.ptr[1] == 2);
    uint32_t index;
    rf_kinds numeric = RF_KINDS(RF_FLOAT64) | RF_KINDS(RF_INT64);
    RF_CHECK(!rf_index_of_kind(&cx, schema, rf_text_of("at"), numeric, &index));
    RF_CHECK_TEXT(cx.error.message, "column `at` is timestamp-us, and must be int64 or float64");
    RF_CHECK(!rf_index_of(&cx, schema, rf_text_of("z"), &index));
    RF_CHECK_TEXT(cx.error.message, "no column `z` in the input; there are `x`, `at`, `y`");
    names[1] = names[0];
    RF_CHECK(!rf_indices_of_kind(&cx, schema, (rf_texts){names, 2}, RF_ANY_KIND, &indices));
    RF_CHECK_TEXT(cx.error.message, "column `y` is named twice");
}

static void every_kind_holds_its_nulls(void) {
    rf_context cx = rf_test_context();
    static const rf_kind kinds[] = {
        RF_BOOLEAN, RF_INT64, RF_FLOAT64, RF_TIMESTAMP_US, RF_VECTOR};
    for (size_t i = 0; i < RF_COUNT(kinds); i++) {
        rf_column column = rf_column_of(&cx, kinds[i], 9, 3);
        rf_set_null(&cx, &column, 9, 8);
        RF_CHECK(column.validity.len == 2);
        RF_CHECK(column.validity.ptr[0] == 0xff && column.validity.ptr[1] == 0);
        RF_CHECK(rf_is_valid(&column, 7) && !rf_is_valid(&column, 8));
    }
    rf_variable_builder builder = rf_variable_builder_of(&cx, RF_UTF8, 3);
    rf_append(&cx, &builder, rf_text_of("late"));
    rf_append_null(&cx, &builder);
    rf_append(&cx, &builder, rf_text_of("on time"));
    rf_column column = rf_variable_finish(&builder);
    RF_CHECK_TEXT(rf_variable_at(column.utf8, 0), "late");
    RF_CHECK_TEXT(rf_variable_at(column.utf8, 1), "");
    RF_CHECK_TEXT(rf_variable_at(column.utf8, 2), "on time");
    RF_CHECK(column.validity.ptr[0] == 5);
}

static void another_kind_is_refused_not_read(void) {
    rf_context cx = rf_test_context();
    rf_column column = rf_column_of(&cx, RF_INT64, 1, 0), *found;
    column.int64.ptr[0] = 3;
    rf_batch rows = {1, {&column, 1}};
    RF_CHECK(!rf_column_at(&cx, rows, 0, RF_FLOAT64, &found));
    RF_CHECK(cx.error.kind == RF_INVALID_INPUT);
    RF_CHECK_TEXT(
        cx.error.message, "a column of int64 was handed over where float64 was expected");
    RF_CHECK(!rf_column_at(&cx, rows, 1, RF_FLOAT64, &found));
    RF_CHECK_TEXT(cx.error.message, "the batch has 1 columns, and column 1 is needed");
    rf_f64s numbers;
    RF_CHECK(rf_numbers_at(&cx, rows, 0, &numbers) && numbers.ptr[0] == 3.0);
}

static void states_come_back_and_nothing_else_does(void) {
    rf_context cx = rf_test_context();
    rf_writer writer = {.cx = &cx};
    rf_write_u64(&writer, 258);
    rf_write_f64(&writer, -1.5);
    rf_write_text(&writer, rf_text_of("late"));
    RF_CHECK(memcmp(writer.bytes.ptr, "\2\1\0\0\0\0\0\0", 8) == 0);
    rf_reader reader = {&cx, writer.bytes};
    uint64_t n;
    double x;
    rf_text text;
    RF_CHECK(rf_read_u64(&reader, &n) && n == 258 && rf_read_f64(&reader, &x) && x == -1.5);
    RF_CHECK(rf_read_text(&reader, &text));
    RF_CHECK_TEXT(text, "late");
    RF_CHECK(rf_read_end(&reader) && !rf_read_u64(&reader, &n));
    RF_CHECK(cx.error.kind == RF_FAILED);
}

static void parts_merge_into_the_whole(void) {
    static const double xs[] = {1, 2, 6};
    rf_moments whole = {}, parts = {};
    for (size_t i = 0; i < RF_COUNT(xs); i++) {
        rf_moments part = {};
        rf_moments_add(&whole, xs[i]);
        rf_moments_add(&part, xs[i]);
        rf_moments_merge(&parts, part);
    }
    RF_CHECK(whole.n == 3 && whole.mean == 3 && whole.m2 == 14);
    RF_CHECK(memcmp(&whole, &parts, sizeof whole) == 0);
    double ones[83];
    for (size_t i = 0; i < RF_COUNT(ones); i++) ones[i] = 1;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 83}; // around one round of the lanes
    for (size_t i = 0; i < RF_COUNT(sizes); i++) {
        RF_CHECK(rf_sum((rf_f64s){ones, sizes[i]}) == (double)sizes[i]);
    }
}

void *rf_realloc(void *old, size_t old_len, size_t alignment, size_t len);

static void a_thousand_calls_leave_one_block(void) {
    for (size_t call = 0; call < 1000; call++) {
        for (size_t alignment = 1; alignment <= 8; alignment *= 2) {
            char *argument = rf_realloc(NULL, 0, alignment, 10000 + call);
            RF_CHECK((size_t)argument % alignment == 0);
            memset(argument, 0xff, 10000 + call);
        }
        rf_context cx = rf_call_begin();
        int *zeroed = RF_NEW(&cx, int, 1000);
        RF_CHECK(zeroed[0] == 0 && zeroed[999] == 0);
        rf_call_end();
        RF_CHECK(cx.call->blocks == NULL || *(void **)cx.call->blocks == NULL);
    }
}

static void what_a_start_allocates_stays(void) {
    char *kept = rf_realloc(NULL, 0, 1, 4);
    memcpy(kept, "kept", 4);
    rf_call_keep();
    rf_call_end();
    for (int call = 0; call < 10; call++) {
        memset(rf_realloc(NULL, 0, 1, 64), 0xff, 64);
        rf_call_end();
    }
    RF_CHECK(memcmp(kept, "kept", 4) == 0);
}

int main(void) {
    return RF_RUN(parameters_are_read) + RF_RUN(parameters_are_refused)
        + RF_RUN(numbers_come_back) + RF_RUN(columns_are_found_by_name)
        + RF_RUN(every_kind_holds_its_nulls) + RF_RUN(another_kind_is_refused_not_read)
        + RF_RUN(states_come_back_and_nothing_else_does) + RF_RUN(parts_merge_into_the_whole)
        + RF_RUN(a_thousand_calls_leave_one_block) + RF_RUN(what_a_start_allocates_stays)
        + rf_test_end();
}

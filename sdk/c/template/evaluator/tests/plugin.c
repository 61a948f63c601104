// The plugin as a native program.
#include <math.h>
#include <refrain/evaluator.h>
#include <refrain/testing.h>

static void rows_without_a_label_do_not_count(void) {
    rf_context cx = rf_test_context();
    rf_column columns[] = {
        rf_test_column(&cx, 3, (double[]){2, NAN, 0.5}),
        rf_test_column(&cx, 3, (double[]){1, 1, 1}),
    };
    void *fold, *merged;
    rf_bytes saved;
    rf_metrics metrics;
    rf_text params = rf_text_of("{\"label\":\"y\"}");
    RF_CHECK(refrain_plugin.start(&cx, params, (rf_schema){}, &fold));
    RF_CHECK(refrain_plugin.start(&cx, params, (rf_schema){}, &merged));
    RF_CHECK(refrain_plugin.update(&cx, fold, (rf_batch){3, {columns, 2}}));
    RF_CHECK(refrain_plugin.save(&cx, fold, &saved));
    RF_CHECK(refrain_plugin.merge(&cx, merged, saved));
    RF_CHECK(refrain_plugin.finish(&cx, merged, &metrics));
    RF_CHECK(metrics.len == 1 && metrics.ptr[0].n_rows == 2);
    RF_CHECK(metrics.ptr[0].value.is_some && metrics.ptr[0].value.value == 0.75);
}

int main(void) {
    return RF_RUN(rows_without_a_label_do_not_count) + rf_test_end();
}

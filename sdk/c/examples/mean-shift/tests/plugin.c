// The plugin as a native program.
#include <math.h>
#include <refrain/drift.h>
#include <refrain/testing.h>

static void a_mean_that_moved_by_two_deviations_has_drifted(void) {
    rf_context cx = rf_test_context();
    rf_field field = {rf_text_of("x"), RF_FLOAT64, true, 0};
    rf_text params = rf_text_of("{\"columns\":[\"x\"]}");
    rf_column before = rf_test_column(&cx, 3, (double[]){-1, 1, NAN});
    rf_column after = rf_test_column(&cx, 3, (double[]){2, 2, 2});
    void *fold;
    rf_scores scores;
    RF_CHECK(refrain_plugin.start(&cx, params, (rf_schema){&field, 1}, &fold));
    RF_CHECK(refrain_plugin.update(&cx, fold, RF_REFERENCE, (rf_batch){3, {&before, 1}}));
    RF_CHECK(refrain_plugin.update(&cx, fold, RF_CURRENT, (rf_batch){3, {&after, 1}}));
    RF_CHECK(refrain_plugin.finish(&cx, fold, &scores));
    RF_CHECK(scores.len == 1 && scores.ptr[0].value.is_some && scores.ptr[0].value.value == 2);
    RF_CHECK(scores.ptr[0].verdict == RF_DRIFTED && scores.ptr[0].threshold == 0.1);
    RF_CHECK(scores.ptr[0].n_reference == 2 && scores.ptr[0].n_current == 3);
}

int main(void) {
    return RF_RUN(a_mean_that_moved_by_two_deviations_has_drifted) + rf_test_end();
}

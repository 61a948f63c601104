// The plugin as a native program.
#include <math.h>
#include <refrain/testing.h>
#include <refrain/trainer.h>

static void predicts_the_mean_of_the_labels_that_are_there(void) {
    rf_context cx = rf_test_context();
    rf_field field = {rf_text_of("y"), RF_FLOAT64, true, 0};
    rf_schema input = {&field, 1};
    rf_text params = rf_text_of("{\"label\":\"y\"}");
    rf_column labels = rf_test_column(&cx, 3, (double[]){1, NAN, 3});
    void *pass, *map;
    rf_pass_end end;
    rf_bytes model;
    rf_columns out;
    RF_CHECK(refrain_plugin.pass_start(&cx, params, input, 0, (rf_bytes){}, &pass));
    RF_CHECK(refrain_plugin.pass_update(&cx, pass, (rf_batch){3, {&labels, 1}}));
    RF_CHECK(refrain_plugin.pass_finish(&cx, pass, &end));
    RF_CHECK(end.done && end.measures.len == 1 && end.measures.ptr[0].value == 2);
    RF_CHECK(refrain_plugin.finish(&cx, params, input, end.state, &model));
    RF_CHECK(refrain_plugin.predict_start(&cx, (rf_schema){}, model, &map));
    RF_CHECK(refrain_plugin.predict(&cx, map, (rf_batch){2, {}}, &out));
    RF_CHECK(out.len == 1 && out.ptr[0].float64.ptr[0] == 2 && out.ptr[0].float64.ptr[1] == 2);
}

int main(void) {
    return RF_RUN(predicts_the_mean_of_the_labels_that_are_there) + rf_test_end();
}

// The plugin as a native program.
#include <math.h>
#include <refrain/predictor.h>
#include <refrain/testing.h>

static void multiplies_and_leaves_nulls_alone(void) {
    rf_context cx = rf_test_context();
    rf_field field = {rf_text_of("x"), RF_FLOAT64, true, 0};
    rf_writer writer = {.cx = &cx};
    rf_write_f64(&writer, 2.5);
    rf_column column = rf_test_column(&cx, 2, (double[]){2, NAN});
    void *map;
    rf_columns out;
    rf_text params = rf_text_of("{\"feature\":\"x\"}");
    RF_CHECK(refrain_plugin.predict_start(&cx, params, (rf_schema){&field, 1}, writer.bytes, &map));
    RF_CHECK(refrain_plugin.predict(&cx, map, (rf_batch){2, {&column, 1}}, &out));
    RF_CHECK(out.len == 1 && out.ptr[0].float64.ptr[0] == 5 && out.ptr[0].float64.ptr[1] == 0);
    RF_CHECK(rf_is_valid(&out.ptr[0], 0) && !rf_is_valid(&out.ptr[0], 1));
}

int main(void) {
    return RF_RUN(multiplies_and_leaves_nulls_alone) + rf_test_end();
}

#include "../include/refrain/testing.h"

#include <math.h>

#include "arena.h"

rf_context rf_test_context(void) {
    static rf_arena arena;
    return (rf_context){.call = &arena, .session = &arena};
}

rf_column rf_test_column(rf_context *cx, size_t n_rows, const double *values) {
    rf_column column = rf_column_of(cx, RF_FLOAT64, n_rows, 0);
    for (size_t row = 0; row < n_rows; row++) {
        column.float64.ptr[row] = values[row];
        if (isnan(values[row])) rf_set_null(cx, &column, n_rows, row);
    }
    return column;
}

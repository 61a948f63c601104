#include "../include/refrain/moments.h"

#include <math.h>

void rf_moments_add(rf_moments *moments, double x) {
    moments->n += 1;
    double d = x - moments->mean;
    moments->mean += d / (double)moments->n;
    moments->m2 += d * (x - moments->mean);
}

bool rf_moments_update(rf_context *cx, rf_moments *moments, rf_batch rows, size_t index) {
    rf_column *column;
    if (!rf_column_at(cx, rows, index, RF_FLOAT64, &column)) return false;
    for (size_t row = 0; row < rows.rows; row++) {
        double x = column->float64.ptr[row];
        if (rf_is_valid(column, row) && !isnan(x)) rf_moments_add(moments, x);
    }
    return true;
}

void rf_moments_merge(rf_moments *a, rf_moments b) {
    if (b.n == 0) return;
    if (a->n == 0) {
        *a = b;
        return;
    }
    uint64_t n = a->n + b.n;
    double share = (double)b.n / (double)n;
    double d = b.mean - a->mean;
    *a = (rf_moments){
        .n = n,
        .mean = a->mean + d * share,
        .m2 = a->m2 + b.m2 + d * d * ((double)a->n * share),
    };
}

double rf_deviation_or_one(rf_moments moments) {
    if (moments.n == 0) return 1;
    double deviation = sqrt(moments.m2 / (double)moments.n);
    return deviation == 0 ? 1 : deviation;
}

void rf_write_moments(rf_writer *writer, rf_moments moments) {
    rf_write_u64(writer, moments.n);
    rf_write_f64(writer, moments.mean);
    rf_write_f64(writer, moments.m2);
}

bool rf_read_moments(rf_reader *reader, rf_moments *moments) {
    return rf_read_u64(reader, &moments->n) && rf_read_f64(reader, &moments->mean)
        && rf_read_f64(reader, &moments->m2);
}

double rf_sum(rf_f64s values) {
    constexpr size_t lanes = 16;
    double totals[lanes] = {};
    size_t at = 0;
    for (; at + lanes <= values.len; at += lanes) {
        for (size_t lane = 0; lane < lanes; lane++) totals[lane] += values.ptr[at + lane];
    }
    for (size_t lane = 0; at + lane < values.len; lane++) totals[lane] += values.ptr[at + lane];
    for (size_t half = lanes / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) totals[lane] += totals[lane + half];
    }
    return totals[0];
}

// Mean and variance in one pass, mergeable: the same bytes in every SDK.
#ifndef REFRAIN_MOMENTS_H
#define REFRAIN_MOMENTS_H

#include "column.h"
#include "state.h"

// Source: Welford (1962), "Note on a method for calculating corrected sums of squares and
// products"; Chan, Golub & LeVeque (1979) for the merge.
typedef struct {
    uint64_t n;
    double mean;
    double m2; // the sum of squared differences from the mean
} rf_moments;

// Takes in one value.
void rf_moments_add(rf_moments *moments, double x);

// Takes in the float64 column at `index`, in order, without its nulls and NaNs.
bool rf_moments_update(rf_context *cx, rf_moments *moments, rf_batch rows, size_t index);

// Takes in what another part of the rows gave.
void rf_moments_merge(rf_moments *moments, rf_moments other);

// The population standard deviation; 1 where there is none to speak of.
double rf_deviation_or_one(rf_moments moments);

// As 24 bytes.
void rf_write_moments(rf_writer *writer, rf_moments moments);
bool rf_read_moments(rf_reader *reader, rf_moments *moments);

// The sum of all values, in sixteen fixed lanes that meet pairwise: quick in the sandbox, where a
// serial sum waits for every addition and for the NaN check behind it.
double rf_sum(rf_f64s values);

#endif

// Transforms: new columns from columns, row by row, after an optional fit.
#ifndef REFRAIN_TRANSFORM_H
#define REFRAIN_TRANSFORM_H

#include "column.h"
#include "moments.h"
#include "params.h"
#include "rng.h"
#include "schema.h"
#include "state.h"

// Where a column of the output comes from.
typedef struct {
    enum : uint8_t { RF_KEPT, RF_COMPUTED } from;
    union {
        uint32_t kept;     // the input column at this index; it never enters the sandbox
        rf_field computed; // a column that `apply` computes, in the order in which these stand
    };
} rf_output_column;

typedef struct {
    rf_output_column *ptr;
    size_t len;
} rf_output_columns;

// What the transform will do, known before it sees a row.
typedef struct {
    rf_u32s reads;             // the input columns that the functions below are handed
    rf_output_columns outputs; // the output's columns in order
    bool needs_fit;
    bool mergeable;
} rf_transform_description;

// A transform. One that learns nothing leaves the `fit_` functions out; a fit that says
// `mergeable: false` may leave `fit_save` and `fit_merge` out.
typedef struct {
    bool (*describe)(
        rf_context *cx, rf_text params, rf_schema input, rf_transform_description *description);
    // `*fit` is whatever the functions after it want to be handed.
    bool (*fit_start)(
        rf_context *cx, rf_text params, rf_schema input, uint64_t seed, void **fit);
    bool (*fit_update)(rf_context *cx, void *fit, rf_batch rows);
    bool (*fit_save)(rf_context *cx, void *fit, rf_bytes *saved);
    bool (*fit_merge)(rf_context *cx, void *fit, rf_bytes saved);
    bool (*fit_finish)(rf_context *cx, void *fit, rf_bytes *state);
    bool (*apply_start)(
        rf_context *cx, rf_text params, rf_schema input, rf_bytes state, void **map);
    bool (*apply)(rf_context *cx, void *map, rf_batch rows, rf_columns *computed);
} rf_transform;

// The plugin defines it.
extern const rf_transform refrain_plugin;

// Keeps all columns of `input` in order, but replaces those at `reads` by `computed`, one for each
// of the first. `reads` is in schema order, so `apply` answers in the order in which it reads.
rf_output_columns rf_replacing(
    rf_context *cx, rf_schema input, rf_u32s reads, rf_schema computed);

// Keeps all columns of `input` in order, then adds `computed`.
rf_output_columns rf_adding(rf_context *cx, rf_schema input, rf_schema computed);

#endif

// Evaluators: labels and predictions in, metrics out, overall and by slice.
#ifndef REFRAIN_EVALUATOR_H
#define REFRAIN_EVALUATOR_H

#include "column.h"
#include "moments.h"
#include "option.h"
#include "params.h"
#include "schema.h"
#include "state.h"

// What the evaluator will read, known before it sees a row.
typedef struct {
    rf_u32s reads; // the input columns that the fold is handed
    bool mergeable;
} rf_fold_description;

// A name and a value that together narrow what a metric is about.
typedef struct {
    rf_text name;
    rf_text value;
} rf_tag;

typedef struct {
    rf_tag *ptr;
    size_t len;
} rf_tags;

// One number.
typedef struct {
    rf_text name;        // the field's usual name in snake_case
    rf_tags slice;       // empty for all rows, else one tag a slicing column
    rf_tags part;        // which part of the metric it is; empty for one that is one number
    rf_optional_f64 value; // none where the rows do not define it
    uint64_t n_rows;     // the number of rows it was computed on
} rf_metric;

typedef struct {
    rf_metric *ptr;
    size_t len;
} rf_metrics;

// An evaluator. One that says `mergeable: false` may leave `save` and `merge` out.
typedef struct {
    bool (*describe)(
        rf_context *cx, rf_text params, rf_schema input, rf_fold_description *description);
    // `*fold` is whatever the functions after it want to be handed.
    bool (*start)(rf_context *cx, rf_text params, rf_schema input, void **fold);
    bool (*update)(rf_context *cx, void *fold, rf_batch rows);
    bool (*save)(rf_context *cx, void *fold, rf_bytes *saved);
    bool (*merge)(rf_context *cx, void *fold, rf_bytes saved);
    bool (*finish)(rf_context *cx, void *fold, rf_metrics *metrics);
} rf_evaluator;

// The plugin defines it.
extern const rf_evaluator refrain_plugin;

#ifdef __wasm__
static_assert(sizeof(rf_metric) == 48 && offsetof(rf_metric, value) == 24);
#endif

#endif

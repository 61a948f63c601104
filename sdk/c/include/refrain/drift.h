// Drift detectors: how far a current window has moved from a reference window.
#ifndef REFRAIN_DRIFT_H
#define REFRAIN_DRIFT_H

#include "column.h"
#include "moments.h"
#include "option.h"
#include "params.h"
#include "schema.h"
#include "state.h"

// What the detector will read, known before it sees a row.
typedef struct {
    rf_u32s reads; // the input columns that the fold is handed
    bool mergeable;
} rf_drift_description;

// Which window some rows belong to. All reference rows come before the first current row.
typedef enum : uint8_t {
    RF_REFERENCE,
    RF_CURRENT,
} rf_window;

// Three-valued: too few rows prove nothing.
typedef enum : uint8_t {
    RF_DRIFTED,
    RF_STABLE,
    RF_DRIFT_INCONCLUSIVE,
} rf_drift_verdict;

// One measure on one column.
typedef struct {
    rf_text column;
    rf_text measure;         // in snake_case: `psi`, `ks`, `jensen_shannon`
    rf_optional_f64 value;   // none where the windows do not define it
    rf_optional_f64 p_value; // for a hypothesis test
    double threshold;        // what `value` (or, for a test, `p_value`) was compared with
    rf_drift_verdict verdict;
    uint64_t n_reference; // non-null rows in the reference window
    uint64_t n_current;   // non-null rows in the current window
} rf_score;

typedef struct {
    rf_score *ptr;
    size_t len;
} rf_scores;

// A drift detector. One that says `mergeable: false` may leave `save` and `merge` out.
typedef struct {
    bool (*describe)(
        rf_context *cx, rf_text params, rf_schema input, rf_drift_description *description);
    // `*fold` is whatever the functions after it want to be handed.
    bool (*start)(rf_context *cx, rf_text params, rf_schema input, void **fold);
    bool (*update)(rf_context *cx, void *fold, rf_window window, rf_batch rows);
    bool (*save)(rf_context *cx, void *fold, rf_bytes *saved);
    bool (*merge)(rf_context *cx, void *fold, rf_bytes saved);
    // By column in schema order, then by measure.
    bool (*finish)(rf_context *cx, void *fold, rf_scores *scores);
} rf_drift;

// The plugin defines it.
extern const rf_drift refrain_plugin;

#ifdef __wasm__
static_assert(sizeof(rf_score) == 80 && offsetof(rf_score, n_reference) == 64);
#endif

#endif

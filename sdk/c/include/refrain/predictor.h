// Predictors: predictions from a model that was trained elsewhere.
#ifndef REFRAIN_PREDICTOR_H
#define REFRAIN_PREDICTOR_H

#include "column.h"
#include "moments.h"
#include "params.h"
#include "schema.h"
#include "state.h"

// What the predictor will do, known before it sees a row.
typedef struct {
    rf_u32s reads;        // the input columns that `predict` is handed
    rf_schema prediction; // the columns that `predict` returns
} rf_predictor_description;

// A predictor.
typedef struct {
    bool (*describe)(rf_context *cx, rf_text params, rf_schema input, rf_bytes model,
        rf_predictor_description *description);
    // `*map` is whatever `predict` wants to be handed.
    bool (*predict_start)(
        rf_context *cx, rf_text params, rf_schema input, rf_bytes model, void **map);
    bool (*predict)(rf_context *cx, void *map, rf_batch rows, rf_columns *predictions);
} rf_predictor;

// The plugin defines it.
extern const rf_predictor refrain_plugin;

#endif

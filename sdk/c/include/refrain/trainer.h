// Trainers: rows in, a model out, and predictions from that model.
#ifndef REFRAIN_TRAINER_H
#define REFRAIN_TRAINER_H

#include "column.h"
#include "moments.h"
#include "params.h"
#include "rng.h"
#include "schema.h"
#include "state.h"

// What the trainer will do, known before it sees a row.
typedef struct {
    rf_u32s training_reads;   // the input columns that a pass is handed
    rf_u32s prediction_reads; // those that `predict` is handed; a label is not among them
    rf_schema prediction;     // the columns that `predict` returns
    bool mergeable;
} rf_trainer_description;

// A number worth watching: loss, gradient norm, trees grown.
typedef struct {
    rf_text name;
    double value;
} rf_measure;

typedef struct {
    rf_measure *ptr;
    size_t len;
} rf_measures;

// The end of a pass.
typedef struct {
    rf_bytes state; // what the next pass, or `finish`, starts from
    bool done;      // whether training has ended
    rf_measures measures;
} rf_pass_end;

// A trainer. One that says `mergeable: false` may leave `pass_save` and `pass_merge` out.
typedef struct {
    bool (*describe)(
        rf_context *cx, rf_text params, rf_schema input, rf_trainer_description *description);
    // `*pass` is whatever the functions after it want to be handed; `state` is empty at first.
    bool (*pass_start)(rf_context *cx, rf_text params, rf_schema input, uint64_t seed,
        rf_bytes state, void **pass);
    bool (*pass_update)(rf_context *cx, void *pass, rf_batch rows);
    bool (*pass_save)(rf_context *cx, void *pass, rf_bytes *saved);
    bool (*pass_merge)(rf_context *cx, void *pass, rf_bytes saved);
    bool (*pass_finish)(rf_context *cx, void *pass, rf_pass_end *end);
    bool (*finish)(
        rf_context *cx, rf_text params, rf_schema input, rf_bytes state, rf_bytes *model);
    bool (*predict_start)(rf_context *cx, rf_schema input, rf_bytes model, void **map);
    bool (*predict)(rf_context *cx, void *map, rf_batch rows, rf_columns *predictions);
} rf_trainer;

// The plugin defines it.
extern const rf_trainer refrain_plugin;

#endif

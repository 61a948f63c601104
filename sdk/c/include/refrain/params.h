// Parameters: JSON into the author's own struct, with refusals that name the parameter.
//
//     typedef struct { rf_texts columns; double threshold; } params;
//     static const rf_param PARAMS[] = {
//         RF_REQUIRED(params, columns, RF_PARAM_TEXTS),
//         RF_OPTIONAL(params, threshold, RF_PARAM_F64),
//     };
//     params out = {.threshold = 0.1};
//     if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &out)) return false;
#ifndef REFRAIN_PARAMS_H
#define REFRAIN_PARAMS_H

#include "json.h"

// A parameter's type: what it is in JSON, and which type its field has.
typedef enum {
    RF_PARAM_BOOL, // bool
    RF_PARAM_I64,  // int64_t: a number without a fraction, up to 2^53
    RF_PARAM_F64,  // double
    RF_PARAM_TEXT, // rf_text
    RF_PARAM_TEXTS, // rf_texts
    RF_PARAM_F64S, // rf_f64s
    RF_PARAM_JSON, // rf_json: anything, for the plugin to look at
} rf_param_type;

typedef struct {
    const char *name;
    rf_param_type type;
    size_t offset;
    bool is_required;
} rf_param;

#define RF_REQUIRED(type, field, kind) {#field, (kind), offsetof(type, field), true}
#define RF_OPTIONAL(type, field, kind) {#field, (kind), offsetof(type, field), false}
#define RF_COUNT(array) (sizeof(array) / sizeof *(array))

// Reads `text` into the struct at `out`; fields of optional parameters that are not given stay as
// they are. A key that is not in the table is refused.
bool rf_params_read(
    rf_context *cx, rf_text text, const rf_param *table, size_t n_params, void *out);

// Refuses a list without items.
bool rf_not_empty(rf_context *cx, const char *name, size_t n_items);

#endif

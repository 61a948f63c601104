// JSON as a tree: for parameters of a shape that params.h has no type for.
#ifndef REFRAIN_JSON_H
#define REFRAIN_JSON_H

#include "context.h"

typedef enum {
    RF_JSON_NULL,
    RF_JSON_BOOLEAN,
    RF_JSON_NUMBER,
    RF_JSON_TEXT,
    RF_JSON_ARRAY,
    RF_JSON_OBJECT,
} rf_json_kind;

typedef struct rf_json {
    rf_json_kind kind;
    union {
        bool boolean;
        double number;
        rf_text text;
        struct {
            rf_text *keys; // of an object, in its order; none of an array
            struct rf_json *values;
            size_t len;
        } items;
    };
} rf_json;

// Reads `text`, which must be one JSON value and nothing else.
bool rf_json_read(rf_context *cx, rf_text text, rf_json *value);

// The value of a key, or null if the object has none.
const rf_json *rf_json_get(const rf_json *object, const char *key);

// "a boolean", "a number": for messages.
const char *rf_json_kind_name(rf_json_kind kind);

#endif

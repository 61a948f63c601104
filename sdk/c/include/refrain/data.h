// `refrain:types/data` in C. The structs lie in memory as the canonical ABI wants them, so rows go
// in and out without being copied or converted.
//
// Invariant: a null row holds a zero or an empty value, and unused validity bits are 0. Whoever
// makes columns with column.h keeps that; the host checks it.
#ifndef REFRAIN_DATA_H
#define REFRAIN_DATA_H

#include <stddef.h>
#include <stdint.h>

// UTF-8, not ended by a zero. Print it with "%.*s" and RF_TEXT(text).
typedef struct {
    const char *ptr;
    size_t len;
} rf_text;

#define RF_TEXT(text) (int)(text).len, (text).ptr

typedef struct {
    uint8_t *ptr;
    size_t len;
} rf_bytes;

typedef struct {
    int64_t *ptr;
    size_t len;
} rf_i64s;

typedef struct {
    double *ptr;
    size_t len;
} rf_f64s;

typedef struct {
    float *ptr;
    size_t len;
} rf_f32s;

typedef struct {
    uint32_t *ptr;
    size_t len;
} rf_u32s;

typedef struct {
    rf_text *ptr;
    size_t len;
} rf_texts;

// What a column holds.
typedef enum : uint8_t {
    RF_BOOLEAN,
    RF_INT64,
    RF_FLOAT64,
    RF_TIMESTAMP_US, // microseconds since 1970, without leap seconds
    RF_UTF8,
    RF_BINARY,
    RF_VECTOR,
} rf_kind;

// One column's name and type.
typedef struct {
    rf_text name; // unique within its schema, not empty
    rf_kind kind;
    bool nullable;  // whether a row may lack a value
    uint32_t width; // the number of floats in each row of a vector; 0 for every other kind
} rf_field;

// The fields of a batch, in the order of its columns.
typedef struct {
    rf_field *ptr;
    size_t len;
} rf_schema;

// Values of variable length, laid end to end.
typedef struct {
    rf_u32s offsets; // one more than there are rows, ascending
    rf_bytes bytes;
} rf_variable;

// One column of a batch. Its memory is the plugin's own: a map may work in place.
typedef struct {
    rf_kind kind;
    union {
        rf_bytes boolean; // one byte a row: 0 or 1
        rf_i64s int64;
        rf_f64s float64;
        rf_i64s timestamp_us;
        rf_variable utf8;
        rf_variable binary;
        rf_f32s vector; // rows * width numbers, row after row
    };
    rf_bytes validity; // a bitmap, least significant bit first; empty: every row has a value
} rf_column;

typedef struct {
    rf_column *ptr;
    size_t len;
} rf_columns;

// Some rows.
typedef struct {
    uint32_t rows; // the length of every column
    rf_columns columns; // in schema order
} rf_batch;

// Whose mistake it is.
typedef enum : uint8_t {
    RF_INVALID_PARAMS,
    RF_INVALID_INPUT,
    RF_FAILED,
    RF_OTHER,
} rf_error_kind;

// Why a plugin refuses or gives up.
typedef struct {
    rf_error_kind kind;
    union {
        rf_text message;
        struct {
            uint32_t code;
            rf_text message;
        } other;
    };
} rf_error;

#ifdef __wasm__
static_assert(sizeof(rf_field) == 16 && sizeof(rf_column) == 28 && sizeof(rf_batch) == 12);
static_assert(sizeof(rf_error) == 16 && offsetof(rf_column, validity) == 20);
#endif

#endif

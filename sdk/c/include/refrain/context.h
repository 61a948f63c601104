// What a call is given besides its arguments: memory, and a way to refuse.
//
// Every function that can fail returns whether it succeeded, and every refusal returns false:
//     if (n < 2) return rf_failed(cx, "%zu rows are too few", n);
#ifndef REFRAIN_CONTEXT_H
#define REFRAIN_CONTEXT_H

#include "data.h"

typedef struct rf_context {
    struct rf_arena *call;
    struct rf_arena *session;
    rf_error error; // why the call refused
} rf_context;

// Zeroed memory that is freed after the call. In a call that starts something (`fit_start`, say)
// it lives as long as what was started, and so do the arguments of that call.
void *rf_alloc(rf_context *cx, size_t n_items, size_t item_size);

// Zeroed memory that lives as long as what was started: for states that grow in `update`.
// Nothing of it is freed before, so grow by doubling.
void *rf_alloc_kept(rf_context *cx, size_t n_items, size_t item_size);

#define RF_NEW(cx, type, n) ((type *)rf_alloc((cx), (n), sizeof(type)))

// A text as printf makes it, in memory of the call.
[[gnu::format(printf, 2, 3)]]
rf_text rf_print(rf_context *cx, const char *format, ...);

// The shortest text that reads back as this number.
rf_text rf_number(rf_context *cx, double number);

// A text of a string literal, or of any string that outlives the call.
rf_text rf_text_of(const char *string);

bool rf_text_equal(rf_text a, rf_text b);

// The parameters are wrong. Name the parameter and say what it may be.
[[gnu::format(printf, 2, 3)]]
bool rf_invalid_params(rf_context *cx, const char *format, ...);

// The parameters are right, the data is not. Name the column and say what it lacks.
[[gnu::format(printf, 2, 3)]]
bool rf_invalid_input(rf_context *cx, const char *format, ...);

// Parameters and data are right, and still it did not work.
[[gnu::format(printf, 2, 3)]]
bool rf_failed(rf_context *cx, const char *format, ...);

// An error of the plugin's own numbering.
[[gnu::format(printf, 3, 4)]]
bool rf_other(rf_context *cx, uint32_t code, const char *format, ...);

#endif

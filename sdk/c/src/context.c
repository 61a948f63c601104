#include "../include/refrain/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

void *rf_alloc(rf_context *cx, size_t n_items, size_t item_size) {
    return rf_arena_alloc(cx->call, n_items, item_size);
}

void *rf_alloc_kept(rf_context *cx, size_t n_items, size_t item_size) {
    return rf_arena_alloc(cx->session, n_items, item_size);
}

static rf_text print(rf_context *cx, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    if (len < 0) len = 0;
    char *text = RF_NEW(cx, char, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (rf_text){text, (size_t)len};
}

rf_text rf_print(rf_context *cx, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    rf_text text = print(cx, format, arguments);
    va_end(arguments);
    return text;
}

rf_text rf_number(rf_context *cx, double number) {
    char text[32] = "";
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    return rf_print(cx, "%s", text);
}

rf_text rf_text_of(const char *string) {
    return (rf_text){string, strlen(string)};
}

bool rf_text_equal(rf_text a, rf_text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

#define REFUSE(cx, error_kind)                                                                     \
    va_list arguments;                                                                             \
    va_start(arguments, format);                                                                   \
    (cx)->error = (rf_error){.kind = (error_kind), .message = print((cx), format, arguments)};     \
    va_end(arguments);                                                                             \
    return false

bool rf_invalid_params(rf_context *cx, const char *format, ...) {
    REFUSE(cx, RF_INVALID_PARAMS);
}

bool rf_invalid_input(rf_context *cx, const char *format, ...) {
    REFUSE(cx, RF_INVALID_INPUT);
}

bool rf_failed(rf_context *cx, const char *format, ...) {
    REFUSE(cx, RF_FAILED);
}

bool rf_other(rf_context *cx, uint32_t code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    rf_text message = print(cx, format, arguments);
    va_end(arguments);
    cx->error = (rf_error){.kind = RF_OTHER, .other = {code, message}};
    return false;
}

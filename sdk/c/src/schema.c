#include "../include/refrain/schema.h"

#include <stdlib.h>

constexpr size_t NAMES_MAX = 24;

const char *rf_kind_name(rf_kind kind) {
    static const char *const names[] = {
        "boolean", "int64", "float64", "timestamp-us", "utf8", "binary", "vector"};
    return kind <= RF_VECTOR ? names[kind] : "unknown";
}

rf_text rf_quoted(rf_context *cx, const rf_text *names, size_t n_names) {
    if (n_names == 0) return rf_text_of("none");
    rf_text list = rf_print(cx, "`%.*s`", RF_TEXT(names[0]));
    for (size_t i = 1; i < n_names && i < NAMES_MAX; i++) {
        list = rf_print(cx, "%.*s, `%.*s`", RF_TEXT(list), RF_TEXT(names[i]));
    }
    return n_names <= NAMES_MAX ? list : rf_print(cx, "%.*s, …", RF_TEXT(list));
}

bool rf_index_of(rf_context *cx, rf_schema schema, rf_text name, uint32_t *index) {
    for (size_t i = 0; i < schema.len; i++) {
        if (rf_text_equal(schema.ptr[i].name, name)) {
            *index = (uint32_t)i;
            return true;
        }
    }
    rf_text *names = RF_NEW(cx, rf_text, schema.len);
    for (size_t i = 0; i < schema.len; i++) names[i] = schema.ptr[i].name;
    rf_text list = rf_quoted(cx, names, schema.len);
    return rf_invalid_params(
        cx, "no column `%.*s` in the input; there are %.*s", RF_TEXT(name), RF_TEXT(list));
}

bool rf_index_of_kind(
    rf_context *cx, rf_schema schema, rf_text name, rf_kinds kinds, uint32_t *index) {
    if (!rf_index_of(cx, schema, name, index)) return false;
    rf_kind found = schema.ptr[*index].kind;
    if (kinds & RF_KINDS(found)) return true;
    rf_text allowed = {"", 0};
    for (rf_kind kind = 0; kind <= RF_VECTOR; kind++) {
        if (!(kinds & RF_KINDS(kind))) continue;
        const char *separator = allowed.len == 0 ? "" : " or ";
        allowed = rf_print(cx, "%.*s%s%s", RF_TEXT(allowed), separator, rf_kind_name(kind));
    }
    return rf_invalid_params(cx, "column `%.*s` is %s, and must be %.*s", RF_TEXT(name),
        rf_kind_name(found), RF_TEXT(allowed));
}

static int ascending(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

bool rf_indices_of_kind(
    rf_context *cx, rf_schema schema, rf_texts names, rf_kinds kinds, rf_u32s *indices) {
    uint32_t *found = RF_NEW(cx, uint32_t, names.len);
    for (size_t i = 0; i < names.len; i++) {
        if (!rf_index_of_kind(cx, schema, names.ptr[i], kinds, &found[i])) return false;
        for (size_t j = 0; j < i; j++) {
            if (found[j] != found[i]) continue;
            return rf_invalid_params(cx, "column `%.*s` is named twice", RF_TEXT(names.ptr[i]));
        }
    }
    qsort(found, names.len, sizeof *found, ascending);
    *indices = (rf_u32s){found, names.len};
    return true;
}

#include "../include/refrain/params.h"

#include <math.h>

#include "../include/refrain/schema.h"

static const struct {
    rf_json_kind kind;
    const char *expected;
} TYPES[] = {
    [RF_PARAM_BOOL] = {RF_JSON_BOOLEAN, "a boolean"},
    [RF_PARAM_I64] = {RF_JSON_NUMBER, "an integer"},
    [RF_PARAM_F64] = {RF_JSON_NUMBER, "a number"},
    [RF_PARAM_TEXT] = {RF_JSON_TEXT, "a string"},
    [RF_PARAM_TEXTS] = {RF_JSON_ARRAY, "an array of strings"},
    [RF_PARAM_F64S] = {RF_JSON_ARRAY, "an array of numbers"},
    [RF_PARAM_JSON] = {RF_JSON_NULL, "anything"},
};

static bool is_other(
    rf_context *cx, const rf_param *param, const rf_json *value, const char *expected) {
    return rf_invalid_params(cx, "parameter `%s` is %s, and must be %s", param->name,
        rf_json_kind_name(value->kind), expected);
}

// The items of an array, each of which must be of `kind`.
static bool items_are(
    rf_context *cx, const rf_param *param, const rf_json *array, rf_json_kind kind) {
    for (size_t i = 0; i < array->items.len; i++) {
        rf_json_kind found = array->items.values[i].kind;
        if (found == kind) continue;
        return rf_invalid_params(cx, "parameter `%s[%zu]` is %s, and must be %s", param->name, i,
            rf_json_kind_name(found), rf_json_kind_name(kind));
    }
    return true;
}

static bool read_texts(
    rf_context *cx, const rf_param *param, const rf_json *value, rf_texts *out) {
    if (!items_are(cx, param, value, RF_JSON_TEXT)) return false;
    *out = (rf_texts){RF_NEW(cx, rf_text, value->items.len), value->items.len};
    for (size_t i = 0; i < out->len; i++) out->ptr[i] = value->items.values[i].text;
    return true;
}

static bool read_numbers(
    rf_context *cx, const rf_param *param, const rf_json *value, rf_f64s *out) {
    if (!items_are(cx, param, value, RF_JSON_NUMBER)) return false;
    *out = (rf_f64s){RF_NEW(cx, double, value->items.len), value->items.len};
    for (size_t i = 0; i < out->len; i++) out->ptr[i] = value->items.values[i].number;
    return true;
}

static bool read_param(
    rf_context *cx, const rf_param *param, const rf_json *value, void *field) {
    const char *expected = TYPES[param->type].expected;
    if (param->type != RF_PARAM_JSON && value->kind != TYPES[param->type].kind) {
        return is_other(cx, param, value, expected);
    }
    switch (param->type) {
    case RF_PARAM_BOOL:
        *(bool *)field = value->boolean;
        return true;
    case RF_PARAM_I64:
        if (value->number != floor(value->number) || fabs(value->number) > 0x1p53) {
            return is_other(cx, param, value, expected);
        }
        *(int64_t *)field = (int64_t)value->number;
        return true;
    case RF_PARAM_F64:
        *(double *)field = value->number;
        return true;
    case RF_PARAM_TEXT:
        *(rf_text *)field = value->text;
        return true;
    case RF_PARAM_TEXTS:
        return read_texts(cx, param, value, field);
    case RF_PARAM_F64S:
        return read_numbers(cx, param, value, field);
    case RF_PARAM_JSON:
        *(rf_json *)field = *value;
        return true;
    }
    return is_other(cx, param, value, expected);
}

static bool all_known(
    rf_context *cx, const rf_json *object, const rf_param *table, size_t n_params) {
    for (size_t i = 0; i < object->items.len; i++) {
        rf_text key = object->items.keys[i];
        bool is_known = false;
        for (size_t j = 0; j < n_params; j++) {
            is_known = is_known || rf_text_equal(key, rf_text_of(table[j].name));
        }
        if (is_known) continue;
        rf_text *names = RF_NEW(cx, rf_text, n_params);
        for (size_t j = 0; j < n_params; j++) names[j] = rf_text_of(table[j].name);
        rf_text known = rf_quoted(cx, names, n_params);
        return rf_invalid_params(
            cx, "unknown parameter `%.*s`; known: %.*s", RF_TEXT(key), RF_TEXT(known));
    }
    return true;
}

bool rf_params_read(
    rf_context *cx, rf_text text, const rf_param *table, size_t n_params, void *out) {
    rf_json object = {.kind = RF_JSON_OBJECT, .items = {}};
    if (text.len > 0 && !rf_json_read(cx, text, &object)) return false;
    if (object.kind != RF_JSON_OBJECT) {
        return rf_invalid_params(cx, "the parameters must be an object");
    }
    if (!all_known(cx, &object, table, n_params)) return false;
    for (size_t i = 0; i < n_params; i++) {
        const rf_json *value = rf_json_get(&object, table[i].name);
        if (value != NULL) {
            if (!read_param(cx, &table[i], value, (char *)out + table[i].offset)) return false;
        } else if (table[i].is_required) {
            return rf_invalid_params(cx, "missing parameter `%s`", table[i].name);
        }
    }
    return true;
}

bool rf_not_empty(rf_context *cx, const char *name, size_t n_items) {
    return n_items > 0 || rf_invalid_params(cx, "parameter `%s` is empty", name);
}

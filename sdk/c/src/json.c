#include "../include/refrain/json.h"

#include <stdlib.h>
#include <string.h>

// Deeper parameters than these are a mistake, and recursion has to end somewhere.
constexpr int DEPTH_MAX = 64;

typedef struct {
    rf_context *cx;
    const char *start, *at, *end;
} parser;

static bool value_of(parser *p, rf_json *value, int depth);

static bool not_json(parser *p) {
    return rf_invalid_params(
        p->cx, "the parameters are not JSON, as byte %zu shows", (size_t)(p->at - p->start));
}

static void skip_space(parser *p) {
    while (p->at < p->end && memchr(" \t\r\n", *p->at, 4) != NULL) p->at++;
}

// Whether the next character is `wanted`, which is then passed over.
static bool next_is(parser *p, char wanted) {
    skip_space(p);
    if (p->at == p->end || *p->at != wanted) return false;
    p->at++;
    return true;
}

static bool word(parser *p, const char *wanted) {
    size_t len = strlen(wanted);
    if ((size_t)(p->end - p->at) < len || memcmp(p->at, wanted, len) != 0) return not_json(p);
    p->at += len;
    return true;
}

static bool number_of(parser *p, rf_json *value) {
    // strtod takes more than JSON has, such as `inf` and hexadecimals; these characters it has not.
    const char *from = p->at;
    while (p->at < p->end && memchr("+-.0123456789eE", *p->at, 15) != NULL) p->at++;
    size_t len = (size_t)(p->at - from);
    char *digits = RF_NEW(p->cx, char, len + 1);
    memcpy(digits, from, len);
    char *end;
    *value = (rf_json){.kind = RF_JSON_NUMBER, .number = strtod(digits, &end)};
    return (len > 0 && end == digits + len) || not_json(p);
}

static bool hex4(parser *p, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        if (p->at == p->end) return not_json(p);
        char c = *p->at;
        if (c >= '0' && c <= '9') *code = *code * 16 + (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') *code = *code * 16 + (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') *code = *code * 16 + (uint32_t)(c - 'A' + 10);
        else return not_json(p);
    }
    return true;
}

static char *put_utf8(char *to, uint32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

// After a backslash and `u`: one or two groups of four digits.
static bool unicode(parser *p, char **to) {
    uint32_t code, low;
    if (!hex4(p, &code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (!word(p, "\\u") || !hex4(p, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return not_json(p);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return not_json(p);
    }
    *to = put_utf8(*to, code);
    return true;
}

static bool text_of(parser *p, rf_text *text) {
    if (!next_is(p, '"')) return not_json(p);
    const char *close = p->at;
    while (close < p->end && *close != '"') close += *close == '\\' ? 2 : 1;
    if (close >= p->end) return not_json(p);
    // No escape is shorter than what it stands for.
    char *out = RF_NEW(p->cx, char, (size_t)(close - p->at) + 1), *to = out;
    while (*p->at != '"') {
        char c = *p->at++;
        if ((unsigned char)c < 0x20) return not_json(p);
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        char escape = *p->at++;
        const char *found = escape == 0 ? NULL : strchr(escapes, escape);
        if (found != NULL) *to++ = meanings[found - escapes];
        else if (escape != 'u') return not_json(p);
        else if (!unicode(p, &to)) return false;
    }
    p->at++;
    *text = (rf_text){out, (size_t)(to - out)};
    return true;
}

// The items of an array or of an object, after its opening bracket.
static bool items_of(parser *p, rf_json *value, char close, int depth) {
    size_t capacity = 0;
    if (next_is(p, close)) return true;
    do {
        if (value->items.len == capacity) {
            capacity = 2 * capacity + 4;
            rf_json *values = RF_NEW(p->cx, rf_json, capacity);
            rf_text *keys = RF_NEW(p->cx, rf_text, capacity);
            for (size_t i = 0; i < value->items.len; i++) {
                values[i] = value->items.values[i];
                keys[i] = value->items.keys[i];
            }
            value->items.values = values;
            value->items.keys = keys;
        }
        size_t i = value->items.len++;
        if (value->kind == RF_JSON_OBJECT) {
            if (!text_of(p, &value->items.keys[i])) return false;
            if (!next_is(p, ':')) return not_json(p);
        }
        if (!value_of(p, &value->items.values[i], depth + 1)) return false;
    } while (next_is(p, ','));
    return next_is(p, close) || not_json(p);
}

static bool value_of(parser *p, rf_json *value, int depth) {
    if (depth > DEPTH_MAX) return rf_invalid_params(p->cx, "the parameters are nested too deep");
    skip_space(p);
    switch (p->at == p->end ? 0 : *p->at) {
    case '{':
    case '[': {
        bool is_object = *p->at++ == '{';
        *value = (rf_json){.kind = is_object ? RF_JSON_OBJECT : RF_JSON_ARRAY, .items = {}};
        return items_of(p, value, is_object ? '}' : ']', depth);
    }
    case '"':
        *value = (rf_json){.kind = RF_JSON_TEXT, .text = {}};
        return text_of(p, &value->text);
    case 't':
        *value = (rf_json){.kind = RF_JSON_BOOLEAN, .boolean = true};
        return word(p, "true");
    case 'f':
        *value = (rf_json){.kind = RF_JSON_BOOLEAN, .boolean = false};
        return word(p, "false");
    case 'n':
        *value = (rf_json){.kind = RF_JSON_NULL, .boolean = false};
        return word(p, "null");
    default:
        return number_of(p, value);
    }
}

bool rf_json_read(rf_context *cx, rf_text text, rf_json *value) {
    parser p = {cx, text.ptr, text.ptr, text.ptr + text.len};
    if (!value_of(&p, value, 0)) return false;
    skip_space(&p);
    return p.at == p.end || not_json(&p);
}

const rf_json *rf_json_get(const rf_json *object, const char *key) {
    for (size_t i = 0; i < object->items.len; i++) {
        if (rf_text_equal(object->items.keys[i], rf_text_of(key))) return &object->items.values[i];
    }
    return NULL;
}

const char *rf_json_kind_name(rf_json_kind kind) {
    static const char *const names[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object"};
    return names[kind];
}

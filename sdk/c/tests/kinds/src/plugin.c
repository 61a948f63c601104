// Copies every column, value by value: shows that all kinds cross the boundary both ways.
#include <refrain/transform.h>

typedef struct {
    int64_t refuse;
    bool misread;
} params;

static const rf_param PARAMS[] = {
    RF_OPTIONAL(params, refuse, RF_PARAM_I64),
    RF_OPTIONAL(params, misread, RF_PARAM_BOOL),
};

static bool describe(
    rf_context *cx, rf_text json, rf_schema input, rf_transform_description *description) {
    params given = {};
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    uint32_t *reads = RF_NEW(cx, uint32_t, input.len);
    rf_field *copies = RF_NEW(cx, rf_field, input.len);
    for (size_t i = 0; i < input.len; i++) {
        reads[i] = (uint32_t)i;
        copies[i] = input.ptr[i];
        copies[i].name = rf_print(cx, "%.*s_copy", RF_TEXT(input.ptr[i].name));
    }
    description->reads = (rf_u32s){reads, input.len};
    description->outputs = rf_adding(cx, input, (rf_schema){copies, input.len});
    return true;
}

typedef struct {
    params params;
    rf_schema input;
} copier;

static bool apply_start(rf_context *cx, rf_text json, rf_schema input, rf_bytes, void **map) {
    copier *this = RF_NEW(cx, copier, 1);
    this->input = input;
    *map = this;
    return rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &this->params);
}

static rf_column copy_variable(rf_context *cx, const rf_column *from, size_t n_rows) {
    rf_variable_builder builder = rf_variable_builder_of(cx, from->kind, n_rows);
    for (size_t row = 0; row < n_rows; row++) {
        if (rf_is_valid(from, row)) rf_append(cx, &builder, rf_variable_at(from->utf8, row));
        else rf_append_null(cx, &builder);
    }
    return rf_variable_finish(&builder);
}

static rf_column copy_of(
    rf_context *cx, const rf_column *from, rf_kind kind, uint32_t width, size_t n_rows) {
    if (kind == RF_UTF8 || kind == RF_BINARY) return copy_variable(cx, from, n_rows);
    rf_column to = rf_column_of(cx, kind, n_rows, width);
    for (size_t row = 0; row < n_rows; row++) {
        if (kind == RF_BOOLEAN) to.boolean.ptr[row] = from->boolean.ptr[row];
        else if (kind == RF_FLOAT64) to.float64.ptr[row] = from->float64.ptr[row];
        else if (kind != RF_VECTOR) to.int64.ptr[row] = from->int64.ptr[row];
        for (size_t i = row * width; i < (row + 1) * width; i++) {
            to.vector.ptr[i] = from->vector.ptr[i];
        }
        if (!rf_is_valid(from, row)) rf_set_null(cx, &to, n_rows, row);
    }
    return to;
}

static bool apply(rf_context *cx, void *map, rf_batch rows, rf_columns *computed) {
    copier *this = map;
    rf_column *column;
    if (this->params.refuse != 0) {
        uint32_t code = (uint32_t)this->params.refuse;
        return rf_other(cx, code, "refused with %u", (unsigned)code);
    }
    if (this->params.misread && !rf_column_at(cx, rows, 0, RF_FLOAT64, &column)) return false;
    *computed = (rf_columns){RF_NEW(cx, rf_column, this->input.len), this->input.len};
    for (size_t i = 0; i < this->input.len; i++) {
        rf_field field = this->input.ptr[i];
        if (!rf_column_at(cx, rows, i, field.kind, &column)) return false;
        computed->ptr[i] = copy_of(cx, column, field.kind, field.width, rows.rows);
    }
    return true;
}

const rf_transform refrain_plugin = {
    .describe = describe,
    .apply_start = apply_start,
    .apply = apply,
};

#include "../include/refrain/column.h"

#include <stdlib.h>
#include <string.h>

#include "../include/refrain/schema.h"

bool rf_is_valid(const rf_column *column, size_t row) {
    if (column->validity.len == 0) return true;
    return column->validity.ptr[row / 8] >> (row % 8) & 1;
}

static bool any_column_at(rf_context *cx, rf_batch rows, size_t index, rf_column **column) {
    if (index >= rows.columns.len) {
        return rf_invalid_input(
            cx, "the batch has %zu columns, and column %zu is needed", rows.columns.len, index);
    }
    *column = &rows.columns.ptr[index];
    return true;
}

bool rf_column_at(
    rf_context *cx, rf_batch rows, size_t index, rf_kind kind, rf_column **column) {
    if (!any_column_at(cx, rows, index, column)) return false;
    if ((*column)->kind == kind) return true;
    return rf_invalid_input(cx, "a column of %s was handed over where %s was expected",
        rf_kind_name((*column)->kind), rf_kind_name(kind));
}

bool rf_numbers_at(rf_context *cx, rf_batch rows, size_t index, rf_f64s *numbers) {
    rf_column *column;
    if (!any_column_at(cx, rows, index, &column)) return false;
    if (column->kind == RF_FLOAT64) {
        *numbers = column->float64;
        return true;
    }
    *numbers = (rf_f64s){RF_NEW(cx, double, rows.rows), rows.rows};
    switch (column->kind) {
    case RF_INT64:
        for (size_t row = 0; row < rows.rows; row++) {
            numbers->ptr[row] = (double)column->int64.ptr[row];
        }
        return true;
    case RF_BOOLEAN:
        for (size_t row = 0; row < rows.rows; row++) {
            numbers->ptr[row] = (double)column->boolean.ptr[row];
        }
        return true;
    default:
        return rf_invalid_input(cx, "a column of %s was handed over where numbers were expected",
            rf_kind_name(column->kind));
    }
}

rf_text rf_variable_at(rf_variable values, size_t row) {
    uint32_t start = values.offsets.ptr[row];
    return (rf_text){(const char *)values.bytes.ptr + start, values.offsets.ptr[row + 1] - start};
}

rf_column rf_column_of(rf_context *cx, rf_kind kind, size_t n_rows, uint32_t width) {
    rf_column column = {.kind = kind};
    switch (kind) {
    case RF_BOOLEAN:
        column.boolean = (rf_bytes){RF_NEW(cx, uint8_t, n_rows), n_rows};
        return column;
    case RF_INT64:
    case RF_TIMESTAMP_US:
        column.int64 = (rf_i64s){RF_NEW(cx, int64_t, n_rows), n_rows};
        return column;
    case RF_FLOAT64:
        column.float64 = (rf_f64s){RF_NEW(cx, double, n_rows), n_rows};
        return column;
    case RF_VECTOR:
        column.vector = (rf_f32s){RF_NEW(cx, float, n_rows * width), n_rows * width};
        return column;
    case RF_UTF8:
    case RF_BINARY:
        break;
    }
    abort(); // made by rf_variable_builder_of
}

static void zero_row(rf_column *column, size_t n_rows, size_t row) {
    switch (column->kind) {
    case RF_BOOLEAN:
        column->boolean.ptr[row] = 0;
        return;
    case RF_INT64:
    case RF_TIMESTAMP_US:
        column->int64.ptr[row] = 0;
        return;
    case RF_FLOAT64:
        column->float64.ptr[row] = 0;
        return;
    case RF_VECTOR: {
        size_t width = column->vector.len / n_rows;
        memset(column->vector.ptr + row * width, 0, width * sizeof(float));
        return;
    }
    case RF_UTF8:
    case RF_BINARY:
        return; // empty since the builder skipped it
    }
}

void rf_set_null(rf_context *cx, rf_column *column, size_t n_rows, size_t row) {
    if (column->validity.len == 0) {
        size_t n_bytes = (n_rows + 7) / 8;
        column->validity = (rf_bytes){RF_NEW(cx, uint8_t, n_bytes), n_bytes};
        for (size_t i = 0; i < n_rows; i++) column->validity.ptr[i / 8] |= (uint8_t)(1u << i % 8);
    }
    column->validity.ptr[row / 8] &= (uint8_t)~(1u << row % 8);
    zero_row(column, n_rows, row);
}

void rf_set_nulls_of(rf_column *column, const rf_column *other) {
    size_t n_rows = column->kind == RF_BOOLEAN ? column->boolean.len : column->int64.len;
    column->validity = other->validity;
    if (other->validity.len == 0) return;
    for (size_t row = 0; row < n_rows; row++) {
        if (!rf_is_valid(other, row)) zero_row(column, n_rows, row);
    }
}

rf_variable_builder rf_variable_builder_of(rf_context *cx, rf_kind kind, size_t n_rows) {
    rf_variable_builder builder = {.column = {.kind = kind}, .n_rows = n_rows};
    builder.column.utf8.offsets = (rf_u32s){RF_NEW(cx, uint32_t, n_rows + 1), n_rows + 1};
    return builder;
}

static void end_row(rf_variable_builder *builder) {
    rf_variable *values = &builder->column.utf8;
    values->offsets.ptr[++builder->row] = (uint32_t)values->bytes.len;
}

void rf_append(rf_context *cx, rf_variable_builder *builder, rf_text value) {
    rf_bytes *bytes = &builder->column.utf8.bytes;
    if (bytes->len + value.len > builder->bytes_capacity) {
        builder->bytes_capacity = 2 * (bytes->len + value.len) + 64;
        uint8_t *larger = RF_NEW(cx, uint8_t, builder->bytes_capacity);
        if (bytes->len > 0) memcpy(larger, bytes->ptr, bytes->len);
        bytes->ptr = larger;
    }
    if (value.len > 0) memcpy(bytes->ptr + bytes->len, value.ptr, value.len);
    bytes->len += value.len;
    end_row(builder);
}

void rf_append_null(rf_context *cx, rf_variable_builder *builder) {
    rf_set_null(cx, &builder->column, builder->n_rows, builder->row);
    end_row(builder);
}

rf_column rf_variable_finish(rf_variable_builder *builder) {
    return builder->column;
}

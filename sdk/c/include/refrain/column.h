// Columns: reading them with their nulls, and making them.
#ifndef REFRAIN_COLUMN_H
#define REFRAIN_COLUMN_H

#include "context.h"

// Whether a row has a value.
bool rf_is_valid(const rf_column *column, size_t row);

// The column at `index`, which must be of `kind`; refuses a batch that has fewer.
bool rf_column_at(
    rf_context *cx, rf_batch rows, size_t index, rf_kind kind, rf_column **column);

// The column at `index` as one double a row, zeros for nulls; refuses kinds that are no numbers.
bool rf_numbers_at(rf_context *cx, rf_batch rows, size_t index, rf_f64s *numbers);

// The value of a row of a utf8 or binary column.
rf_text rf_variable_at(rf_variable values, size_t row);

// A column of zeros, of a kind that is neither utf8 nor binary. `width` counts for vectors only.
rf_column rf_column_of(rf_context *cx, rf_kind kind, size_t n_rows, uint32_t width);

// Takes a row's value away: its validity bit and the value itself. Not for utf8 and binary.
void rf_set_null(rf_context *cx, rf_column *column, size_t n_rows, size_t row);

// Gives a column of numbers the nulls of another, zeroing those rows.
void rf_set_nulls_of(rf_column *column, const rf_column *other);

// Makes a utf8 or binary column, value by value: `rf_variable_builder_of`, then one `append` or
// `append_null` a row, then `finish`.
typedef struct {
    rf_column column;
    size_t n_rows, row;
    size_t bytes_capacity;
} rf_variable_builder;

rf_variable_builder rf_variable_builder_of(rf_context *cx, rf_kind kind, size_t n_rows);
void rf_append(rf_context *cx, rf_variable_builder *builder, rf_text value);
void rf_append_null(rf_context *cx, rf_variable_builder *builder);
rf_column rf_variable_finish(rf_variable_builder *builder);

#endif

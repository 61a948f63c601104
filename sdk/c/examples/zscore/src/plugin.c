// Subtracts the mean and divides by the population standard deviation, column by column.
#include <refrain/transform.h>

typedef struct {
    rf_texts columns;
} params;

static const rf_param PARAMS[] = {RF_REQUIRED(params, columns, RF_PARAM_TEXTS)};

static bool describe(
    rf_context *cx, rf_text json, rf_schema input, rf_transform_description *description) {
    params given = {};
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    if (!rf_not_empty(cx, "columns", given.columns.len)) return false;
    rf_u32s reads;
    if (!rf_indices_of_kind(cx, input, given.columns, RF_KINDS(RF_FLOAT64), &reads)) return false;
    rf_schema computed = {RF_NEW(cx, rf_field, reads.len), reads.len};
    for (size_t i = 0; i < reads.len; i++) computed.ptr[i] = input.ptr[reads.ptr[i]];
    *description = (rf_transform_description){
        .reads = reads,
        .outputs = rf_replacing(cx, input, reads, computed),
        .needs_fit = true,
        .mergeable = true,
    };
    return true;
}

// One set of moments a column: a fold while fitting, a map while applying.
typedef struct {
    rf_moments *moments;
    size_t n_columns;
} columns;

static columns *columns_of(rf_context *cx, size_t n_columns) {
    columns *all = RF_NEW(cx, columns, 1);
    *all = (columns){RF_NEW(cx, rf_moments, n_columns), n_columns};
    return all;
}

static bool fit_start(rf_context *cx, rf_text, rf_schema input, uint64_t, void **fit) {
    *fit = columns_of(cx, input.len);
    return true;
}

static bool fit_update(rf_context *cx, void *fit, rf_batch rows) {
    columns *all = fit;
    for (size_t i = 0; i < all->n_columns; i++) {
        if (!rf_moments_update(cx, &all->moments[i], rows, i)) return false;
    }
    return true;
}

static bool fit_save(rf_context *cx, void *fit, rf_bytes *saved) {
    columns *all = fit;
    rf_writer writer = {.cx = cx};
    for (size_t i = 0; i < all->n_columns; i++) rf_write_moments(&writer, all->moments[i]);
    *saved = writer.bytes;
    return true;
}

static bool fit_merge(rf_context *cx, void *fit, rf_bytes saved) {
    columns *all = fit;
    rf_reader reader = {cx, saved};
    for (size_t i = 0; i < all->n_columns; i++) {
        rf_moments other;
        if (!rf_read_moments(&reader, &other)) return false;
        rf_moments_merge(&all->moments[i], other);
    }
    return rf_read_end(&reader);
}

static bool apply_start(rf_context *cx, rf_text, rf_schema input, rf_bytes state, void **map) {
    columns *all = columns_of(cx, input.len);
    rf_reader reader = {cx, state};
    for (size_t i = 0; i < all->n_columns; i++) {
        if (!rf_read_moments(&reader, &all->moments[i])) return false;
    }
    *map = all;
    return rf_read_end(&reader);
}

// In place: the rows are the plugin's own.
static bool apply(rf_context *cx, void *map, rf_batch rows, rf_columns *computed) {
    columns *all = map;
    for (size_t i = 0; i < all->n_columns; i++) {
        rf_column *column;
        if (!rf_column_at(cx, rows, i, RF_FLOAT64, &column)) return false;
        double mean = all->moments[i].mean, deviation = rf_deviation_or_one(all->moments[i]);
        for (size_t row = 0; row < rows.rows; row++) {
            column->float64.ptr[row] = (column->float64.ptr[row] - mean) / deviation;
        }
        rf_set_nulls_of(column, column);
    }
    *computed = rows.columns;
    return true;
}

const rf_transform refrain_plugin = {
    .describe = describe,
    .fit_start = fit_start,
    .fit_update = fit_update,
    .fit_save = fit_save,
    .fit_merge = fit_merge,
    .fit_finish = fit_save,
    .apply_start = apply_start,
    .apply = apply,
};

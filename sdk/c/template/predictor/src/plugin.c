// Multiplies a column by the model, which is one number.
#include <refrain/predictor.h>

typedef struct {
    rf_text feature, prediction;
} params;

static const rf_param PARAMS[] = {
    RF_REQUIRED(params, feature, RF_PARAM_TEXT),
    RF_OPTIONAL(params, prediction, RF_PARAM_TEXT),
};

// The model: one number.
static bool load(rf_context *cx, rf_bytes model, double *weight) {
    rf_reader reader = {cx, model};
    return rf_read_f64(&reader, weight) && rf_read_end(&reader);
}

static bool describe(rf_context *cx, rf_text json, rf_schema input, rf_bytes model,
    rf_predictor_description *description) {
    params given = {.prediction = rf_text_of("prediction")};
    double weight;
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    if (!load(cx, model, &weight)) return false;
    uint32_t *feature = RF_NEW(cx, uint32_t, 1);
    if (!rf_index_of_kind(cx, input, given.feature, RF_KINDS(RF_FLOAT64), feature)) return false;
    rf_field *prediction = RF_NEW(cx, rf_field, 1);
    bool nullable = input.ptr[*feature].nullable;
    *prediction = (rf_field){.name = given.prediction, .kind = RF_FLOAT64, .nullable = nullable};
    *description = (rf_predictor_description){{feature, 1}, {prediction, 1}};
    return true;
}

static bool predict_start(rf_context *cx, rf_text, rf_schema, rf_bytes model, void **map) {
    double *weight = RF_NEW(cx, double, 1);
    *map = weight;
    return load(cx, model, weight);
}

// In place: the rows are the plugin's own.
static bool predict(rf_context *cx, void *map, rf_batch rows, rf_columns *predictions) {
    double *weight = map;
    rf_column *column;
    if (!rf_column_at(cx, rows, 0, RF_FLOAT64, &column)) return false;
    for (size_t row = 0; row < rows.rows; row++) column->float64.ptr[row] *= *weight;
    rf_set_nulls_of(column, column);
    *predictions = rows.columns;
    return true;
}

const rf_predictor refrain_plugin = {
    .describe = describe,
    .predict_start = predict_start,
    .predict = predict,
};

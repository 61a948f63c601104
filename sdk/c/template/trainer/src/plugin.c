// Predicts the mean of the label for every row: the baseline that every model has to beat.
#include <refrain/trainer.h>

typedef struct {
    rf_text label, prediction;
} params;

static const rf_param PARAMS[] = {
    RF_REQUIRED(params, label, RF_PARAM_TEXT),
    RF_OPTIONAL(params, prediction, RF_PARAM_TEXT),
};

static bool describe(
    rf_context *cx, rf_text json, rf_schema input, rf_trainer_description *description) {
    params given = {.prediction = rf_text_of("prediction")};
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    uint32_t *label = RF_NEW(cx, uint32_t, 1), *other = RF_NEW(cx, uint32_t, 1);
    if (!rf_index_of_kind(cx, input, given.label, RF_KINDS(RF_FLOAT64), label)) return false;
    // Only the number of rows matters, and some column has to carry it.
    *other = *label == 0 ? 1 : 0;
    rf_field *prediction = RF_NEW(cx, rf_field, 1);
    *prediction = (rf_field){.name = given.prediction, .kind = RF_FLOAT64};
    *description = (rf_trainer_description){
        .training_reads = {label, 1},
        .prediction_reads = {other, input.len > 1 ? 1 : 0},
        .prediction = {prediction, 1},
        .mergeable = true,
    };
    return true;
}

static bool read_moments(rf_context *cx, rf_bytes bytes, rf_moments *moments) {
    rf_reader reader = {cx, bytes};
    return rf_read_moments(&reader, moments) && rf_read_end(&reader);
}

static bool pass_start(
    rf_context *cx, rf_text, rf_schema, uint64_t, rf_bytes state, void **pass) {
    if (state.len != 0) return rf_failed(cx, "there is no second pass");
    *pass = RF_NEW(cx, rf_moments, 1);
    return true;
}

static bool pass_update(rf_context *cx, void *pass, rf_batch rows) {
    return rf_moments_update(cx, pass, rows, 0);
}

static bool pass_save(rf_context *cx, void *pass, rf_bytes *saved) {
    rf_moments *moments = pass;
    rf_writer writer = {.cx = cx};
    rf_write_moments(&writer, *moments);
    *saved = writer.bytes;
    return true;
}

static bool pass_merge(rf_context *cx, void *pass, rf_bytes saved) {
    rf_moments other;
    if (!read_moments(cx, saved, &other)) return false;
    rf_moments_merge(pass, other);
    return true;
}

static bool pass_finish(rf_context *cx, void *pass, rf_pass_end *end) {
    rf_moments *moments = pass;
    rf_measure *measure = RF_NEW(cx, rf_measure, 1);
    *measure = (rf_measure){rf_text_of("mean"), moments->mean};
    end->done = true;
    end->measures = (rf_measures){measure, 1};
    return pass_save(cx, pass, &end->state);
}

// The model: the mean, and nothing else.
static bool finish(rf_context *cx, rf_text, rf_schema, rf_bytes state, rf_bytes *model) {
    rf_moments moments;
    if (!read_moments(cx, state, &moments)) return false;
    rf_writer writer = {.cx = cx};
    rf_write_f64(&writer, moments.mean);
    *model = writer.bytes;
    return true;
}

static bool predict_start(rf_context *cx, rf_schema, rf_bytes model, void **map) {
    double *mean = RF_NEW(cx, double, 1);
    *map = mean;
    rf_reader reader = {cx, model};
    return rf_read_f64(&reader, mean) && rf_read_end(&reader);
}

static bool predict(rf_context *cx, void *map, rf_batch rows, rf_columns *predictions) {
    double *mean = map;
    rf_column *column = RF_NEW(cx, rf_column, 1);
    *column = rf_column_of(cx, RF_FLOAT64, rows.rows, 0);
    for (size_t row = 0; row < rows.rows; row++) column->float64.ptr[row] = *mean;
    *predictions = (rf_columns){column, 1};
    return true;
}

const rf_trainer refrain_plugin = {
    .describe = describe,
    .pass_start = pass_start,
    .pass_update = pass_update,
    .pass_save = pass_save,
    .pass_merge = pass_merge,
    .pass_finish = pass_finish,
    .finish = finish,
    .predict_start = predict_start,
    .predict = predict,
};

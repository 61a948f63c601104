// The mean absolute error.
#include <math.h>
#include <refrain/evaluator.h>

typedef struct {
    rf_text label, prediction;
} params;

static const rf_param PARAMS[] = {
    RF_REQUIRED(params, label, RF_PARAM_TEXT),
    RF_OPTIONAL(params, prediction, RF_PARAM_TEXT),
};

static bool describe(
    rf_context *cx, rf_text json, rf_schema input, rf_fold_description *description) {
    params given = {.prediction = rf_text_of("prediction")};
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    // In this order the fold is handed them, wherever they stand in the input.
    uint32_t *reads = RF_NEW(cx, uint32_t, 2);
    rf_kinds allowed = RF_KINDS(RF_FLOAT64);
    *description = (rf_fold_description){.reads = {reads, 2}, .mergeable = true};
    return rf_index_of_kind(cx, input, given.label, allowed, &reads[0])
        && rf_index_of_kind(cx, input, given.prediction, allowed, &reads[1]);
}

// The sum of the errors, of rows that have both a label and a prediction.
typedef struct {
    uint64_t n;
    double sum;
} errors;

static bool start(rf_context *cx, rf_text, rf_schema, void **fold) {
    *fold = RF_NEW(cx, errors, 1);
    return true;
}

static bool update(rf_context *cx, void *fold, rf_batch rows) {
    errors *this = fold;
    rf_column *label, *prediction;
    if (!rf_column_at(cx, rows, 0, RF_FLOAT64, &label)) return false;
    if (!rf_column_at(cx, rows, 1, RF_FLOAT64, &prediction)) return false;
    for (size_t row = 0; row < rows.rows; row++) {
        if (!rf_is_valid(label, row) || !rf_is_valid(prediction, row)) continue;
        this->n += 1;
        this->sum += fabs(prediction->float64.ptr[row] - label->float64.ptr[row]);
    }
    return true;
}

static bool save(rf_context *cx, void *fold, rf_bytes *saved) {
    errors *this = fold;
    rf_writer writer = {.cx = cx};
    rf_write_u64(&writer, this->n);
    rf_write_f64(&writer, this->sum);
    *saved = writer.bytes;
    return true;
}

static bool merge(rf_context *cx, void *fold, rf_bytes saved) {
    errors *this = fold, other;
    rf_reader reader = {cx, saved};
    if (!rf_read_u64(&reader, &other.n) || !rf_read_f64(&reader, &other.sum)) return false;
    this->n += other.n;
    this->sum += other.sum;
    return rf_read_end(&reader);
}

static bool finish(rf_context *cx, void *fold, rf_metrics *metrics) {
    errors *this = fold;
    *metrics = (rf_metrics){RF_NEW(cx, rf_metric, 1), 1};
    metrics->ptr[0] = (rf_metric){
        .name = rf_text_of("mean_absolute_error"),
        .value = this->n == 0 ? RF_NONE : RF_SOME(this->sum / (double)this->n),
        .n_rows = this->n,
    };
    return true;
}

const rf_evaluator refrain_plugin = {
    .describe = describe,
    .start = start,
    .update = update,
    .save = save,
    .merge = merge,
    .finish = finish,
};

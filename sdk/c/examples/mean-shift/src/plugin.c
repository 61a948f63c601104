// How far the mean of each column has moved, in standard deviations of the reference.
#include <math.h>
#include <refrain/drift.h>

typedef struct {
    rf_texts columns;
    double threshold;
} params;

static const rf_param PARAMS[] = {
    RF_REQUIRED(params, columns, RF_PARAM_TEXTS),
    RF_OPTIONAL(params, threshold, RF_PARAM_F64),
};

static bool read_params(rf_context *cx, rf_text json, params *given) {
    *given = (params){.threshold = 0.1};
    return rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), given)
        && rf_not_empty(cx, "columns", given->columns.len);
}

static bool describe(
    rf_context *cx, rf_text json, rf_schema input, rf_drift_description *description) {
    params given;
    if (!read_params(cx, json, &given)) return false;
    description->mergeable = true;
    rf_kinds allowed = RF_KINDS(RF_FLOAT64);
    return rf_indices_of_kind(cx, input, given.columns, allowed, &description->reads);
}

// Moments of the reference window, then of the current one; one of each a column.
typedef struct {
    params params;
    rf_schema input;
    rf_moments *moments;
} fold;

static bool start(rf_context *cx, rf_text json, rf_schema input, void **state) {
    fold *new = RF_NEW(cx, fold, 1);
    if (!read_params(cx, json, &new->params)) return false;
    new->input = input;
    new->moments = RF_NEW(cx, rf_moments, 2 * input.len);
    *state = new;
    return true;
}

static bool update(rf_context *cx, void *state, rf_window window, rf_batch rows) {
    fold *this = state;
    rf_moments *of_window = this->moments + (window == RF_CURRENT ? this->input.len : 0);
    for (size_t i = 0; i < this->input.len; i++) {
        if (!rf_moments_update(cx, &of_window[i], rows, i)) return false;
    }
    return true;
}

static bool save(rf_context *cx, void *state, rf_bytes *saved) {
    fold *this = state;
    rf_writer writer = {.cx = cx};
    for (size_t i = 0; i < 2 * this->input.len; i++) rf_write_moments(&writer, this->moments[i]);
    *saved = writer.bytes;
    return true;
}

static bool merge(rf_context *cx, void *state, rf_bytes saved) {
    fold *this = state;
    rf_reader reader = {cx, saved};
    for (size_t i = 0; i < 2 * this->input.len; i++) {
        rf_moments other;
        if (!rf_read_moments(&reader, &other)) return false;
        rf_moments_merge(&this->moments[i], other);
    }
    return rf_read_end(&reader);
}

static bool finish(rf_context *cx, void *state, rf_scores *scores) {
    fold *this = state;
    size_t n = this->input.len;
    double threshold = this->params.threshold;
    *scores = (rf_scores){RF_NEW(cx, rf_score, n), n};
    for (size_t i = 0; i < n; i++) {
        rf_moments reference = this->moments[i], current = this->moments[n + i];
        double shift = fabs(current.mean - reference.mean) / rf_deviation_or_one(reference);
        scores->ptr[i] = (rf_score){
            .column = this->input.ptr[i].name,
            .measure = rf_text_of("mean_shift"),
            .value = RF_SOME(shift),
            .threshold = threshold,
            .verdict = shift >= threshold ? RF_DRIFTED : RF_STABLE,
            .n_reference = reference.n,
            .n_current = current.n,
        };
    }
    return true;
}

const rf_drift refrain_plugin = {
    .describe = describe,
    .start = start,
    .update = update,
    .save = save,
    .merge = merge,
    .finish = finish,
};

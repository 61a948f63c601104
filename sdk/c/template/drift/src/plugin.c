// Drift by how far the share of nulls moved.
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
    return rf_indices_of_kind(cx, input, given.columns, RF_ANY_KIND, &description->reads);
}

typedef struct {
    uint64_t rows, nulls;
} count;

// Rows and nulls of each column, in the reference window and then in the current one.
typedef struct {
    params params;
    rf_schema input;
    count *counts;
} fold;

static bool start(rf_context *cx, rf_text json, rf_schema input, void **state) {
    fold *new = RF_NEW(cx, fold, 1);
    if (!read_params(cx, json, &new->params)) return false;
    new->input = input;
    new->counts = RF_NEW(cx, count, 2 * input.len);
    *state = new;
    return true;
}

static bool update(rf_context *cx, void *state, rf_window window, rf_batch rows) {
    fold *this = state;
    count *of_window = this->counts + (window == RF_CURRENT ? this->input.len : 0);
    for (size_t i = 0; i < this->input.len; i++) {
        rf_column *column;
        if (!rf_column_at(cx, rows, i, this->input.ptr[i].kind, &column)) return false;
        of_window[i].rows += rows.rows;
        for (size_t row = 0; row < rows.rows; row++) of_window[i].nulls += !rf_is_valid(column, row);
    }
    return true;
}

static bool save(rf_context *cx, void *state, rf_bytes *saved) {
    fold *this = state;
    rf_writer writer = {.cx = cx};
    for (size_t i = 0; i < 2 * this->input.len; i++) {
        rf_write_u64(&writer, this->counts[i].rows);
        rf_write_u64(&writer, this->counts[i].nulls);
    }
    *saved = writer.bytes;
    return true;
}

static bool merge(rf_context *cx, void *state, rf_bytes saved) {
    fold *this = state;
    rf_reader reader = {cx, saved};
    for (size_t i = 0; i < 2 * this->input.len; i++) {
        count other;
        if (!rf_read_u64(&reader, &other.rows) || !rf_read_u64(&reader, &other.nulls)) return false;
        this->counts[i].rows += other.rows;
        this->counts[i].nulls += other.nulls;
    }
    return rf_read_end(&reader);
}

static double share(count of) {
    return (double)of.nulls / (double)of.rows;
}

static bool finish(rf_context *cx, void *state, rf_scores *scores) {
    fold *this = state;
    size_t n = this->input.len;
    double threshold = this->params.threshold;
    *scores = (rf_scores){RF_NEW(cx, rf_score, n), n};
    for (size_t i = 0; i < n; i++) {
        count reference = this->counts[i], current = this->counts[n + i];
        rf_score *score = &scores->ptr[i];
        *score = (rf_score){
            .column = this->input.ptr[i].name,
            .measure = rf_text_of("null_share"),
            .threshold = threshold,
            .verdict = RF_DRIFT_INCONCLUSIVE,
            .n_reference = reference.rows - reference.nulls,
            .n_current = current.rows - current.nulls,
        };
        if (reference.rows == 0 || current.rows == 0) continue;
        score->value = RF_SOME(fabs(share(current) - share(reference)));
        score->verdict = score->value.value >= threshold ? RF_DRIFTED : RF_STABLE;
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

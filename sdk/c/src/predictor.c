#include "../include/refrain/predictor.h"

#include "exports.h"

#define W "predictor"

typedef RF_ANSWER(rf_predictor_description) describe_answer;

static rf_session session;

RF_EXPORT(W, "describe")
const describe_answer *rf_describe(const char *params, size_t params_len, rf_field *input,
    size_t n_fields, uint8_t *model, size_t model_len) {
    RF_BEGIN(describe_answer);
    RF_REPLY(refrain_plugin.describe(&cx, (rf_text){params, params_len},
        (rf_schema){input, n_fields}, (rf_bytes){model, model_len}, &answer.ok));
}

static bool predict_start(rf_context *cx, rf_text params, rf_schema input, rf_bytes model) {
    void *state = NULL;
    if (!refrain_plugin.predict_start(cx, params, input, model, &state)) return false;
    session = (rf_session){RF_MAPPING, state};
    return true;
}

RF_EXPORT(W, "predict-start")
const rf_unit_answer *rf_predict_start(const char *params, size_t params_len, rf_field *input,
    size_t n_fields, uint8_t *model, size_t model_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY_STARTED(predict_start(&cx, (rf_text){params, params_len},
        (rf_schema){input, n_fields}, (rf_bytes){model, model_len}));
}

RF_EXPORT(W, "predict")
const rf_batch_answer *rf_predict(uint32_t rows, rf_column *columns, size_t n_columns) {
    RF_BEGIN(rf_batch_answer);
    rf_batch input = {rows, {columns, n_columns}};
    answer.ok.rows = rows;
    RF_REPLY(rf_maps(&cx, &session, "predict")
        && refrain_plugin.predict(&cx, session.state, input, &answer.ok.columns));
}

RF_POST(W, "describe", rf_post_describe)
RF_POST(W, "predict-start", rf_post_predict_start)
RF_POST(W, "predict", rf_post_predict)

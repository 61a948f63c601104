#include "../include/refrain/trainer.h"

#include "exports.h"

#define W "trainer"

typedef RF_ANSWER(rf_trainer_description) describe_answer;
typedef RF_ANSWER(rf_pass_end) pass_answer;

static rf_session session;

RF_EXPORT(W, "describe")
const describe_answer *rf_describe(
    const char *params, size_t params_len, rf_field *input, size_t n_fields) {
    RF_BEGIN(describe_answer);
    RF_REPLY(refrain_plugin.describe(
        &cx, (rf_text){params, params_len}, (rf_schema){input, n_fields}, &answer.ok));
}

static bool pass_start(
    rf_context *cx, rf_text params, rf_schema input, uint64_t seed, rf_bytes before) {
    void *state = NULL;
    if (!refrain_plugin.pass_start(cx, params, input, seed, before, &state)) return false;
    session = (rf_session){RF_FOLDING, state};
    return true;
}

RF_EXPORT(W, "pass-start")
const rf_unit_answer *rf_pass_start(const char *params, size_t params_len, rf_field *input,
    size_t n_fields, uint64_t seed, uint8_t *state, size_t state_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY_STARTED(pass_start(&cx, (rf_text){params, params_len},
        (rf_schema){input, n_fields}, seed, (rf_bytes){state, state_len}));
}

RF_EXPORT(W, "pass-update")
const rf_unit_answer *rf_pass_update(uint32_t rows, rf_column *columns, size_t n_columns) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY(rf_folds(&cx, &session, "pass-update")
        && refrain_plugin.pass_update(
            &cx, session.state, (rf_batch){rows, {columns, n_columns}}));
}

RF_EXPORT(W, "pass-save")
const rf_bytes_answer *rf_pass_save(void) {
    RF_BEGIN(rf_bytes_answer);
    RF_REPLY(rf_folds(&cx, &session, "pass-save")
        && rf_merges(&cx, refrain_plugin.pass_save != NULL)
        && refrain_plugin.pass_save(&cx, session.state, &answer.ok));
}

RF_EXPORT(W, "pass-merge")
const rf_unit_answer *rf_pass_merge(uint8_t *saved, size_t saved_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY(rf_folds(&cx, &session, "pass-merge")
        && rf_merges(&cx, refrain_plugin.pass_merge != NULL)
        && refrain_plugin.pass_merge(&cx, session.state, (rf_bytes){saved, saved_len}));
}

RF_EXPORT(W, "pass-finish")
const pass_answer *rf_pass_finish(void) {
    RF_BEGIN(pass_answer);
    RF_REPLY(rf_folds(&cx, &session, "pass-finish")
        && refrain_plugin.pass_finish(&cx, session.state, &answer.ok));
}

RF_EXPORT(W, "finish")
const rf_bytes_answer *rf_finish(const char *params, size_t params_len, rf_field *input,
    size_t n_fields, uint8_t *state, size_t state_len) {
    RF_BEGIN(rf_bytes_answer);
    RF_REPLY(refrain_plugin.finish(&cx, (rf_text){params, params_len},
        (rf_schema){input, n_fields}, (rf_bytes){state, state_len}, &answer.ok));
}

static bool predict_start(rf_context *cx, rf_schema input, rf_bytes model) {
    void *state = NULL;
    if (!refrain_plugin.predict_start(cx, input, model, &state)) return false;
    session = (rf_session){RF_MAPPING, state};
    return true;
}

RF_EXPORT(W, "predict-start")
const rf_unit_answer *rf_predict_start(
    rf_field *input, size_t n_fields, uint8_t *model, size_t model_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY_STARTED(
        predict_start(&cx, (rf_schema){input, n_fields}, (rf_bytes){model, model_len}));
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
RF_POST(W, "pass-start", rf_post_pass_start)
RF_POST(W, "pass-update", rf_post_pass_update)
RF_POST(W, "pass-save", rf_post_pass_save)
RF_POST(W, "pass-merge", rf_post_pass_merge)
RF_POST(W, "pass-finish", rf_post_pass_finish)
RF_POST(W, "finish", rf_post_finish)
RF_POST(W, "predict-start", rf_post_predict_start)
RF_POST(W, "predict", rf_post_predict)

#include "../include/refrain/drift.h"

#include "exports.h"

#define W "drift"

typedef RF_ANSWER(rf_drift_description) describe_answer;
typedef RF_ANSWER(rf_scores) finish_answer;

static rf_session session;

RF_EXPORT(W, "describe")
const describe_answer *rf_describe(
    const char *params, size_t params_len, rf_field *input, size_t n_fields) {
    RF_BEGIN(describe_answer);
    RF_REPLY(refrain_plugin.describe(
        &cx, (rf_text){params, params_len}, (rf_schema){input, n_fields}, &answer.ok));
}

static bool start(rf_context *cx, rf_text params, rf_schema input) {
    void *state = NULL;
    if (!refrain_plugin.start(cx, params, input, &state)) return false;
    session = (rf_session){RF_FOLDING, state};
    return true;
}

RF_EXPORT(W, "start")
const rf_unit_answer *rf_start(
    const char *params, size_t params_len, rf_field *input, size_t n_fields) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY_STARTED(start(&cx, (rf_text){params, params_len}, (rf_schema){input, n_fields}));
}

RF_EXPORT(W, "update")
const rf_unit_answer *rf_update(
    uint32_t window, uint32_t rows, rf_column *columns, size_t n_columns) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY(rf_folds(&cx, &session, "update")
        && refrain_plugin.update(&cx, session.state, (rf_window)window,
            (rf_batch){rows, {columns, n_columns}}));
}

RF_EXPORT(W, "save")
const rf_bytes_answer *rf_save(void) {
    RF_BEGIN(rf_bytes_answer);
    RF_REPLY(rf_folds(&cx, &session, "save") && rf_merges(&cx, refrain_plugin.save != NULL)
        && refrain_plugin.save(&cx, session.state, &answer.ok));
}

RF_EXPORT(W, "merge")
const rf_unit_answer *rf_merge(uint8_t *saved, size_t saved_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY(rf_folds(&cx, &session, "merge") && rf_merges(&cx, refrain_plugin.merge != NULL)
        && refrain_plugin.merge(&cx, session.state, (rf_bytes){saved, saved_len}));
}

RF_EXPORT(W, "finish")
const finish_answer *rf_finish(void) {
    RF_BEGIN(finish_answer);
    RF_REPLY(rf_folds(&cx, &session, "finish")
        && refrain_plugin.finish(&cx, session.state, &answer.ok));
}

RF_POST(W, "describe", rf_post_describe)
RF_POST(W, "start", rf_post_start)
RF_POST(W, "update", rf_post_update)
RF_POST(W, "save", rf_post_save)
RF_POST(W, "merge", rf_post_merge)
RF_POST(W, "finish", rf_post_finish)

#include "../include/refrain/transform.h"

#include "exports.h"

#define W "transform"

typedef RF_ANSWER(rf_transform_description) describe_answer;

static rf_session session;

RF_EXPORT(W, "describe")
const describe_answer *rf_describe(
    const char *params, size_t params_len, rf_field *input, size_t n_fields) {
    RF_BEGIN(describe_answer);
    RF_REPLY(refrain_plugin.describe(
        &cx, (rf_text){params, params_len}, (rf_schema){input, n_fields}, &answer.ok));
}

static bool fit_start(rf_context *cx, rf_text params, rf_schema input, uint64_t seed) {
    if (refrain_plugin.fit_start == NULL) return rf_failed(cx, "this transform needs no fit");
    void *state = NULL;
    if (!refrain_plugin.fit_start(cx, params, input, seed, &state)) return false;
    session = (rf_session){RF_FOLDING, state};
    return true;
}

RF_EXPORT(W, "fit-start")
const rf_unit_answer *rf_fit_start(
    const char *params, size_t params_len, rf_field *input, size_t n_fields, uint64_t seed) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY_STARTED(
        fit_start(&cx, (rf_text){params, params_len}, (rf_schema){input, n_fields}, seed));
}

RF_EXPORT(W, "fit-update")
const rf_unit_answer *rf_fit_update(uint32_t rows, rf_column *columns, size_t n_columns) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY(rf_folds(&cx, &session, "fit-update")
        && refrain_plugin.fit_update(
            &cx, session.state, (rf_batch){rows, {columns, n_columns}}));
}

RF_EXPORT(W, "fit-save")
const rf_bytes_answer *rf_fit_save(void) {
    RF_BEGIN(rf_bytes_answer);
    RF_REPLY(rf_folds(&cx, &session, "fit-save")
        && rf_merges(&cx, refrain_plugin.fit_save != NULL)
        && refrain_plugin.fit_save(&cx, session.state, &answer.ok));
}

RF_EXPORT(W, "fit-merge")
const rf_unit_answer *rf_fit_merge(uint8_t *saved, size_t saved_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY(rf_folds(&cx, &session, "fit-merge")
        && rf_merges(&cx, refrain_plugin.fit_merge != NULL)
        && refrain_plugin.fit_merge(&cx, session.state, (rf_bytes){saved, saved_len}));
}

RF_EXPORT(W, "fit-finish")
const rf_bytes_answer *rf_fit_finish(void) {
    RF_BEGIN(rf_bytes_answer);
    RF_REPLY(rf_folds(&cx, &session, "fit-finish")
        && refrain_plugin.fit_finish(&cx, session.state, &answer.ok));
}

static bool apply_start(rf_context *cx, rf_text params, rf_schema input, rf_bytes fitted) {
    void *state = NULL;
    if (!refrain_plugin.apply_start(cx, params, input, fitted, &state)) return false;
    session = (rf_session){RF_MAPPING, state};
    return true;
}

RF_EXPORT(W, "apply-start")
const rf_unit_answer *rf_apply_start(const char *params, size_t params_len, rf_field *input,
    size_t n_fields, uint8_t *state, size_t state_len) {
    RF_BEGIN(rf_unit_answer);
    RF_REPLY_STARTED(apply_start(&cx, (rf_text){params, params_len},
        (rf_schema){input, n_fields}, (rf_bytes){state, state_len}));
}

RF_EXPORT(W, "apply")
const rf_batch_answer *rf_apply(uint32_t rows, rf_column *columns, size_t n_columns) {
    RF_BEGIN(rf_batch_answer);
    rf_batch input = {rows, {columns, n_columns}};
    answer.ok.rows = rows;
    RF_REPLY(rf_maps(&cx, &session, "apply")
        && refrain_plugin.apply(&cx, session.state, input, &answer.ok.columns));
}

RF_POST(W, "describe", rf_post_describe)
RF_POST(W, "fit-start", rf_post_fit_start)
RF_POST(W, "fit-update", rf_post_fit_update)
RF_POST(W, "fit-save", rf_post_fit_save)
RF_POST(W, "fit-merge", rf_post_fit_merge)
RF_POST(W, "fit-finish", rf_post_fit_finish)
RF_POST(W, "apply-start", rf_post_apply_start)
RF_POST(W, "apply", rf_post_apply)

rf_output_columns rf_replacing(
    rf_context *cx, rf_schema input, rf_u32s reads, rf_schema computed) {
    rf_output_columns outputs = {RF_NEW(cx, rf_output_column, input.len), input.len};
    for (size_t i = 0; i < input.len; i++) {
        outputs.ptr[i] = (rf_output_column){.from = RF_KEPT, .kept = (uint32_t)i};
    }
    for (size_t i = 0; i < reads.len && i < computed.len; i++) {
        outputs.ptr[reads.ptr[i]] =
            (rf_output_column){.from = RF_COMPUTED, .computed = computed.ptr[i]};
    }
    return outputs;
}

rf_output_columns rf_adding(rf_context *cx, rf_schema input, rf_schema computed) {
    size_t n = input.len + computed.len;
    rf_output_columns outputs = {RF_NEW(cx, rf_output_column, n), n};
    for (size_t i = 0; i < n; i++) {
        outputs.ptr[i] = i < input.len
            ? (rf_output_column){.from = RF_KEPT, .kept = (uint32_t)i}
            : (rf_output_column){.from = RF_COMPUTED, .computed = computed.ptr[i - input.len]};
    }
    return outputs;
}

// What the exports of all worlds share: names, answers, sessions, and what happens after a call.
//
// A list arrives as an address and a length, which are the two parameters of the C functions, so
// the signatures here are the contract's, flattened. Natively they are plain functions, for tests.
#ifndef REFRAIN_EXPORTS_H
#define REFRAIN_EXPORTS_H

#include <string.h>

#include "arena.h"

#ifdef __wasm__
#define RF_EXPORT_NAME(name) __attribute__((used, export_name(name)))
#else
#define RF_EXPORT_NAME(name)
#endif

#define RF_EXPORT(world, name) RF_EXPORT_NAME("refrain:" world "/plugin@0.1.0#" name)

// What the host calls when it has read the answer of `name`.
#define RF_POST(world, name, function)                                                             \
    RF_EXPORT_NAME("cabi_post_refrain:" world "/plugin@0.1.0#" name)                               \
    void function([[maybe_unused]] const void *answer) {                                           \
        rf_call_end();                                                                             \
    }

// The contract's `result<T, error>`.
#define RF_ANSWER(type)                                                                            \
    struct {                                                                                       \
        bool is_err;                                                                               \
        union {                                                                                    \
            type ok;                                                                               \
            rf_error err;                                                                          \
        };                                                                                         \
    }

// `result<_, error>`.
typedef struct {
    bool is_err;
    rf_error err;
} rf_unit_answer;

typedef RF_ANSWER(rf_bytes) rf_bytes_answer;
typedef RF_ANSWER(rf_batch) rf_batch_answer;

// Makes `cx` and `answer`. One answer is enough: a component is never entered twice.
#define RF_BEGIN(type)                                                                             \
    rf_context cx = rf_call_begin();                                                               \
    static type answer;                                                                            \
    memset(&answer, 0, sizeof answer)

// Answers with what `call` wrote, or with why it refused.
#define RF_REPLY(call)                                                                             \
    answer.is_err = !(call);                                                                       \
    if (answer.is_err) answer.err = cx.error;                                                      \
    return &answer

// The same for a call that starts something, whose memory stays.
#define RF_REPLY_STARTED(call)                                                                     \
    answer.is_err = !(call);                                                                       \
    if (answer.is_err) answer.err = cx.error;                                                      \
    else rf_call_keep();                                                                           \
    return &answer

// What an instance is doing.
typedef struct {
    enum { RF_IDLE, RF_FOLDING, RF_MAPPING } stage;
    void *state;
} rf_session;

static inline bool rf_folds(rf_context *cx, const rf_session *session, const char *call) {
    return session->stage == RF_FOLDING
        || rf_failed(cx, "`%s` was called before the fold was started", call);
}

static inline bool rf_maps(rf_context *cx, const rf_session *session, const char *call) {
    return session->stage == RF_MAPPING
        || rf_failed(cx, "`%s` was called before `%s-start`", call, call);
}

static inline bool rf_merges(rf_context *cx, bool has_function) {
    return has_function
        || rf_failed(cx, "this fold does not merge: its description says `mergeable: false`");
}

#endif

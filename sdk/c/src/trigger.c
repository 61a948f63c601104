#include "../include/refrain/trigger.h"

#include "exports.h"

#define W "trigger"

typedef RF_ANSWER(rf_texts) describe_answer;
typedef RF_ANSWER(rf_decision) decide_answer;

RF_EXPORT(W, "describe")
const describe_answer *rf_describe(const char *params, size_t params_len) {
    RF_BEGIN(describe_answer);
    RF_REPLY(refrain_plugin.describe(&cx, (rf_text){params, params_len}, &answer.ok));
}

RF_EXPORT(W, "decide")
const decide_answer *rf_decide(
    const char *params, size_t params_len, rf_fact *facts, size_t n_facts) {
    RF_BEGIN(decide_answer);
    RF_REPLY(refrain_plugin.decide(
        &cx, (rf_text){params, params_len}, (rf_facts){facts, n_facts}, &answer.ok));
}

RF_POST(W, "describe", rf_post_describe)
RF_POST(W, "decide", rf_post_decide)

const rf_fact *rf_find_fact(rf_facts facts, const char *name) {
    for (size_t i = 0; i < facts.len; i++) {
        if (rf_text_equal(facts.ptr[i].name, rf_text_of(name))) return &facts.ptr[i];
    }
    return NULL;
}

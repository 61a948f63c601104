// Trigger policies: facts in, a decision to retrain or not out, with its reason.
#ifndef REFRAIN_TRIGGER_H
#define REFRAIN_TRIGGER_H

#include "context.h"
#include "params.h"

// What a fact says.
typedef enum : uint8_t {
    RF_FACT_INTEGER,      // a count
    RF_FACT_NUMBER,       // a measure
    RF_FACT_BOOLEAN,      // a yes or a no
    RF_FACT_TIMESTAMP_US, // microseconds since the epoch, UTC
    RF_FACT_SECONDS,      // seconds between two times
    RF_FACT_TEXT,         // anything else
} rf_fact_kind;

// One thing that the host knows. A fact that the host cannot know now is not in the list.
typedef struct {
    rf_text name; // dotted: `rows.since_training`, `drift.share`, `metric.roc_auc`
    struct {
        rf_fact_kind kind;
        union {
            int64_t integer;
            double number;
            bool boolean;
            int64_t timestamp_us;
            double seconds;
            rf_text text;
        };
    } value;
} rf_fact;

typedef struct {
    rf_fact *ptr;
    size_t len;
} rf_facts;

// Three-valued: what is not known decides nothing.
typedef enum : uint8_t {
    RF_FIRE,
    RF_HOLD,
    RF_INCONCLUSIVE,
} rf_trigger_verdict;

// What one rule made of the facts.
typedef struct {
    rf_text rule; // as a person would write it
    rf_trigger_verdict verdict;
    rf_text detail; // what it saw: the fact's value beside the bound
} rf_evidence;

typedef struct {
    rf_evidence *ptr;
    size_t len;
} rf_evidences;

// The answer.
typedef struct {
    rf_trigger_verdict verdict;
    rf_text reason;        // one sentence
    rf_evidences evidence; // every rule that was weighed, in the order of the parameters
} rf_decision;

// A trigger policy.
typedef struct {
    // The names of the facts that the policy looks at.
    bool (*describe)(rf_context *cx, rf_text params, rf_texts *names);
    bool (*decide)(rf_context *cx, rf_text params, rf_facts facts, rf_decision *decision);
} rf_trigger;

// The plugin defines it.
extern const rf_trigger refrain_plugin;

// The fact `name`, or null if it is not known.
const rf_fact *rf_find_fact(rf_facts facts, const char *name);

#ifdef __wasm__
static_assert(sizeof(rf_fact) == 24 && sizeof(rf_evidence) == 20 && sizeof(rf_decision) == 20);
#endif

#endif

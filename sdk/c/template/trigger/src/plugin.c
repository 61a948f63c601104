// Trains again when there are enough new rows.
#include <inttypes.h>
#include <refrain/trigger.h>

#define NEW_ROWS "rows.since_training"

typedef struct {
    int64_t rows;
} params;

static const rf_param PARAMS[] = {RF_REQUIRED(params, rows, RF_PARAM_I64)};

static bool describe(rf_context *cx, rf_text json, rf_texts *names) {
    params given = {};
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    *names = (rf_texts){RF_NEW(cx, rf_text, 1), 1};
    names->ptr[0] = rf_text_of(NEW_ROWS);
    return true;
}

static bool decide(rf_context *cx, rf_text json, rf_facts facts, rf_decision *decision) {
    params given = {};
    if (!rf_params_read(cx, json, PARAMS, RF_COUNT(PARAMS), &given)) return false;
    rf_evidence *evidence = RF_NEW(cx, rf_evidence, 1);
    decision->evidence = (rf_evidences){evidence, 1};
    evidence->rule = rf_print(cx, NEW_ROWS " >= %" PRId64, given.rows);
    const rf_fact *fact = rf_find_fact(facts, NEW_ROWS);
    if (fact == NULL) {
        decision->verdict = evidence->verdict = RF_INCONCLUSIVE;
        decision->reason = rf_text_of("nobody knows how many rows are new");
        evidence->detail = rf_text_of(NEW_ROWS " is not known");
        return true;
    }
    if (fact->value.kind != RF_FACT_INTEGER) {
        return rf_invalid_input(cx, NEW_ROWS " is not a count");
    }
    int64_t n_rows = fact->value.integer;
    bool is_enough = n_rows >= given.rows;
    decision->verdict = evidence->verdict = is_enough ? RF_FIRE : RF_HOLD;
    decision->reason = rf_print(cx, "%s%" PRId64 " rows are new", is_enough ? "" : "only ", n_rows);
    evidence->detail = rf_print(cx, NEW_ROWS " is %" PRId64, n_rows);
    return true;
}

const rf_trigger refrain_plugin = {.describe = describe, .decide = decide};

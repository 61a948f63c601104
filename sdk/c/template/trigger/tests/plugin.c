// The plugin as a native program.
#include <refrain/testing.h>
#include <refrain/trigger.h>

static void check(size_t n_facts, int64_t n_rows, rf_trigger_verdict verdict, const char *detail) {
    rf_context cx = rf_test_context();
    rf_fact fact = {.name = rf_text_of("rows.since_training")};
    fact.value.integer = n_rows;
    rf_decision found = {};
    rf_text params = rf_text_of("{\"rows\":100}");
    RF_CHECK(refrain_plugin.decide(&cx, params, (rf_facts){&fact, n_facts}, &found));
    RF_CHECK(found.verdict == verdict && found.evidence.len == 1);
    RF_CHECK_TEXT(found.evidence.ptr[0].detail, detail);
}

static void fires_from_the_bound_on_and_says_what_it_saw(void) {
    check(1, 100, RF_FIRE, "rows.since_training is 100");
    check(1, 99, RF_HOLD, "rows.since_training is 99");
    check(0, 0, RF_INCONCLUSIVE, "rows.since_training is not known");
}

int main(void) {
    return RF_RUN(fires_from_the_bound_on_and_says_what_it_saw) + rf_test_end();
}

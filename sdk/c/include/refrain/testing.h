// Unit tests of a plugin as a native program: call the functions of `refrain_plugin` directly.
//
//     static void adds(void) { RF_CHECK(1 + 1 == 2); }
//     int main(void) { return RF_RUN(adds) + rf_test_end(); }
#ifndef REFRAIN_TESTING_H
#define REFRAIN_TESTING_H

#include <stdio.h>

#include "column.h"

static int rf_test_failures, rf_test_checks;

#define RF_CHECK(condition)                                                                        \
    do {                                                                                           \
        rf_test_checks++;                                                                          \
        if (!(condition)) {                                                                        \
            rf_test_failures++;                                                                    \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
        }                                                                                          \
    } while (0)

#define RF_CHECK_TEXT(found, expected)                                                             \
    do {                                                                                           \
        rf_text rf_found = (found);                                                                \
        rf_test_checks++;                                                                          \
        if (!rf_text_equal(rf_found, rf_text_of(expected))) {                                      \
            rf_test_failures++;                                                                    \
            fprintf(stderr, "%s:%d: found    %.*s\n%*sexpected %s\n", __FILE__, __LINE__,          \
                RF_TEXT(rf_found), (int)sizeof __FILE__ + 5, "", expected);                        \
        }                                                                                          \
    } while (0)

#define RF_RUN(test) (fprintf(stderr, "%s\n", #test), (test)(), 0)

static inline int rf_test_end(void) {
    fprintf(stderr, "%d checks, %d failed\n", rf_test_checks, rf_test_failures);
    return rf_test_failures != 0;
}

// A context whose memory lives as long as the test program.
rf_context rf_test_context(void);

// A column of numbers; a NaN in `values` becomes a null.
rf_column rf_test_column(rf_context *cx, size_t n_rows, const double *values);

#endif

// A number that may not be defined.
#ifndef REFRAIN_OPTION_H
#define REFRAIN_OPTION_H

typedef struct {
    bool is_some;
    double value;
} rf_optional_f64;

#define RF_SOME(number) ((rf_optional_f64){true, (number)})
#define RF_NONE ((rf_optional_f64){})

#endif

// Random numbers from a seed: the only randomness that a plugin has.
#ifndef REFRAIN_RNG_H
#define REFRAIN_RNG_H

#include <stdint.h>

// SplitMix64: 64 bits of state, fast, equidistributed. Not for secrets. Start it with the seed.
//
// Source: Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators".
typedef struct {
    uint64_t state;
} rf_rng;

// All 64 bits.
static inline uint64_t rf_random(rf_rng *rng) {
    rng->state += 0x9e3779b97f4a7c15u;
    uint64_t bits = rng->state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

// Uniform in [0, 1), 53 bits.
static inline double rf_random_f64(rf_rng *rng) {
    return (double)(rf_random(rng) >> 11) * 0x1p-53;
}

#endif

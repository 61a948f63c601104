// Arenas, and the pair of them that every component has.
//
// Everything that the host lowers into the guest, and everything that a call allocates, lies in
// the call's arena and goes when the host is done with the answer. A call that starts something
// keeps its arena: it becomes the session's, and the one before is emptied for the next call.
//
// Invariant: a call that starts nothing leaves no memory behind, so a long run does not grow.
#ifndef REFRAIN_ARENA_H
#define REFRAIN_ARENA_H

#include "../include/refrain/context.h"

typedef struct rf_arena {
    struct rf_block *blocks; // the newest first
} rf_arena;

// Memory as it comes.
void *rf_arena_take(rf_arena *arena, size_t size);

// Zeroed memory.
void *rf_arena_alloc(rf_arena *arena, size_t n_items, size_t item_size);

// Frees everything but one small block.
void rf_arena_reset(rf_arena *arena);

// The context of the call that is beginning.
rf_context rf_call_begin(void);

// The call has started a session: what it allocated has to stay.
void rf_call_keep(void);

// The host has read the answer.
void rf_call_end(void);

#endif

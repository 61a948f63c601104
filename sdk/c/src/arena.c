#include "arena.h"

#include <stdlib.h>
#include <string.h>

// What most calls need besides their rows, which get a block each.
constexpr size_t BLOCK_BYTES = 16 * 1024;

// The most that the canonical ABI aligns anything to.
constexpr size_t ALIGNMENT = 8;

typedef struct rf_block {
    struct rf_block *older;
    size_t used;
    size_t capacity;
    // The bytes follow; this keeps them aligned on machines of any word size.
    alignas(16) unsigned char bytes[];
} rf_block;

static rf_block *block_of(size_t capacity, rf_block *older) {
    rf_block *block = malloc(sizeof(rf_block) + capacity);
    // The host counts memory and names the limit that was reached.
    if (block == NULL) abort();
    *block = (rf_block){.older = older, .capacity = capacity};
    return block;
}

void *rf_arena_take(rf_arena *arena, size_t size) {
    if (size > PTRDIFF_MAX / 2) abort();
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    rf_block *newest = arena->blocks;
    if (size > BLOCK_BYTES / 4) {
        // Behind the newest, so that what is left of that is still used.
        rf_block *own = block_of(size, newest == NULL ? NULL : newest->older);
        own->used = size;
        if (newest == NULL) arena->blocks = own;
        else newest->older = own;
        return own->bytes;
    }
    if (newest == NULL || newest->capacity - newest->used < size) {
        newest = arena->blocks = block_of(BLOCK_BYTES, newest);
    }
    newest->used += size;
    return newest->bytes + newest->used - size;
}

void *rf_arena_alloc(rf_arena *arena, size_t n_items, size_t item_size) {
    size_t size;
    if (__builtin_mul_overflow(n_items, item_size, &size)) abort();
    return memset(rf_arena_take(arena, size), 0, size);
}

void rf_arena_reset(rf_arena *arena) {
    rf_block *kept = NULL;
    for (rf_block *block = arena->blocks, *older; block != NULL; block = older) {
        older = block->older;
        if (kept == NULL && block->capacity == BLOCK_BYTES) {
            kept = block;
        } else {
            free(block);
        }
    }
    if (kept != NULL) {
        kept->older = NULL;
        kept->used = 0;
    }
    arena->blocks = kept;
}

static rf_arena arenas[2];
static int of_call;

rf_context rf_call_begin(void) {
    return (rf_context){.call = &arenas[of_call], .session = &arenas[1 - of_call]};
}

void rf_call_keep(void) {
    of_call = 1 - of_call;
}

void rf_call_end(void) {
    rf_arena_reset(&arenas[of_call]);
}

/* Memory that is given back all at once.
 *
 * An arena is a cursor in a block. Pass it by pointer when the result outlives the call; pass a
 * copy for scratch: when the copy goes, so does all that was taken from it. arena_alloc gives
 * NULL when the block is full, which callers answer with ERR_LIMIT.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena {
    char *at, *end;
};

/* The block behind arenas. Pages are reserved, and cost memory only once they are touched. */
struct arena_block {
    char *at;
    size_t len;
};

/* False when the system refuses `len` bytes of address space. */
bool arena_block_init(struct arena_block *block, size_t len);
/* Safe on zeroed memory and twice. */
void arena_block_close(struct arena_block *block);
/* An arena of the whole block. What earlier arenas of it gave is no longer good. */
struct arena arena_start(const struct arena_block *block);

/* `size` bytes aligned to `align` (a power of two), not cleared; NULL when there is no room. */
void *arena_alloc(struct arena *a, size_t size, size_t align);
/* A cleared T; NULL when there is no room. */
#define ARENA_NEW(a, T) ((T *)arena_zeroed((a), sizeof(T), _Alignof(T)))
void *arena_zeroed(struct arena *a, size_t size, size_t align);
/* A copy of `s`; `.at` is NULL when there is no room. */
str arena_copy(struct arena *a, str s);

#endif

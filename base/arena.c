#include "base/arena.h"

#include <string.h>
#include <sys/mman.h>

bool arena_block_init(struct arena_block *block, size_t len)
{
    void *at =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *block = (struct arena_block){0};
    if (at == MAP_FAILED) {
        return false;
    }
    *block = (struct arena_block){.at = at, .len = len};
    return true;
}

void arena_block_close(struct arena_block *block)
{
    if (block->at) {
        (void)munmap(block->at, block->len);
    }
    *block = (struct arena_block){0};
}

struct arena arena_start(const struct arena_block *block)
{
    return (struct arena){block->at, block->at + block->len};
}

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
    size_t room = (size_t)(a->end - a->at);
    size_t pad = (size_t)(-(uintptr_t)a->at & (align - 1));
    if (pad > room || size > room - pad) {
        return NULL;
    }
    char *given = a->at + pad;
    a->at = given + size;
    return given;
}

void *arena_zeroed(struct arena *a, size_t size, size_t align)
{
    void *given = arena_alloc(a, size, align);
    return given ? memset(given, 0, size) : NULL;
}

str arena_copy(struct arena *a, str s)
{
    char *at = arena_alloc(a, s.len ? s.len : 1, 1);
    if (!at) {
        return (str){NULL, 0};
    }
    if (s.len) {
        memcpy(at, s.at, s.len);
    }
    return (str){at, s.len};
}

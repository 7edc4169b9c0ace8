/* Packed texts to read, and a source that gives them as a test wants. */
#ifndef TEST_UNIT_TRANSFORM_PACKED_H
#define TEST_UNIT_TRANSFORM_PACKED_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/gzip.h"
#include "transform/inflate.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static struct arena_block block;

/* Gives `chunk` bytes at a time, and fails once `fails_after` are given. */
struct giver {
    str left;
    size_t chunk;
    size_t fails_after; /* 0: never */
    size_t given;
};

static inline MUST_USE err give(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct giver *g = ctx;
    if (g->fails_after && g->given >= g->fails_after) {
        return FAIL(why, ERR_BUSY, "planted");
    }
    str part = str_take(g->left, g->chunk && g->chunk < room ? g->chunk : room);
    if (part.len) {
        memcpy(into, part.at, part.len);
    }
    g->left = str_drop(g->left, part.len);
    g->given += part.len;
    *got = part.len;
    return OK;
}

static inline str sample(void)
{
    static char text[300 * 1000];
    struct buf b;
    buf_wrap(&b, text, sizeof text);
    for (uint64_t i = 0; !b.failed; i++) {
        buf_add(&b, STR("{\"user_id\":\""));
        buf_u64(&b, i * 2654435761 % 1000003);
        buf_add(&b, i % 7 ? STR("\"}\n") : STR("\",\"user_name\":\"Seven of Seven\"}\n"));
    }
    return buf_str(&b);
}

static const struct gzip_how hows[] = {
    {0},
    {.full_header = true},
    {.small_blocks = true},
    {.stored = true},
    {.member_bytes = 10000, .full_header = true, .padding = 1000},
    {.member_bytes = 777, .flush_bytes = 100},
    {.flush_bytes = 5000, .padding = 1},
};

static inline int set_up(void **state)
{
    (void)state;
    return arena_block_init(&block, 4 << 20) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

#endif

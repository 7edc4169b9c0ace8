/* An output that grows up to a stated maximum.
 *
 * Append blindly, then ask once: a write that does not fit (or finds no memory) sets `failed`, and
 * from then on nothing is appended, as with ferror(). The text is not NUL-terminated.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
    char *at;
    size_t len;
    size_t room; /* bytes allocated */
    size_t max;  /* bytes it may ever hold */
    bool failed;
    bool borrowed; /* `at` is the caller's: never grown, never freed */
    bool secret;   /* no copy is left behind when it grows or closes */
};

/* An empty output on the heap that may grow to `max` bytes; nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);
/* The same for what must not stay in memory: keys, tokens. */
void buf_init_secret(struct buf *b, size_t max);
/* An empty output in the caller's memory. */
void buf_wrap(struct buf *b, char *memory, size_t room);
/* Frees; safe on zeroed memory and twice. */
void buf_close(struct buf *b);
/* Empty again, failure forgotten, memory kept. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, str s);
void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t value);
void buf_i64(struct buf *b, int64_t value);
/* Decimal with leading zeros, at least `width` digits. */
void buf_u64_padded(struct buf *b, uint64_t value, unsigned width);
/* Room for `n` more bytes to be written at the returned address and confirmed by b->len += ..;
 * NULL (and failed) when they do not fit. */
char *buf_reserve(struct buf *b, size_t n);
/* What was written; good until the next append. */
str buf_str(const struct buf *b);

#endif

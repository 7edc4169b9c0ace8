#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_init_secret(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max, .secret = true};
}

void buf_wrap(struct buf *b, char *memory, size_t room)
{
    *b = (struct buf){.at = memory, .room = room, .max = room, .borrowed = true};
}

void buf_close(struct buf *b)
{
    if (b->secret && b->at) {
        explicit_bzero(b->at, b->room);
    }
    if (!b->borrowed) {
        free(b->at);
    }
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

/* realloc() would give the old memory back as it is. */
static char *move_secret(struct buf *b, size_t room)
{
    char *at = malloc(room);
    if (at && b->at) {
        memcpy(at, b->at, b->len);
        explicit_bzero(b->at, b->room);
        free(b->at);
    }
    return at;
}

static bool grow(struct buf *b, size_t needed)
{
    size_t room = b->room ? b->room : FIRST_ROOM;
    while (room < needed) {
        room = room > b->max / 2 ? b->max : room * 2;
    }
    char *at = b->secret ? move_secret(b, room) : realloc(b->at, room);
    if (!at) {
        return false;
    }
    b->at = at;
    b->room = room;
    return true;
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    bool fits = b->at && n <= b->room - b->len;
    if (!fits && (b->borrowed || !grow(b, b->len + n))) {
        b->failed = true;
        return NULL;
    }
    return b->at + b->len;
}

void buf_add(struct buf *b, str s)
{
    char *into = s.len ? buf_reserve(b, s.len) : NULL;
    if (into) {
        memcpy(into, s.at, s.len);
        b->len += s.len;
    }
}

void buf_char(struct buf *b, char c)
{
    char *into = buf_reserve(b, 1);
    if (into) {
        *into = c;
        b->len++;
    }
}

void buf_u64_padded(struct buf *b, uint64_t value, unsigned width)
{
    char digits[40];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (sizeof digits - at < width && at) {
        digits[--at] = '0';
    }
    buf_add(b, (str){digits + at, sizeof digits - at});
}

void buf_u64(struct buf *b, uint64_t value)
{
    buf_u64_padded(b, value, 1);
}

void buf_i64(struct buf *b, int64_t value)
{
    if (value < 0) {
        buf_char(b, '-');
    }
    buf_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

str buf_str(const struct buf *b)
{
    return b->len ? (str){b->at, b->len} : (str){"", 0};
}

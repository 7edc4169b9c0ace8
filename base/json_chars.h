/* The characters of JSON strings, for json.c, which reads them, and json_text.c, which decodes and
 * writes them. Inline, because they run for each byte.
 */
#ifndef BASE_JSON_CHARS_H
#define BASE_JSON_CHARS_H

#include <string.h>

#include "base/str.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/* The high bit of each byte of `eight` that a string cannot hold as it is: a quote, a backslash, a
 * control or what is not ASCII. Exact for the lowest such byte; borrows may mark bytes above it. */
static inline uint64_t json_mark_special(uint64_t eight)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t quote = (eight ^ each * '"') - each;
    uint64_t backslash = (eight ^ each * '\\') - each;
    return (eight | (eight - each * ' ') | quote | backslash) & each * 0x80;
}

static inline bool json_is_special(char c)
{
    return (unsigned char)c < ' ' || (unsigned char)c >= 0x80 || c == '"' || c == '\\';
}

/* Where the plain characters from `at` on end. */
static inline size_t json_after_plain(str text, size_t at)
{
    for (uint64_t eight; text.len - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text.at + at, sizeof eight);
        uint64_t marks = json_mark_special(eight);
        if (marks) {
            return at + (size_t)__builtin_ctzll(marks) / 8;
        }
    }
    while (at < text.len && !json_is_special(text.at[at])) {
        at++;
    }
    return at;
}

static inline bool json_is_high(unsigned unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static inline bool json_is_low(unsigned unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

#endif

/* Text as a pointer and a length.
 *
 * A `str` is borrowed: it never owns memory, is not NUL-terminated and is passed by value. It is
 * good for as long as the bytes it points at. All comparisons are of bytes; "no case" and "blank"
 * are ASCII's (space, TAB, CR, LF).
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct str {
    const char *at;
    size_t len;
} str;

/* A string literal as a str. */
#define STR(literal) ((str){"" literal, sizeof(literal) - 1})
/* The same as an initialiser, for static tables. */
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

/* What str_cut found: the text before and after the first separator. Without one, `head` is all
 * of it and `tail` is empty. */
struct str_halves {
    str head, tail;
    bool found;
};

/* A NUL-terminated string; NULL gives the empty str. */
str str_from(const char *cstr);
/* The bytes in [from, to). */
str str_span(const char *from, const char *to);
bool str_eq(str a, str b);
bool str_eq_nocase(str a, str b);
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
/* The first `n` bytes, or all when there are fewer; and what is left without them. */
str str_take(str s, size_t n);
str str_drop(str s, size_t n);
/* Cut at the first `separator`: the one loop that parsers are made of. */
struct str_halves str_cut(str s, char separator);
/* Without blanks at both ends. */
str str_trim(str s);
/* <0, 0 or >0 as memcmp, the shorter of two equal beginnings first. */
int str_compare(str a, str b);
/* Decimal digits only, no sign, no blanks. False when empty, not a number, or past 2^64-1. */
bool str_to_u64(str s, uint64_t *out);
/* The C string of `s` in `into`. False when it does not fit in `room` or holds a NUL. */
bool str_to_c(str s, char *into, size_t room);

#endif

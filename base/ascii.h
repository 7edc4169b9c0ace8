/* The kinds of ASCII's characters, for all that is read byte by byte.
 *
 * ctype.h has the same words, but asks the locale, and is undefined for a char past ASCII: here
 * such a char is of no kind and stays as it is. Inline, because they run for each byte.
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include "base/str.h"

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_letter(char c)
{
    return ascii_is_lower(c) || ascii_is_upper(c);
}

static inline bool ascii_is_letter_or_digit(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c);
}

/* Space, TAB, CR and LF. */
static inline bool ascii_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

/* Of a hexadecimal digit in either case; -1 when it is none. */
static inline int ascii_hex_value(char c)
{
    if (ascii_is_digit(c)) {
        return c - '0';
    }
    char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Is there no blank, no control and nothing past ASCII? */
static inline bool ascii_all_visible(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '!' || s.at[i] > '~') {
            return false;
        }
    }
    return true;
}

#endif

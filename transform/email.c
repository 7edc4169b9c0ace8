#include "transform/email.h"

#include "base/ascii.h"

#include <string.h>

/* RFC 5322, section 3.2.3. */
static bool is_atom_char(char c)
{
    return ascii_is_letter_or_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_atom(str s)
{
    char before = '.';
    for (size_t i = 0; i < s.len; i++) {
        bool dot = s.at[i] == '.';
        if (dot ? before == '.' : !is_atom_char(s.at[i])) {
            return false;
        }
        before = s.at[i];
    }
    return before != '.';
}

static bool is_label(str s)
{
    if (!s.len || s.len > EMAIL_MAX_LABEL || s.at[0] == '-' || s.at[s.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_letter_or_digit(s.at[i]) && s.at[i] != '-') {
            return false;
        }
    }
    return true;
}

/* The last label names a top-level domain, so an IPv4 address is no domain. */
static bool is_domain(str s)
{
    struct str_halves cut = str_cut(s, '.');
    if (!cut.found) {
        return false;
    }
    for (; cut.found; cut = str_cut(cut.tail, '.')) {
        if (!is_label(cut.head)) {
            return false;
        }
    }
    return is_label(cut.head) && !ascii_is_digit(cut.head.at[0]);
}

/* The address with the letters from `domain` on in lower case. */
static str lower_domain(str s, size_t domain, struct arena *arena)
{
    size_t i = domain;
    while (i < s.len && !ascii_is_upper(s.at[i])) {
        i++;
    }
    if (i == s.len) {
        return s;
    }
    char *at = arena_alloc(arena, s.len, 1);
    if (!at) {
        return (str){NULL, 0};
    }
    memcpy(at, s.at, s.len);
    for (; i < s.len; i++) {
        at[i] = ascii_lower(at[i]);
    }
    return (str){at, s.len};
}

bool email_read(str text, struct arena *arena, str *out)
{
    struct str_halves halves = str_cut(text, '@');
    if (text.len > EMAIL_MAX_LEN || !halves.found || halves.head.len > EMAIL_MAX_LOCAL ||
        !is_dot_atom(halves.head) || !is_domain(halves.tail)) {
        return false;
    }
    *out = lower_domain(text, halves.head.len + 1, arena);
    return true;
}

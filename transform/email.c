#include "transform/email.h"

#include <string.h>

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 5322, section 3.2.3. */
static bool is_atom_char(char c)
{
    return is_letter_or_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
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
        if (!is_letter_or_digit(s.at[i]) && s.at[i] != '-') {
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
    return is_label(cut.head) && (cut.head.at[0] < '0' || cut.head.at[0] > '9');
}

/* The address with the letters from `domain` on in lower case. */
static str lower_domain(str s, size_t domain, struct arena *arena)
{
    size_t i = domain;
    while (i < s.len && (s.at[i] < 'A' || s.at[i] > 'Z')) {
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
        at[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] - 'A' + 'a') : at[i];
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

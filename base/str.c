#include "base/str.h"

#include "base/ascii.h"

#include <string.h>

str str_from(const char *cstr)
{
    return cstr ? (str){cstr, strlen(cstr)} : (str){"", 0};
}

str str_span(const char *from, const char *to)
{
    return (str){from, (size_t)(to - from)};
}

bool str_eq(str a, str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool str_eq_nocase(str a, str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts(str s, str prefix)
{
    return s.len >= prefix.len && str_eq(str_take(s, prefix.len), prefix);
}

bool str_ends(str s, str suffix)
{
    return s.len >= suffix.len && str_eq(str_drop(s, s.len - suffix.len), suffix);
}

str str_take(str s, size_t n)
{
    return (str){s.at, n < s.len ? n : s.len};
}

str str_drop(str s, size_t n)
{
    if (n == 0 || s.len == 0) {
        return s; /* maybe of NULL, which takes no arithmetic */
    }
    n = n < s.len ? n : s.len;
    return (str){s.at + n, s.len - n};
}

struct str_halves str_cut(str s, char separator)
{
    const char *found = s.len ? memchr(s.at, separator, s.len) : NULL;
    if (!found) {
        return (struct str_halves){.head = s, .tail = str_drop(s, s.len)};
    }
    return (struct str_halves){
        .head = str_span(s.at, found),
        .tail = str_span(found + 1, s.at + s.len),
        .found = true,
    };
}

str str_trim(str s)
{
    while (s.len && ascii_is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && ascii_is_blank(s.at[s.len - 1])) {
        s.len--;
    }
    return s;
}

int str_compare(str a, str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_to_u64(str s, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i])) {
            return false;
        }
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return s.len > 0;
}

bool str_to_c(str s, char *into, size_t room)
{
    if (s.len >= room || (s.len && memchr(s.at, 0, s.len))) {
        return false;
    }
    if (s.len) {
        memcpy(into, s.at, s.len);
    }
    into[s.len] = 0;
    return true;
}

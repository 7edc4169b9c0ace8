#include "transform/phone.h"

#include "base/ascii.h"

#include <string.h>

#include "base/utf8.h"
#include "transform/text.h"

/* More digits than any notation has: 00 or trunk prefix, calling code, "(0)", national number. */
enum { MAX_DIALLED = 24 };

/* The digits of a text, and how they were written. */
struct dialled {
    char digits[MAX_DIALLED];
    size_t count;
    bool plus;
    size_t bracketed; /* where the 0 of a "(0)" is in `digits`; 0 for none */
};

/* The zero of every ten decimal digits (category Nd of Unicode 14) past ASCII. */
static const uint32_t zeros[] = {
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,
    0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,
    0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
    0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
    0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
};

/* 0..9, or -1 when the character is no decimal digit. */
static int digit_of(uint32_t c)
{
    size_t low = 0;
    size_t high = sizeof zeros / sizeof *zeros;
    if (c < 0x80) {
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zeros[middle] <= c) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && c - zeros[low - 1] < 10 ? (int)(c - zeros[low - 1]) : -1;
}

/* Full-width forms of ( ) + - . / and digits are ASCII's, moved. */
static uint32_t narrow(uint32_t c)
{
    return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFEE0 : c;
}

static bool is_separator(uint32_t c)
{
    bool dash =
        c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE58 || c == 0xFE63;
    bool space = c == ' ' || (c >= 0xA0 && text_is_space(c));
    return dash || space || c == '(' || c == ')' || c == '.' || c == '/';
}

/* False when there are too many. */
static bool add_digit(struct dialled *d, int digit)
{
    if (d->count == MAX_DIALLED) {
        return false;
    }
    d->digits[d->count++] = (char)('0' + digit);
    return true;
}

/* False when the character is no part of a number where it stands. */
static bool take_char(struct dialled *d, uint32_t c)
{
    int digit = digit_of(c);
    if (digit >= 0) {
        return add_digit(d, digit);
    }
    if (c == '+') {
        bool first = !d->plus && !d->count;
        d->plus = true;
        return first;
    }
    return is_separator(c);
}

static bool take_all(struct dialled *d, str s)
{
    uint32_t before[2] = {0, 0};
    size_t len = 0;
    for (; s.len; s = str_drop(s, len)) {
        uint32_t c = narrow(utf8_decode(s, &len));
        if (!take_char(d, c)) {
            return false;
        }
        if (c == ')' && before[1] == '0' && before[0] == '(') {
            d->bracketed = d->count - 1;
        }
        before[0] = before[1];
        before[1] = c;
    }
    return true;
}

static bool is_calling_code_with_trunk_zero(str digits)
{
    uint64_t code = 0;
    if (!str_to_u64(digits, &code)) {
        return false;
    }
    for (size_t i = 0; i < phone_regions_count; i++) {
        if (phone_regions[i].calling_code == code && strcmp(phone_regions[i].trunk[0], "0") == 0) {
            return true;
        }
    }
    return false;
}

/* "+44 (0)20 ..." shows a digit that is dialled inside the region only; in "+39 (0)6 ..." it is
 * part of the number. */
static void drop_bracketed_trunk(struct dialled *d, size_t start)
{
    if (d->bracketed <= start) {
        return;
    }
    str before = {d->digits + start, d->bracketed - start};
    if (is_calling_code_with_trunk_zero(before)) {
        d->count--;
        memmove(d->digits + d->bracketed, d->digits + d->bracketed + 1, d->count - d->bracketed);
    }
}

static bool has_length(const struct phone_region *region, size_t len)
{
    return len < 32 && (region->length_bits >> len & 1);
}

/* Takes `prefix` off when a number of the region is left. */
static bool cut_prefix(const struct phone_region *region, str prefix, str *digits)
{
    if (!prefix.len || !str_starts(*digits, prefix) ||
        !has_length(region, digits->len - prefix.len)) {
        return false;
    }
    *digits = str_drop(*digits, prefix.len);
    return true;
}

static str calling_code_text(const struct phone_region *region, char into[5])
{
    struct buf b;
    buf_wrap(&b, into, 5);
    buf_u64(&b, region->calling_code);
    return buf_str(&b);
}

/* The national number in what was dialled inside the region. False when none of its lengths fits,
 * and when it can be read with and without the calling code: where a trunk prefix is usual, a
 * number without one may as well have lost its plus. */
static bool national(const struct phone_region *region, str code, str *digits)
{
    if (cut_prefix(region, str_from(region->trunk[0]), digits) ||
        cut_prefix(region, str_from(region->trunk[1]), digits)) {
        return true;
    }
    bool trunk_left = region->trunk[0][0] == '0' && str_starts(*digits, STR("0"));
    bool whole = !trunk_left && has_length(region, digits->len);
    str rest = *digits;
    if (!cut_prefix(region, code, &rest)) {
        return whole;
    }
    if (!whole) {
        *digits = rest;
    }
    return !whole || !region->trunk[0][0];
}

/* "+" and both parts in the arena, when they make 8 to 15 digits that start with no zero. */
static bool compose(str code, str rest, struct arena *arena, str *out)
{
    size_t len = code.len + rest.len;
    char first = code.len ? code.at[0] : rest.len ? rest.at[0] : '0';
    if (len < PHONE_MIN_DIGITS || len > PHONE_MAX_DIGITS || first == '0') {
        return false;
    }
    char *at = arena_alloc(arena, len + 1, 1);
    *out = (str){at, at ? len + 1 : 0};
    if (at) {
        struct buf b;
        buf_wrap(&b, at, len + 1);
        buf_char(&b, '+');
        buf_add(&b, code);
        buf_add(&b, rest);
    }
    return true;
}

/* As most numbers come: a plus, digits, nothing to change. */
static bool is_e164(str s)
{
    if (s.len <= PHONE_MIN_DIGITS || s.len > PHONE_MAX_DIGITS + 1 || s.at[0] != '+' ||
        s.at[1] == '0') {
        return false;
    }
    for (size_t i = 1; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i])) {
            return false;
        }
    }
    return true;
}

/* For letters; other characters do not become one. */
static char upper_case(char c)
{
    return (char)(c & ~0x20);
}

const struct phone_region *phone_region_find(str iso)
{
    size_t low = 0;
    size_t high = phone_regions_count;
    if (iso.len != 2) {
        return NULL;
    }
    char upper[2] = {upper_case(iso.at[0]), upper_case(iso.at[1])};
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(upper, phone_regions[middle].iso, 2);
        if (order == 0) {
            return &phone_regions[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool phone_read(str text, str iso, struct arena *arena, str *out)
{
    struct dialled d = {0};
    if (is_e164(text)) {
        *out = text;
        return true;
    }
    bool tel = str_eq_nocase(str_take(text, 4), STR("tel:"));
    if (!take_all(&d, tel ? str_drop(text, 4) : text)) {
        return false;
    }
    bool zeros_first = !d.plus && str_starts((str){d.digits, d.count}, STR("00"));
    size_t start = zeros_first ? 2 : 0;
    if (d.plus || zeros_first) {
        drop_bracketed_trunk(&d, start);
        return compose(STR(""), (str){d.digits + start, d.count - start}, arena, out);
    }
    const struct phone_region *region = phone_region_find(iso);
    if (!region) {
        return false;
    }
    char memory[5];
    str code = calling_code_text(region, memory);
    str digits = {d.digits, d.count};
    return national(region, code, &digits) && compose(code, digits, arena, out);
}

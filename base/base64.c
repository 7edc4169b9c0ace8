#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One more than a character's value, so that those of no value are 0. */
static const unsigned char value_plus_one[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

size_t base64_decoded_max(size_t len)
{
    return len / 4 * 3;
}

/* The last group may be padded: "QQ==" is one byte, "QUE=" two. */
static size_t padding_of(str s)
{
    if (s.len < 4 || s.at[s.len - 1] != '=') {
        return 0;
    }
    return s.at[s.len - 2] == '=' ? 2 : 1;
}

/* `count` characters as the upper bits of 24; false when one is not of the alphabet. */
static bool read_group(const char *four, size_t count, uint32_t *bits)
{
    *bits = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned value = value_plus_one[(unsigned char)four[i]];
        if (!value) {
            return false;
        }
        *bits |= (value - 1) << (18 - 6 * i);
    }
    return true;
}

static void write_group(char *into, uint32_t bits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        into[i] = (char)(unsigned char)(bits >> (16 - 8 * i));
    }
}

bool base64_decode(str s, char *into, size_t *len)
{
    size_t padding = padding_of(s);
    uint32_t bits = 0;
    *len = 0;
    if (s.len % 4) {
        return false;
    }
    for (size_t at = 0; at < s.len; at += 4) {
        size_t missing = at + 4 == s.len ? padding : 0;
        if (!read_group(s.at + at, 4 - missing, &bits)) {
            return false;
        }
        write_group(into + *len, bits, 3 - missing);
        *len += 3 - missing;
        bits = missing ? bits & (((uint32_t)1 << 8 * missing) - 1) : 0;
    }
    return bits == 0;
}

void base64_add(struct buf *b, str bytes)
{
    const unsigned char *in = (const unsigned char *)bytes.at;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)in[i + 2] : 0;
        char four[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63], '=', '='};
        if (left > 1) {
            four[2] = alphabet[group >> 6 & 63];
        }
        if (left > 2) {
            four[3] = alphabet[group & 63];
        }
        buf_add(b, (str){four, sizeof four});
    }
}

#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_decoded_max(size_t len)
{
    return len / 4 * 3 + 3;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The last group may be padded: "QQ==" is one byte, "QUE=" two. */
static size_t padding_of(str s)
{
    if (s.len < 4 || s.at[s.len - 1] != '=') {
        return 0;
    }
    return s.at[s.len - 2] == '=' ? 2 : 1;
}

bool base64_decode(str s, char *into, size_t *len)
{
    size_t padding = padding_of(s);
    uint32_t bits = 0;
    unsigned count = 0;
    *len = 0;
    if (s.len % 4) {
        return false;
    }
    for (size_t i = 0; i < s.len - padding; i++) {
        int value = value_of(s.at[i]);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6) | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            into[(*len)++] = (char)(unsigned char)(bits >> count);
            bits &= (1U << count) - 1;
        }
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
        char four[4] = {
            alphabet[group >> 18],
            alphabet[group >> 12 & 63],
            left > 1 ? alphabet[group >> 6 & 63] : '=',
            left > 2 ? alphabet[group & 63] : '=',
        };
        buf_add(b, (str){four, 4});
    }
}

#include "base/utf8.h"

#include <string.h>

enum { INVALID = 0xFFFD };

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The length that a lead byte announces, 0 when no character starts with it. */
static size_t announced_len(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

static uint32_t assemble(const unsigned char *at, size_t len)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code_point = at[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++) {
        if (!is_tail(at[i])) {
            return INVALID;
        }
        code_point = (code_point << 6) | (at[i] & 0x3F);
    }
    return code_point;
}

uint32_t utf8_decode(str s, size_t *len)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)s.at;
    size_t want = announced_len(at[0]);
    *len = 1;
    if (want == 0 || want > s.len) {
        return INVALID;
    }
    uint32_t code_point = assemble(at, want);
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (code_point < smallest[want] || code_point > 0x10FFFF || surrogate) {
        return INVALID;
    }
    if (code_point == INVALID && (want != 3 || memcmp(at, "\xEF\xBF\xBD", 3) != 0)) {
        return INVALID;
    }
    *len = want;
    return code_point;
}

size_t utf8_valid_len(str s)
{
    size_t at = 0;
    while (at < s.len) {
        if ((unsigned char)s.at[at] < 0x80) {
            at++;
            continue;
        }
        size_t len = 0;
        uint32_t code_point = utf8_decode(str_drop(s, at), &len);
        if (code_point == INVALID && len == 1) {
            return at;
        }
        at += len;
    }
    return at;
}

void utf8_add(struct buf *b, uint32_t code_point)
{
    char bytes[4];
    size_t len = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        bytes[i] = (char)(unsigned char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    bytes[0] = (char)(unsigned char)(lead[len] | code_point);
    buf_add(b, (str){bytes, len});
}

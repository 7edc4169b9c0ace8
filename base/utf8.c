#include "base/utf8.h"

enum { REPLACEMENT = 0xFFFD };

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

/* Overlong forms, surrogates and what is past U+10FFFF all show in the second byte. */
static bool may_be_second(unsigned char lead, unsigned char second)
{
    unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= least && second <= most;
}

size_t utf8_char_len(str s, bool *cut)
{
    const unsigned char *at = (const unsigned char *)s.at;
    size_t len = announced_len(at[0]);
    *cut = false;
    for (size_t i = 1; i < len; i++) {
        if (i == s.len) {
            *cut = true;
            return 0;
        }
        if (!may_be_second(i == 1 ? at[0] : 0, at[i])) {
            return 0;
        }
    }
    return len;
}

uint32_t utf8_decode(str s, size_t *len)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *at = (const unsigned char *)s.at;
    bool cut = false;
    size_t found = utf8_char_len(s, &cut);
    *len = found ? found : 1;
    uint32_t code_point = found ? at[0] & lead_bits[found] : REPLACEMENT;
    for (size_t i = 1; i < found; i++) {
        code_point = code_point << 6 | (at[i] & 0x3F);
    }
    return code_point;
}

size_t utf8_valid_len(str s)
{
    size_t at = 0;
    while (at < s.len) {
        bool cut = false;
        size_t len = (unsigned char)s.at[at] < 0x80 ? 1 : utf8_char_len(str_drop(s, at), &cut);
        if (!len) {
            break;
        }
        at += len;
    }
    return at;
}

void utf8_add(struct buf *b, uint32_t code_point)
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t len = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    char bytes[4];
    for (size_t i = len - 1; i > 0; i--) {
        bytes[i] = (char)(unsigned char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    bytes[0] = (char)(unsigned char)(lead[len] | code_point);
    buf_add(b, (str){bytes, len});
}

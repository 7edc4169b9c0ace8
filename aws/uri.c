#include "aws/uri.h"

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_escape(struct buf *b, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[] = {'%', digits[c >> 4], digits[c & 15]};
    buf_add(b, (str){escape, sizeof escape});
}

static size_t plain_len(str s, bool slash_is_plain)
{
    size_t len = 0;
    while (len < s.len &&
           (is_unreserved((unsigned char)s.at[len]) || (slash_is_plain && s.at[len] == '/'))) {
        len++;
    }
    return len;
}

static void add(struct buf *b, str raw, bool slash_is_plain)
{
    while (raw.len) {
        size_t plain = plain_len(raw, slash_is_plain);
        buf_add(b, str_take(raw, plain));
        raw = str_drop(raw, plain);
        if (raw.len) {
            add_escape(b, (unsigned char)raw.at[0]);
            raw = str_drop(raw, 1);
        }
    }
}

void uri_add_encoded(struct buf *b, str raw)
{
    add(b, raw, false);
}

void uri_add_encoded_path(struct buf *b, str raw)
{
    add(b, raw, true);
}

/* The value of a hexadecimal digit, or -1. */
static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that %XX at the start of `s` stands for, or -1. */
static int escaped_byte(str s)
{
    if (s.len < 3 || s.at[0] != '%') {
        return -1;
    }
    int high = digit(s.at[1]);
    int low = digit(s.at[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void uri_add_normal(struct buf *b, str part)
{
    while (part.len) {
        int byte = escaped_byte(part);
        char decoded = byte < 0 ? part.at[0] : (char)byte;
        uri_add_encoded(b, (str){&decoded, 1});
        part = str_drop(part, byte < 0 ? 1 : 3);
    }
}

#include "aws/uri.h"

#include "base/ascii.h"
#include "base/percent.h"

static bool is_unreserved(char c)
{
    return ascii_is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static size_t plain_len(str s, bool slash_is_plain)
{
    size_t len = 0;
    while (len < s.len && (is_unreserved(s.at[len]) || (slash_is_plain && s.at[len] == '/'))) {
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
            percent_add(b, raw.at[0]);
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

void uri_add_encoded_once(struct buf *b, str segment)
{
    while (segment.len) {
        bool escape = percent_byte(segment) >= 0;
        size_t plain = escape ? 3 : plain_len(segment, false);
        buf_add(b, str_take(segment, plain));
        segment = str_drop(segment, plain);
        if (!plain) {
            percent_add(b, segment.at[0]);
            segment = str_drop(segment, 1);
        }
    }
}

void uri_add_normal(struct buf *b, str part)
{
    while (part.len) {
        int byte = percent_byte(part);
        char decoded = byte < 0 ? part.at[0] : (char)byte;
        uri_add_encoded(b, (str){&decoded, 1});
        part = str_drop(part, byte < 0 ? 1 : 3);
    }
}

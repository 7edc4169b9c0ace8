#include "base/json_write.h"

#include "base/json_chars.h"
#include "base/utf8.h"

static void add_control(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_form[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c < sizeof short_form && short_form[c]) {
        char escape[] = {'\\', short_form[c]};
        buf_add(b, (str){escape, sizeof escape});
        return;
    }
    char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    buf_add(b, (str){escape, sizeof escape});
}

/* Writes the character that `s` starts with, which is not plain; its length. */
static size_t add_special(struct buf *b, str s)
{
    unsigned char c = (unsigned char)s.at[0];
    if (c < ' ') {
        add_control(b, c);
        return 1;
    }
    if (c < 0x80) {
        buf_char(b, '\\');
        buf_char(b, s.at[0]);
        return 1;
    }
    size_t len = 0;
    utf8_add(b, utf8_decode(s, &len));
    return len;
}

void json_add_string(struct buf *b, str s)
{
    buf_char(b, '"');
    while (s.len) {
        str plain = str_take(s, json_after_plain(s, 0));
        buf_add(b, plain);
        s = str_drop(s, plain.len);
        if (s.len) {
            s = str_drop(s, add_special(b, s));
        }
    }
    buf_char(b, '"');
}

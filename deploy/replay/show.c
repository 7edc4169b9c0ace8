#include "deploy/replay/show.h"

#include "base/utf8.h"

static const char indent[] = "    ";

static bool is_unsafe(uint32_t c)
{
    return c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* The character at the start; gives its length. */
static size_t show_character(FILE *out, str s)
{
    bool cut = false;
    size_t len = utf8_char_len(s, &cut);
    if (!len) {
        (void)fprintf(out, "\\x%02x", (unsigned)(unsigned char)s.at[0]);
        return 1;
    }
    uint32_t c = utf8_decode(s, &len);
    if (is_unsafe(c)) {
        (void)fprintf(out, "\\u{%x}", (unsigned)c);
        return len;
    }
    (void)fwrite(s.at, 1, len, out);
    return len;
}

void show_text(FILE *out, str s, bool keep_lines)
{
    while (s.len) {
        bool line_ends = keep_lines && s.at[0] == '\n';
        if (line_ends) {
            (void)fprintf(out, "\n%s", indent);
        }
        s = str_drop(s, line_ends ? 1 : show_character(out, s));
    }
}

void show_cell(FILE *out, str s, size_t width)
{
    show_text(out, s, false);
    for (size_t i = s.len; i < width; i++) {
        (void)fputc(' ', out);
    }
}

#include "aws/provider_source.h"

#include "base/ascii.h"

#include <string.h>

/* Where the reader of a command line stands. */
struct line {
    str rest;
    struct buf *out; /* the words, each ended by NUL */
    char quote;      /* '"' or '\'' that is open, else 0 */
    bool open;       /* a word has begun, be it empty */
};

/* A backslash, before which nothing quotes it: in single quotes it never comes here. Between double
 * quotes it is only special before one, and before itself. False when nothing follows. */
static bool take_escape(struct line *line)
{
    if (line->rest.len < 2) {
        return false;
    }
    char next = line->rest.at[1];
    if (line->quote && next != '"' && next != '\\') {
        buf_char(line->out, '\\');
    }
    buf_char(line->out, next);
    line->open = true;
    line->rest = str_drop(line->rest, 2);
    return true;
}

static void take_quoted(struct line *line, char c)
{
    if (c == line->quote) {
        line->quote = 0;
    } else {
        buf_char(line->out, c);
    }
}

static void take_plain(struct line *line, char c, size_t *count)
{
    if (c == '"' || c == '\'') {
        line->quote = c;
        line->open = true;
    } else if (!ascii_is_blank(c)) {
        buf_char(line->out, c);
        line->open = true;
    } else if (line->open) {
        buf_char(line->out, 0);
        line->open = false;
        (*count)++;
    }
}

bool provider_split(str text, struct buf *words, size_t *count)
{
    struct line line = {.rest = text, .out = words};
    *count = 0;
    if (text.len && memchr(text.at, 0, text.len)) {
        return false;
    }
    while (line.rest.len) {
        char c = line.rest.at[0];
        if (c == '\\' && line.quote != '\'') {
            if (!take_escape(&line)) {
                return false;
            }
            continue;
        }
        line.rest = str_drop(line.rest, 1);
        if (line.quote) {
            take_quoted(&line, c);
        } else {
            take_plain(&line, c, count);
        }
    }
    if (line.open) {
        buf_char(words, 0);
        (*count)++;
    }
    return !line.quote && !words->failed;
}

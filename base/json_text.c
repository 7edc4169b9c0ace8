#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "base/json_chars.h"
#include "base/utf8.h"

/* The unit whose four digits stand at s.at + 2, past "\u". */
static uint32_t unit_of(str s)
{
    uint32_t unit = 0;
    assert(s.len >= 6);
    for (int i = 2; i < 6; i++) {
        unit = unit << 4 | (uint32_t)ascii_hex_value(s.at[i]);
    }
    return unit;
}

/* Decodes the escape that `raw` starts with; what comes after it. */
static str add_escape(struct buf *b, str raw)
{
    static const char codes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    assert(raw.len >= 2);
    if (raw.at[1] != 'u') {
        const char *code = strchr(codes, raw.at[1]);
        assert(code);
        buf_char(b, meanings[code - codes]);
        return str_drop(raw, 2);
    }
    uint32_t unit = unit_of(raw);
    raw = str_drop(raw, 6);
    if (!json_is_high(unit)) {
        utf8_add(b, unit);
        return raw;
    }
    utf8_add(b, 0x10000 + ((unit & 0x3FF) << 10 | (unit_of(raw) & 0x3FF)));
    return str_drop(raw, 6);
}

str json_unescape(str raw, struct arena *a)
{
    const char *backslash = raw.len ? memchr(raw.at, '\\', raw.len) : NULL;
    if (!backslash) {
        return raw;
    }
    char *into = arena_alloc(a, raw.len, 1);
    if (!into) {
        return (str){NULL, 0};
    }
    struct buf b; /* an escape is longer than what it stands for: it fits */
    buf_wrap(&b, into, raw.len);
    for (; backslash; backslash = raw.len ? memchr(raw.at, '\\', raw.len) : NULL) {
        str plain = str_span(raw.at, backslash);
        buf_add(&b, plain);
        raw = add_escape(&b, str_drop(raw, plain.len));
    }
    buf_add(&b, raw);
    a->at = into + b.len;
    return (str){into, b.len};
}

str json_text(const struct json *j, struct arena *a)
{
    return j->escaped ? json_unescape(j->raw, a) : j->raw;
}

#include "transform/text.h"

#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

/* What 256 characters can take before NFC joins their parts (at most four to one) and so more than
 * any text within the limits needs; bounds the work on a hostile text. */
enum { MAX_RAW_BYTES = 4096, REPLACEMENT = 0xFFFD };

/* What one look at every character of a text finds out. */
struct survey {
    bool composed; /* surely NFC already */
    bool visible;
};

bool text_is_space(uint32_t c)
{
    if (c < 0x80) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* U+11A7 among them: utf8proc loses it behind a Hangul syllable (its pull request 317), and two
 * keys that differ in it would be one. */
static bool is_refused(uint32_t c)
{
    return c == 0x11A7 || c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Blocks whose characters NFC neither changes nor joins: Latin, Cyrillic letters, Han, Hangul. */
static bool is_composed(uint32_t c)
{
    return c < 0x300 || (c >= 0x400 && c < 0x483) || (c >= 0x4E00 && c < 0x9FFD) ||
           (c >= 0xAC00 && c < 0xD7A4);
}

static bool is_visible(uint32_t c)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return category != UTF8PROC_CATEGORY_CF && category != UTF8PROC_CATEGORY_MN &&
           category != UTF8PROC_CATEGORY_ME;
}

/* Bytes of the last character: back over at most three continuation bytes. */
static size_t last_len(str s)
{
    size_t len = 1;
    while (len < 4 && len < s.len && ((unsigned char)s.at[s.len - len] & 0xC0) == 0x80) {
        len++;
    }
    return len;
}

str text_trim(str s)
{
    size_t len = 0;
    while (s.len && text_is_space(utf8_decode(s, &len))) {
        s = str_drop(s, len);
    }
    while (s.len) {
        str last = str_drop(s, s.len - last_len(s));
        if (!text_is_space(utf8_decode(last, &len)) || len != last.len) {
            break;
        }
        s.len -= len;
    }
    return s;
}

/* How far `s` is printable ASCII that no rule would change. */
static size_t plain_len(str s, bool fold)
{
    size_t at = 0;
    for (; at < s.len; at++) {
        unsigned char c = (unsigned char)s.at[at];
        if (c < 0x20 || c >= 0x7F || (fold && c == ' ' && at && s.at[at - 1] == ' ')) {
            break;
        }
    }
    return at;
}

/* Appends to `out` what the rule leaves of `s`, looking at each character once. */
static enum reason filter(str s, const struct text_rule *rule, struct buf *out,
                          struct survey *survey)
{
    bool after_space = false;
    size_t len = 0;
    for (; s.len; s = str_drop(s, len)) {
        uint32_t c = utf8_decode(s, &len);
        if (c == REPLACEMENT && len == 1) {
            return REASON_E_UTF8;
        }
        bool space = rule->fold_spaces && text_is_space(c);
        if (space && after_space) {
            continue;
        }
        after_space = space;
        if (!space && is_refused(c)) {
            return rule->refused;
        }
        survey->composed = survey->composed && is_composed(c);
        survey->visible = survey->visible || (!space && is_visible(c));
        buf_add(out, space ? STR(" ") : str_take(s, len));
    }
    return out->failed ? rule->refused : REASON_NONE;
}

/* NFC in the arena; `.at` NULL when it is full. The code points stand where the text will be: it
 * takes less room, and what is left over goes back. */
static str compose(str s, struct arena *arena)
{
    enum { MOST_POINTS_A_BYTE = 2, OPTIONS = UTF8PROC_STABLE | UTF8PROC_COMPOSE };
    size_t room = s.len * MOST_POINTS_A_BYTE;
    utf8proc_int32_t *points =
        arena_alloc(arena, (room + 1) * sizeof *points, _Alignof(utf8proc_int32_t));
    if (!points) {
        return (str){NULL, 0};
    }
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)s.at, (utf8proc_ssize_t)s.len, points,
                           (utf8proc_ssize_t)room, (utf8proc_option_t)OPTIONS);
    if (count < 0 || (size_t)count > room) {
        return (str){NULL, 0};
    }
    utf8proc_ssize_t len = utf8proc_reencode(points, count, (utf8proc_option_t)OPTIONS);
    if (len < 0) {
        return (str){NULL, 0};
    }
    arena->at = (char *)points + len;
    return (str){(char *)points, (size_t)len};
}

static size_t count_chars(str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        count += ((unsigned char)s.at[i] & 0xC0) != 0x80;
    }
    return count;
}

static enum reason clean_slowly(str s, const struct text_rule *rule, struct arena *arena, str *out)
{
    size_t room = s.len < MAX_RAW_BYTES ? s.len : MAX_RAW_BYTES;
    struct survey survey = {.composed = true};
    char *memory = arena_alloc(arena, room, 1);
    if (!memory) {
        return REASON_E_TOO_LONG;
    }
    struct buf kept;
    buf_wrap(&kept, memory, room);
    enum reason reason = filter(s, rule, &kept, &survey);
    if (reason) {
        return reason;
    }
    *out = survey.composed ? buf_str(&kept) : compose(buf_str(&kept), arena);
    if (!out->at) {
        return REASON_E_TOO_LONG;
    }
    bool fits = out->len <= rule->max_bytes && count_chars(*out) <= rule->max_chars;
    return fits && (survey.visible || !rule->visible) ? REASON_NONE : rule->refused;
}

enum reason text_clean(str s, const struct text_rule *rule, struct arena *arena, str *out)
{
    if (plain_len(s, rule->fold_spaces) < s.len) {
        return clean_slowly(s, rule, arena, out);
    }
    *out = s;
    return s.len <= rule->max_bytes && s.len <= rule->max_chars ? REASON_NONE : rule->refused;
}

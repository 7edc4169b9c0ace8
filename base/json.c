#include "base/json.h"

#include <string.h>

#include "base/ascii.h"
#include "base/json_chars.h"
#include "base/utf8.h"

/* Each step moves `at` forward, and when it fails leaves it at the byte it cannot take. A
 * failure at the very end of a text that is not whole is then a text cut short, wherever it was. */

struct json json_read(str text, bool whole)
{
    return (struct json){.text = text, .whole = whole, .kind = JSON_NULL};
}

static enum json_kind refuse(struct json *j)
{
    j->kind = j->at == j->text.len && !j->whole ? JSON_SHORT : JSON_BAD;
    return j->kind;
}

static size_t after_space(str text, size_t at)
{
    while (at < text.len && ascii_is_blank(text.at[at])) {
        at++;
    }
    return at;
}

static bool sees(const struct json *j, char c)
{
    return j->at < j->text.len && j->text.at[j->at] == c;
}

static bool take(struct json *j, char c)
{
    bool seen = sees(j, c);
    j->at += seen;
    return seen;
}

static bool take_unit(struct json *j, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int value = j->at < j->text.len ? ascii_hex_value(j->text.at[j->at]) : -1;
        if (value < 0) {
            return false;
        }
        *unit = *unit << 4 | (unsigned)value;
        j->at++;
    }
    return true;
}

/* After "\u": one UTF-16 unit, or two that make a pair. */
static bool take_units(struct json *j)
{
    size_t start = j->at;
    unsigned unit = 0;
    if (!take_unit(j, &unit)) {
        return false;
    }
    if (json_is_high(unit)) {
        if (!take(j, '\\') || !take(j, 'u')) {
            return false;
        }
        start = j->at;
        if (!take_unit(j, &unit)) {
            return false;
        }
        j->at = json_is_low(unit) ? j->at : start;
        return json_is_low(unit);
    }
    j->at = json_is_low(unit) ? start : j->at;
    return !json_is_low(unit);
}

static bool take_escape(struct json *j)
{
    j->escaped = true;
    j->at++;
    if (take(j, 'u')) {
        return take_units(j);
    }
    if (j->at == j->text.len || !j->text.at[j->at] || !strchr("\"\\/bfnrt", j->text.at[j->at])) {
        return false;
    }
    j->at++;
    return true;
}

/* One character past ASCII. */
static bool take_wide(struct json *j)
{
    bool cut = false;
    str rest = str_drop(j->text, j->at);
    size_t len = (unsigned char)rest.at[0] < 0x80 ? 0 : utf8_char_len(rest, &cut);
    j->at = cut ? j->text.len : j->at + len;
    return len > 0;
}

/* From a character that is not plain to the quote, which is left. */
static bool take_special(struct json *j)
{
    while (!sees(j, '"')) {
        if (j->at == j->text.len || !(sees(j, '\\') ? take_escape(j) : take_wide(j))) {
            return false;
        }
        j->at = json_after_plain(j->text, j->at);
    }
    return true;
}

static enum json_kind read_string(struct json *j, enum json_kind kind)
{
    size_t start = j->at + 1;
    j->escaped = false;
    j->at = json_after_plain(j->text, start);
    if (!sees(j, '"') && !take_special(j)) {
        return refuse(j);
    }
    j->raw = (str){j->text.at + start, j->at - start};
    j->at++;
    j->named = kind == JSON_NAME;
    j->comma = kind == JSON_STRING;
    j->kind = kind;
    return kind;
}

static bool take_digits(struct json *j)
{
    size_t start = j->at;
    while (j->at < j->text.len && ascii_is_digit(j->text.at[j->at])) {
        j->at++;
    }
    return j->at > start;
}

static bool take_number(struct json *j)
{
    (void)take(j, '-');
    if (!take(j, '0') && !take_digits(j)) {
        return false;
    }
    if (take(j, '.') && !take_digits(j)) {
        return false;
    }
    if (take(j, 'e') || take(j, 'E')) {
        if (!take(j, '+')) {
            (void)take(j, '-');
        }
        return take_digits(j);
    }
    return true;
}

static enum json_kind read_number(struct json *j)
{
    bool good = take_number(j);
    bool may_go_on = j->at == j->text.len && !j->whole;
    if (!good || may_go_on) {
        return refuse(j);
    }
    j->raw = str_span(j->text.at + j->start, j->text.at + j->at);
    j->comma = true;
    j->kind = JSON_NUMBER;
    return j->kind;
}

static enum json_kind read_word(struct json *j, const char *word, enum json_kind kind)
{
    for (; *word; word++) {
        if (!take(j, *word)) {
            return refuse(j);
        }
    }
    j->comma = true;
    j->kind = kind;
    return kind;
}

static enum json_kind open_level(struct json *j, enum json_kind kind)
{
    if (j->depth == JSON_MAX_DEPTH) {
        j->too_deep = true;
        return refuse(j);
    }
    j->depth++;
    uint64_t bit = (uint64_t)1 << j->depth;
    j->objects = kind == JSON_OBJECT ? j->objects | bit : j->objects & ~bit;
    j->comma = false;
    j->at++;
    j->kind = kind;
    return kind;
}

static enum json_kind close_level(struct json *j)
{
    j->start = j->at++;
    j->depth--;
    j->comma = true;
    j->kind = JSON_CLOSE;
    return j->kind;
}

static enum json_kind read_value(struct json *j)
{
    j->start = j->at;
    j->named = false;
    switch (j->at < j->text.len ? j->text.at[j->at] : 0) {
    case '"':
        return read_string(j, JSON_STRING);
    case '{':
        return open_level(j, JSON_OBJECT);
    case '[':
        return open_level(j, JSON_ARRAY);
    case 't':
        return read_word(j, "true", JSON_TRUE);
    case 'f':
        return read_word(j, "false", JSON_FALSE);
    case 'n':
        return read_word(j, "null", JSON_NULL);
    default:
        return read_number(j);
    }
}

static enum json_kind read_name(struct json *j)
{
    j->start = j->at;
    return sees(j, '"') ? read_string(j, JSON_NAME) : refuse(j);
}

static enum json_kind read_named_value(struct json *j)
{
    j->at = after_space(j->text, j->at);
    if (!take(j, ':')) {
        return refuse(j);
    }
    j->at = after_space(j->text, j->at);
    return read_value(j);
}

static bool in_object(const struct json *j)
{
    return j->objects >> j->depth & 1;
}

enum json_kind json_next(struct json *j)
{
    if (j->kind <= JSON_DONE) {
        return j->kind;
    }
    if (j->depth == 0 && j->comma) {
        j->kind = JSON_DONE;
        return j->kind;
    }
    if (j->named) {
        return read_named_value(j);
    }
    j->at = after_space(j->text, j->at);
    bool object = in_object(j);
    if (j->depth && sees(j, object ? '}' : ']')) {
        return close_level(j);
    }
    if (j->comma) {
        if (!take(j, ',')) {
            return refuse(j);
        }
        j->at = after_space(j->text, j->at);
    }
    return object ? read_name(j) : read_value(j);
}

enum json_kind json_skip(struct json *j)
{
    if (j->kind != JSON_OBJECT && j->kind != JSON_ARRAY) {
        return j->kind;
    }
    for (unsigned outside = j->depth - 1; j->kind > JSON_DONE && j->depth > outside;) {
        (void)json_next(j);
    }
    return j->kind;
}

bool json_ends(const struct json *j)
{
    bool complete = j->kind > JSON_SHORT && j->depth == 0 && j->comma;
    return complete && after_space(j->text, j->at) == j->text.len;
}

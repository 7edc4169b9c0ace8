#include "aws/dynamodb_item.h"

#include "base/ascii.h"
#include "base/json_write.h"

#include <string.h>

enum {
    MAX_EXPONENT = 125,  /* of a number's first digit: up to 9.99E+125 */
    MIN_EXPONENT = -130, /* down to 1E-130 */
    EXPONENT_BOUND = 100000,
};

/* A number's text taken apart. */
struct digits {
    size_t significant; /* from the first digit that is not 0 to the last */
    int64_t exponent;   /* of the first one: 3 for 1000 */
    bool negative, valid;
};

/* --- Numbers --- */

/* "+12", "-3", "4"; what is far out of range is cut to a value that is out of range too. */
static bool read_exponent(str s, int64_t *out)
{
    bool minus = str_starts(s, STR("-"));
    int64_t value = 0;
    s = minus || str_starts(s, STR("+")) ? str_drop(s, 1) : s;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i])) {
            return false;
        }
        value = value < EXPONENT_BOUND ? value * 10 + (s.at[i] - '0') : value;
    }
    *out = minus ? -value : value;
    return s.len > 0;
}

/* The digits of "whole.fraction", the point left out of the count. */
static void count_digits(str whole, str fraction, struct digits *d)
{
    size_t first = 0, after_last = 0, at = 0;
    for (size_t i = 0; i < whole.len + fraction.len; i++) {
        char c = i < whole.len ? whole.at[i] : fraction.at[i - whole.len];
        d->valid = d->valid && ascii_is_digit(c);
        at++;
        if (c != '0') {
            first = first ? first : at;
            after_last = at + 1;
        }
    }
    d->significant = first ? after_last - first : 0;
    d->exponent = first ? (int64_t)whole.len - (int64_t)first : 0;
    d->valid = d->valid && at > 0;
}

static struct digits read_digits(str s)
{
    struct digits d = {.negative = str_starts(s, STR("-")), .valid = true};
    s = d.negative ? str_drop(s, 1) : s;
    size_t mantissa_len = 0;
    while (mantissa_len < s.len && s.at[mantissa_len] != 'e' && s.at[mantissa_len] != 'E') {
        mantissa_len++;
    }
    struct str_halves parts = str_cut(str_take(s, mantissa_len), '.');
    count_digits(parts.head, parts.tail, &d);
    int64_t exponent = 0;
    if (mantissa_len < s.len) {
        d.valid = read_exponent(str_drop(s, mantissa_len + 1), &exponent) && d.valid;
    }
    d.exponent += exponent;
    return d;
}

static bool is_number(str s)
{
    struct digits d = read_digits(s);
    bool in_range = d.exponent >= MIN_EXPONENT && d.exponent <= MAX_EXPONENT;
    return d.valid && d.significant <= DYNAMODB_MAX_DIGITS && (d.significant == 0 || in_range);
}

/* One byte for two digits, one for the exponent, one for the sign. */
static size_t number_bytes(str s)
{
    struct digits d = read_digits(s);
    return (d.significant + 1) / 2 + 1 + d.negative;
}

/* --- Items --- */

static bool has_version(const struct dynamodb_config *config, const struct dynamodb_item *item)
{
    return config->version_name.len && (config->mode == DYNAMODB_NEWEST || item->version.len > 0);
}

size_t dynamodb_item_bytes(const struct dynamodb_config *config, const struct dynamodb_item *item)
{
    size_t bytes = config->key_name.len + item->key.len;
    if (has_version(config, item)) {
        bytes += config->version_name.len + item->version.len;
    }
    for (size_t i = 0; i < item->attribute_count; i++) {
        const struct dynamodb_attribute *a = &item->attributes[i];
        bytes += a->name.len + (a->number ? number_bytes(a->value) : a->value.len);
    }
    return bytes;
}

err dynamodb_item_check(const struct dynamodb_config *config, const struct dynamodb_item *item,
                        struct why *why)
{
    if (!item->key.len || item->key.len > DYNAMODB_MAX_KEY_BYTES) {
        return FAIL(why, ERR_INPUT, "the item's key is empty or longer than %d bytes",
                    DYNAMODB_MAX_KEY_BYTES);
    }
    for (size_t i = 0; i < item->attribute_count; i++) {
        if (item->attributes[i].number && !is_number(item->attributes[i].value)) {
            return FAIL(why, ERR_INPUT, "a number of the item is not one that DynamoDB takes");
        }
    }
    if (dynamodb_item_bytes(config, item) > DYNAMODB_MAX_ITEM_BYTES) {
        return FAIL(why, ERR_LIMIT, "the item is larger than %d bytes", DYNAMODB_MAX_ITEM_BYTES);
    }
    return OK;
}

static void add_attribute(struct buf *b, str name, str value, bool number)
{
    json_add_string(b, name);
    buf_add(b, number ? STR(":{\"N\":") : STR(":{\"S\":"));
    json_add_string(b, value);
    buf_char(b, '}');
}

void dynamodb_item_add(const struct dynamodb_config *config, const struct dynamodb_item *item,
                       struct buf *b)
{
    buf_char(b, '{');
    add_attribute(b, config->key_name, item->key, false);
    if (has_version(config, item)) {
        buf_char(b, ',');
        add_attribute(b, config->version_name, item->version, false);
    }
    for (size_t i = 0; i < item->attribute_count; i++) {
        const struct dynamodb_attribute *a = &item->attributes[i];
        buf_char(b, ',');
        add_attribute(b, a->name, a->value, a->number);
    }
    buf_char(b, '}');
}

#include "transform/user.h"

#include "base/ascii.h"
#include "base/date.h"
#include "transform/email.h"
#include "transform/moment.h"
#include "transform/phone.h"
#include "transform/text.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct reading {
    const struct user_rules *rules;
    struct arena *arena;
    struct user *user;
    bool number; /* the value is a JSON number */
};

/* Checks a value that is trimmed and not empty, and gives it in the form that is stored; its `.at`
 * is NULL when the arena is full. */
typedef enum reason rule(struct reading *r, str text, str *out);

static rule read_id, read_name, read_phone, read_email, read_birth_date, read_created, read_updated;

/* What is kept of a record; all other fields are left out. To take another field, add a row, and
 * its rule below. */
static const struct row {
    str field;              /* in the record */
    str attribute;          /* in the table */
    rule *rule;             /* what it must be */
    enum reason wrong_type; /* given for true, false, objects and arrays, and numbers unless .. */
    bool takes_number;      /* .. the rule reads a JSON number's digits as well */
} rows[] = {
    {STR_INIT("user_id"), STR_INIT("user_id"), read_id, REASON_E_ID_TYPE, true},
    {STR_INIT("user_name"), STR_INIT("user_name"), read_name, REASON_E_NAME, false},
    {STR_INIT("phone_number"), STR_INIT("phone_number"), read_phone, REASON_E_PHONE, true},
    {STR_INIT("email"), STR_INIT("email"), read_email, REASON_E_EMAIL, false},
    {STR_INIT("birth_date"), STR_INIT("birth_date"), read_birth_date, REASON_E_DATE, false},
    {STR_INIT("created_at"), STR_INIT("created_at"), read_created, REASON_E_DATE, false},
    {STR_INIT("updated_at"), STR_INIT("updated_at"), read_updated, REASON_E_TIME, true},
};

enum { ROWS = sizeof rows / sizeof *rows, ID_ROW = 0 };

_Static_assert(ROWS - 1 <= USER_MAX_ATTRIBUTES, "struct user holds every row but the id");
_Static_assert(ROWS <= 32, "rows are marked as seen in 32 bits");

static bool is_digits(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* An id that is a number is kept as it is written, so that no digit is lost. */
static enum reason read_id(struct reading *r, str text, str *out)
{
    static const struct text_rule id_rule = {
        .refused = REASON_E_ID_INVALID,
        .max_bytes = USER_MAX_ID_BYTES,
        .max_chars = USER_MAX_ID_BYTES,
    };
    if (r->number && !is_digits(text.at[0] == '-' ? str_drop(text, 1) : text)) {
        return REASON_E_ID_TYPE;
    }
    return text_clean(text, &id_rule, r->arena, out);
}

static enum reason read_name(struct reading *r, str text, str *out)
{
    static const struct text_rule name_rule = {
        .refused = REASON_E_NAME,
        .fold_spaces = true,
        .visible = true,
        .max_bytes = SIZE_MAX,
        .max_chars = USER_MAX_NAME_CHARS,
    };
    return text_clean(text, &name_rule, r->arena, out);
}

/* A JSON number has lost its plus and leading zeros: it is read as a number of the region, with or
 * without the calling code. A sign, a point or an exponent is no part of one. */
static enum reason read_phone(struct reading *r, str text, str *out)
{
    if (r->number && !is_digits(text)) {
        return REASON_E_PHONE;
    }
    return phone_read(text, r->rules->phone_region, r->arena, out) ? REASON_NONE : REASON_E_PHONE;
}

static enum reason read_email(struct reading *r, str text, str *out)
{
    return email_read(text, r->arena, out) ? REASON_NONE : REASON_E_EMAIL;
}

/* A day and no more: which day a time is depends on where one is. */
static enum reason read_birth_date(struct reading *r, str text, str *out)
{
    (void)r;
    *out = text;
    return moment_is_date(text) ? REASON_NONE : REASON_E_DATE;
}

/* A day stays a day: no hour is made up. Both forms sort together as text. */
static enum reason read_created(struct reading *r, str text, str *out)
{
    int64_t ms = 0;
    if (moment_is_date(text)) {
        *out = text;
        return REASON_NONE;
    }
    if (!date_parse_rfc3339(text, &ms) || !moment_in_range(ms)) {
        return REASON_E_DATE;
    }
    *out = moment_text(ms, text, r->arena);
    return REASON_NONE;
}

/* What lies before 1970 is no time of an update; what lies ahead would shut out all later ones. */
static enum reason read_updated(struct reading *r, str text, str *out)
{
    int64_t ms = 0;
    if (!moment_from_epoch(text, &ms) && (r->number || !date_parse_rfc3339(text, &ms))) {
        return REASON_E_TIME;
    }
    if (ms < 0 || !moment_in_range(ms) || ms - DAY_MS > r->rules->now_ms) {
        return REASON_E_TIME;
    }
    r->user->updated_ms = ms;
    *out = moment_text(ms, text, r->arena);
    return REASON_NONE;
}

static const struct row *find_row(str name)
{
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        if (str_eq(row->field, name)) {
            return row;
        }
    }
    return NULL;
}

static bool has_wrong_type(const struct row *row, enum field_type type)
{
    return type == FIELD_BOOL || type == FIELD_NESTED ||
           (type == FIELD_NUMBER && !row->takes_number);
}

static void keep(struct user *user, const struct row *row, str value)
{
    if (row == &rows[ID_ROW]) {
        user->id = value;
        return;
    }
    user->attributes[user->attribute_count++] = (struct attribute){row->attribute, value};
}

/* Null, empty and blank count as absent, but a null id says that a program went wrong. */
static enum reason read_field(struct reading *r, const struct row *row, const struct field *field)
{
    if (field->type == FIELD_NULL) {
        return row == &rows[ID_ROW] ? REASON_E_ID_TYPE : REASON_NONE;
    }
    if (has_wrong_type(row, field->type)) {
        return row->wrong_type;
    }
    str text = record_text(field, r->arena);
    if (!text.at) {
        return REASON_E_TOO_LONG;
    }
    text = text_trim(text);
    if (!text.len) {
        return REASON_NONE;
    }
    str value = {NULL, 0};
    r->number = field->type == FIELD_NUMBER;
    enum reason reason = row->rule(r, text, &value);
    if (reason) {
        return reason;
    }
    if (!value.at) {
        return REASON_E_TOO_LONG;
    }
    keep(r->user, row, value);
    return REASON_NONE;
}

enum reason user_read(const struct record *record, const struct user_rules *rules,
                      struct arena *arena, struct user *out, str *field)
{
    struct reading r = {.rules = rules, .arena = arena, .user = out};
    uint32_t seen = 0;
    out->id = STR("");
    out->attribute_count = 0;
    out->updated_ms = -1;
    *field = STR("");
    for (size_t i = 0; i < record->field_count; i++) {
        const struct row *row = find_row(record->fields[i].name);
        if (!row) {
            continue;
        }
        uint32_t bit = (uint32_t)1 << (row - rows);
        enum reason reason =
            (seen & bit) ? REASON_E_DUPLICATE_NAME : read_field(&r, row, &record->fields[i]);
        if (reason) {
            *field = row->field;
            return reason;
        }
        seen |= bit;
    }
    *field = out->id.len ? STR("") : rows[ID_ROW].field;
    return out->id.len ? REASON_NONE : REASON_E_ID_MISSING;
}

bool user_knows_region(str region)
{
    return phone_region_find(region) != NULL;
}

/* The rules of every field: what is stored, and why a record is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/unit/transform/user_fields.h"

#include <string.h>

struct rule_case {
    const char *word, *field, *value;
    enum field_type type;
    enum reason reason;
    const char *stored; /* NULL: refused, or taken as absent */
};

static void check_stored(const struct rule_case *c, const struct user *user)
{
    bool is_id = strcmp(c->field, "user_id") == 0;
    str stored = is_id ? user->id : attribute_of(user, str_from(c->field));
    if (!c->stored && stored.at && stored.len) {
        fail_msg("%s %s: stored \"%.*s\"", c->field, c->word, (int)stored.len, stored.at);
    }
    if (c->stored && !str_eq(stored, str_from(c->stored))) {
        fail_msg("%s %s: stored \"%.*s\"", c->field, c->word, (int)stored.len, stored.at);
    }
}

static void check(const struct rule_case *c)
{
    struct field fields[] = {
        make_field(c->field, c->value, c->type),
        make_field("user_id", "some one", FIELD_STRING),
    };
    bool is_id = strcmp(c->field, "user_id") == 0;
    struct user user;
    str field = STR("unset");
    enum reason reason = read_fields(fields, is_id ? 1 : 2, &user, &field);
    if (reason != c->reason) {
        fail_msg("%s %s: %s", c->field, c->word, reason_code(reason).at);
    }
    if (!str_eq(field, reason ? str_from(c->field) : STR(""))) {
        fail_msg("%s %s: names the field \"%.*s\"", c->field, c->word, (int)field.len, field.at);
    }
    if (!reason) {
        check_stored(c, &user);
    }
}

static void check_all(const struct rule_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(&cases[i]);
    }
}

#define EIGHT(x)   x x x x x x x x
#define SIXTEEN(x) EIGHT(x) EIGHT(x)

#define GOOD(word, value, stored)                                                                  \
    {                                                                                              \
        word, FIELD, value, FIELD_STRING, REASON_NONE, stored                                      \
    }
#define BAD(word, value, reason)                                                                   \
    {                                                                                              \
        word, FIELD, value, FIELD_STRING, reason, NULL                                             \
    }
#define GOOD_OF(type, word, value, stored)                                                         \
    {                                                                                              \
        word, FIELD, value, type, REASON_NONE, stored                                              \
    }
#define BAD_OF(type, word, value, reason)                                                          \
    {                                                                                              \
        word, FIELD, value, type, reason, NULL                                                     \
    }

/* For a field that may be missing: what counts as missing, and the types it never has. */
#define OPTIONAL(reason)                                                                           \
    GOOD("empty", "", NULL), GOOD("blank", " \t\u00a0\u3000\r\n", NULL),                           \
        GOOD_OF(FIELD_NULL, "null", "null", NULL), BAD_OF(FIELD_BOOL, "true", "true", reason),     \
        BAD_OF(FIELD_NESTED, "object", "{\"a\":1}", reason),                                       \
        BAD_OF(FIELD_NESTED, "array", "[]", reason)

static void a_user_id_is_a_string_or_an_integer_of_1_to_256_bytes(void **state)
{
#define FIELD "user_id"
    static const struct rule_case cases[] = {
        GOOD("plain", "u-1", "u-1"),
        GOOD("keeps its case and inner spaces", "Ab  c", "Ab  c"),
        GOOD("is trimmed", " \t u-1\r\n", "u-1"),
        GOOD("is trimmed of Unicode white space", "\u00a0\u3000u-1\u2003\u2028", "u-1"),
        GOOD("keeps leading zeros", "007", "007"),
        GOOD("is brought to NFC", "Zoe\u0308", "Zo\u00eb"),
        GOOD("keeps joiners", "a\u200db\u200cc", "a\u200db\u200cc"),
        GOOD("256 bytes", SIXTEEN(SIXTEEN("a")), SIXTEEN(SIXTEEN("a"))),
        GOOD("256 bytes after NFC", EIGHT(SIXTEEN("e\u0301")), EIGHT(SIXTEEN("\u00e9"))),
        GOOD_OF(FIELD_NUMBER, "integer", "12345678901234567890123", "12345678901234567890123"),
        GOOD_OF(FIELD_NUMBER, "negative integer", "-5", "-5"),
        GOOD_OF(FIELD_JSON_STRING, "escapes are decoded", "a\\u00e9\\n", "a\u00e9"),
        GOOD_OF(FIELD_CSV_QUOTED, "CSV quotes are decoded", "a\"\"b", "a\"b"),
        BAD_OF(FIELD_NUMBER, "1.0", "1.0", REASON_E_ID_TYPE),
        BAD_OF(FIELD_NUMBER, "1e3", "1e3", REASON_E_ID_TYPE),
        BAD_OF(FIELD_NUMBER, "1E3", "1E3", REASON_E_ID_TYPE),
        BAD_OF(FIELD_BOOL, "true", "true", REASON_E_ID_TYPE),
        BAD_OF(FIELD_NULL, "null", "null", REASON_E_ID_TYPE),
        BAD_OF(FIELD_NESTED, "object", "{}", REASON_E_ID_TYPE),
        BAD("empty", "", REASON_E_ID_MISSING),
        BAD("blank", " \u00a0\t", REASON_E_ID_MISSING),
        BAD("257 bytes", SIXTEEN(SIXTEEN("a")) "a", REASON_E_ID_INVALID),
        BAD("257 bytes past ASCII", SIXTEEN(EIGHT("\u00e9")) "a", REASON_E_ID_INVALID),
        BAD("very long past ASCII", SIXTEEN(EIGHT(EIGHT("\u00e9"))), REASON_E_ID_INVALID),
        BAD("inner newline", "a\nb", REASON_E_ID_INVALID),
        BAD("inner tab", "a\tb", REASON_E_ID_INVALID),
        BAD("DEL", "a\177b", REASON_E_ID_INVALID),
        BAD("C1 control",
            "a\xc2\x9b"
            "b",
            REASON_E_ID_INVALID),
        BAD_OF(FIELD_JSON_STRING, "NUL", "a\\u0000b", REASON_E_ID_INVALID),
        BAD("bidi override", "a\u202eb", REASON_E_ID_INVALID),
        BAD("bidi isolate", "a\u2066b", REASON_E_ID_INVALID),
        BAD("a letter that would be lost", "\ub450\u11a7", REASON_E_ID_INVALID),
        BAD("not UTF-8", "a\xff", REASON_E_UTF8),
        BAD("not UTF-8 behind a space", "a \x80", REASON_E_UTF8),
    };
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

static void a_user_name_is_folded_text_of_at_most_256_characters(void **state)
{
#define FIELD "user_name"
    static const struct rule_case cases[] = {
        OPTIONAL(REASON_E_NAME),
        GOOD("plain", "Ada Lovelace", "Ada Lovelace"),
        GOOD("is trimmed", "  Ada\t", "Ada"),
        GOOD("inner spaces run to one", "Ada   King  Lovelace", "Ada King Lovelace"),
        GOOD("line ends and tabs are spaces", "Ada\r\n\tLovelace", "Ada Lovelace"),
        GOOD("Unicode spaces too",
             "Ada\u00a0\u3000 \u2028\xc2\x85"
             "Lovelace",
             "Ada Lovelace"),
        GOOD("is brought to NFC", "Nguye\u0302\u0303n", "Nguy\u1ec5n"),
        GOOD("marks are put in order", "q\u0307\u0323", "q\u0323\u0307"),
        GOOD("Hangul is joined", "\u1112\u1161\u11ab", "\ud55c"),
        GOOD("singletons are replaced", "\u212bngstro\u0308m", "\u00c5ngstr\u00f6m"),
        GOOD("exclusions stay apart", "\u0958", "\u0915\u093c"),
        GOOD("joiners stay", "\u0915\u094d\u200d\u0937 \u200c", "\u0915\u094d\u200d\u0937 \u200c"),
        GOOD("emoji", "\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        GOOD("direction marks stay", "\u200f\u05d0\u05d1", "\u200f\u05d0\u05d1"),
        GOOD("256 characters", SIXTEEN(SIXTEEN("a")), SIXTEEN(SIXTEEN("a"))),
        GOOD("256 characters of 1024 bytes", SIXTEEN(SIXTEEN("\U0001f469")),
             SIXTEEN(SIXTEEN("\U0001f469"))),
        GOOD("256 characters after NFC", SIXTEEN(SIXTEEN("u\u031b\u0301")),
             SIXTEEN(SIXTEEN("\u1ee9"))),
        BAD("257 characters", SIXTEEN(SIXTEEN("a")) "a", REASON_E_NAME),
        BAD("257 characters past ASCII", SIXTEEN(SIXTEEN("\u00e9")) "a", REASON_E_NAME),
        BAD("a control", "Ada\007", REASON_E_NAME),
        BAD("an escape", "\033[31mAda", REASON_E_NAME),
        BAD_OF(FIELD_JSON_STRING, "NUL", "Ada\\u0000", REASON_E_NAME),
        BAD("bidi override", "Ada\u202d", REASON_E_NAME),
        BAD("bidi embedding", "\u202aAda\u202c", REASON_E_NAME),
        BAD("nothing to see", "\u200b\u200d", REASON_E_NAME),
        BAD("a lone mark", "\u0301", REASON_E_NAME),
        BAD_OF(FIELD_NUMBER, "number", "7", REASON_E_NAME),
        BAD("not UTF-8", "Jos\xe9", REASON_E_UTF8),
    };
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

static void a_phone_number_is_e164_or_a_number_of_the_region(void **state)
{
#define FIELD "phone_number"
    static const struct rule_case cases[] = {
        OPTIONAL(REASON_E_PHONE),
        GOOD("with a plus", " +44 (20) 7946-0958 ", "+442079460958"),
        GOOD("of the region", "020 7946 0958", "+442079460958"),
        GOOD_OF(FIELD_NUMBER, "JSON number with calling code", "442079460958", "+442079460958"),
        GOOD_OF(FIELD_NUMBER, "JSON number without its zero", "2079460958", "+442079460958"),
        BAD_OF(FIELD_NUMBER, "negative", "-442079460958", REASON_E_PHONE),
        BAD_OF(FIELD_NUMBER, "with an exponent", "4.42079460958E11", REASON_E_PHONE),
        BAD("too short", "+4420", REASON_E_PHONE),
        BAD("a word", "none", REASON_E_PHONE),
    };
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

static void an_email_is_a_dot_atom_at_a_domain(void **state)
{
#define FIELD   "email"
#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LOCAL64 EIGHT("aaaaaaaa")
    static const struct rule_case cases[] = {
        OPTIONAL(REASON_E_EMAIL),
        GOOD("plain", "ada@example.com", "ada@example.com"),
        GOOD("is trimmed", " ada@example.com\n", "ada@example.com"),
        GOOD("only the domain is lowered", "Ada.L@Example.COM", "Ada.L@example.com"),
        GOOD("tags and marks", "o'brien+x_y@mail-1.example.co", "o'brien+x_y@mail-1.example.co"),
        GOOD("xn-- domain", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        GOOD("local of 64", LOCAL64 "@example.com", LOCAL64 "@example.com"),
        GOOD("254 in all", "ab@" LABEL63 "." LABEL63 "." LABEL63 "." EIGHT("aaaaaaa") "aaa",
             "ab@" LABEL63 "." LABEL63 "." LABEL63 "." EIGHT("aaaaaaa") "aaa"),
        BAD("255 in all", "abc@" LABEL63 "." LABEL63 "." LABEL63 "." EIGHT("aaaaaaa") "aaa",
            REASON_E_EMAIL),
        BAD("local of 65", LOCAL64 "a@example.com", REASON_E_EMAIL),
        BAD("label of 64", "a@" LABEL63 "a.com", REASON_E_EMAIL),
        BAD("no @", "ada.example.com", REASON_E_EMAIL),
        BAD("two @", "a@b@example.com", REASON_E_EMAIL),
        BAD("nothing before @", "@example.com", REASON_E_EMAIL),
        BAD("nothing after @", "ada@", REASON_E_EMAIL),
        BAD("one label", "ada@localhost", REASON_E_EMAIL),
        BAD("empty label", "ada@example..com", REASON_E_EMAIL),
        BAD("dot at the end", "ada@example.com.", REASON_E_EMAIL),
        BAD("dot at the start of the local part", ".ada@example.com", REASON_E_EMAIL),
        BAD("dot at its end", "ada.@example.com", REASON_E_EMAIL),
        BAD("two dots", "a..b@example.com", REASON_E_EMAIL),
        BAD("dash at a label's edge", "ada@-example.com", REASON_E_EMAIL),
        BAD("underscore in the domain", "ada@exa_mple.com", REASON_E_EMAIL),
        BAD("an address of numbers", "ada@192.0.2.1", REASON_E_EMAIL),
        BAD("quoted local part", "\"a b\"@example.com", REASON_E_EMAIL),
        BAD("a name before it", "Ada <ada@example.com>", REASON_E_EMAIL),
        BAD("inner space", "ada @example.com", REASON_E_EMAIL),
        BAD("not ASCII", "z\u00f6e@example.com", REASON_E_EMAIL),
        BAD_OF(FIELD_JSON_STRING, "NUL", "ada\\u0000@example.com", REASON_E_EMAIL),
        BAD_OF(FIELD_NUMBER, "number", "1", REASON_E_EMAIL),
    };
#undef LOCAL64
#undef LABEL63
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

static void a_birth_date_is_a_day_of_the_real_calendar(void **state)
{
#define FIELD "birth_date"
    static const struct rule_case cases[] = {
        OPTIONAL(REASON_E_DATE),
        GOOD("plain", " 1815-12-10 ", "1815-12-10"),
        GOOD("leap day", "2000-02-29", "2000-02-29"),
        BAD("no leap year", "1900-02-29", REASON_E_DATE),
        BAD("31 April", "1990-04-31", REASON_E_DATE),
        BAD("month 13", "1990-13-01", REASON_E_DATE),
        BAD("day 0", "1990-01-00", REASON_E_DATE),
        BAD("year 0", "0000-01-01", REASON_E_DATE),
        BAD("dd/mm", "10/12/1815", REASON_E_DATE),
        BAD("one digit", "1990-1-01", REASON_E_DATE),
        BAD("no dashes", "19900101", REASON_E_DATE),
        BAD("a time", "1990-01-01T00:00:00Z", REASON_E_DATE),
        BAD("other digits", "\u0661990-01-01", REASON_E_DATE),
        BAD_OF(FIELD_NUMBER, "number", "19900101", REASON_E_DATE),
    };
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

static void created_at_is_a_day_or_a_time_with_a_zone(void **state)
{
#define FIELD "created_at"
    static const struct rule_case cases[] = {
        OPTIONAL(REASON_E_DATE),
        GOOD("stored form", "2026-03-01T12:30:45.123Z", "2026-03-01T12:30:45.123Z"),
        GOOD("no fraction", "2026-03-01T12:30:45Z", "2026-03-01T12:30:45.000Z"),
        GOOD("zone", "2026-03-01T00:30:45+02:00", "2026-02-28T22:30:45.000Z"),
        GOOD("microseconds are cut", "2026-03-01T12:30:45.123999Z", "2026-03-01T12:30:45.123Z"),
        GOOD("lower case", "2026-03-01t12:30:45.123z", "2026-03-01T12:30:45.123Z"),
        GOOD("space", "2026-03-01 12:30:45.123Z", "2026-03-01T12:30:45.123Z"),
        GOOD("leap second", "2016-12-31T23:59:60.500Z", "2016-12-31T23:59:59.500Z"),
        GOOD("before 1970", "1965-03-01T12:30:45.123+01:00", "1965-03-01T11:30:45.123Z"),
        GOOD("year 1", "0001-01-01t00:00:00Z", "0001-01-01T00:00:00.000Z"),
        GOOD("a leap day long ago", "1600-02-29 23:00:00Z", "1600-02-29T23:00:00.000Z"),
        GOOD("a day stays a day", "2026-03-01", "2026-03-01"),
        BAD("no zone", "2026-03-01T12:30:45", REASON_E_DATE),
        BAD("out of range by its zone", "0001-01-01T00:00:00+01:00", REASON_E_DATE),
        BAD("out of range at the end", "9999-12-31T23:59:59-01:00", REASON_E_DATE),
        BAD("hour 24", "2026-03-01T24:00:00Z", REASON_E_DATE),
        BAD("no such day", "2026-02-30T12:00:00Z", REASON_E_DATE),
        BAD("dd/mm", "01/03/2026", REASON_E_DATE),
        BAD("epoch", "1772368245", REASON_E_DATE),
        BAD_OF(FIELD_NUMBER, "number", "1772368245", REASON_E_DATE),
    };
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

static void updated_at_is_a_time_not_more_than_a_day_ahead(void **state)
{
#define FIELD "updated_at"
    static const struct rule_case cases[] = {
        OPTIONAL(REASON_E_TIME),
        GOOD("stored form", "2026-03-01T12:30:45.123Z", "2026-03-01T12:30:45.123Z"),
        GOOD("zone", "2026-03-01T14:30:45+02:00", "2026-03-01T12:30:45.000Z"),
        GOOD("seconds as text", "1772368245", "2026-03-01T12:30:45.000Z"),
        GOOD("milliseconds as text", "1772368245123", "2026-03-01T12:30:45.123Z"),
        GOOD_OF(FIELD_NUMBER, "seconds", "1772368245", "2026-03-01T12:30:45.000Z"),
        GOOD_OF(FIELD_NUMBER, "milliseconds", "1772368245123", "2026-03-01T12:30:45.123Z"),
        GOOD("a day ahead", "2026-03-02T12:30:45.123Z", "2026-03-02T12:30:45.123Z"),
        GOOD("1970", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        BAD("a ms more", "2026-03-02T12:30:45.124Z", REASON_E_TIME),
        BAD("far ahead", "9999-12-31T23:59:59Z", REASON_E_TIME),
        BAD_OF(FIELD_NUMBER, "ms far ahead", "9999999999999", REASON_E_TIME),
        BAD("before 1970", "1969-12-31T23:59:59.999Z", REASON_E_TIME),
        BAD("no zone", "2026-03-01T12:30:45", REASON_E_TIME),
        BAD("a day", "2026-03-01", REASON_E_TIME),
        BAD("11 digits", "17723682451", REASON_E_TIME),
        BAD("9 digits", "177236824", REASON_E_TIME),
        BAD("microseconds", "1772368245123000", REASON_E_TIME),
        BAD_OF(FIELD_NUMBER, "fraction", "1772368245.123", REASON_E_TIME),
        BAD_OF(FIELD_NUMBER, "exponent", "1.772368e9", REASON_E_TIME),
        BAD_OF(FIELD_NUMBER, "negative", "-177236824", REASON_E_TIME),
        BAD("a word", "now", REASON_E_TIME),
    };
#undef FIELD
    (void)state;
    check_all(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_id_is_a_string_or_an_integer_of_1_to_256_bytes),
        cmocka_unit_test(a_user_name_is_folded_text_of_at_most_256_characters),
        cmocka_unit_test(a_phone_number_is_e164_or_a_number_of_the_region),
        cmocka_unit_test(an_email_is_a_dot_atom_at_a_domain),
        cmocka_unit_test(a_birth_date_is_a_day_of_the_real_calendar),
        cmocka_unit_test(created_at_is_a_day_or_a_time_with_a_zone),
        cmocka_unit_test(updated_at_is_a_time_not_more_than_a_day_ahead),
    };
    return cmocka_run_group_tests(tests, open_block, close_block);
}

/* The text of the shared config and credentials files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/profile.h"
#include "test/support/guard.h"

#include <stdio.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

enum { ENTRIES_ROOM = 64 * 1024, MAX_TEXT = 4096 };

/* Files as they are read: their texts are written to. */
struct files {
    struct profile_entries entries;
    char texts[2][MAX_TEXT];
    _Alignas(16) char memory[ENTRIES_ROOM];
    struct arena arena;
    struct why why;
};

static enum err_kind read_one(struct files *f, enum profile_file file, const char *text)
{
    struct buf b;
    buf_wrap(&b, f->texts[file], MAX_TEXT);
    buf_add(&b, str_from(text));
    return profile_read(&f->entries, file, &b, &f->arena, &f->why).kind;
}

static enum err_kind read_both(struct files *f, const char *config, const char *credentials)
{
    *f = (struct files){0};
    f->arena = (struct arena){f->memory, f->memory + sizeof f->memory};
    enum err_kind first = read_one(f, PROFILE_CONFIG, config);
    return first ? first : read_one(f, PROFILE_CREDENTIALS, credentials);
}

struct row {
    const char *word, *config, *credentials, *profile, *key, *expected;
};

static void expect(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct files f;
        enum err_kind read = read_both(&f, rows[i].config, rows[i].credentials);
        str found = profile_get(&f.entries, PROFILE_SECTION, str_from(rows[i].profile),
                                str_from(rows[i].key));
        if (read || !str_eq(found, str_from(rows[i].expected))) {
            fail_msg("%s: \"%.*s\" %s", rows[i].word, (int)found.len, found.at, f.why.text);
        }
    }
}

static void keys_are_found_in_their_profile(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"default", "[default]\nregion = eu-west-1\n", "", "default", "region", "eu-west-1"},
        {"no line's end", "[default]\nregion=eu-west-1", "", "default", "region", "eu-west-1"},
        {"named", "[default]\nk=1\n[profile x]\nk=2\n", "", "x", "k", "2"},
        {"the other", "[default]\nk=1\n[profile x]\nk=2\n", "", "default", "k", "1"},
        {"credentials", "", "[x]\nk = 3\n", "x", "k", "3"},
        {"a name with a blank", "[profile \"my own\"]\nk=1\n", "", "my own", "k", "1"},
        {"single quotes", "[profile 'my own']\nk=1\n", "", "my own", "k", "1"},
        {"blanks in a header", "[ profile\t x ]\nk=1\n", "", "x", "k", "1"},
        {"CRLF", "[default]\r\nk = v\r\nl = w\r\n", "", "default", "k", "v"},
        {"a BOM", "\xEF\xBB\xBF[default]\nk=v\n", "", "default", "k", "v"},
        {"a key in capitals", "[default]\nReGion=r\n", "", "default", "region", "r"},
        {"a value with =", "[default]\nk = a=b==\n", "", "default", "k", "a=b=="},
        {"an empty value", "[default]\nk =\nl=1\n", "", "default", "k", ""},
        {"a key that is not there", "[default]\nk = v\n", "", "default", "kk", ""},
        {"a profile that is not there", "[default]\nk = v\n", "", "y", "k", ""},
        {"the empty key", "[default]\nk = v\n", "", "default", "", ""},
        {"an indented first key", "[default]\n  k = v\n  l = w\n", "", "default", "l", "w"},
    };
    expect(rows, COUNT(rows));
}

static void comments_are_skipped(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a line of #", "# [default]\n[default]\n#k=1\nk=2\n", "", "default", "k", "2"},
        {"a line of ;", "[default]\n ; k=1\nk=2\n;k=3", "", "default", "k", "2"},
        {"after a value", "[default]\nk = v # w\n", "", "default", "k", "v"},
        {"; after a value", "[default]\nk = v\t;w\n", "", "default", "k", "v"},
        {"part of a value", "[default]\nk = v#w;x\n", "", "default", "k", "v#w;x"},
        {"instead of a value", "[default]\nk = # w\n", "", "default", "k", ""},
        {"after a header", "[default] # w\nk=1\n[profile x]; y\nl=2", "", "x", "l", "2"},
        {"a comment in a header's bracket", "[profile a#b]\nk=1\n", "", "a#b", "k", "1"},
    };
    expect(rows, COUNT(rows));
}

static void of_what_comes_twice_the_last_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"keys", "[default]\nk=1\nk=2\n", "", "default", "k", "2"},
        {"sections are one", "[profile x]\nk=1\n[default]\n[profile x]\nl=2\n", "", "x", "k", "1"},
        {"sections", "[profile x]\nk=1\n[default]\n[profile x]\nk=2\n", "", "x", "k", "2"},
        {"files", "[profile x]\nk=1\nl=3\n", "[x]\nk=2\n", "x", "k", "2"},
        {"files are one", "[profile x]\nk=1\nl=3\n", "[x]\nk=2\n", "x", "l", "3"},
        {"[profile default] first", "[profile default]\nk=1\n[default]\nk=2\n", "", "default", "k",
         "1"},
        {"[profile default] last", "[default]\nk=2\nl=3\n[profile default]\nk=1\n", "", "default",
         "l", ""},
        {"the credentials' default", "[profile default]\nk=1\n", "[default]\nk=2\n", "default", "k",
         "2"},
    };
    expect(rows, COUNT(rows));
}

static void sections_of_other_kinds_are_skipped_with_their_keys(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"no kind", "[x]\nk=1\n", "", "x", "k", ""},
        {"an SSO session", "[sso-session x]\nk=1\n[profile y]\nk=2", "", "x", "k", ""},
        {"after one", "[sso-session x]\nk=1\n m=2\n[profile y]\nk=2", "", "y", "k", "2"},
        {"a profile of the config file's kind", "", "[profile x]\nk=1\n", "x", "k", ""},
        {"not named so either", "", "[profile x]\nk=1\n", "profile x", "k", ""},
        {"a word that begins alike", "[profiles x]\nk=1\n", "", "x", "k", ""},
        {"a services section is no profile", "[services x]\nk=1\n", "", "x", "k", ""},
    };
    expect(rows, COUNT(rows));
}

static void an_indented_line_goes_on_with_the_value(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"one more", "[default]\nk = a\n  b\nl=c\n", "", "default", "k", "a\nb"},
        {"two more", "[default]\nk = a\n\tb c\r\n   d\n", "", "default", "k", "a\nb c\nd"},
        {"after a comment", "[default]\nk = a\n# x\n\n  b\n", "", "default", "k", "a\nb"},
        {"with a comment", "[default]\nk = a # x\n  b # y\n", "", "default", "k", "a\nb"},
        {"it ends", "[default]\nk = a\n  b\nl=c\n", "", "default", "l", "c"},
        {"a bracket", "[default]\nk = a\n  [profile x]\n", "", "default", "k", "a\n[profile x]"},
        {"no key of the profile", "[default]\ns3 =\n  region = x\n", "", "default", "region", ""},
        {"no value yet", "[default]\ns3 =\n  a = x\n  b = y\n", "", "default", "s3",
         "\na = x\nb = y"},
    };
    expect(rows, COUNT(rows));
}

static void a_services_section_has_keys_within_keys(void **state)
{
    (void)state;
    struct files f;
    assert_int_equal(read_both(&f,
                               "[services local]\n"
                               "DynamoDB =\n"
                               "  endpoint_url = http://127.0.0.1:8000 # here\n"
                               "s3 = \n"
                               "  other = 1\n"
                               "  endpoint_url = a\n"
                               "  endpoint_url = b\n"
                               "[profile local]\n",
                               ""),
                     ERR_NONE);
    static const struct {
        const char *service, *key, *expected;
    } rows[] = {
        {"dynamodb", "endpoint_url", "http://127.0.0.1:8000"},
        {"s3", "endpoint_url", "b"},
        {"s3", "OTHER", "1"},
        {"s3", "endpoint", ""},
        {"sqs", "endpoint_url", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        str value =
            profile_get(&f.entries, PROFILE_SERVICES, STR("local"), str_from(rows[i].service));
        assert_true(
            str_eq(profile_nested(value, str_from(rows[i].key)), str_from(rows[i].expected)));
    }
    assert_true(profile_exists(&f.entries, PROFILE_SERVICES, STR("local")));
    assert_true(profile_exists(&f.entries, PROFILE_SECTION, STR("local")));
    assert_false(profile_exists(&f.entries, PROFILE_SERVICES, STR("other")));
}

static void a_bad_line_is_named_by_its_number_alone(void **state)
{
    (void)state;
    static const struct {
        const char *word, *config, *credentials, *told;
    } rows[] = {
        {"no section", "\nLEAK = LEAK\n", "", "config file, line 2: a key before"},
        {"no =", "[default]\nk=1\nLEAK\n", "", "config file, line 3: neither"},
        {"no key", "[default]\n = LEAK\n", "", "config file, line 2: neither"},
        {"no ]", "[default\nk=LEAK\n", "", "config file, line 1: a section"},
        {"no name", "[]\nk=LEAK\n", "", "config file, line 1: a section"},
        {"a blank name", "[  ]\n", "", "config file, line 1: a section"},
        {"text after ]", "[default] LEAK\n", "", "config file, line 1: a section"},
        {"the other file", "[default]\n", "[x]\r\n\r\nLEAK\r\n",
         "credentials file, line 3: neither"},
        {"in a section that is skipped", "[other x]\nLEAK\n", "", "config file, line 2: neither"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct files f;
        enum err_kind read = read_both(&f, rows[i].config, rows[i].credentials);
        if (read != ERR_BUG || !strstr(f.why.text, rows[i].told) || strstr(f.why.text, "LEAK")) {
            fail_msg("%s: %s", rows[i].word, f.why.text);
        }
    }
}

static void too_many_keys_for_the_memory_are_a_failure(void **state)
{
    (void)state;
    struct files f = {0};
    f.arena = (struct arena){f.memory, f.memory + 256};
    assert_int_equal(read_one(&f, PROFILE_CONFIG, "[default]\na=1\nb=2\nc=3\nd=4\n"), ERR_LIMIT);
}

/* Cut off at each byte, against a page that nobody may touch: a beginning is read or refused, and
 * what is read from it is the beginning of what the whole has. */
static void a_file_cut_off_at_any_byte_is_read_or_refused(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF# c\r\n[profile x] ; d\r\nk = a # e\r\n  b\r\n"
                               "s3 =\r\n  endpoint_url = u\r\n[services y]\nsqs =\n e = f\n"
                               "[default]\nregion=r";
    struct guard guard;
    guard_init(&guard, sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        struct files f = {0};
        struct buf b;
        f.arena = (struct arena){f.memory, f.memory + sizeof f.memory};
        buf_wrap(&b, guard_room(&guard, len), len);
        buf_add(&b, (str){text, len});
        err read = profile_read(&f.entries, PROFILE_CONFIG, &b, &f.arena, &f.why);
        str value = profile_get(&f.entries, PROFILE_SECTION, STR("x"), STR("k"));
        assert_true(read.kind == ERR_NONE || read.kind == ERR_BUG);
        assert_true(str_starts(STR("a\nb"), value));
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_in_their_profile),
        cmocka_unit_test(comments_are_skipped),
        cmocka_unit_test(of_what_comes_twice_the_last_counts),
        cmocka_unit_test(sections_of_other_kinds_are_skipped_with_their_keys),
        cmocka_unit_test(an_indented_line_goes_on_with_the_value),
        cmocka_unit_test(a_services_section_has_keys_within_keys),
        cmocka_unit_test(a_bad_line_is_named_by_its_number_alone),
        cmocka_unit_test(too_many_keys_for_the_memory_are_a_failure),
        cmocka_unit_test(a_file_cut_off_at_any_byte_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

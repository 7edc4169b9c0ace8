/* The JSON reader: what it takes and refuses, its tokens, skipping. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/json.h"
#include "test/unit/base/json_cases.h"

#include <string.h>

static struct json read_to_end(str text, bool whole)
{
    struct json j = json_read(text, whole);
    while (json_next(&j) > JSON_DONE) {
    }
    return j;
}

static void what_the_rfc_allows_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(good_cases); i++) {
        struct json end = read_to_end((str){good_cases[i].text, good_cases[i].len}, true);
        if (end.kind != JSON_DONE || !json_ends(&end)) {
            fail_msg("%s: refused at %zu", good_cases[i].name, end.at);
        }
    }
}

static void what_the_rfc_forbids_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(bad_cases); i++) {
        struct json end = read_to_end((str){bad_cases[i].text, bad_cases[i].len}, true);
        if (end.kind != JSON_BAD || json_ends(&end)) {
            fail_msg("%s: not refused", bad_cases[i].name);
        }
        assert_int_equal(end.too_deep, strcmp(bad_cases[i].name, "too deep") == 0);
    }
}

static void what_follows_the_value_is_seen_by_json_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(followed_cases); i++) {
        struct json end = read_to_end((str){followed_cases[i].text, followed_cases[i].len}, true);
        if (end.kind != JSON_DONE || json_ends(&end)) {
            fail_msg("%s: not seen", followed_cases[i].name);
        }
    }
}

static void tokens_come_in_order_with_their_text(void **state)
{
    static const struct {
        enum json_kind kind;
        size_t start;
        const char *raw;
        bool escaped;
        unsigned depth;
    } expected[] = {
        {JSON_OBJECT, 1, NULL, false, 1},    {JSON_NAME, 2, "a", false, 1},
        {JSON_ARRAY, 7, NULL, false, 2},     {JSON_NUMBER, 8, "-1.50e+3", false, 2},
        {JSON_STRING, 17, "x\\ny", true, 2}, {JSON_TRUE, 24, NULL, false, 2},
        {JSON_FALSE, 29, NULL, false, 2},    {JSON_NULL, 35, NULL, false, 2},
        {JSON_CLOSE, 39, NULL, false, 1},    {JSON_NAME, 41, "b\\u00e9", true, 1},
        {JSON_OBJECT, 51, NULL, false, 2},   {JSON_CLOSE, 52, NULL, false, 1},
        {JSON_NAME, 54, "", false, 1},       {JSON_STRING, 57, "", false, 1},
        {JSON_CLOSE, 59, NULL, false, 0},    {JSON_DONE, 59, NULL, false, 0},
        {JSON_DONE, 59, NULL, false, 0},
    };
    str text = STR(" {\"a\": [-1.50e+3,\"x\\ny\",true,false,null],\"b\\u00e9\":{},\"\":\"\"} ");
    struct json j = json_read(text, true);
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(json_next(&j), expected[i].kind);
        assert_int_equal(j.kind, expected[i].kind);
        assert_int_equal(j.start, expected[i].start);
        assert_int_equal(j.depth, expected[i].depth);
        if (expected[i].raw) {
            assert_true(str_eq(j.raw, str_from(expected[i].raw)));
            assert_true(j.raw.at >= text.at && j.raw.at < text.at + text.len);
        }
        if (j.kind == JSON_NAME || j.kind == JSON_STRING) {
            assert_int_equal(j.escaped, expected[i].escaped);
        }
    }
    assert_int_equal(j.at, text.len - 1);
}

static void both_names_of_a_pair_of_equals_are_seen(void **state)
{
    str text = STR("{\"a\":1,\"a\":2}");
    struct json j = json_read(text, true);
    unsigned names = 0;
    (void)state;
    while (json_next(&j) > JSON_DONE) {
        names += j.kind == JSON_NAME && str_eq(j.raw, STR("a"));
    }
    assert_int_equal(names, 2);
}

static void a_value_in_a_longer_text_ends_at_its_own_end(void **state)
{
    str text = STR(" {\"a\":1}{\"b\":2}");
    struct json j = read_to_end(text, true);
    (void)state;
    assert_int_equal(j.kind, JSON_DONE);
    assert_int_equal(j.at, 8);
    assert_false(json_ends(&j));
}

static void only_nine_letters_may_follow_a_backslash(void **state)
{
    unsigned known = 0;
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[] = {'"', '\\', (char)(unsigned char)c, '0', '0', '4', '1', '"'};
        struct json end = read_to_end((str){text, sizeof text}, true);
        known += end.kind == JSON_DONE;
    }
    assert_int_equal(known, 9);
}

static void nothing_ends_before_its_value_is_complete(void **state)
{
    struct json j = json_read(STR("[1]"), true);
    struct json blank = json_read(STR(" "), true);
    (void)state;
    assert_false(json_ends(&blank));
    assert_int_equal(json_next(&j), JSON_ARRAY);
    assert_false(json_ends(&j));
    assert_int_equal(json_next(&j), JSON_NUMBER);
    assert_false(json_ends(&j));
    assert_int_equal(json_next(&j), JSON_CLOSE);
    assert_true(json_ends(&j));
}

static void where_it_went_wrong_is_said(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        {"[1,x]", 3},     {"[1 2]", 3},      {"{\"a\" 1}", 5},    {"\"ab\ncd\"", 3},
        {"\"ab\\q\"", 4}, {"\"a\xFFg\"", 2}, {"[01]", 2},         {"[1.]", 3},
        {"[truE]", 4},    {"{\"a\":1,}", 7}, {"\"\\uD800x\"", 7}, {"\"\\uDC00\"", 3},
        {"[", 1},         {"\"abc", 4},      {"\"\\u00", 5},      {"\"\xE2\x82", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json end = read_to_end(str_from(rows[i].text), true);
        assert_int_equal(end.kind, JSON_BAD);
        if (end.at != rows[i].at) {
            fail_msg("%s: at %zu, not %zu", rows[i].text, end.at, rows[i].at);
        }
    }
}

static void the_last_verdict_stays(void **state)
{
    struct json bad = read_to_end(STR("[x"), true);
    struct json cut = read_to_end(STR("[1"), false);
    struct json done = read_to_end(STR("[1]"), true);
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(json_next(&bad), JSON_BAD);
        assert_int_equal(json_next(&cut), JSON_SHORT);
        assert_int_equal(json_next(&done), JSON_DONE);
        assert_int_equal(json_skip(&bad), JSON_BAD);
    }
    assert_int_equal(bad.at, 1);
    assert_int_equal(done.at, 3);
}

static void objects_and_arrays_count_as_levels_alike(void **state)
{
    char text[JSON_MAX_DEPTH * 5 + 8];
    struct buf b;
    (void)state;
    for (unsigned levels = JSON_MAX_DEPTH; levels <= JSON_MAX_DEPTH + 1; levels++) {
        buf_wrap(&b, text, sizeof text);
        for (unsigned i = 1; i < levels; i++) {
            buf_add(&b, i % 2 ? STR("{\"\":") : STR("["));
        }
        buf_add(&b, STR("{}"));
        for (unsigned i = levels - 1; i >= 1; i--) {
            buf_char(&b, i % 2 ? '}' : ']');
        }
        assert_false(b.failed);
        struct json end = read_to_end(buf_str(&b), true);
        assert_int_equal(end.kind, levels > JSON_MAX_DEPTH ? JSON_BAD : JSON_DONE);
        assert_int_equal(end.too_deep, levels > JSON_MAX_DEPTH);
    }
}

static void skipping_ends_at_the_close_and_reading_goes_on(void **state)
{
    str text = STR("{\"a\":{\"b\":[1,{\"c\":\"]}\"}]},\"d\":7}");
    struct json j = json_read(text, true);
    (void)state;
    (void)json_next(&j);
    (void)json_next(&j);
    assert_int_equal(json_next(&j), JSON_OBJECT);
    size_t start = j.start;
    assert_int_equal(json_skip(&j), JSON_CLOSE);
    str skipped = str_span(text.at + start, text.at + j.at);
    assert_true(str_eq(skipped, STR("{\"b\":[1,{\"c\":\"]}\"}]}")));
    assert_int_equal(j.depth, 1);
    assert_int_equal(json_next(&j), JSON_NAME);
    assert_int_equal(json_next(&j), JSON_NUMBER);
    assert_int_equal(json_skip(&j), JSON_NUMBER);
    assert_int_equal(json_next(&j), JSON_CLOSE);
    assert_int_equal(json_next(&j), JSON_DONE);
}

static void skipping_a_close_reads_nothing(void **state)
{
    struct json j = json_read(STR("[[],1]"), true);
    (void)state;
    (void)json_next(&j);
    (void)json_next(&j);
    assert_int_equal(json_next(&j), JSON_CLOSE);
    assert_int_equal(json_skip(&j), JSON_CLOSE);
    assert_int_equal(json_next(&j), JSON_NUMBER);
}

static void what_is_skipped_is_checked_all_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(bad_cases); i++) {
        struct json j = json_read((str){bad_cases[i].text, bad_cases[i].len}, true);
        (void)json_next(&j);
        if (json_skip(&j) != JSON_BAD) {
            fail_msg("%s: skipped", bad_cases[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfc_allows_is_read),
        cmocka_unit_test(what_the_rfc_forbids_is_refused),
        cmocka_unit_test(what_follows_the_value_is_seen_by_json_ends),
        cmocka_unit_test(tokens_come_in_order_with_their_text),
        cmocka_unit_test(both_names_of_a_pair_of_equals_are_seen),
        cmocka_unit_test(a_value_in_a_longer_text_ends_at_its_own_end),
        cmocka_unit_test(only_nine_letters_may_follow_a_backslash),
        cmocka_unit_test(nothing_ends_before_its_value_is_complete),
        cmocka_unit_test(where_it_went_wrong_is_said),
        cmocka_unit_test(the_last_verdict_stays),
        cmocka_unit_test(objects_and_arrays_count_as_levels_alike),
        cmocka_unit_test(skipping_ends_at_the_close_and_reading_goes_on),
        cmocka_unit_test(skipping_a_close_reads_nothing),
        cmocka_unit_test(what_is_skipped_is_checked_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

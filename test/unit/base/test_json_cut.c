/* The JSON reader over texts that end too early, and over texts that are still growing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/json.h"
#include "test/support/guard.h"
#include "test/unit/base/json_cases.h"

static struct json read_to_end(str text, bool whole)
{
    struct json j = json_read(text, whole);
    while (json_next(&j) > JSON_DONE) {
    }
    return j;
}

static str text_of(const struct json_case *c)
{
    return (str){c->text, c->len};
}

static void a_good_text_revealed_byte_by_byte_is_short_until_its_value_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(good_cases); i++) {
        str text = text_of(&good_cases[i]);
        struct json full = read_to_end(text, true);
        for (size_t len = 0; len < text.len; len++) {
            struct json part = read_to_end(str_take(text, len), false);
            bool number = full.raw.at && full.raw.at + full.raw.len == text.at + full.at;
            bool may_go_on = number && len == full.at;
            enum json_kind expected = len < full.at || may_go_on ? JSON_SHORT : JSON_DONE;
            if (part.kind != expected) {
                fail_msg("%s cut at %zu: %d", good_cases[i].name, len, (int)part.kind);
            }
        }
    }
}

static void a_bad_text_revealed_byte_by_byte_turns_bad_once_and_at_one_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(bad_cases); i++) {
        str text = text_of(&bad_cases[i]);
        struct json full = read_to_end(text, true);
        bool was_bad = false;
        for (size_t len = 0; len <= text.len; len++) {
            struct json part = read_to_end(str_take(text, len), false);
            bool bad = part.kind == JSON_BAD;
            if ((!bad && part.kind != JSON_SHORT) || (was_bad && !bad) ||
                (bad && part.at != full.at)) {
                fail_msg("%s cut at %zu: %d", bad_cases[i].name, len, (int)part.kind);
            }
            was_bad = bad;
        }
        bool only_unfinished = full.at == text.len;
        assert_true(was_bad || only_unfinished);
    }
}

static void a_whole_text_cut_inside_its_value_is_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT(good_cases); i++) {
        str text = text_of(&good_cases[i]);
        struct json full = read_to_end(text, true);
        for (size_t len = 0; len < full.at; len++) {
            struct json part = read_to_end(str_take(text, len), true);
            bool number = part.raw.at && full.raw.at == part.raw.at && full.depth == 0;
            if (part.kind != JSON_BAD && !number) {
                fail_msg("%s cut at %zu: %d", good_cases[i].name, len, (int)part.kind);
            }
        }
    }
}

static void tokens_before_the_cut_are_those_of_the_whole_text(void **state)
{
    str text = STR("{\"a\":[1,\"\\u00e9\",true,null],\"b\":{\"c\":-2.5e1}} ");
    (void)state;
    for (size_t len = 0; len <= text.len; len++) {
        struct json part = json_read(str_take(text, len), false);
        struct json full = json_read(text, true);
        while (json_next(&part) > JSON_DONE) {
            assert_int_equal(json_next(&full), part.kind);
            assert_int_equal(full.start, part.start);
            assert_int_equal(full.at, part.at);
            assert_true(str_eq(full.raw, part.raw));
        }
    }
}

static void a_number_at_the_end_may_go_on(void **state)
{
    static const char *const rows[] = {"0", "-", "-0", "12", "1.", "1.5", "1e", "1e+", "1e5", "[7"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(read_to_end(str_from(rows[i]), false).kind, JSON_SHORT);
    }
    assert_int_equal(read_to_end(STR("12 "), false).kind, JSON_DONE);
    assert_int_equal(read_to_end(STR("12,"), false).kind, JSON_DONE);
}

static void a_character_cut_is_short_only_while_it_could_still_be_one(void **state)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } rows[] = {
        {"\"\xE2", JSON_SHORT},         {"\"\xE2\x82", JSON_SHORT},
        {"\"\xF0\x9F\x98", JSON_SHORT}, {"\"\xE0\x9F", JSON_BAD},
        {"\"\xED\xA0", JSON_BAD},       {"\"\xF4\x90", JSON_BAD},
        {"\"\xC1", JSON_BAD},           {"\"\xF0\x9Fz", JSON_BAD},
        {"\"\\", JSON_SHORT},           {"\"\\u", JSON_SHORT},
        {"\"\\u0", JSON_SHORT},         {"\"\\u00g", JSON_BAD},
        {"\"\\uD83D", JSON_SHORT},      {"\"\\uD83D\\", JSON_SHORT},
        {"\"\\uD83D\\u", JSON_SHORT},   {"\"\\uD83D\\uDE0", JSON_SHORT},
        {"\"\\uD83D\\n", JSON_BAD},     {"\"\\uD83D\\u0041", JSON_BAD},
        {"\"\\uDE00", JSON_BAD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (read_to_end(str_from(rows[i].text), false).kind != rows[i].kind) {
            fail_msg("row %zu: %s", i, rows[i].text);
        }
    }
}

static void nothing_past_the_text_is_read(void **state)
{
    static const struct {
        const struct json_case *cases;
        size_t count;
    } tables[] = {
        {good_cases, CASE_COUNT(good_cases)},
        {bad_cases, CASE_COUNT(bad_cases)},
        {followed_cases, CASE_COUNT(followed_cases)},
    };
    struct guard guard;
    (void)state;
    guard_init(&guard, 4096);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            str text = text_of(&tables[t].cases[i]);
            for (size_t len = 0; len <= text.len; len++) {
                str part = guard_lay(&guard, str_take(text, len));
                struct json whole = read_to_end(part, true);
                struct json growing = read_to_end(part, false);
                assert_true(whole.at <= len && growing.at <= len);
                (void)json_ends(&whole);
            }
        }
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_text_revealed_byte_by_byte_is_short_until_its_value_ends),
        cmocka_unit_test(a_bad_text_revealed_byte_by_byte_turns_bad_once_and_at_one_place),
        cmocka_unit_test(a_whole_text_cut_inside_its_value_is_bad),
        cmocka_unit_test(tokens_before_the_cut_are_those_of_the_whole_text),
        cmocka_unit_test(a_number_at_the_end_may_go_on),
        cmocka_unit_test(a_character_cut_is_short_only_while_it_could_still_be_one),
        cmocka_unit_test(nothing_past_the_text_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

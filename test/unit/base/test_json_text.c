/* JSON strings decoded and written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"
#include "test/support/guard.h"

#include <string.h>

static char memory[4096];

static struct arena scratch(size_t len)
{
    return (struct arena){memory, memory + len};
}

static void escapes_are_decoded(void **state)
{
    static const struct {
        const char *raw;
        const char *text;
        size_t len;
    } rows[] = {
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8},
        {"a\\u0041b", "aAb", 3},
        {"\\u0000", "\0", 1},
        {"\\u007F\\u0080", "\x7F\xC2\x80", 3},
        {"\\u07ff\\u0800", "\xDF\xBF\xE0\xA0\x80", 5},
        {"\\uFFFF", "\xEF\xBF\xBF", 3},
        {"\\ud800\\udc00", "\xF0\x90\x80\x80", 4},
        {"x\\uD83D\\uDE00y", "x\xF0\x9F\x98\x80y", 6},
        {"\\udbff\\udfff", "\xF4\x8F\xBF\xBF", 4},
        {"\\\\u0041", "\\u0041", 6},
        {"caf\xC3\xA9\\n", "caf\xC3\xA9\n", 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = scratch(sizeof memory);
        str text = json_unescape(str_from(rows[i].raw), &a);
        if (!str_eq(text, (str){rows[i].text, rows[i].len})) {
            fail_msg("%s", rows[i].raw);
        }
    }
}

static void text_without_escapes_is_not_copied(void **state)
{
    struct arena none = scratch(0);
    str raw = STR("caf\xC3\xA9");
    (void)state;
    assert_ptr_equal(json_unescape(raw, &none).at, raw.at);
    struct json j = json_read(STR("\"abc\""), true);
    assert_int_equal(json_next(&j), JSON_STRING);
    assert_ptr_equal(json_text(&j, &none).at, j.raw.at);
}

static void a_full_arena_gives_null(void **state)
{
    struct arena a = scratch(7);
    str raw = STR("\\n\\n\\n\\n");
    (void)state;
    assert_null(json_unescape(raw, &a).at);
    assert_ptr_equal(a.at, memory);
    struct json j = json_read(STR("\"\\n\\n\\n\\n\""), true);
    assert_int_equal(json_next(&j), JSON_STRING);
    assert_null(json_text(&j, &a).at);
}

static void only_what_the_text_needs_is_taken_from_the_arena(void **state)
{
    struct arena a = scratch(sizeof memory);
    (void)state;
    str first = json_unescape(STR("\\u0041\\n"), &a);
    str second = json_unescape(STR("\\t"), &a);
    assert_int_equal(a.at - memory, 3);
    assert_true(str_eq(first, STR("A\n")));
    assert_true(str_eq(second, STR("\t")));
}

static void strings_are_written_with_the_shortest_escapes(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } rows[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\""},
        {"\0\x01\x0B\x1F\x7F", 5, "\"\\u0000\\u0001\\u000b\\u001f\x7F\""},
        {"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 14,
         "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""},
        {"12345678\n12345678", 17, "\"12345678\\n12345678\""},
        {"a\xFFz", 3, "\"a\xEF\xBF\xBDz\""},
        {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_wrap(&b, memory, sizeof memory);
        json_add_string(&b, (str){rows[i].text, rows[i].len});
        if (b.failed || !str_eq(buf_str(&b), str_from(rows[i].json))) {
            fail_msg("row %zu: %.*s", i, (int)b.len, b.at);
        }
    }
}

static str write_and_read(struct buf *b, str text, struct arena *a)
{
    buf_clear(b);
    json_add_string(b, text);
    assert_false(b->failed);
    struct json j = json_read(buf_str(b), true);
    assert_int_equal(json_next(&j), JSON_STRING);
    assert_true(json_ends(&j));
    return json_text(&j, a);
}

static void every_character_written_is_read_back(void **state)
{
    char text[8];
    char json[64];
    struct buf character;
    struct buf out;
    buf_wrap(&out, json, sizeof json);
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c += c == 0xD7FF ? 0x801 : 1) {
        struct arena a = scratch(64);
        buf_wrap(&character, text, sizeof text);
        utf8_add(&character, c);
        str back = write_and_read(&out, buf_str(&character), &a);
        assert_true(str_eq(back, buf_str(&character)));
    }
}

static void any_three_bytes_written_are_json(void **state)
{
    char json[64];
    struct buf out;
    buf_wrap(&out, json, sizeof json);
    (void)state;
    for (uint32_t bits = 0; bits < 1U << 24; bits += 5) {
        char text[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        struct arena a = scratch(64);
        str back = write_and_read(&out, (str){text, sizeof text}, &a);
        assert_int_equal(utf8_valid_len(back), back.len);
    }
}

static void a_string_that_does_not_fit_fails_the_output(void **state)
{
    (void)state;
    for (size_t room = 0; room < 12; room++) {
        struct buf b;
        buf_wrap(&b, memory, room);
        json_add_string(&b, STR("ab\n\"\x01"));
        assert_true(b.failed);
        assert_true(b.len <= room);
    }
}

static void nothing_past_a_text_is_read_when_it_is_written(void **state)
{
    static const char text[] = "plain 1234567890 \n \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80";
    struct guard guard;
    (void)state;
    guard_init(&guard, 4096);
    for (size_t from = 0; from < sizeof text; from++) {
        for (size_t len = 0; from + len < sizeof text; len++) {
            struct buf b;
            buf_wrap(&b, memory, sizeof memory);
            json_add_string(&b, guard_lay(&guard, (str){text + from, len}));
            assert_false(b.failed);
        }
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(text_without_escapes_is_not_copied),
        cmocka_unit_test(a_full_arena_gives_null),
        cmocka_unit_test(only_what_the_text_needs_is_taken_from_the_arena),
        cmocka_unit_test(strings_are_written_with_the_shortest_escapes),
        cmocka_unit_test(every_character_written_is_read_back),
        cmocka_unit_test(any_three_bytes_written_are_json),
        cmocka_unit_test(a_string_that_does_not_fit_fails_the_output),
        cmocka_unit_test(nothing_past_a_text_is_read_when_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

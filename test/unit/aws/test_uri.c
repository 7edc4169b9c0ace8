/* Percent-encoding. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/uri.h"
#include "test/support/guard.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 4096 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static void expect(const char *row, const struct buf *got, const char *wanted)
{
    if (got->failed || !str_eq(buf_str(got), str_from(wanted))) {
        fail_msg("%s: got %.*s, not %s", row, (int)got->len, got->at, wanted);
    }
}

static void every_byte_is_encoded_unless_unreserved(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char memory[8];
        char wanted[8] = {(char)byte};
        struct buf b;
        if (byte == 0 || !strchr(unreserved, byte)) {
            (void)snprintf(wanted, sizeof wanted, "%%%02X", (unsigned)byte);
        }
        char c = (char)byte;
        buf_wrap(&b, memory, sizeof memory);
        uri_add_encoded(&b, (str){&c, 1});
        expect("query", &b, wanted);
        buf_clear(&b);
        uri_add_encoded_path(&b, (str){&c, 1});
        expect("path", &b, byte == '/' ? "/" : wanted);
        buf_clear(&b);
        uri_add_normal(&b, (str){&c, 1});
        expect("normal", &b, wanted);
    }
}

static void keys_become_paths(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *wanted;
    } rows[] = {
        {"", ""},
        {"a/b", "a/b"},
        {"//a/../b/./", "//a/../b/./"},
        {"dt=2026-10-01/part 1.csv", "dt%3D2026-10-01/part%201.csv"},
        {"100%/%41", "100%25/%2541"},
        {"k+@&(){}!", "k%2B%40%26%28%29%7B%7D%21"},
        {"\xc3\xa4\xf0\x9f\x98\x80", "%C3%A4%F0%9F%98%80"},
        {"a?b#c", "a%3Fb%23c"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, ROOM);
        uri_add_encoded_path(&b, str_from(rows[i].raw));
        expect(rows[i].raw, &b, rows[i].wanted);
        buf_close(&b);
    }
}

static void what_is_encoded_already_is_encoded_once(void **state)
{
    (void)state;
    static const struct {
        const char *part, *wanted;
    } rows[] = {
        {"", ""},
        {"%41%62%2d", "Ab-"},
        {"%e6%96%87", "%E6%96%87"},
        {"%2F%3a/:", "%2F%3A%2F%3A"},
        {"a+b%2Bc", "a%2Bb%2Bc"},
        {"a b%20c", "a%20b%20c"},
        {"%00", "%00"},
        {"%", "%25"},
        {"%4", "%254"},
        {"%4g%g4", "%254g%25g4"},
        {"%%41", "%25A"},
        {"%2541", "%2541"},
        {"100%", "100%25"},
        {"%@1%`1%/1%:1", "%25%401%25%601%25%2F1%25%3A1"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, ROOM);
        uri_add_normal(&b, str_from(rows[i].part));
        expect(rows[i].part, &b, rows[i].wanted);
        buf_close(&b);
    }
}

static void an_escape_stays_as_it_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *segment, *wanted;
    } rows[] = {
        {"", ""},
        {"a%3Db", "a%3Db"},
        {"%3d%41", "%3d%41"},
        {"a b=c", "a%20b%3Dc"},
        {"100%", "100%25"},
        {"%4", "%254"},
        {"%zz%%41", "%25zz%25%41"},
        {"\xc3\xa4%C3%A4", "%C3%A4%C3%A4"},
        {"/", "%2F"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, ROOM);
        uri_add_encoded_once(&b, str_from(rows[i].segment));
        expect(rows[i].segment, &b, rows[i].wanted);
        buf_close(&b);
    }
}

static void normalising_twice_changes_nothing(void **state)
{
    (void)state;
    const str part = STR("a+b %2B%zz%%/\xc3\xa4%e6");
    struct buf once;
    struct buf twice;
    buf_init(&once, ROOM);
    buf_init(&twice, ROOM);
    uri_add_normal(&once, part);
    uri_add_normal(&twice, buf_str(&once));
    assert_true(str_eq(buf_str(&once), buf_str(&twice)));
    buf_close(&once);
    buf_close(&twice);
}

static void nothing_is_read_past_the_end_of_a_text(void **state)
{
    (void)state;
    const str text = STR("a%41%4%e6%%%/b%");
    struct guard guard;
    guard_init(&guard, text.len);
    for (size_t len = 0; len <= text.len; len++) {
        char memory[ROOM];
        struct buf b;
        buf_wrap(&b, memory, sizeof memory);
        str cut = guard_lay(&guard, str_take(text, len));
        uri_add_normal(&b, cut);
        uri_add_encoded_once(&b, cut);
        uri_add_encoded(&b, cut);
        uri_add_encoded_path(&b, cut);
        assert_false(b.failed);
    }
    guard_close(&guard);
}

static void a_text_that_does_not_fit_fails_the_output(void **state)
{
    (void)state;
    const str raw = STR("a b/c");
    const size_t needed = strlen("a%20b%2Fc");
    for (size_t room = 0; room <= needed; room++) {
        char memory[16];
        struct buf b;
        buf_wrap(&b, memory, room);
        uri_add_encoded(&b, raw);
        assert_int_equal(b.failed, room < needed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_encoded_unless_unreserved),
        cmocka_unit_test(keys_become_paths),
        cmocka_unit_test(what_is_encoded_already_is_encoded_once),
        cmocka_unit_test(an_escape_stays_as_it_is_written),
        cmocka_unit_test(normalising_twice_changes_nothing),
        cmocka_unit_test(nothing_is_read_past_the_end_of_a_text),
        cmocka_unit_test(a_text_that_does_not_fit_fails_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

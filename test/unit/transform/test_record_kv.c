/* transform/record: lines of key=value. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/records_expect.h"

#include <stdio.h>

static void a_record_is_lines_of_key_and_value(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"LF", "user_id=1\nuser_name=Ada\n", "0+23@1 user_id=1 user_name=Ada\n"},
        {"CRLF", "user_id=1\r\nuser_name=Ada\r\n", "0+24@1 user_id=1 user_name=Ada\n"},
        {"CR", "user_id=1\ruser_name=Ada\r", "0+23@1 user_id=1 user_name=Ada\n"},
        {"no last line end", "user_id=1\nuser_name=Ada", "0+23@1 user_id=1 user_name=Ada\n"},
        {"blanks around", " user_id\t= 1 \n", "0+13@1 user_id=1\n"},
        {"first = splits", "user_id=a=b==\n", "0+13@1 user_id=a=b==\n"},
        {"unknown keys stay", "user_id=1\ncolour=red\n", "0+20@1 user_id=1 colour=red\n"},
        {"lines without = do not count", "user_id=1\n# note\nx=2\nend\n", "0+20@1 user_id=1 x=2\n"},
        {"no key before =", "user_id=1\n=2\n", "0+9@1 user_id=1\n"},
        {"nothing but a line without =", "user_id\n", ""},
        {"UTF-8", "user_id=\xC3\xA9\n", "0+10@1 user_id=\xC3\xA9\n"},
    };
    records_expect(FORMAT_KV, rows, RECORDS_COUNT(rows));
}

static void an_empty_value_is_absent(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"empty", "user_id=1\nphone=\nx=2\n", "0+20@1 user_id=1 x=2\n"},
        {"blank", "user_id=1\nphone= \t\n", "0+18@1 user_id=1\n"},
        {"last wins even so", "user_id=1\nphone=5\nphone=\n", "0+24@1 user_id=1\n"},
        {"an empty user_id begins a record", "user_id=1\nname=A\nuser_id=\nname=B\n",
         "0+16@1 user_id=1 name=A\n17+15@3 name=B\n"},
    };
    records_expect(FORMAT_KV, rows, RECORDS_COUNT(rows));
}

static void a_record_begins_at_a_second_user_id(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"no blank line", "user_id=1\nx=a\nuser_id=2\nx=b\n",
         "0+13@1 user_id=1 x=a\n14+13@3 user_id=2 x=b\n"},
        {"blank line", "user_id=1\n\nuser_id=2\n", "0+9@1 user_id=1\n11+9@3 user_id=2\n"},
        {"the same id", "user_id=1\nuser_id=1\n", "0+9@1 user_id=1\n10+9@2 user_id=1\n"},
        {"not the first key", "x=a\nuser_id=1\n", "0+13@1 x=a user_id=1\n"},
        {"only notes between", "user_id=1\nnote\n\nuser_id=2\n",
         "0+9@1 user_id=1\n16+9@4 user_id=2\n"},
    };
    records_expect(FORMAT_KV, rows, RECORDS_COUNT(rows));
}

static void a_record_begins_at_a_key_that_comes_again_after_a_blank_line(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"again", "x=a\nuser_id=1\n\nx=b\nuser_id=2\n",
         "0+13@1 x=a user_id=1\n15+13@4 x=b user_id=2\n"},
        {"a line of blanks", "x=a\nuser_id=1\n \t\nx=b\n", "0+13@1 x=a user_id=1\n17+3@4 x=b\n"},
        {"an empty one", "x=a\n\nx=\nuser_id=2\n", "0+3@1 x=a\n5+12@3 user_id=2\n"},
        {"any key of the record", "user_id=1\nx=a\n\ny=b\nx=c\n",
         "0+18@1 user_id=1 x=a y=b\n19+3@5 x=c\n"},
        {"without a blank line the last wins", "user_id=1\nx=a\nx=b\n", "0+17@1 user_id=1 x=b\n"},
        {"the blank line was before", "user_id=1\n\nx=a\nx=b\n", "0+18@1 user_id=1 x=b\n"},
        {"a blank line alone splits nothing", "user_id=1\n\n\nx=a\n\ny=b\n",
         "0+20@1 user_id=1 x=a y=b\n"},
        {"CRLF", "x=a\r\n\r\nx=b\r\n", "0+3@1 x=a\n7+3@3 x=b\n"},
        {"CR", "x=a\r\rx=b\r", "0+3@1 x=a\n5+3@3 x=b\n"},
    };
    records_expect(FORMAT_KV, rows, RECORDS_COUNT(rows));
}

static void what_is_not_utf8_costs_its_record_only(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"in a value", "user_id=1\nx=\xFF\nuser_id=2\n", "0+13@1 E_UTF8\n14+9@3 user_id=2\n"},
        {"in a key", "\xC3=1\n", "0+3@1 E_UTF8\n"},
        {"at the end", "user_id=1234567\xE2\x82", "0+17@1 E_UTF8\n"},
        {"in a line that says nothing", "user_id=1\n\xFF\n", "0+9@1 user_id=1\n"},
    };
    records_expect(FORMAT_KV, rows, RECORDS_COUNT(rows));
}

static void add_keys(struct buf *text, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        buf_char(text, 'k');
        buf_u64_padded(text, i, 5);
        buf_add(text, STR("=\n"));
    }
}

static void more_keys_than_a_record_may_have_refuse_it(void **state)
{
    (void)state;
    struct records_reading reading = {.format = FORMAT_KV};
    struct buf text;
    buf_init(&text, 16 * 1024);
    buf_add(&text, STR("user_id=1\n"));
    add_keys(&text, RECORD_MAX_FIELDS - 1);
    buf_add(&text, STR("user_id=2\n"));
    records_expect_text("just enough", &reading, buf_str(&text),
                        STR("0+8193@1 user_id=1\n8194+9@1025 user_id=2\n"));
    buf_clear(&text);
    buf_add(&text, STR("user_id=1\n"));
    add_keys(&text, RECORD_MAX_FIELDS);
    buf_add(&text, STR("user_id=2\n"));
    records_expect_text("one too many", &reading, buf_str(&text),
                        STR("0+8201@1 E_FIELDS\n8202+9@1026 user_id=2\n"));
    buf_close(&text);
}

static void add_run(struct buf *text, char c, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf_char(text, c);
    }
}

static void a_record_of_the_longest_length_is_read_and_one_byte_more_is_not(void **state)
{
    (void)state;
    for (size_t len = 90; len <= 110; len++) {
        struct records_reading reading = {.format = FORMAT_KV, .max_record_bytes = 100};
        char memory[1000];
        struct buf text;
        buf_wrap(&text, memory, sizeof memory);
        buf_add(&text, STR("user_id=1\nx="));
        add_run(&text, ' ', len - text.len - 1);
        buf_add(&text, STR("y\n"));
        char expected[64];
        (void)snprintf(expected, sizeof expected, "0+%zu@1 %s\n", len,
                       len <= 100 ? "user_id=1 x=y" : "E_TOO_LONG");
        records_expect_text("limit", &reading, buf_str(&text), str_from(expected));
    }
}

/* The window of these readings holds 100 bytes and one read. */
enum { OVERFLOW = 200 * 1000 };

struct overflow_row {
    const char *word, *before, *after;
    char run;
    const char *expected;
};

static void a_record_that_no_window_holds_ends_where_the_next_begins(void **state)
{
    (void)state;
    static const struct overflow_row rows[] = {
        {"long value", "user_id=1\nx=", "\ny=2\nuser_id=2\nz=3\n", 'v',
         "0+200016@1 E_TOO_LONG\n200017+13@4 user_id=2 z=3\n"},
        {"long value, cut off", "user_id=1\nx=", "", 'v', "0+200012@1 E_TOO_LONG\n"},
        {"long value, CRLF", "user_id=1\r\nx=", "\r\nuser_id=2\r\n", 'v',
         "0+200013@1 E_TOO_LONG\n200015+9@3 user_id=2\n"},
        {"user_id comes after", "x=", "\nuser_id=1\nuser_id=2\n", 'v',
         "0+200012@1 E_TOO_LONG\n200013+9@3 user_id=2\n"},
        {"a key again after a blank line", "x=1\nlong=", "\nuser_id=1\n\nx=2\nuser_id=2\n", 'v',
         "0+200019@1 E_TOO_LONG\n200021+13@5 x=2 user_id=2\n"},
        {"a key seen only after the long one", "x=", "\ny=1\n\ny=2\n", 'v',
         "0+200006@1 E_TOO_LONG\n200008+3@4 y=2\n"},
        {"a long line without =", "user_id=1\n", "\ny=2\nuser_id=2\n", 'v',
         "0+200014@1 E_TOO_LONG\n200015+9@4 user_id=2\n"},
        {"a long line before any key", "", "\nuser_id=2\n", 'v',
         "0+200000@1 E_TOO_LONG\n200001+9@2 user_id=2\n"},
        {"many blank lines before any key", "", "user_id=2\n", '\n', "200000+9@200001 user_id=2\n"},
        {"many blank lines after", "user_id=1\n", "user_id=2\n", '\n',
         "0+9@1 E_TOO_LONG\n200010+9@200002 user_id=2\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct records_reading reading = {.format = FORMAT_KV, .max_record_bytes = 100};
        struct buf text;
        buf_init(&text, 2 * OVERFLOW);
        buf_add(&text, str_from(rows[i].before));
        add_run(&text, rows[i].run, OVERFLOW);
        buf_add(&text, str_from(rows[i].after));
        records_expect_text(rows[i].word, &reading, buf_str(&text), str_from(rows[i].expected));
        buf_close(&text);
    }
}

static void the_keys_of_a_long_record_are_remembered(void **state)
{
    (void)state;
    static const char *const keys[] = {"early", "late"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct records_reading reading = {.format = FORMAT_KV, .max_record_bytes = 100};
        struct buf text;
        buf_init(&text, 4 * OVERFLOW);
        buf_add(&text, STR("a="));
        add_run(&text, 'v', 1000);
        buf_add(&text, STR("\nearly=1\nlong="));
        add_run(&text, 'v', OVERFLOW);
        buf_add(&text, STR("\nlate=1\nlonger="));
        add_run(&text, 'v', OVERFLOW);
        buf_add(&text, STR("\n\n"));
        size_t next = text.len;
        buf_add(&text, str_from(keys[i]));
        buf_add(&text, STR("=2\n"));
        char expected[100];
        (void)snprintf(expected, sizeof expected, "0+%zu@1 E_TOO_LONG\n%zu+%zu@7 %s=2\n", next - 2,
                       next, text.len - next - 1, keys[i]);
        records_expect_text(keys[i], &reading, buf_str(&text), str_from(expected));
        buf_close(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_lines_of_key_and_value),
        cmocka_unit_test(an_empty_value_is_absent),
        cmocka_unit_test(a_record_begins_at_a_second_user_id),
        cmocka_unit_test(a_record_begins_at_a_key_that_comes_again_after_a_blank_line),
        cmocka_unit_test(what_is_not_utf8_costs_its_record_only),
        cmocka_unit_test(more_keys_than_a_record_may_have_refuse_it),
        cmocka_unit_test(a_record_of_the_longest_length_is_read_and_one_byte_more_is_not),
        cmocka_unit_test(a_record_that_no_window_holds_ends_where_the_next_begins),
        cmocka_unit_test(the_keys_of_a_long_record_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* transform/record: CSV. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/records_expect.h"

#include <stdio.h>
#include <string.h>

static void a_row_is_values_in_the_order_of_the_header(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"LF", "user_id,email\n1,a@b\n2,c@d\n",
         "14+5@2 user_id=1 email=a@b\n20+5@3 user_id=2 email=c@d\n"},
        {"CRLF", "user_id,email\r\n1,a@b\r\n2,c@d\r\n",
         "15+5@2 user_id=1 email=a@b\n22+5@3 user_id=2 email=c@d\n"},
        {"CR", "user_id,email\r1,a@b\r2,c@d\r",
         "14+5@2 user_id=1 email=a@b\n20+5@3 user_id=2 email=c@d\n"},
        {"no last line end", "user_id,email\n1,a@b", "14+5@2 user_id=1 email=a@b\n"},
        {"empty values", "user_id,a,b\n1,,\n", "12+3@2 user_id=1 a= b=\n"},
        {"blanks stay", "user_id,a\n1, x \n", "10+5@2 user_id=1 a= x \n"},
        {"one column", "user_id\n1\n2\n", "8+1@2 user_id=1\n10+1@3 user_id=2\n"},
        {"a quote inside", "user_id,a\n1,6\" pipe\n", "10+9@2 user_id=1 a=6\" pipe\n"},
        {"long values", "user_id,a\n1234567890123456,abcdefghijklmnopqrstuvwxyz\n",
         "10+43@2 user_id=1234567890123456 a=abcdefghijklmnopqrstuvwxyz\n"},
        {"only a header", "user_id,a\n", ""},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void the_delimiter_is_the_headers(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"semicolon", "user_id;a\n1;x,y\n", "10+5@2 user_id=1 a=x,y\n"},
        {"TAB", "user_id\ta\n1\tx y\n", "10+5@2 user_id=1 a=x y\n"},
        {"bar", "user_id|a\n1|x;y\n", "10+5@2 user_id=1 a=x;y\n"},
        {"the most frequent", "user_id;a,b;c\n1;2;3\n", "14+5@2 user_id=1 a,b=2 c=3\n"},
        {"not in quotes", "\"user_id\",\"a;b;c\"\n1,2\n", "18+3@2 user_id=1 a;b;c=2\n"},
        {"Excel's line", "sep=;\nuser_id;a,b,c\n1;2\n", "20+3@3 user_id=1 a,b,c=2\n"},
        {"Excel's line, CRLF", "SEP=,\r\nuser_id,a\r\n1,2\r\n", "18+3@3 user_id=1 a=2\n"},
        {"Excel's TAB", "sep=\t\nuser_id\ta\n1\t2\n", "16+3@3 user_id=1 a=2\n"},
        {"nothing after Excel's line", "sep=;\n", ""},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void a_column_has_one_name_however_it_is_written(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"case", "USER_ID,Email\n1,a\n", "14+3@2 user_id=1 email=a\n"},
        {"id, phone, name", "id,phone,name\n1,2,3\n",
         "14+5@2 user_id=1 phone_number=2 user_name=3\n"},
        {"UserId, Phone, NAME", "UserId,Phone,NAME\n1,2,3\n",
         "18+5@2 user_id=1 phone_number=2 user_name=3\n"},
        {"blanks around", " id ,\tname\n1,2\n", "11+3@2 user_id=1 user_name=2\n"},
        {"quotes", "\"id\", \"name\" ,\"a\"\"b\"\n1,2,3\n",
         "21+5@2 user_id=1 user_name=2 a\"b=3\n"},
        {"a line end in quotes", "id,\"a\nb\"\n1,2\n", "9+3@3 user_id=1 a\\nb=2\n"},
        {"no name", "id,,\n1,2,3\n", "5+5@2 user_id=1 =2 =3\n"},
        {"byte order mark", "\xEF\xBB\xBFid,a\n1,2\n", "8+3@2 user_id=1 a=2\n"},
        {"blank lines before", "\n \r\nid\n1\n", "7+1@4 user_id=1\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void a_header_that_cannot_be_used_refuses_it_all_at_once(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"no id", "a,b\n1,2\n3,4\n", "0+12@1 E_CSV_HEADER\n"},
        {"twice", "id,a,A\n1,2,3\n", "0+13@1 E_CSV_HEADER\n"},
        {"twice by an alias", "id,user_id\n1,2\n", "0+15@1 E_CSV_HEADER\n"},
        {"open quote", "id,\"a\n1,2\n", "0+10@1 E_CSV_HEADER\n"},
        {"not UTF-8", "id,\xFF\n1,2\n", "0+9@1 E_UTF8\n"},
        {"after Excel's line", "sep=,\na;id\n1;2\n", "6+9@2 E_CSV_HEADER\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void a_quoted_value_holds_anything(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"delimiter", "id,a\n1,\"x,y\"\n", "5+7@2 user_id=1 a=x,y\n"},
        {"doubled quotes", "id,a\n1,\"say \"\"hi\"\"\"\n2,\"\"\"\"\n",
         "5+14@2 user_id=1 a=say \"hi\"\n20+6@3 user_id=2 a=\"\n"},
        {"empty", "id,a\n1,\"\"\n\"\",2\n", "5+4@2 user_id=1 a=\n10+4@3 user_id= a=2\n"},
        {"line ends", "id,a\n1,\"x\n\ny\"\n2,z\n",
         "5+8@2 user_id=1 a=x\\n\\ny\n14+3@5 user_id=2 a=z\n"},
        {"CRLF and CR", "id,a\n1,\"x\r\ny\rz\"\n2,z\n",
         "5+10@2 user_id=1 a=x\r\\ny\rz\n16+3@5 user_id=2 a=z\n"},
        {"spaces around the quotes", "id,a,b\n1, \"x,y\" ,\"z\" \n",
         "7+14@2 user_id=1 a=x,y b=z\n"},
        {"an empty quoted row is a row", "id\n\"\"\n", "3+2@2 user_id=\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void a_row_of_another_width_is_refused_alone(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"too short", "id,a\n1\n2,b\n", "5+1@2 E_CSV_COLUMNS\n7+3@3 user_id=2 a=b\n"},
        {"too long", "id,a\n1,2,3,4\n2,b\n", "5+7@2 E_CSV_COLUMNS\n13+3@3 user_id=2 a=b\n"},
        {"one delimiter more", "id,a\n1,2,\n", "5+4@2 E_CSV_COLUMNS\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void blank_lines_are_no_rows(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"empty", "id,a\n\n1,2\n\n\n3,4\n\n", "6+3@3 user_id=1 a=2\n12+3@6 user_id=3 a=4\n"},
        {"spaces", "id,a\n  \n1,2\n \t", "8+3@3 user_id=1 a=2\n"},
        {"CRLF", "id,a\r\n\r\n1,2\r\n", "8+3@3 user_id=1 a=2\n"},
        {"CR", "id,a\r\r1,2\r", "6+3@3 user_id=1 a=2\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void a_quote_that_is_not_closed_costs_its_line(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"open to the end", "id,a\n1,\"x\n2,y\n3,z\n",
         "5+4@2 E_CSV_QUOTE\n10+3@3 user_id=2 a=y\n14+3@4 user_id=3 a=z\n"},
        {"text after it", "id,a\n1,\"x\"y\n2,z\n", "5+6@2 E_CSV_QUOTE\n12+3@3 user_id=2 a=z\n"},
        {"text after it, lines later", "id,a\n1,\"x\n2,y\n3,z\"?\n4,w\n",
         "5+4@2 E_CSV_QUOTE\n10+3@3 user_id=2 a=y\n14+5@4 user_id=3 a=z\"?\n20+3@5 user_id=4 "
         "a=w\n"},
        {"CRLF", "id,a\r\n1,\"x\r\n2,y\r\n", "6+4@2 E_CSV_QUOTE\n12+3@3 user_id=2 a=y\n"},
        {"CR", "id,a\r1,\"x\r2,y\r", "5+4@2 E_CSV_QUOTE\n10+3@3 user_id=2 a=y\n"},
        {"on the last line", "id,a\n1,\"x", "5+4@2 E_CSV_QUOTE\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void what_is_not_utf8_costs_its_row_only(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"Latin-1", "id,a\n1,caf\xE9\n2,b\n", "5+6@2 E_UTF8\n12+3@3 user_id=2 a=b\n"},
        {"far in", "id,a\n1,0123456789012345678\xFF\n2,b\n",
         "5+22@2 E_UTF8\n28+3@3 user_id=2 a=b\n"},
        {"first of eight", "id,a\n1234567,\xE9xyz4567\n", "5+16@2 E_UTF8\n"},
        {"in quotes", "id,a\n1,\"\xC0\x80\n\"\n2,b\n", "5+7@2 E_UTF8\n13+3@4 user_id=2 a=b\n"},
        {"good UTF-8", "id,a\n1,caf\xC3\xA9\n", "5+7@2 user_id=1 a=caf\xC3\xA9\n"},
    };
    records_expect(FORMAT_CSV, rows, RECORDS_COUNT(rows));
}

static void add_run(struct buf *text, char c, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf_char(text, c);
    }
}

static void a_row_of_the_longest_length_is_read_and_one_byte_more_is_not(void **state)
{
    (void)state;
    for (size_t len = 90; len <= 110; len++) {
        struct records_reading reading = {.format = FORMAT_CSV, .max_record_bytes = 100};
        char memory[1000];
        char expected[200];
        struct buf text;
        buf_wrap(&text, memory, sizeof memory);
        buf_add(&text, STR("id,a\n1,"));
        for (size_t i = 2; i < len; i += 2) {
            buf_add(&text, len - i > 1 ? STR("\xC3\xA9") : STR("e"));
        }
        buf_add(&text, STR("\r\n2,\r\n"));
        str value = str_take(str_drop(buf_str(&text), 7), len - 2);
        (void)snprintf(expected, sizeof expected, "5+%zu@2 E_TOO_LONG\n%zu+2@3 user_id=2 a=\n", len,
                       len + 7);
        if (len <= 100) {
            (void)snprintf(expected, sizeof expected,
                           "5+%zu@2 user_id=1 a=%.*s\n%zu+2@3 user_id=2 a=\n", len, (int)value.len,
                           value.at, len + 7);
        }
        records_expect_text("limit", &reading, buf_str(&text), str_from(expected));
    }
}

enum { OVERFLOW = 200 * 1000 };

struct overflow_row {
    const char *word, *before, *after;
    char run;
    const char *expected;
};

static void what_no_window_holds_costs_a_line(void **state)
{
    (void)state;
    static const struct overflow_row rows[] = {
        {"long value", "id,a\n1,", "\n2,b\n", 'x',
         "5+200002@2 E_TOO_LONG\n200008+3@3 user_id=2 a=b\n"},
        {"long quoted value", "id,a\n1,\"", "\"\n2,b\n", 'x',
         "5+200004@2 E_TOO_LONG\n200010+3@3 user_id=2 a=b\n"},
        {"to the end", "id,a\n1,", "", 'x', "5+200002@2 E_TOO_LONG\n"},
        {"an open quote", "id,a\n1,\"x\n2,b\n", "3,c\n", '\n',
         "5+4@2 E_CSV_QUOTE\n10+3@3 user_id=2 a=b\n200014+3@200004 user_id=3 a=c\n"},
        {"long header", "id,", "\n1,2\n", 'x', "0+200008@1 E_TOO_LONG\n"},
        {"many blank lines", "id\n", "1\n", '\n', "200003+1@200002 user_id=1\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct records_reading reading = {.format = FORMAT_CSV, .max_record_bytes = 100};
        struct buf text;
        buf_init(&text, 2 * OVERFLOW);
        buf_add(&text, str_from(rows[i].before));
        add_run(&text, rows[i].run, OVERFLOW);
        buf_add(&text, str_from(rows[i].after));
        records_expect_text(rows[i].word, &reading, buf_str(&text), str_from(rows[i].expected));
        buf_close(&text);
    }
}

static void as_many_columns_as_fields_are_read_and_no_more(void **state)
{
    (void)state;
    struct records_reading reading = {.format = FORMAT_CSV};
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_add(&text, STR("id"));
    add_run(&text, ',', RECORD_MAX_FIELDS);
    buf_add(&text, STR("\n1\n"));
    records_expect_text("one too many", &reading, buf_str(&text), STR("0+1029@1 E_FIELDS\n"));
    buf_clear(&text);
    buf_add(&text, STR("id"));
    add_run(&text, ',', RECORD_MAX_FIELDS - 1);
    buf_add(&text, STR("\n"));
    add_run(&text, ',', RECORD_MAX_FIELDS + 5);
    records_expect_text("a row wider than any header", &reading, buf_str(&text),
                        STR("1026+1029@2 E_CSV_COLUMNS\n"));
    buf_close(&text);
}

static void a_row_of_very_many_cells_stays_in_its_memory(void **state)
{
    (void)state;
    static char memory[256 * 1024];
    static char text[60 * 1000];
    struct arena arena = {memory, memory + sizeof memory};
    struct record_options options = {.format = FORMAT_CSV, .max_record_bytes = sizeof text};
    struct record_reader *reader = NULL;
    struct record *record = NULL;
    struct why why = {0};
    memset(text, ',', sizeof text);
    memcpy(text, "id\n", 3);
    str left = {text, sizeof text};
    assert_int_equal(record_open(source_of_text(&left), &options, &arena, &reader, &why).kind,
                     ERR_NONE);
    assert_int_equal(record_next(reader, &record, &why).kind, ERR_NONE);
    assert_int_equal(record->bad, REASON_E_CSV_COLUMNS);
}

static void after_a_bad_row_the_longest_is_still_read(void **state)
{
    (void)state;
    struct records_reading reading = {.format = FORMAT_CSV, .max_record_bytes = 100 * 1000};
    struct buf text;
    buf_init(&text, 1024 * 1024);
    buf_add(&text, STR("id\n\"x\"y\n"));
    add_run(&text, 'x', 100 * 1000);
    buf_add(&text, STR("\r\n"));
    char memory[200 * 1000];
    struct buf out;
    buf_wrap(&out, memory, sizeof memory);
    assert_int_equal(records_dump(buf_str(&text), &reading, &out), ERR_NONE);
    assert_true(str_starts(buf_str(&out), STR("3+4@2 E_CSV_QUOTE\n8+100000@3 user_id=xx")));
    buf_close(&text);
}

static void names_that_do_not_fit_are_too_many(void **state)
{
    (void)state;
    struct records_reading reading = {.format = FORMAT_CSV};
    struct buf text;
    buf_init(&text, 1024 * 1024);
    buf_add(&text, STR("id,"));
    add_run(&text, 'x', 65 * 1024);
    records_expect_text("65 KiB of names", &reading, buf_str(&text), STR("0+66563@1 E_FIELDS\n"));
    buf_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_values_in_the_order_of_the_header),
        cmocka_unit_test(the_delimiter_is_the_headers),
        cmocka_unit_test(a_column_has_one_name_however_it_is_written),
        cmocka_unit_test(a_header_that_cannot_be_used_refuses_it_all_at_once),
        cmocka_unit_test(a_quoted_value_holds_anything),
        cmocka_unit_test(a_row_of_another_width_is_refused_alone),
        cmocka_unit_test(blank_lines_are_no_rows),
        cmocka_unit_test(a_quote_that_is_not_closed_costs_its_line),
        cmocka_unit_test(what_is_not_utf8_costs_its_row_only),
        cmocka_unit_test(a_row_of_the_longest_length_is_read_and_one_byte_more_is_not),
        cmocka_unit_test(what_no_window_holds_costs_a_line),
        cmocka_unit_test(as_many_columns_as_fields_are_read_and_no_more),
        cmocka_unit_test(a_row_of_very_many_cells_stays_in_its_memory),
        cmocka_unit_test(after_a_bad_row_the_longest_is_still_read),
        cmocka_unit_test(names_that_do_not_fit_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

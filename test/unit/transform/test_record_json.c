/* transform/record: JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/records_expect.h"

#include <stdio.h>

static void objects_are_read_one_after_the_other(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"one", "{\"user_id\":\"1\"}", "0+15@1 user_id=1\n"},
        {"one of several lines", "{\n  \"user_id\": \"1\",\n  \"a\": \"b\"\n}\n",
         "0+32@1 user_id=1 a=b\n"},
        {"lines", "{\"a\":\"1\"}\n{\"a\":\"2\"}\n", "0+9@1 a=1\n10+9@2 a=2\n"},
        {"lines, CRLF", "{\"a\":\"1\"}\r\n{\"a\":\"2\"}\r\n", "0+9@1 a=1\n11+9@2 a=2\n"},
        {"blank lines", "\n{\"a\":\"1\"}\n\n \n{\"a\":\"2\"}", "1+9@2 a=1\n14+9@5 a=2\n"},
        {"nothing between", "{\"a\":\"1\"}{\"a\":\"2\"}", "0+9@1 a=1\n9+9@1 a=2\n"},
        {"several lines each", "{\"a\":\n\"1\"}\n{\"a\":\n\"2\"}", "0+10@1 a=1\n11+10@3 a=2\n"},
        {"no members", "{}\n{ }", "0+2@1\n3+3@2\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
    records_expect(FORMAT_UNKNOWN, rows, RECORDS_COUNT(rows));
}

static void a_field_has_its_value_and_type(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"numbers as they stand", "{\"a\":12345678901234567890,\"b\":-1.50e+3}",
         "0+39@1 a:12345678901234567890 b:-1.50e+3\n"},
        {"words", "{\"a\":true,\"b\":false,\"c\":null}", "0+29@1 a:true b:false c:null\n"},
        {"nested", "{\"a\":{\"b\":[1,{}]},\"c\":[ ]}", "0+26@1 a:{\"b\":[1,{}]} c:[ ]\n"},
        {"escapes in a value", "{\"a\":\"\\u00e9\\\"\\ud83d\\ude00\"}",
         "0+28@1 a=\xC3\xA9\"\xF0\x9F\x98\x80\n"},
        {"escapes in a name", "{\"\\u0061\":\"b\"}", "0+14@1 a=b\n"},
        {"empty texts", "{\"\":\"\"}", "0+7@1 =\n"},
        {"an escape after a nested one", "{\"a\":{\"b\":\"\\n\"},\"c\":\"d\"}",
         "0+24@1 a:{\"b\":\"\\n\"} c=d\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void a_bad_line_costs_that_line(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"grammar", "{\"a\":1}\n{\"a\":,}\n{\"a\":3}\n", "0+7@1 a:1\n8+7@2 E_JSON\n16+7@3 a:3\n"},
        {"cut off", "{\"a\":1,\n{\"a\":2}\n", "0+8@1 E_JSON\n8+7@2 a:2\n"},
        {"cut off before a value", "{\"a\":1,\"b\":\n{\"a\":2}\n{\"a\":3}\n",
         "0+12@1 E_JSON\n12+7@2 a:2\n20+7@3 a:3\n"},
        {"cut off in a string", "{\"a\":\"x\n{\"a\":2}\n", "0+7@1 E_JSON\n8+7@2 a:2\n"},
        {"cut off at the end", "{\"a\":1}\n{\"a\":", "0+7@1 a:1\n8+5@2 E_JSON\n"},
        {"no object", "1\n\"x\"\nnull\nabc\n{\"a\":1}",
         "0+1@1 E_JSON\n2+3@2 E_JSON\n6+4@3 E_JSON\n11+3@4 E_JSON\n15+7@5 a:1\n"},
        {"an array after an object", "{\"a\":1}\n[{\"a\":2}]\n", "0+7@1 a:1\n8+9@2 E_JSON\n"},
        {"text after an object", "{\"a\":1} x\n{\"a\":2}\n",
         "0+7@1 a:1\n8+1@1 E_JSON\n10+7@2 a:2\n"},
        {"comments", "// x\n{\"a\":1}", "0+4@1 E_JSON\n5+7@2 a:1\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void a_bad_object_of_several_lines_costs_all_of_them(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"the next begins a line", "{\n \"a\": tru,\n \"b\": 1\n}\n{\n \"a\": 2\n}\n",
         "0+23@1 E_JSON\n23+11@5 a:2\n"},
        {"none follows", "{\n \"a\": tru\n}\n", "0+14@1 E_JSON\n"},
        {"what is inside is no record", "{\n \"a\": {\"user_id\":\"1\"},\n \"b\" 1\n}\n",
         "0+34@1 E_JSON\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void a_name_that_stands_twice_refuses_the_object(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"next to each other", "{\"a\":1,\"a\":2}\n{\"a\":3}",
         "0+13@1 E_DUPLICATE_NAME\n14+7@2 a:3\n"},
        {"apart", "{\"a\":1,\"b\":2,\"c\":3,\"a\":1}", "0+25@1 E_DUPLICATE_NAME\n"},
        {"among names that look alike", "{\"abcde\":1,\"aXcYe\":2,\"aXcYe\":3}",
         "0+31@1 E_DUPLICATE_NAME\n"},
        {"written with an escape", "{\"ab\":1,\"\\u0061b\":2}", "0+20@1 E_DUPLICATE_NAME\n"},
        {"both with escapes", "{\"\\u0061\":1,\"\\u0061\":2}", "0+23@1 E_DUPLICATE_NAME\n"},
        {"empty", "{\"\":1,\"\":2}", "0+11@1 E_DUPLICATE_NAME\n"},
        {"the same letters are no sign", "{\"aba\":1,\"bab\":2,\"aab\":3,\"baa\":4}",
         "0+33@1 aba:1 bab:2 aab:3 baa:4\n"},
        {"another case is another name", "{\"a\":1,\"A\":2}", "0+13@1 a:1 A:2\n"},
        {"not in the same object", "{\"a\":{\"a\":1}}", "0+13@1 a:{\"a\":1}\n"},
        {"broken after it", "{\"a\":1,\"a\":2,}\n{\"a\":3}", "0+14@1 E_JSON\n15+7@2 a:3\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void an_array_is_read_element_by_element(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"empty", "[]", ""},
        {"empty, spaced", " [ \n ] ", ""},
        {"one", "[{\"a\":1}]", "1+7@1 a:1\n"},
        {"lines", "[\n{\"a\":1},\n{\"a\":2}\n]\n", "2+7@2 a:1\n11+7@3 a:2\n"},
        {"no objects", "[1, \"x\", null, [{\"a\":1}], {\"a\":2}]",
         "1+1@1 E_JSON\n4+3@1 E_JSON\n9+4@1 E_JSON\n15+9@1 E_JSON\n26+7@1 a:2\n"},
        {"a name twice", "[{\"a\":1,\"a\":2},{\"a\":3}]", "1+13@1 E_DUPLICATE_NAME\n15+7@1 a:3\n"},
        {"more after it", "[{\"a\":1}]\n{\"a\":2}\n[{\"a\":3}]",
         "1+7@1 a:1\n10+7@2 a:2\n18+9@3 E_JSON\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
    records_expect(FORMAT_UNKNOWN, rows, RECORDS_COUNT(rows));
}

static void a_broken_array_is_refused_from_there_to_the_end(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"in an element", "[{\"a\":1},{\"a\":},{\"a\":3}]\n", "1+7@1 a:1\n9+16@1 E_JSON\n"},
        {"no comma", "[{\"a\":1}\n{\"a\":2}]", "1+7@1 a:1\n9+8@2 E_JSON\n"},
        {"comma before the end", "[{\"a\":1},]", "1+7@1 a:1\n9+1@1 E_JSON\n"},
        {"comma at the start", "[,{\"a\":1}]", "1+9@1 E_JSON\n"},
        {"wrong bracket", "[{\"a\":1}}\n{\"a\":2}", "1+7@1 a:1\n8+9@1 E_JSON\n"},
        {"cut off between", "[{\"a\":1}", "1+7@1 a:1\n8+0@1 E_JSON\n"},
        {"cut off after a comma", "[{\"a\":1},", "1+7@1 a:1\n9+0@1 E_JSON\n"},
        {"cut off inside", "[{\"a\":1},{\"a\"", "1+7@1 a:1\n9+4@1 E_JSON\n"},
        {"only begun", "[", "1+0@1 E_JSON\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void what_is_not_utf8_costs_its_object_only(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"a line", "{\"a\":\"\xFF\"}\n{\"a\":2}", "0+9@1 E_UTF8\n10+7@2 a:2\n"},
        {"cut in a character", "{\"a\":\"\xE2\x82\"}\n{\"a\":2}", "0+10@1 E_UTF8\n11+7@2 a:2\n"},
        {"a surrogate", "{\"a\":\"\xED\xA0\x80\"}\n{\"a\":2}", "0+11@1 E_UTF8\n12+7@2 a:2\n"},
        {"an element", "[{\"a\":\"]\xFF\",\"b\":[{}]},{\"a\":2}]", "1+19@1 E_UTF8\n21+7@1 a:2\n"},
        {"an element that is no object", "[\"\xFF\",{\"a\":2}]", "1+3@1 E_UTF8\n5+7@1 a:2\n"},
        {"the last element", "[{\"a\":\"\xFF\"}]", "1+9@1 E_UTF8\n"},
        {"the last element, no object", "[\"\xFF\"]", "1+3@1 E_UTF8\n"},
        {"an element that is not closed", "[{\"a\":\"\xFF\",{\"a\":2}", "1+16@1 E_UTF8\n"},
        {"outside strings", "{\xFF}\n{\"a\":2}", "0+3@1 E_UTF8\n4+7@2 a:2\n"},
        {"a letter at the end of a chunk", "{\"a\":1,\xC3\xA9}\n{\"a\":2}",
         "0+10@1 E_JSON\n11+7@2 a:2\n"},
        {"a letter outside strings", "{\xC3\xA9}\n{\"a\":2}", "0+4@1 E_JSON\n5+7@2 a:2\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void add_run(struct buf *text, char c, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf_char(text, c);
    }
}

static void add_nest(struct buf *text, size_t levels)
{
    buf_add(text, STR("{\"a\":"));
    add_run(text, '[', levels - 1);
    add_run(text, ']', levels - 1);
    buf_char(text, '}');
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (size_t depth = 30; depth <= 34; depth++) {
        struct records_reading reading = {.format = FORMAT_JSON};
        char memory[200];
        struct buf text;
        struct buf out;
        char dump[200];
        buf_wrap(&text, memory, sizeof memory);
        buf_wrap(&out, dump, sizeof dump);
        add_nest(&text, depth);
        assert_int_equal(records_dump(buf_str(&text), &reading, &out), ERR_NONE);
        bool refused = str_ends(buf_str(&out), STR("E_TOO_DEEP\n"));
        assert_int_equal(refused, depth > 32);
    }
}

/* The nest of 40 levels is 84 bytes long. */
static void what_is_too_deep_costs_itself_only(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"a line", "\n{\"a\":2}", "0+84@1 E_TOO_DEEP\n85+7@2 a:2\n"},
        {"an element", "[{\"a\":1},@,{\"a\":2}]", "1+7@1 a:1\n9+84@1 E_TOO_DEEP\n94+7@1 a:2\n"},
        {"the last element", "[@]\n{}", "1+84@1 E_TOO_DEEP\n87+2@2\n"},
        {"an element that is not closed", "[[@,{}", "1+88@1 E_TOO_DEEP\n"},
        {"broken further on", "[[@,},{\"a\":2}]", "1+87@1 E_TOO_DEEP\n89+7@1 a:2\n"},
        {"what a wrapper holds beside its array", "{\"users\":[],\"n\":@,\"users\":[{}]}",
         "110+2@1\n"},
    };
    for (size_t i = 0; i < RECORDS_COUNT(rows); i++) {
        struct records_reading reading = {.format = FORMAT_JSON};
        char memory[200];
        struct buf text;
        buf_wrap(&text, memory, sizeof memory);
        struct str_halves h = str_cut(str_from(rows[i].text), '@');
        buf_add(&text, h.found ? h.head : STR(""));
        add_nest(&text, 40);
        buf_add(&text, h.found ? h.tail : h.head);
        records_expect_text(rows[i].word, &reading, buf_str(&text), str_from(rows[i].expected));
    }
}

static void add_members(struct buf *text, uint64_t count, const char *prefix)
{
    buf_add(text, STR("{\"id\":1"));
    for (uint64_t i = 1; i < count; i++) {
        buf_add(text, STR(",\""));
        buf_add(text, str_from(prefix));
        buf_u64_padded(text, i, 5);
        buf_add(text, STR("\":1"));
    }
    buf_add(text, STR("}\n{}"));
}

static void more_members_than_a_record_may_have_refuse_it(void **state)
{
    (void)state;
    struct records_reading reading = {.format = FORMAT_JSON};
    struct buf text;
    buf_init(&text, 64 * 1024);
    add_members(&text, RECORD_MAX_FIELDS + 1, "");
    records_expect_text("one too many", &reading, buf_str(&text),
                        STR("0+10248@1 E_FIELDS\n10249+2@2\n"));
    buf_clear(&text);
    char dump[64 * 1024];
    struct buf out;
    buf_wrap(&out, dump, sizeof dump);
    add_members(&text, RECORD_MAX_FIELDS, "\\u0061");
    assert_int_equal(records_dump(buf_str(&text), &reading, &out), ERR_NONE);
    assert_true(str_starts(buf_str(&out), STR("0+16376@1 id:1 a00001:1 a00002:1")));
    buf_close(&text);
}

static void a_record_of_the_longest_length_is_read_and_one_byte_more_is_not(void **state)
{
    (void)state;
    for (size_t len = 90; len <= 110; len++) {
        struct records_reading reading = {.format = FORMAT_JSON, .max_record_bytes = 100};
        char memory[1000];
        char expected[100];
        struct buf text;
        buf_wrap(&text, memory, sizeof memory);
        buf_add(&text, STR("{\"a\":1"));
        add_run(&text, ' ', len - 7);
        buf_add(&text, STR("}\n{\"a\":2}"));
        (void)snprintf(expected, sizeof expected, "0+%zu@1 %s\n%zu+7@2 a:2\n", len,
                       len > 100 ? "E_TOO_LONG" : "a:1", len + 1);
        records_expect_text("limit", &reading, buf_str(&text), str_from(expected));
    }
}

enum { OVERFLOW = 200 * 1000 };

struct overflow_row {
    const char *word, *before, *after;
    char run;
    const char *expected;
};

static void what_no_window_holds_is_passed_over(void **state)
{
    (void)state;
    static const struct overflow_row rows[] = {
        {"a line", "{\"a\":\"", "\"}\n{\"a\":2}", 'x', "0+200008@1 E_TOO_LONG\n200009+7@2 a:2\n"},
        {"to the end", "{\"a\":\"", "", 'x', "0+200006@1 E_TOO_LONG\n"},
        {"several lines", "{\"a\":\n\"", "\"\n}\n{\"a\":2}", 'x',
         "0+200011@1 E_TOO_LONG\n200011+7@4 a:2\n"},
        {"an element", "[{\"a\":\"[\\\"", "\"},{\"a\":2}]", 'x',
         "1+200011@1 E_TOO_LONG\n200013+7@1 a:2\n"},
        {"an element of lines", "[{\"a\":", "1},{\"a\":2}]", '\n',
         "1+200007@1 E_TOO_LONG\n200009+7@200001 a:2\n"},
        {"an element that is a number", "[", ",{\"a\":2}]", '1',
         "1+200000@1 E_TOO_LONG\n200002+7@1 a:2\n"},
        {"an element that is not closed", "[{\"a\":\"", "", 'x', "1+200006@1 E_TOO_LONG\n"},
        {"a line that is no object", "", "\n{\"a\":2}", 'x', "0+200000@1 E_JSON\n200001+7@2 a:2\n"},
        {"white space", "{\"a\":1}", "{\"a\":2}", '\n', "0+7@1 a:1\n200007+7@200001 a:2\n"},
        {"the rest of a broken array", "[{\"a\":1},}", "", 'x', "1+7@1 a:1\n9+200001@1 E_JSON\n"},
        {"after a wrapped array", "{\"users\":[{\"a\":1}],\"b\":\"", "\"}{\"a\":2}", 'x',
         "10+7@1 a:1\n200026+7@1 a:2\n"},
        {"an array after a wrapped array", "{\"users\":[],\"b\":\"", "\",\"users\":[{}]}", 'x',
         "200028+2@1\n"},
        {"a text and no comma", "{\"users\":[],\"b\":\"", "\" \"users\":[{}]}", 'x',
         "200019+13@1 E_JSON\n"},
        {"a long name after a wrapped array", "{\"users\":[],\"", "\":1}{}", 'x',
         "12+200007@1 E_JSON\n"},
        {"too much before a wrapped array", "{\"b\":\"", "\",\"users\":[{}]}\n{}", 'x',
         "0+200021@1 E_TOO_LONG\n200022+2@2\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct records_reading reading = {.format = FORMAT_JSON, .max_record_bytes = 100};
        struct buf text;
        buf_init(&text, 2 * OVERFLOW);
        buf_add(&text, str_from(rows[i].before));
        add_run(&text, rows[i].run, OVERFLOW);
        buf_add(&text, str_from(rows[i].after));
        records_expect_text(rows[i].word, &reading, buf_str(&text), str_from(rows[i].expected));
        buf_close(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_read_one_after_the_other),
        cmocka_unit_test(a_field_has_its_value_and_type),
        cmocka_unit_test(a_bad_line_costs_that_line),
        cmocka_unit_test(a_bad_object_of_several_lines_costs_all_of_them),
        cmocka_unit_test(a_name_that_stands_twice_refuses_the_object),
        cmocka_unit_test(an_array_is_read_element_by_element),
        cmocka_unit_test(a_broken_array_is_refused_from_there_to_the_end),
        cmocka_unit_test(what_is_not_utf8_costs_its_object_only),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(what_is_too_deep_costs_itself_only),
        cmocka_unit_test(more_members_than_a_record_may_have_refuse_it),
        cmocka_unit_test(a_record_of_the_longest_length_is_read_and_one_byte_more_is_not),
        cmocka_unit_test(what_no_window_holds_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

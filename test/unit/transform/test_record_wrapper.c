/* transform/record: JSON arrays in an object around them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/records_expect.h"

static void an_object_may_wrap_the_array(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"users", "{\"users\":[{\"a\":1},{\"a\":2}]}", "10+7@1 a:1\n18+7@1 a:2\n"},
        {"records", "{ \"records\" : [ {\"a\":1} ] }", "16+7@1 a:1\n"},
        {"lines", "{\n\"users\": [\n{\"a\":1}\n]\n}\n", "13+7@3 a:1\n"},
        {"members after it",
         "{\"users\":[{\"a\":1}],\"n\":{\"x\":\"]}\\\"\"},\"m\":[1]}\n{\"a\":2}",
         "10+7@1 a:1\n45+7@2 a:2\n"},
        {"empty", "{\"users\":[]}", ""},
        {"written with an escape", "{\"\\u0075sers\":[{\"a\":1}]}", "15+7@1 a:1\n"},
        {"no array", "{\"users\":{\"a\":1}}", "0+17@1 users:{\"a\":1}\n"},
        {"another name", "{\"people\":[{\"a\":1}]}", "0+20@1 people:[{\"a\":1}]\n"},
        {"another case", "{\"Records\":[{\"a\":1}]}", "0+21@1 Records:[{\"a\":1}]\n"},
        {"not the first object", "{\"a\":1}\n{\"users\":[{\"a\":2}]}",
         "0+7@1 a:1\n8+19@2 users:[{\"a\":2}]\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
    records_expect(FORMAT_UNKNOWN, rows, RECORDS_COUNT(rows));
}

static void the_wrapped_array_may_stand_anywhere_in_its_object(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"text before it", "{\"note\":\"x\",\"records\":[{\"a\":1},{\"a\":2}]}",
         "23+7@1 a:1\n31+7@1 a:2\n"},
        {"lines before it", "{\n\"n\": -1.5e3,\n\"users\": [\n{\"a\":1}\n]}\n{\"a\":2}",
         "26+7@4 a:1\n37+7@6 a:2\n"},
        {"values of each kind before it",
         "{\"n\":{\"users\":[1]},\"m\":[[\"]\"]],\"k\":null,\"users\":[{\"a\":1}]}",
         "49+7@1 a:1\n"},
        {"members after it",
         "{\"users\":[{\"a\":1}],\"n\":{\"x\":\"]}\\\"\"},\"m\":[1]}\n{\"a\":2}",
         "10+7@1 a:1\n45+7@2 a:2\n"},
        {"another after it", "{\"users\":[],\"records\":[{\"user_id\":\"lost\"}]}",
         "23+18@1 user_id=lost\n"},
        {"another further on", "{\"users\":[{\"a\":1}], \"n\":\"[\" , \"users\":[ {\"a\":2}]}\n{}",
         "10+7@1 a:1\n40+7@1 a:2\n50+2@2\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
    records_expect(FORMAT_UNKNOWN, rows, RECORDS_COUNT(rows));
}

static void an_object_with_a_user_id_before_the_array_is_a_user(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"first", "{\"user_id\":1,\"users\":[{\"a\":1}]}", "0+31@1 user_id:1 users:[{\"a\":1}]\n"},
        {"later", "{\"a\":1,\"user_id\":2,\"records\":[]}", "0+32@1 a:1 user_id:2 records:[]\n"},
        {"only inside", "{\"n\":{\"user_id\":2},\"records\":[{}]}", "30+2@1\n"},
        {"after it, it is refused", "{\"records\":[],\"user_id\":\"lost\"}\n{}",
         "24+6@1 E_JSON\n32+2@2\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void what_is_named_as_the_array_and_is_none_is_refused(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"an object after it", "{\"users\":[],\"records\":{\"user_id\":\"1\"}}\n{}",
         "22+15@1 E_JSON\n39+2@2\n"},
        {"an object before it", "{\"records\":{\"a\":[]},\"users\":[{}]}",
         "11+8@1 E_JSON\n29+2@1\n"},
        {"a word", "{\"records\":null,\"users\":[{}]}", "11+4@1 E_JSON\n25+2@1\n"},
        {"a text", "{\"records\":\"[]\", \"users\":[{}]}", "11+4@1 E_JSON\n26+2@1\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void a_broken_wrapper_is_refused_from_there_to_the_end(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"no comma", "{\"users\":[{}] \"records\":[{\"a\":1}]}\n{}", "10+2@1\n14+23@1 E_JSON\n"},
        {"no comma after a word", "{\"users\":[],\"n\":1 \"users\":[{}]}\n{}", "18+16@1 E_JSON\n"},
        {"no colon", "{\"users\":[],\"n\" [{}]}\n{}", "16+8@1 E_JSON\n"},
        {"no name", "{\"users\":[],[{}]}\n{}", "12+8@1 E_JSON\n"},
        {"no value", "{\"users\":[],\"n\":}\n{}", "16+4@1 E_JSON\n"},
        {"no member", "{\"users\":[],}\n{}", "12+4@1 E_JSON\n"},
        {"a broken value", "{\"users\":[],\"n\":[tru],\"users\":[{}]}\n{}", "16+22@1 E_JSON\n"},
        {"before the array it is no wrapper", "{\"n\":tru,\"users\":[{}]}\n{}",
         "0+22@1 E_JSON\n23+2@2\n"},
        {"cut off in a name", "{\"users\":[{\"a\":1}],\"n", "10+7@1 a:1\n19+2@1 E_JSON\n"},
        {"cut off after a name", "{\"users\":[{\"a\":1}],\"n\"", "10+7@1 a:1\n22+0@1 E_JSON\n"},
        {"cut off in a value", "{\"users\":[{\"a\":1}],\"n\":[1", "10+7@1 a:1\n23+2@1 E_JSON\n"},
        {"not closed", "{\"users\":[{\"a\":1}]", "10+7@1 a:1\n18+0@1 E_JSON\n"},
    };
    records_expect(FORMAT_JSON, rows, RECORDS_COUNT(rows));
}

static void a_wrapper_touches_little_memory_however_much_it_holds(void **state)
{
    (void)state;
    struct records_reading reading = {.max_record_bytes = 16 * 1024 * 1024, .chunk = 16000};
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"n\":1"));
    for (uint64_t i = 0; i < 50 * 1000; i++) {
        buf_add(&text, STR(",\"users\":[{\"user_id\":\""));
        buf_u64(&text, i);
        buf_add(&text, STR("\"}],\"m\":{\"k\":[null,\"]\"]}"));
    }
    buf_char(&text, '}');
    assert_true(text.len > 2 * 1024 * 1024);
    assert_in_range(records_touched(buf_str(&text), &reading), 1, 100 * 1024);
    buf_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_may_wrap_the_array),
        cmocka_unit_test(the_wrapped_array_may_stand_anywhere_in_its_object),
        cmocka_unit_test(an_object_with_a_user_id_before_the_array_is_a_user),
        cmocka_unit_test(what_is_named_as_the_array_and_is_none_is_refused),
        cmocka_unit_test(a_broken_wrapper_is_refused_from_there_to_the_end),
        cmocka_unit_test(a_wrapper_touches_little_memory_however_much_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

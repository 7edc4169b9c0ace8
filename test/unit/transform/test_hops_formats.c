/* Each format, stopped at every byte: what comes of it in the end is what one go makes of it. */
#include "test/unit/transform/hops.h"

struct row {
    const char *word, *text;
    size_t too_few; /* bytes a hop: the longest record, or its end, is not seen */
};

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const struct row rows[] = {
    {"kv",
     "user_id=1\r\nuser_name=Ada\n\nuser_name=Bob\nuser_id=2\nnonsense\n\n\n"
     "user_id=3\nemail=no\nuser_id=4\nuser_name=Eve\nuser_id=1\nuser_name=Later\n",
     44},
    {"NDJSON",
     "{\"user_id\":\"1\",\"user_name\":\"Ada\"}\n{\"user_id\":true}\n{bad\n\n"
     "{\"user_id\":\"2\"}{\"user_id\":3}  {\"user_id\":\"1\",\"user_name\":\"L\"}\n",
     32},
    {"objects laid out",
     "{\n \"user_id\": 1,\n \"x\": tru\n}\n{\"user_id\":\"\\u00e9\"}\n"
     "{\n  \"user_id\": 2\n}\n",
     29},
    {"array",
     " [ {\"user_id\":\"1\"} ,\n {\"user_id\":\"2\",\"user_id\":3}, 4, \"x\",\n"
     "{\"user_id\":\"5\"} ]\n{\"user_id\":\"6\"}\n",
     30},
    {"array without a comma", "[{\"user_id\":\"1\"} {\"user_id\":\"2\"}, {\"user_id\":\"3\"}]", 34},
    {"array with a broken element", "[{\"user_id\":\"1\"},{\"user_id\":},{\"user_id\":\"3\"}]", 30},
    {"wrapper",
     "{\"n\":[1,2],\"users\":[{\"user_id\":\"1\"},{\"user_id\":\"2\"}],\"m\":\"]\","
     "\"records\":[{\"user_id\":\"3\"},7],\"user_id\":1}\n{\"user_id\":\"4\"}",
     35},
    {"an empty wrapper", "{\"users\":[ ],\"records\":[]}", 26},
    {"CSV",
     "sep=;\r\nID; name ;phone;email\r\n1;\"Ada; Lovelace\";+447700900001;\r\n\r\n2;x\r\n"
     "3;\"a\nb\";;a@b.example\r\n4;\"open;;\n5;Eve;;\n1;Later;;",
     63},
    {"CSV with odd names",
     "\"user_id\"\t\"50% of, \"\"all\"\"\"\t\tname\t\xC3\xA9\n1\ta\tb\tA\td\n"
     "2\ta\tb\tB\td\n3\t\xFF\tb\tC\td\n4\ta\tb\tD\td\n",
     46},
    {"a byte order mark", "\xEF\xBB\xBFuser_id,name\n1,A\n2,B\n", 19},
    {"none of these", "hello\nworld\n", 12},
    {"nothing", "", 0},
};

/* From all of the object in a hop to as little as still makes progress, which must be more
 * than `too_few`. */
static void expect_same_at_each_stop(const struct row *row, bool fails_when_late)
{
    static struct hops how;
    size_t bytes = strlen(row->text) + 2;
    size_t hops = 1;
    for (; hops && bytes; bytes--) {
        how = (struct hops){.object = str_from(row->text),
                            .chunk = 1,
                            .bytes_a_hop = bytes,
                            .fails_when_late = fails_when_late};
        hops = hops_expect_same(row->word, &how);
    }
    if (bytes + !hops > row->too_few) {
        fail_msg("%s: no progress in %zu bytes of %zu", row->word, bytes + 1, strlen(row->text));
    }
}

static void an_object_stopped_at_each_byte_ends_as_in_one_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_same_at_each_stop(&rows[i], false);
    }
}

/* Every second write and reject that is open when time is up fails. */
static void what_was_not_durable_at_the_stop_is_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_same_at_each_stop(&rows[i], true);
    }
}

static void a_format_that_is_known_is_kept(void **state)
{
    static struct hops how;
    (void)state;
    for (size_t bytes = 30; bytes < 80; bytes++) {
        how = (struct hops){.object = STR("x=y\nz\n{\"user_id\":\"1\"}\n{\"user_id\":\"2\"}\n"),
                            .format = FORMAT_JSON,
                            .chunk = 1,
                            .bytes_a_hop = bytes};
        (void)hops_expect_same("NDJSON by its name", &how);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_stopped_at_each_byte_ends_as_in_one_go),
        cmocka_unit_test(what_was_not_durable_at_the_stop_is_read_again),
        cmocka_unit_test(a_format_that_is_known_is_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "deploy/local/poll_reply.h"
#include "test/support/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *what, *reply;
    bool good;
    unsigned failed; /* bit i: the record i */
} rows[] = {
    {"empty list", "{\"batchItemFailures\":[]}", true, 0},
    {"null list", "{\"batchItemFailures\":null}", true, 0},
    {"empty object", "{}", true, 0},
    {"null", "null", true, 0},
    {"nothing", "", true, 0},
    {"blanks", " \n", true, 0},
    {"wrong outer name", "{\"batchItemFailure\":[{\"itemIdentifier\":\"m1\"}]}", true, 0},
    {"wrong case outside", "{\"BatchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}", true, 0},
    {"counts beside", "{\"written\":18446744073709551616,\"batchItemFailures\":[]}", true, 0},
    {"first", "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}", true, 1},
    {"two", "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},{\"itemIdentifier\":\"m0\"}]}",
     true, 5},
    {"the same twice",
     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},{\"itemIdentifier\":\"m1\"}]}", true, 2},
    {"unknown id", "{\"batchItemFailures\":[{\"itemIdentifier\":\"m3\"}]}", false, 7},
    {"one known, one not",
     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"},{\"itemIdentifier\":\"x\"}]}", false, 7},
    {"beginning of an id", "{\"batchItemFailures\":[{\"itemIdentifier\":\"m\"}]}", false, 7},
    {"id and a NUL", "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\\u0000\"}]}", false, 7},
    {"empty id", "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}", false, 7},
    {"null id", "{\"batchItemFailures\":[{\"itemIdentifier\":null}]}", false, 7},
    {"number as id", "{\"batchItemFailures\":[{\"itemIdentifier\":0}]}", false, 7},
    {"wrong inner name", "{\"batchItemFailures\":[{\"itemidentifier\":\"m0\"}]}", false, 7},
    {"id without an object", "{\"batchItemFailures\":[\"m0\"]}", false, 7},
    {"list is a text", "{\"batchItemFailures\":\"m0\"}", false, 7},
    {"list is an object", "{\"batchItemFailures\":{}}", false, 7},
    {"a text", "\"ok\"", false, 7},
    {"a number", "200", false, 7},
    {"an array", "[]", false, 7},
    {"not JSON", "success", false, 7},
    {"cut off", "{\"batchItemFailures\":[", false, 7},
    {"more behind", "{} {}", false, 7},
};

static void a_reply_is_read_as_aws_documents_it(void **state)
{
    (void)state;
    const str ids[] = {STR("m0"), STR("m1"), STR("m2")};
    struct guard guard;
    guard_init(&guard, 256);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool failed[3] = {true, false, true};
        bool good = poll_reply_read(guard_lay(&guard, str_from(rows[i].reply)), ids, 3, failed);
        unsigned bits = (failed[0] ? 1u : 0) | (failed[1] ? 2u : 0) | (failed[2] ? 4u : 0);
        if (good != rows[i].good || bits != rows[i].failed) {
            fail_msg("%s: good %d, failed %u", rows[i].what, good, bits);
        }
    }
    guard_close(&guard);
}

static void a_message_that_is_in_the_batch_twice_fails_twice(void **state)
{
    (void)state;
    const str ids[] = {STR("m0"), STR("m1"), STR("m0")};
    bool failed[3];
    str reply = STR("{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}");
    assert_true(poll_reply_read(reply, ids, 3, failed));
    assert_true(failed[0] && !failed[1] && failed[2]);
}

static void an_empty_identifier_names_no_record(void **state)
{
    (void)state;
    const str ids[] = {STR(""), STR("m1")};
    bool failed[2] = {false, false};
    str reply = STR("{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}");
    assert_false(poll_reply_read(reply, ids, 2, failed));
    assert_true(failed[0] && failed[1]);
}

static void a_reply_cut_anywhere_fails_the_whole_batch(void **state)
{
    (void)state;
    const str ids[] = {STR("m0"), STR("m1")};
    str reply = STR("{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}");
    for (size_t len = 1; len < reply.len; len++) {
        bool failed[2] = {false, false};
        assert_false(poll_reply_read(str_take(reply, len), ids, 2, failed));
        assert_true(failed[0] && failed[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_read_as_aws_documents_it),
        cmocka_unit_test(a_message_that_is_in_the_batch_twice_fails_twice),
        cmocka_unit_test(an_empty_identifier_names_no_record),
        cmocka_unit_test(a_reply_cut_anywhere_fails_the_whole_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* S3 objects, and running out of time. */
#include "test/unit/transform/world.h"

#include <sys/mman.h>
#include <unistd.h>

static void an_object_is_read_to_its_end_and_counted(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}\n{\"user_id\":\"b\"}\n");
    struct answer answer = run(&world, PARTIAL, RECORDS(S3_RECORD("k.json")));
    expect(&answer,
           "{\"in\":2,\"written\":2,\"duplicate\":0,\"stale\":0,"
           "\"rejected\":0,\"deferred\":0,\"failed\":0,\"ignored\":0,\"continuations\":0}");
    assert_true(world.closed);
}

static void an_object_that_is_gone_is_done(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_MISSING;
    struct answer answer = run(&world, 0, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(answer.counts[ORIGIN_S3].ignored, 1);
    assert_non_null(strstr(answer.text, "\"ignored\":1,"));
}

static void an_object_that_may_not_be_read_fails_alone(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_DENIED;
    struct answer answer = run(
        &world, PARTIAL,
        RECORDS(SQS_MESSAGE("m1", "{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\","
                                  "\\\"eventName\\\":\\\"ObjectCreated:Put\\\",\\\"s3\\\":{"
                                  "\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},\\\"object\\\":{"
                                  "\\\"key\\\":\\\"k\\\"}}}]}") "," SQS_MESSAGE("m2", GOOD("b"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
    assert_int_equal(world.opened, 1);
    assert_string_equal(world.ids[0], "b");
}

static void without_a_time_in_the_event_an_object_s_own_counts(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}");
    world.modified_ms = 1234;
    (void)run(&world, PARTIAL, "{\"s3\":{\"bucket\":\"b\",\"key\":\"k\"}}");
    assert_memory_equal(world.versions[0], "000000000001234-", 16);
}

static void the_event_s_time_counts_more_than_the_object_s(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}");
    world.modified_ms = 1234;
    (void)run(&world, PARTIAL, RECORDS(S3_RECORD("k.json")));
    assert_memory_equal(world.versions[0], "001779999990000-", 16);
}

static void an_object_that_is_out_of_time_when_opened_is_handed_on_as_it_came(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_DEADLINE;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(world.handed_count, 1);
    assert_string_equal(world.handed[0], RECORDS(S3_RECORD("k.json")));
}

static void a_busy_object_is_handed_to_the_work_queue(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_BUSY;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(world.handed_count, 1);
    assert_string_equal(world.handed[0], RECORDS(S3_RECORD("k.json")));
}

static void what_is_handed_on_counts_as_deferred(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}{\"user_id\":\"b\"}");
    world.busy_put = 2;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(answer.counts[ORIGIN_S3].of[OUTCOME_DEFERRED], 1);
    assert_string_equal(world.handed[0], RECORDS(S3_RECORD("k.json"))); /* time is not short */
    assert_int_equal(answer.counts[ORIGIN_S3].of[OUTCOME_FAILED], 0);
}

static void the_log_counts_as_the_answer_does(void **state)
{
    struct world world = fresh_world();
    char text[1024] = {0};
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}{\"user_id\":\"b\"}");
    world.busy_put = 2;
    world.log_fd = memfd_create("log", 0);
    assert_true(world.log_fd > 0);
    (void)run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_true(pread(world.log_fd, text, sizeof text - 1, 0) > 0);
    assert_non_null(strstr(text, "\"deferred\":1,\"failed\":0"));
    (void)close(world.log_fd);
}

static void a_busy_object_with_no_work_queue_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_BUSY;
    struct answer answer = run(&world, PARTIAL, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_BUSY);
}

static void a_work_queue_that_is_gone_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_BUSY;
    world.queue_is_gone = true;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_MISSING);
}

static void bad_data_in_an_object_fails_the_invocation_without_a_rejects_queue(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}\n{\"user_id\":true}\n{\"user_id\":\"c\"}\n");
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_INPUT);
    assert_int_equal(world.put_count, 2);
    assert_int_equal(world.handed_count, 0);
}

static void what_was_not_started_when_time_is_up_comes_again(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.looks_left = 3; /* two for the first message, one for the second to be started */
    struct answer answer = run(&world, PARTIAL,
                               RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE(
                                   "m2", GOOD("b")) "," SQS_MESSAGE("m3", GOOD("c"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},"
                    "{\"itemIdentifier\":\"m3\"}]}");
    assert_int_equal(world.put_count, 1);
}

static void without_a_work_queue_an_object_out_of_time_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.looks_left = 1;
    world.object = STR("{\"user_id\":\"a\"}");
    struct answer answer = run(&world, 0, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_DEADLINE);
    assert_string_equal(answer.why.code, "Function.OutOfTime");
    assert_non_null(strstr(answer.why.text, "WORK_QUEUE_URL"));
}

static void an_object_that_comes_again_is_not_read_on(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}\n{\"user_id\":\"b\"}\n{\"user_id\":\"c\"}\n");
    world.busy_at_once = 2;
    struct answer answer = run(&world, PARTIAL, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_BUSY);
    assert_int_equal(world.put_count, 2);
}

static void an_object_that_was_not_begun_when_time_is_up_is_handed_on_as_it_came(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.looks_left = 0;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(world.opened, 0);
    assert_int_equal(world.handed_count, 1);
    assert_string_equal(world.handed[0], RECORDS(S3_RECORD("k.json")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_read_to_its_end_and_counted),
        cmocka_unit_test(an_object_that_is_gone_is_done),
        cmocka_unit_test(an_object_that_may_not_be_read_fails_alone),
        cmocka_unit_test(the_event_s_time_counts_more_than_the_object_s),
        cmocka_unit_test(an_object_that_is_out_of_time_when_opened_is_handed_on_as_it_came),
        cmocka_unit_test(without_a_time_in_the_event_an_object_s_own_counts),
        cmocka_unit_test(a_busy_object_is_handed_to_the_work_queue),
        cmocka_unit_test(the_log_counts_as_the_answer_does),
        cmocka_unit_test(what_is_handed_on_counts_as_deferred),
        cmocka_unit_test(a_busy_object_with_no_work_queue_fails_the_invocation),
        cmocka_unit_test(a_work_queue_that_is_gone_fails_the_invocation),
        cmocka_unit_test(bad_data_in_an_object_fails_the_invocation_without_a_rejects_queue),
        cmocka_unit_test(what_was_not_started_when_time_is_up_comes_again),
        cmocka_unit_test(without_a_work_queue_an_object_out_of_time_fails_the_invocation),
        cmocka_unit_test(an_object_that_comes_again_is_not_read_on),
        cmocka_unit_test(an_object_that_was_not_begun_when_time_is_up_is_handed_on_as_it_came),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

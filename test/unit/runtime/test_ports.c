/* Time, and a table that does not do what it should. */
#include "test/unit/runtime/played_aws.h"

static void a_table_that_may_not_be_written_fails_the_invocation(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_status = 400, .put_error = "AccessDeniedException"};
    struct answer answer = run(&aws, true, EVENT(GOOD), 10000);
    assert_int_equal(answer.result.kind, ERR_DENIED);
    assert_string_equal(answer.why.code, "AccessDeniedException");
}

static void a_newer_version_in_the_table_counts_as_stale(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_status = 400,
                       .put_error = "ConditionalCheckFailedException\",\"Item\":{\"_v\":{\"S\":"
                                    "\"9\"}},\"x\":\""};
    struct answer answer = run(&aws, true, EVENT(GOOD), 10000);
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(answer.counts.of[OUTCOME_STALE], 1);
}

static void a_short_time_out_leaves_time_to_work(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){0};
    struct answer answer = run(&aws, true, EVENT(GOOD), 2000);
    expect(&answer, "{\"batchItemFailures\":[]}");
}

static void nothing_is_started_after_the_deadline(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){0};
    struct answer answer = run(&aws, true, EVENT(GOOD "," BAD), -1000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},"
                    "{\"itemIdentifier\":\"m2\"}]}");
    assert_int_equal(aws.service.requests, 0);
}

static void a_table_that_throttles_for_ever_fails_its_message(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_status = 400, .put_error = "ProvisionedThroughputExceededException"};
    struct answer answer = run(&aws, true, EVENT(GOOD), 3000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
}

/* The server would answer after longer than all time-outs of the client's own together. */
static void a_table_that_never_answers_fails_its_message_by_the_deadline(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_delay_ms = 600000};
    int64_t start = lambda_now_ms();
    struct answer answer = run(&aws, true, EVENT(GOOD), 3000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
    assert_in_range(lambda_now_ms() - start, 0, 8000);
}

/* Only the table hangs: there is time to tell what became of the rest. */
static void a_table_that_never_answers_leaves_time_for_the_rejects(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_delay_ms = 600000};
    struct answer answer = run(&aws, true, EVENT(GOOD "," BAD), 3000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
    assert_int_equal(aws.reject_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_that_may_not_be_written_fails_the_invocation),
        cmocka_unit_test(a_newer_version_in_the_table_counts_as_stale),
        cmocka_unit_test(a_short_time_out_leaves_time_to_work),
        cmocka_unit_test(nothing_is_started_after_the_deadline),
        cmocka_unit_test(a_table_that_throttles_for_ever_fails_its_message),
        cmocka_unit_test(a_table_that_never_answers_fails_its_message_by_the_deadline),
        cmocka_unit_test(a_table_that_never_answers_leaves_time_for_the_rejects),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

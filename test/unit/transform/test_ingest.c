/* Messages and stream records: what is acknowledged, what comes again, and why. */
#include "test/unit/transform/world.h"

static void a_batch_that_is_stored_names_no_failures(void **state)
{
    struct world world = fresh_world();
    (void)state;
    struct answer answer = run(
        &world, PARTIAL, RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE("m2", GOOD("b"))));
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(world.put_count, 2);
    assert_string_equal(world.ids[1], "b");
    assert_int_equal(answer.counts[ORIGIN_SQS].in, 2);
    assert_int_equal(answer.counts[ORIGIN_SQS].of[OUTCOME_WRITTEN], 2);
}

static void no_records_are_a_success(void **state)
{
    struct world world = fresh_world();
    (void)state;
    struct answer answer = run(&world, PARTIAL, RECORDS(""));
    expect(&answer, "{\"batchItemFailures\":[]}");
}

static void only_the_message_that_was_not_stored_is_named(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.busy_put = 2;
    struct answer answer = run(&world, PARTIAL,
                               RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE(
                                   "m2", GOOD("b")) "," SQS_MESSAGE("m3", GOOD("c"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"}]}");
    assert_int_equal(answer.counts[ORIGIN_SQS].of[OUTCOME_FAILED], 1);
}

static void without_partial_response_one_failure_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.busy_put = 1;
    struct answer answer =
        run(&world, 0, RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE("m2", GOOD("b"))));
    expect_failure(&answer, ERR_BUSY);
    assert_string_equal(answer.why.code, "Function.NotStored");
}

static void a_systemic_failure_acknowledges_nothing(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.systemic_put = 2;
    struct answer answer = run(&world, PARTIAL,
                               RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE(
                                   "m2", GOOD("b")) "," SQS_MESSAGE("m3", GOOD("c"))));
    expect_failure(&answer, ERR_DENIED);
    assert_int_equal(world.put_count, 2);
    assert_string_equal(answer.text, "");
}

static void a_bad_record_is_kept_and_fails_nothing(void **state)
{
    struct world world = fresh_world();
    (void)state;
    struct answer answer = run(&world, PARTIAL | REJECTS_QUEUE,
                               RECORDS(SQS_MESSAGE("m1", BAD) "," SQS_MESSAGE("m2", GOOD("b"))));
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(world.reject_count, 1);
    assert_int_equal(world.rejects[0].reason, REASON_E_ID_MISSING);
    assert_int_equal(answer.counts[ORIGIN_SQS].of[OUTCOME_REJECTED], 1);
}

static void without_a_rejects_queue_a_bad_record_fails_its_message_alone(void **state)
{
    struct world world = fresh_world();
    (void)state;
    struct answer answer =
        run(&world, PARTIAL, RECORDS(SQS_MESSAGE("m1", BAD) "," SQS_MESSAGE("m2", GOOD("b"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
    assert_int_equal(world.put_count, 1);
}

static void a_reject_that_cannot_be_kept_fails_its_message(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.rejects_are_busy = true;
    struct answer answer = run(&world, PARTIAL | REJECTS_QUEUE,
                               RECORDS(SQS_MESSAGE("m1", BAD) "," SQS_MESSAGE("m2", GOOD("b"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
}

static void a_fifo_group_comes_again_from_its_first_failure_on(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.busy_put = 1;
    struct answer answer =
        run(&world, PARTIAL,
            RECORDS(FIFO_MESSAGE("m1", "g", GOOD("a")) "," FIFO_MESSAGE("m2", "h", GOOD("b")) "," //
                    FIFO_MESSAGE("m3", "g", GOOD("c"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},"
                    "{\"itemIdentifier\":\"m3\"}]}");
}

/* dXNlcl9pZD1h is user_id=a; the third record's data is not base64. */
static void a_shard_comes_again_from_its_first_failure_with_no_later_writes(void **state)
{
    struct world world = fresh_world();
    (void)state;
    struct answer answer =
        run(&world, PARTIAL,
            RECORDS(KINESIS_RECORD("101", "dXNlcl9pZD1h") "," KINESIS_RECORD("102", "!!!!") "," //
                    KINESIS_RECORD("103", "dXNlcl9pZD1h")));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"102\"}]}");
    assert_int_equal(world.put_count, 1);
}

static void a_failing_message_without_an_id_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.busy_put = 1;
    struct answer answer = run(&world, PARTIAL, RECORDS(SQS_MESSAGE("", GOOD("a"))));
    assert_int_not_equal(answer.result.kind, ERR_NONE);
}

static void an_unknown_event_is_an_error(void **state)
{
    struct world world = fresh_world();
    (void)state;
    struct answer answer = run(&world, PARTIAL, "{\"hello\":\"world\"}");
    expect_failure(&answer, ERR_INPUT);
    assert_string_equal(answer.why.code, "Function.UnknownEvent");
}

static void an_outcome_that_is_never_told_breaks_the_accounts(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.forgotten_put = 1;
    struct answer answer = run(&world, PARTIAL, RECORDS(SQS_MESSAGE("m1", GOOD("a"))));
    expect_failure(&answer, ERR_BUG);
    assert_true(answer.counts[ORIGIN_SQS].mismatch);
    assert_false(answer.counts[ORIGIN_S3].mismatch);
}

static void an_outcome_that_is_told_twice_breaks_the_accounts(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.twice_put = 1;
    struct answer answer = run(&world, PARTIAL, RECORDS(SQS_MESSAGE("m1", GOOD("a"))));
    expect_failure(&answer, ERR_BUG);
    assert_int_equal(answer.text[0], 0);
    assert_true(answer.counts[ORIGIN_SQS].mismatch);
}

/* Its cause is what the answer names. */
static void the_accounts_of_an_invocation_that_failed_are_checked_too(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.systemic_put = 2;
    const char *event = RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE("m2", GOOD("b")));
    struct answer right = run(&world, PARTIAL, event);
    expect_failure(&right, ERR_DENIED);
    assert_false(right.counts[ORIGIN_SQS].mismatch);
    world = fresh_world();
    world.systemic_put = 2;
    world.forgotten_put = 1;
    struct answer wrong = run(&world, PARTIAL, event);
    expect_failure(&wrong, ERR_DENIED);
    assert_true(wrong.counts[ORIGIN_SQS].mismatch);
}

static void a_redelivery_has_the_same_version_and_a_later_message_a_greater_one(void **state)
{
    struct world first = fresh_world();
    struct world again = fresh_world();
    (void)state;
    const char *event =
        RECORDS(SQS_MESSAGE("m1", "user_id=a\\nuser_id=a\\n") "," SQS_MESSAGE("m2", GOOD("a")));
    (void)run(&first, PARTIAL, event);
    (void)run(&again, PARTIAL, event);
    assert_int_equal(first.put_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(first.versions[i], again.versions[i]);
    }
    assert_true(strcmp(first.versions[0], first.versions[1]) < 0);
    assert_true(strcmp(first.versions[1], first.versions[2]) < 0);
}

static void a_record_s_own_time_outranks_its_message_s(void **state)
{
    struct world world = fresh_world();
    (void)state;
    (void)run(&world, PARTIAL,
              RECORDS(SQS_MESSAGE("m2", "user_id=a\\nupdated_at=2026-01-02T00:00:00Z") "," //
                      SQS_MESSAGE("m1", "user_id=a\\nupdated_at=2026-01-03T00:00:00Z")));
    assert_true(strcmp(world.versions[0], world.versions[1]) < 0);
}

static void of_a_shard_s_failures_only_the_first_is_named(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.busy_from = 2;
    struct answer answer = run(&world, PARTIAL,
                               RECORDS(KINESIS_RECORD("101", "dXNlcl9pZD1h") "," KINESIS_RECORD(
                                   "102", "dXNlcl9pZD1h") "," //
                                       KINESIS_RECORD("103", "dXNlcl9pZD1h")));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"102\"}]}");
}

/* They have no time of their own. */
static void of_two_direct_invocations_the_later_is_newer(void **state)
{
    struct world first = fresh_world();
    struct world second = fresh_world();
    (void)state;
    second.now_ms++;
    (void)run(&first, PARTIAL, "{\"records\":[{\"user_id\":\"a\",\"user_name\":\"x\"}]}");
    (void)run(&second, PARTIAL, "{\"records\":[{\"user_id\":\"a\",\"user_name\":\"y\"}]}");
    assert_true(strcmp(first.versions[0], second.versions[0]) < 0);
}

static void without_a_tie_in_the_event_the_request_s_id_is_one(void **state)
{
    struct world world = fresh_world();
    (void)state;
    (void)run(&world, PARTIAL, "{\"records\":[{\"user_id\":\"a\"}]}");
    assert_memory_equal(world.versions[0] + 32, "r-1000", 6);
}

/* It would lock its users for as long. */
static void a_message_from_the_far_future_counts_as_of_now(void **state)
{
    struct world world = fresh_world();
    (void)state;
    (void)run(&world, PARTIAL,
              RECORDS("{\"messageId\":\"m1\",\"body\":\"user_id=a\",\"attributes\":{"
                      "\"SentTimestamp\":\"253402300799000\"},\"eventSource\":\"aws:sqs\"}"));
    assert_memory_equal(world.versions[0], "001780000000000-", 16);
}

/* The sums are right then, and one message would be acknowledged for nothing. */
static void an_outcome_told_of_another_record_breaks_the_accounts(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.told_twice = 1;
    struct answer answer = run(
        &world, PARTIAL, RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE("m2", GOOD("b"))));
    expect_failure(&answer, ERR_BUG);
    assert_true(answer.counts[ORIGIN_SQS].mismatch);
}

/* Each message's window would take more than 64 KiB of an arena of 64 MiB. */
static void many_messages_take_the_memory_of_one(void **state)
{
    enum { MANY = 2000 };
    static char event[MANY * 64];
    struct world world = fresh_world();
    struct buf text;
    (void)state;
    world.looks_left = INT64_MAX;
    buf_wrap(&text, event, sizeof event - 1);
    buf_add(&text, STR("{\"Records\":["));
    for (size_t i = 0; i < MANY; i++) {
        buf_add(&text, i ? STR(",") : STR(""));
        buf_add(&text, STR("{\"messageId\":\"m\",\"body\":\"\",\"eventSource\":\"aws:sqs\"}"));
    }
    buf_add(&text, STR("]}"));
    assert_false(text.failed);
    struct answer answer = run(&world, PARTIAL, event);
    expect(&answer, "{\"batchItemFailures\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_is_stored_names_no_failures),
        cmocka_unit_test(no_records_are_a_success),
        cmocka_unit_test(only_the_message_that_was_not_stored_is_named),
        cmocka_unit_test(without_partial_response_one_failure_fails_the_invocation),
        cmocka_unit_test(a_systemic_failure_acknowledges_nothing),
        cmocka_unit_test(a_bad_record_is_kept_and_fails_nothing),
        cmocka_unit_test(without_a_rejects_queue_a_bad_record_fails_its_message_alone),
        cmocka_unit_test(a_reject_that_cannot_be_kept_fails_its_message),
        cmocka_unit_test(a_fifo_group_comes_again_from_its_first_failure_on),
        cmocka_unit_test(a_shard_comes_again_from_its_first_failure_with_no_later_writes),
        cmocka_unit_test(a_failing_message_without_an_id_fails_the_invocation),
        cmocka_unit_test(an_unknown_event_is_an_error),
        cmocka_unit_test(an_outcome_that_is_never_told_breaks_the_accounts),
        cmocka_unit_test(an_outcome_that_is_told_twice_breaks_the_accounts),
        cmocka_unit_test(the_accounts_of_an_invocation_that_failed_are_checked_too),
        cmocka_unit_test(an_outcome_told_of_another_record_breaks_the_accounts),
        cmocka_unit_test(many_messages_take_the_memory_of_one),
        cmocka_unit_test(of_two_direct_invocations_the_later_is_newer),
        cmocka_unit_test(without_a_tie_in_the_event_the_request_s_id_is_one),
        cmocka_unit_test(a_message_from_the_far_future_counts_as_of_now),
        cmocka_unit_test(of_a_shard_s_failures_only_the_first_is_named),
        cmocka_unit_test(a_redelivery_has_the_same_version_and_a_later_message_a_greater_one),
        cmocka_unit_test(a_record_s_own_time_outranks_its_message_s),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

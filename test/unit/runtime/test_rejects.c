/* What is refused is kept whole, or stays where it is. */
#include "test/unit/runtime/played_aws.h"

static void an_item_that_dynamodb_refuses_is_kept_with_its_bytes(void **state)
{
    static struct aws aws;
    const str events[] = {EVENT(GOOD), EVENT(GOOD)};
    (void)state;
    aws = (struct aws){.good_puts = 1, .put_status = 400, .put_error = "ValidationException"};
    struct answer answer = run_all(&aws, true, events, 2, 10000);
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(aws.reject_count, 1);
    assert_string_equal(aws.reasons[0], "E_ITEM_REFUSED");
    assert_int_equal(aws.raw_len, 12); /* of "user_id=a" */
}

/* With another key than ours, say: that is no fault of the data. */
static void a_table_that_refuses_every_item_acknowledges_nothing(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_status = 400, .put_error = "ValidationException"};
    struct answer answer = run(&aws, true, EVENT(GOOD), 10000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
    assert_int_equal(aws.reject_count, 0);
}

static void without_a_rejects_queue_a_refused_item_fails_its_message(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_status = 400, .put_error = "ValidationException"};
    struct answer answer = run(&aws, false, EVENT(GOOD), 10000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
}

static void a_busy_rejects_queue_fails_the_bad_message_alone(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.send_status = 503, .send_error = "ServiceUnavailable"};
    struct answer answer = run(&aws, true, EVENT(GOOD "," BAD), 10000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"}]}");
}

static void a_rejects_queue_that_may_not_be_used_fails_the_invocation(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.send_status = 403, .send_error = "AccessDeniedException"};
    struct answer answer = run(&aws, true, EVENT(GOOD "," BAD), 10000);
    assert_int_equal(answer.result.kind, ERR_DENIED);
    assert_string_equal(answer.why.code, "AccessDeniedException");
    assert_string_equal(answer.text, "");
}

static void a_refused_item_is_forgotten_after_its_invocation(void **state)
{
    static struct aws aws;
    const str events[] = {EVENT(GOOD), EVENT(GOOD), EVENT(BAD)};
    (void)state;
    aws = (struct aws){.good_puts = 1, .put_status = 400, .put_error = "ValidationException"};
    struct answer answer = run_all(&aws, true, events, 3, 10000);
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(aws.reject_count, 2);
    assert_string_equal(aws.reasons[1], "E_ID_MISSING");
}

/* Nothing else holds a message's bytes once it is acknowledged. */
static struct answer run_long(struct aws *aws, size_t len)
{
    static char memory[2 * 1024 * 1024];
    struct buf event;
    buf_wrap(&event, memory, sizeof memory);
    buf_add(&event, STR("{\"Records\":[{\"messageId\":\"m1\",\"body\":\"user_name="));
    for (size_t i = 0; i < len; i++) {
        buf_char(&event, 'x');
    }
    buf_add(&event, STR("\",\"attributes\":{},\"eventSource\":\"aws:sqs\"}]}"));
    assert_false(event.failed);
    return run(aws, true, buf_str(&event), 20000);
}

static void a_long_bad_message_is_kept_whole(void **state)
{
    static struct aws aws;
    const size_t len = 600000;
    (void)state;
    aws = (struct aws){0};
    struct answer answer = run_long(&aws, len);
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(aws.raw_len, (len + 10 + 2) / 3 * 4);
}

static void a_bad_message_too_long_to_be_kept_stays_in_its_queue(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){0};
    struct answer answer = run_long(&aws, 1000000);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}");
}

static void many_rejects_are_packed_and_none_is_missing(void **state)
{
    static struct aws aws;
    static char text[MANY * 64];
    struct buf event;
    (void)state;
    aws = (struct aws){0};
    buf_wrap(&event, text, sizeof text);
    buf_add(&event, STR("{\"Records\":[{\"messageId\":\"m1\",\"body\":\""));
    for (size_t i = 0; i < MANY; i++) {
        buf_add(&event, STR("{\\\"user_id\\\":true}\\n"));
    }
    buf_add(&event, STR("\",\"attributes\":{},\"eventSource\":\"aws:sqs\"}]}"));
    assert_false(event.failed);
    struct answer answer = run(&aws, true, buf_str(&event), 20000);
    expect(&answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(aws.reject_count, MANY);
    assert_in_range(aws.messages, 2, 20);
    assert_in_range(aws.longest_message, 1, 256 * 1024);
    assert_string_not_equal(aws.ids[0], aws.ids[1]);
}

static void a_reject_keeps_its_id_when_it_comes_again(void **state)
{
    static struct aws first;
    static struct aws again;
    (void)state;
    first = again = (struct aws){0};
    (void)run(&first, true, EVENT(BAD), 10000);
    (void)run(&again, true, EVENT(GOOD "," BAD), 10000);
    assert_int_equal(first.reject_count, 1);
    assert_int_equal(again.reject_count, 1);
    assert_string_equal(first.ids[0], again.ids[0]);
    assert_int_equal(strlen(first.ids[0]), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_that_dynamodb_refuses_is_kept_with_its_bytes),
        cmocka_unit_test(a_table_that_refuses_every_item_acknowledges_nothing),
        cmocka_unit_test(without_a_rejects_queue_a_refused_item_fails_its_message),
        cmocka_unit_test(a_busy_rejects_queue_fails_the_bad_message_alone),
        cmocka_unit_test(a_rejects_queue_that_may_not_be_used_fails_the_invocation),
        cmocka_unit_test(a_refused_item_is_forgotten_after_its_invocation),
        cmocka_unit_test(a_long_bad_message_is_kept_whole),
        cmocka_unit_test(a_bad_message_too_long_to_be_kept_stays_in_its_queue),
        cmocka_unit_test(many_rejects_are_packed_and_none_is_missing),
        cmocka_unit_test(a_reject_keeps_its_id_when_it_comes_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

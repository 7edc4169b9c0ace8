/* What is handed on when time is up, what comes again, and what is given up. */
#include "base/base64.h"
#include "test/unit/transform/hops.h"

static const char text[] = "{\"user_id\":\"a\"}\n{\"user_id\":\"b\"}\n{\"user_id\":\"c\"}\n";

static struct hops fresh(size_t bytes_a_hop)
{
    return (struct hops){.object = str_from(text), .chunk = 1, .bytes_a_hop = bytes_a_hop};
}

static void the_message_says_all_that_going_on_takes(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    hops_invoke(&h, STR(HOPS_S3));
    assert_int_equal(h.result.kind, ERR_NONE);
    assert_string_equal(
        h.message,
        "{\"user-ingest-continuation\":{\"version\":1,\"job\":\"r-1\",\"hop\":1,\"stalled\":0,"
        "\"format\":\"json\",\"offset\":15,\"line\":1,\"place\":1,\"wrapped\":false,\"record\":{"
        "\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:*\","
        "\"eventTime\":\"2026-05-28T20:26:30.123Z\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
        "\"object\":{\"key\":\"k\",\"size\":48,\"eTag\":\"from-the-reply\","
        "\"sequencer\":\"00A1\"}}}}}");
}

/* What was not read is not counted; the message is. */
static void the_answer_counts_continuations(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    hops_invoke(&h, STR(HOPS_S3));
    assert_string_equal(h.answer, "{\"in\":1,\"written\":1,\"duplicate\":0,\"stale\":0,"
                                  "\"rejected\":0,\"deferred\":0,\"failed\":0,\"ignored\":0,"
                                  "\"continuations\":1}");
}

static void what_failed_before_the_stop_counts_as_deferred(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(40);
    h.hops = 1;
    h.fails_when_late = true; /* the second record of two */
    hops_invoke(&h, STR(HOPS_S3));
    assert_int_equal(h.sums.in, 2);
    assert_int_equal(h.sums.of[OUTCOME_DEFERRED], 1);
    assert_int_equal(h.sums.of[OUTCOME_FAILED], 0);
    assert_non_null(strstr(h.message, "\"offset\":15,"));
}

static void an_object_that_gets_nowhere_is_rejected_after_three_hops(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(10);
    hops_run(&h, STR(HOPS_S3));
    assert_int_equal(h.hops, 4);
    assert_int_equal(h.handed, 3);
    assert_int_equal(h.reject_count, 1);
    assert_true(
        str_starts(str_from(h.rejects[0].text), STR("s3://b/k|from-the-reply|0 E_NO_PROGRESS 1")));
}

static void a_hop_that_gets_on_starts_the_count_again(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(10);
    hops_invoke(&h, STR(HOPS_S3));
    assert_non_null(strstr(h.message, "\"stalled\":1"));
    struct buf event;
    buf_init(&event, 1 << 16);
    hops_wrap(str_from(h.message), &event);
    h.bytes_a_hop = 20;
    hops_invoke(&h, buf_str(&event));
    assert_non_null(strstr(h.message, "\"hop\":2,\"stalled\":0"));
    buf_close(&event);
}

/* Else an object would be rejected because the table was away. */
static void where_the_first_write_already_failed_the_message_comes_again_instead(void **state)
{
    static struct hops h;
    struct buf event;
    (void)state;
    h = fresh(20);
    hops_invoke(&h, STR(HOPS_S3));
    buf_init(&event, 1 << 16);
    hops_wrap(str_from(h.message), &event);
    h.hops = 2;
    h.fails_when_late = true;
    hops_invoke(&h, buf_str(&event));
    assert_string_equal(h.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m\"}]}");
    assert_int_equal(h.handed, 1);
    buf_close(&event);
}

#define MESSAGE_OF_TWO                                                                             \
    "{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\",\"body\":"                     \
    "\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\",\\\"eventName\\\":\\\"ObjectCreated:" \
    "Put\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},\\\"object\\\":{\\\"key\\\":"     \
    "\\\"one\\\"}}},{\\\"eventSource\\\":\\\"aws:s3\\\",\\\"eventName\\\":\\\"ObjectCreated:Put"   \
    "\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},\\\"object\\\":{\\\"key\\\":"        \
    "\\\"two\\\"}}}]}\"}]}"

static void of_two_objects_in_a_message_the_half_read_goes_on_and_the_other_as_it_came(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    hops_invoke(&h, STR(MESSAGE_OF_TWO));
    assert_string_equal(h.answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(h.handed, 2);
    assert_int_equal(h.sums.continuations, 1);
    assert_string_equal(h.message, "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":"
                                   "\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
                                   "\"object\":{\"key\":\"two\"}}}]}");
}

static void the_second_half_read_leaves_the_first_alone(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(70);
    hops_invoke(&h, STR(MESSAGE_OF_TWO));
    assert_string_equal(h.answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(h.handed, 1);
    assert_non_null(strstr(h.message, "\"key\":\"two\""));
    assert_non_null(strstr(h.message, "\"offset\":15,"));
}

#define S3_RECORD(name, object)                                                                    \
    "{\\\"eventSource\\\":\\\"aws:s3\\\",\\\"eventName\\\":\\\"" name                              \
    "\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},\\\"object\\\":{" object "}}}"
#define MESSAGE(id, records)                                                                       \
    "{\"messageId\":\"" id "\",\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"Records\\\":[" records  \
    "]}\"}"

static void a_notification_with_nothing_to_do_does_not_keep_an_object_from_going_on(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    hops_run(&h, STR("{\"Records\":[" MESSAGE(
                     "m", S3_RECORD("ObjectCreated:Put", "\\\"key\\\":\\\"k\\\"") "," S3_RECORD(
                              "ObjectRemoved:Delete", "\\\"key\\\":\\\"gone\\\"")) "]}"));
    assert_int_equal(h.sums.of[OUTCOME_WRITTEN], 3);
    assert_true(h.handed > 0);
}

/* Each time it came again a copy would have been sent. */
static void of_an_invocation_that_fails_as_a_whole_nothing_is_handed_on(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    h.whole_only = true;
    hops_invoke(&h,
                STR("{\"Records\":[" MESSAGE(
                    "m", S3_RECORD("ObjectCreated:Put",
                                   "\\\"key\\\":\\\"k\\\"")) ","
                                                             "{\"messageId\":\"n\",\"eventSource\":"
                                                             "\"aws:sqs\",\"body\":"
                                                             "\"{\\\"user_id\\\":\\\"z\\\"}\"}]}"));
    assert_int_equal(h.result.kind, ERR_DEADLINE);
    assert_int_equal(h.handed, 0);
}

/* As of an object that was overwritten by a longer one before it was read. */
static void the_size_is_that_of_what_was_opened(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    hops_run(&h, STR("{\"Records\":[" MESSAGE(
                     "m", S3_RECORD("ObjectCreated:Put",
                                    "\\\"key\\\":\\\"k\\\",\\\"size\\\":15")) "]}"));
    assert_int_equal(h.sums.of[OUTCOME_WRITTEN], 3);
}

static void an_object_read_before_is_still_known_by_its_etag(void **state)
{
    static struct hops h;
    (void)state;
    h = (struct hops){.object = STR("{\"user_id\":\"a\"}\n{\"user_id\":true}\n")};
    hops_invoke(&h, STR(MESSAGE_OF_TWO));
    assert_int_equal(h.reject_count, 2);
}

/* Time was up while it waited: that is no fault of the table. */
static void a_write_that_lasts_until_time_is_up_is_gone_on_with(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(0);
    h.stuck_put = 2;
    hops_run(&h, STR(HOPS_S3));
    assert_int_equal(h.result.kind, ERR_NONE);
    assert_int_equal(h.hops, 2);
    assert_int_equal(h.sums.continuations, 1);
    assert_int_equal(h.starts[1], 15);
    assert_int_equal(h.user_count, 3);
}

/* What is bad in it was not rejected yet, and cannot be handed on. */
static void a_message_with_something_else_in_it_comes_again(void **state)
{
    static struct hops h;
    struct buf event;
    (void)state;
    buf_init(&event, 1 << 16);
    hops_wrap(STR("{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\","
                  "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"one\"}}},"
                  "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}]}"),
              &event);
    h = fresh(20);
    hops_invoke(&h, buf_str(&event));
    assert_string_equal(h.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m\"}]}");
    assert_int_equal(h.handed, 0);
    buf_close(&event);
}

static void a_broken_gzip_is_done_when_its_rest_is_rejected(void **state)
{
    static struct hops h;
    (void)state;
    h = (struct hops){.object = STR("\x1f\x8b\x08 and no more"), .chunk = 1, .bytes_a_hop = 14};
    hops_invoke(&h, STR(MESSAGE_OF_TWO));
    assert_int_equal(h.reject_count, 1);
    assert_int_equal(h.handed, 1);
    assert_non_null(strstr(h.message, "\"key\":\"two\""));
}

static void a_queue_that_does_not_take_it_fails_the_delivery(void **state)
{
    static const struct {
        enum err_kind kind;
        bool systemic;
    } rows[] = {{ERR_BUSY, false},  {ERR_DEADLINE, false}, {ERR_LIMIT, false}, {ERR_INPUT, false},
                {ERR_DENIED, true}, {ERR_MISSING, true},   {ERR_BUG, true}};
    static struct hops h;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t from = 1; from <= 2; from++) {
            h = fresh(20);
            h.queue_fails_from = from;
            h.queue_failure = rows[i].kind;
            hops_invoke(&h, STR(MESSAGE_OF_TWO));
            assert_int_equal(h.result.kind, rows[i].systemic ? rows[i].kind : ERR_NONE);
            assert_string_equal(
                h.answer,
                rows[i].systemic ? "" : "{\"batchItemFailures\":[{\"itemIdentifier\":\"m\"}]}");
            h = fresh(20);
            h.queue_fails_from = 1;
            h.queue_failure = rows[i].kind;
            hops_invoke(&h, STR(HOPS_S3));
            assert_int_equal(h.result.kind, rows[i].kind);
        }
    }
}

/* The S3 event in a stream's record is handed on; the record after it was not read. */
static void a_shard_comes_again_from_what_was_not_read_on(void **state)
{
    static struct hops h;
    struct buf event;
    (void)state;
    buf_init(&event, 1 << 16);
    buf_add(&event, STR("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{"
                        "\"sequenceNumber\":\"1\",\"data\":\""));
    base64_add(&event, STR(HOPS_S3));
    buf_add(&event, STR("\"}},{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":"
                        "\"2\",\"data\":\"dXNlcl9pZD1h\"}}]}"));
    h = fresh(20);
    hops_invoke(&h, buf_str(&event));
    assert_string_equal(h.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}]}");
    assert_int_equal(h.handed, 1);
    buf_close(&event);
}

static void a_version_is_the_same_however_the_event_came(void **state)
{
    static struct hops h;
    struct buf event;
    (void)state;
    buf_init(&event, 1 << 16);
    buf_add(&event, STR("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{"
                        "\"sequenceNumber\":\"1\",\"data\":\""));
    base64_add(&event, STR(HOPS_S3));
    buf_add(&event, STR("\"}}]}"));
    h = fresh(20);
    hops_run(&h, buf_str(&event));
    assert_int_equal(h.user_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(strstr(h.users[i].text, "-001779999990123-00A10000"));
    }
    buf_close(&event);
}

/* Where the event has neither time nor sequencer, the first invocation's are taken along. */
static void an_event_without_a_time_keeps_the_one_it_was_given(void **state)
{
    static struct hops h;
    (void)state;
    h = fresh(20);
    hops_run(&h, STR("{\"s3\":{\"bucket\":\"b\",\"key\":\"k\"}}"));
    assert_true(h.hops >= 3);
    assert_int_equal(h.user_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(strstr(h.users[i].text, " 001780000000000-001780000000000-r-10000"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_says_all_that_going_on_takes),
        cmocka_unit_test(the_answer_counts_continuations),
        cmocka_unit_test(what_failed_before_the_stop_counts_as_deferred),
        cmocka_unit_test(an_object_that_gets_nowhere_is_rejected_after_three_hops),
        cmocka_unit_test(a_hop_that_gets_on_starts_the_count_again),
        cmocka_unit_test(where_the_first_write_already_failed_the_message_comes_again_instead),
        cmocka_unit_test(
            of_two_objects_in_a_message_the_half_read_goes_on_and_the_other_as_it_came),
        cmocka_unit_test(the_second_half_read_leaves_the_first_alone),
        cmocka_unit_test(a_notification_with_nothing_to_do_does_not_keep_an_object_from_going_on),
        cmocka_unit_test(of_an_invocation_that_fails_as_a_whole_nothing_is_handed_on),
        cmocka_unit_test(the_size_is_that_of_what_was_opened),
        cmocka_unit_test(an_object_read_before_is_still_known_by_its_etag),
        cmocka_unit_test(a_write_that_lasts_until_time_is_up_is_gone_on_with),
        cmocka_unit_test(a_message_with_something_else_in_it_comes_again),
        cmocka_unit_test(a_broken_gzip_is_done_when_its_rest_is_rejected),
        cmocka_unit_test(a_queue_that_does_not_take_it_fails_the_delivery),
        cmocka_unit_test(a_shard_comes_again_from_what_was_not_read_on),
        cmocka_unit_test(a_version_is_the_same_however_the_event_came),
        cmocka_unit_test(an_event_without_a_time_keeps_the_one_it_was_given),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

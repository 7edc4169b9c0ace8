#include "test/unit/aws/queue.h"

#include <stdlib.h>

/* --- Sending --- */

static void a_message_is_sent_and_its_md5_compared(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        enum err_kind kind;
    } rows[] = {
        {"{\"MD5OfMessageBody\":\"5d41402abc4b2a76b9719d911017c592\",\"MessageId\":\"1\"}",
         ERR_NONE},
        {"{\"MD5OfMessageBody\":\"00000000000000000000000000000000\"}", ERR_BUG},
        {"{\"MD5OfMessageBody\":\"x\"}", ERR_BUG},
        {"{\"MessageId\":\"1\"}", ERR_NONE},
        {"{}", ERR_BUG},
        {"{\"message\":\"Service temporarily unavailable\"}", ERR_BUG},
        {"", ERR_BUG},
        {"OK", ERR_BUG},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct queue queue = {.bodies = {rows[i].reply}, .count = 1};
        struct rig rig;
        struct why why = {0};
        queue_start(&rig, &queue);
        assert_int_equal(sqs_send(&rig.client, QUEUE, STR("hello"), &why).kind, rows[i].kind);
        rig_stop(&rig);
        assert_true(rig_contains(buf_str(&queue.sent), "x-amz-target: AmazonSQS.SendMessage\r\n"));
        assert_true(rig_contains(buf_str(&queue.sent), "x-amzn-query-mode: true\r\n"));
        assert_true(rig_contains(
            buf_str(&queue.sent),
            "{\"QueueUrl\":\"https://sqs.elsewhere.example/1/q\",\"MessageBody\":\"hello\"}\n"));
        buf_close(&queue.sent);
    }
}

static void a_queue_that_is_not_there_is_missing(void **state)
{
    (void)state;
    struct queue queue = {
        .bodies = {"{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}"},
        .count = 1,
        .headers = "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender\r\n",
        .status = 400};
    struct rig rig;
    struct why why = {0};
    queue_start(&rig, &queue);
    assert_int_equal(sqs_send(&rig.client, QUEUE, STR("x"), &why).kind, ERR_MISSING);
    assert_string_equal(why.code, "AWS.SimpleQueueService.NonExistentQueue");
    queue_finish(&rig, &queue);
}

static void a_body_sqs_would_refuse_is_not_sent(void **state)
{
    (void)state;
    static char large[SQS_BATCH_MAX_BYTES + 1];
    memset(large, 'x', sizeof large);
    static const struct {
        str body;
        enum err_kind kind;
    } rows[] = {
        {{"", 0}, ERR_LIMIT},
        {{large, sizeof large}, ERR_LIMIT},
        {{"a\0b", 3}, ERR_INPUT},
        {{"\x01", 1}, ERR_INPUT},
        {{"\x1f", 1}, ERR_INPUT},
        {{"\xef\xbf\xbe", 3}, ERR_INPUT},
        {{"\xef\xbf\xbf", 3}, ERR_INPUT},
        {{"\xff", 1}, ERR_INPUT},
        {{"\xed\xa0\x80", 3}, ERR_INPUT},
        {{"\t\r\n \x7f\xef\xbf\xbd\xf0\x9f\x98\x80", 12}, ERR_NONE},
        {{large, sizeof large - 1}, ERR_NONE},
    };
    struct queue queue = {.bodies = {"{\"MessageId\":\"1\"}"}, .count = 1};
    struct rig rig;
    queue_start(&rig, &queue);
    unsigned good = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {0};
        assert_int_equal(sqs_send(&rig.client, QUEUE, rows[i].body, &why).kind, rows[i].kind);
        good += rows[i].kind == ERR_NONE;
    }
    queue_finish(&rig, &queue);
    assert_int_equal(queue.requests, good);
}

/* --- Receiving --- */

static const char two_messages[] =
    "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r1\",\"Body\":\"hello\","
    "\"MD5OfBody\":\"5d41402abc4b2a76b9719d911017c592\",\"Attributes\":{"
    "\"ApproximateReceiveCount\":\"3\",\"SentTimestamp\":\"1700000000001\","
    "\"ApproximateFirstReceiveTimestamp\":\"1700000000002\",\"MessageGroupId\":\"g\","
    "\"SequenceNumber\":\"18849496460467696128\",\"MessageDeduplicationId\":\"d\","
    "\"SenderId\":\"s\"}},{\"MessageId\":\"m2\",\"ReceiptHandle\":\"r2\",\"Body\":\"\\u00fc\"}]}";

static enum err_kind receive(const char *reply, size_t max, struct sqs_message *messages,
                             size_t *count, struct arena *arena)
{
    struct queue queue = {.bodies = {reply}, .count = 1};
    struct rig rig;
    struct why why = {0};
    queue_start(&rig, &queue);
    const struct sqs_receive wanted = {
        .queue_url = QUEUE, .max = max, .wait_s = 1, .visibility_s = -1};
    err got = sqs_receive(&rig.client, &wanted, arena, messages, count, &why);
    queue_finish(&rig, &queue);
    return got.kind;
}

static void messages_come_with_their_attributes(void **state)
{
    (void)state;
    char memory[4096];
    struct arena arena = {memory, memory + sizeof memory};
    struct sqs_message m[2];
    size_t count = 0;
    assert_int_equal(receive(two_messages, 2, m, &count, &arena), ERR_NONE);
    assert_int_equal(count, 2);
    assert_true(str_eq(m[0].id, STR("m1")) && str_eq(m[0].receipt_handle, STR("r1")));
    assert_true(str_eq(m[0].body, STR("hello")) && str_eq(m[0].group_id, STR("g")));
    assert_int_equal(m[0].receive_count, 3);
    assert_int_equal(m[0].sent_ms, 1700000000001);
    assert_int_equal(m[0].first_received_ms, 1700000000002);
    assert_true(str_eq(m[0].sequence_number, STR("18849496460467696128")));
    assert_true(str_eq(m[0].dedup_id, STR("d")) && str_eq(m[0].sender_id, STR("s")));
    assert_true(str_eq(m[1].body, STR("\xc3\xbc")) && m[1].group_id.len == 0);
}

/* Whoever polls in a loop would otherwise storm a queue that fails. */
static void a_poll_fails_no_faster_than_it_may_be_repeated(void **state)
{
    (void)state;
    struct queue queue = {
        .bodies = {""}, .count = 1, .headers = "x-amz-retry-after: 80\r\n", .status = 500};
    struct rig rig;
    struct why why = {0};
    struct arena arena = {0};
    struct sqs_message message;
    size_t count = 0;
    const struct sqs_receive wanted = {.queue_url = QUEUE, .max = 1, .visibility_s = -1};
    queue_start(&rig, &queue);
    rig.client.quota.tokens = 0;
    int64_t start = rig_now_ms();
    err got = sqs_receive(&rig.client, &wanted, &arena, &message, &count, &why);
    assert_int_equal(got.kind, ERR_BUSY);
    assert_true(rig_now_ms() - start >= 80);
    queue_finish(&rig, &queue);
    assert_int_equal(queue.requests, 1);
}

static void an_empty_queue_gives_nothing(void **state)
{
    (void)state;
    char memory[64];
    struct arena arena = {memory, memory + sizeof memory};
    struct sqs_message m[1];
    size_t count = 9;
    assert_int_equal(receive("{}", 1, m, &count, &arena), ERR_NONE);
    assert_int_equal(count, 0);
}

static void a_bad_reply_is_no_message(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        size_t room;
        enum err_kind kind;
    } rows[] = {
        {two_messages, 8, ERR_LIMIT},
        {"{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"x\","
         "\"MD5OfBody\":\"0\"}]}",
         4096, ERR_BUG},
        {"{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"x\"}]}", 4096, ERR_BUG},
        {"{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"hello\","
         "\"MD5OfBody\":\"5d41402abc4b2a76b9719d911017c592\"},"
         "{\"MessageId\":\"n\",\"ReceiptHandle\":\"r\",\"Body\":\"hallo\","
         "\"MD5OfBody\":\"5d41402abc4b2a76b9719d911017c592\"}]}",
         4096, ERR_BUG},
        {"{\"Messages\":[7]}", 4096, ERR_BUG},
        {"{\"Messages\":[{},{},{}]}", 4096, ERR_BUG},
        {"[]", 4096, ERR_BUG},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char memory[4096] = {0};
        struct arena arena = {memory, memory + rows[i].room};
        struct sqs_message m[2];
        size_t count = 0;
        assert_int_equal(receive(rows[i].reply, 2, m, &count, &arena), rows[i].kind);
        assert_int_equal(count, 0);
    }
}

/* --- Settling --- */

static void a_reply_without_a_body_settles(void **state)
{
    (void)state;
    struct queue queue = {.bodies = {""}, .count = 1};
    struct rig rig;
    struct why why = {0};
    queue_start(&rig, &queue);
    assert_int_equal(sqs_delete(&rig.client, QUEUE, STR("r"), &why).kind, ERR_NONE);
    assert_int_equal(sqs_change_visibility(&rig.client, QUEUE, STR("r"), 0, &why).kind, ERR_NONE);
    rig_stop(&rig);
    assert_true(rig_contains(buf_str(&queue.sent), ",\"ReceiptHandle\":\"r\"}\n"));
    assert_true(
        rig_contains(buf_str(&queue.sent), ",\"ReceiptHandle\":\"r\",\"VisibilityTimeout\":0}\n"));
    buf_close(&queue.sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_sent_and_its_md5_compared),
        cmocka_unit_test(a_queue_that_is_not_there_is_missing),
        cmocka_unit_test(a_body_sqs_would_refuse_is_not_sent),
        cmocka_unit_test(messages_come_with_their_attributes),
        cmocka_unit_test(a_poll_fails_no_faster_than_it_may_be_repeated),
        cmocka_unit_test(an_empty_queue_gives_nothing),
        cmocka_unit_test(a_bad_reply_is_no_message),
        cmocka_unit_test(a_reply_without_a_body_settles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

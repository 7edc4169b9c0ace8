#include "test/unit/aws/rig.h"

#include "aws/sqs.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define QUEUE    STR("https://sqs.elsewhere.example/1/q")

/* Answers with one body after the other, the last one for ever; keeps what was sent. */
struct answers {
    const char *bodies[8];
    size_t count;
    const char *headers;
    int status; /* 0: 200 */
    struct buf sent;
    unsigned requests;
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct answers *a = ctx;
    size_t i = request->number < a->count ? request->number : a->count - 1;
    buf_add(&a->sent, request->head);
    buf_add(&a->sent, request->body);
    buf_char(&a->sent, '\n');
    a->requests++;
    fake_reply_with(reply, a->status ? a->status : 200, a->headers ? a->headers : "",
                    str_from(a->bodies[i]));
}

static void start(struct rig *rig, struct answers *answers)
{
    buf_init(&answers->sent, 32 << 20);
    rig_start(rig, answer, answers);
}

static void finish(struct rig *rig, struct answers *answers)
{
    rig_stop(rig);
    buf_close(&answers->sent);
}

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
        {"{}", ERR_NONE},
        {"", ERR_BUG},
        {"OK", ERR_BUG},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answers answers = {.bodies = {rows[i].reply}, .count = 1};
        struct rig rig;
        struct why why = {0};
        start(&rig, &answers);
        assert_int_equal(sqs_send(&rig.client, QUEUE, STR("hello"), &why).kind, rows[i].kind);
        rig_stop(&rig);
        assert_true(
            rig_contains(buf_str(&answers.sent), "x-amz-target: AmazonSQS.SendMessage\r\n"));
        assert_true(rig_contains(buf_str(&answers.sent), "x-amzn-query-mode: true\r\n"));
        assert_true(rig_contains(
            buf_str(&answers.sent),
            "{\"QueueUrl\":\"https://sqs.elsewhere.example/1/q\",\"MessageBody\":\"hello\"}\n"));
        buf_close(&answers.sent);
    }
}

static void a_queue_that_is_not_there_is_missing(void **state)
{
    (void)state;
    struct answers answers = {
        .bodies = {"{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}"},
        .count = 1,
        .headers = "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender\r\n",
        .status = 400};
    struct rig rig;
    struct why why = {0};
    start(&rig, &answers);
    assert_int_equal(sqs_send(&rig.client, QUEUE, STR("x"), &why).kind, ERR_MISSING);
    assert_string_equal(why.code, "AWS.SimpleQueueService.NonExistentQueue");
    finish(&rig, &answers);
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
    struct answers answers = {.bodies = {"{}"}, .count = 1};
    struct rig rig;
    start(&rig, &answers);
    unsigned good = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {0};
        assert_int_equal(sqs_send(&rig.client, QUEUE, rows[i].body, &why).kind, rows[i].kind);
        good += rows[i].kind == ERR_NONE;
    }
    finish(&rig, &answers);
    assert_int_equal(answers.requests, good);
}

/* --- Batches --- */

static void what_failed_is_sent_again_unless_it_is_the_senders_fault(void **state)
{
    (void)state;
    static const str bodies[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    struct answers answers = {
        .bodies = {"{\"Successful\":[{\"Id\":\"0\",\"MD5OfMessageBody\":"
                   "\"0cc175b9c0f1b6a831c399e269772661\"}],\"Failed\":[{\"Id\":\"1\","
                   "\"SenderFault\":true,\"Code\":\"X\"},{\"Id\":\"2\",\"SenderFault\":false,"
                   "\"Code\":\"InternalError\"}]}",
                   "{\"Successful\":[{\"Id\":\"2\"}],\"Failed\":[]}"},
        .count = 2};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[3];
    start(&rig, &answers);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 3, results, &why).kind, ERR_NONE);
    rig_stop(&rig);
    assert_true(results[0].ok && !results[1].ok && results[1].sender_fault && results[2].ok);
    assert_int_equal(answers.requests, 2);
    assert_true(rig_contains(buf_str(&answers.sent),
                             "\"Entries\":[{\"Id\":\"2\",\"MessageBody\":\"c\"}]}\n"));
    buf_close(&answers.sent);
}

static void what_fails_for_ever_is_told_as_failed(void **state)
{
    (void)state;
    static const str bodies[] = {{"a", 1}, {"b", 1}};
    struct answers answers = {
        .bodies = {"{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\","
                   "\"SenderFault\":false}]}",
                   "{\"Failed\":[{\"Id\":\"1\",\"SenderFault\":false}]}"},
        .count = 2};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[2];
    start(&rig, &answers);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 2, results, &why).kind, ERR_NONE);
    assert_true(results[0].ok && !results[1].ok && !results[1].sender_fault);
    finish(&rig, &answers);
    assert_int_equal(answers.requests, 3);
}

static void an_entry_the_reply_leaves_out_is_not_a_success(void **state)
{
    (void)state;
    static const str bodies[] = {{"a", 1}};
    struct answers answers = {.bodies = {"{}"}, .count = 1};
    struct rig rig;
    struct why why = {0};
    struct sqs_result result = {.ok = true};
    start(&rig, &answers);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 1, &result, &why).kind, ERR_NONE);
    assert_false(result.ok);
    finish(&rig, &answers);
}

static void a_batch_reply_that_makes_no_sense_is_a_bug(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "{\"Successful\":[{\"Id\":\"7\"}]}",
        "{\"Successful\":[{}]}",
        "{\"Failed\":[{\"Id\":\"x\"}]}",
        "{\"Successful\":[{\"Id\":\"0\",\"MD5OfMessageBody\":\"0\"}]}",
        "{\"Successful\":[3]}",
        "[",
    };
    static const str bodies[] = {{"a", 1}};
    for (size_t i = 0; i < COUNT(replies); i++) {
        struct answers answers = {.bodies = {replies[i]}, .count = 1};
        struct rig rig;
        struct why why = {0};
        struct sqs_result result;
        start(&rig, &answers);
        assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 1, &result, &why).kind,
                         ERR_BUG);
        finish(&rig, &answers);
    }
}

static void bodies_too_large_together_are_sent_apart(void **state)
{
    (void)state;
    static char half[SQS_BATCH_MAX_BYTES / 2 + 1];
    memset(half, 'x', sizeof half);
    const str bodies[] = {{half, sizeof half}, {half, sizeof half}, {"c", 1}};
    struct answers answers = {.bodies = {"{\"Successful\":[{\"Id\":\"0\"}]}",
                                         "{\"Successful\":[{\"Id\":\"1\"},{\"Id\":\"2\"}]}"},
                              .count = 2};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[3];
    start(&rig, &answers);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 3, results, &why).kind, ERR_NONE);
    assert_true(results[0].ok && results[1].ok && results[2].ok);
    rig_stop(&rig);
    assert_int_equal(answers.requests, 2);
    str sent = buf_str(&answers.sent);
    const char *second = memmem(sent.at + 1, sent.len - 1, "POST ", 5);
    assert_non_null(second);
    assert_true(rig_contains(str_span(sent.at, second), "{\"Id\":\"0\","));
    assert_false(rig_contains(str_span(sent.at, second), "{\"Id\":\"1\","));
    buf_close(&answers.sent);
}

static void a_batch_has_at_most_ten(void **state)
{
    (void)state;
    static const str bodies[11] = {{"a", 1}};
    struct answers answers = {.bodies = {"{}"}, .count = 1};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[11];
    start(&rig, &answers);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 11, results, &why).kind, ERR_LIMIT);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 0, results, &why).kind, ERR_NONE);
    finish(&rig, &answers);
    assert_int_equal(answers.requests, 0);
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
    struct answers answers = {.bodies = {reply}, .count = 1};
    struct rig rig;
    struct why why = {0};
    start(&rig, &answers);
    const struct sqs_receive wanted = {
        .queue_url = QUEUE, .max = max, .wait_s = 1, .visibility_s = -1};
    err got = sqs_receive(&rig.client, &wanted, arena, messages, count, &why);
    finish(&rig, &answers);
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
    }
}

/* --- Settling --- */

static void a_reply_without_a_body_settles(void **state)
{
    (void)state;
    struct answers answers = {.bodies = {""}, .count = 1};
    struct rig rig;
    struct why why = {0};
    start(&rig, &answers);
    assert_int_equal(sqs_delete(&rig.client, QUEUE, STR("r"), &why).kind, ERR_NONE);
    assert_int_equal(sqs_change_visibility(&rig.client, QUEUE, STR("r"), 0, &why).kind, ERR_NONE);
    rig_stop(&rig);
    assert_true(rig_contains(buf_str(&answers.sent), ",\"ReceiptHandle\":\"r\"}\n"));
    assert_true(rig_contains(buf_str(&answers.sent),
                             ",\"ReceiptHandle\":\"r\",\"VisibilityTimeout\":0}\n"));
    buf_close(&answers.sent);
}

static void deletes_in_a_batch_have_a_result_each(void **state)
{
    (void)state;
    static const str handles[] = {{"r1", 2}, {"r2", 2}};
    struct answers answers = {.bodies = {"{\"Successful\":[{\"Id\":\"1\"}],\"Failed\":[{\"Id\":"
                                         "\"0\",\"SenderFault\":true}]}"},
                              .count = 1};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[2];
    start(&rig, &answers);
    assert_int_equal(sqs_delete_batch(&rig.client, QUEUE, handles, 2, results, &why).kind,
                     ERR_NONE);
    assert_true(!results[0].ok && results[0].sender_fault && results[1].ok);
    finish(&rig, &answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_sent_and_its_md5_compared),
        cmocka_unit_test(a_queue_that_is_not_there_is_missing),
        cmocka_unit_test(a_body_sqs_would_refuse_is_not_sent),
        cmocka_unit_test(what_failed_is_sent_again_unless_it_is_the_senders_fault),
        cmocka_unit_test(what_fails_for_ever_is_told_as_failed),
        cmocka_unit_test(an_entry_the_reply_leaves_out_is_not_a_success),
        cmocka_unit_test(a_batch_reply_that_makes_no_sense_is_a_bug),
        cmocka_unit_test(bodies_too_large_together_are_sent_apart),
        cmocka_unit_test(a_batch_has_at_most_ten),
        cmocka_unit_test(messages_come_with_their_attributes),
        cmocka_unit_test(an_empty_queue_gives_nothing),
        cmocka_unit_test(a_bad_reply_is_no_message),
        cmocka_unit_test(a_reply_without_a_body_settles),
        cmocka_unit_test(deletes_in_a_batch_have_a_result_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

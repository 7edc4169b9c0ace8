/* Batches of SQS: a reply of 200 with failures in it. */
#include "test/unit/aws/queue.h"

static void what_failed_is_sent_again_unless_it_is_the_senders_fault(void **state)
{
    (void)state;
    static const str bodies[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    struct queue queue = {
        .bodies = {"{\"Successful\":[{\"Id\":\"0\",\"MD5OfMessageBody\":"
                   "\"0cc175b9c0f1b6a831c399e269772661\"}],\"Failed\":[{\"Id\":\"1\","
                   "\"SenderFault\":true,\"Code\":\"X\"},{\"Id\":\"2\",\"SenderFault\":false,"
                   "\"Code\":\"InternalError\"}]}",
                   "{\"Successful\":[{\"Id\":\"2\"}],\"Failed\":[]}"},
        .count = 2};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[3];
    queue_start(&rig, &queue);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 3, results, &why).kind, ERR_NONE);
    rig_stop(&rig);
    assert_true(results[0].ok && !results[1].ok && results[1].sender_fault && results[2].ok);
    assert_int_equal(queue.requests, 2);
    assert_true(rig_contains(buf_str(&queue.sent),
                             "\"Entries\":[{\"Id\":\"2\",\"MessageBody\":\"c\"}]}\n"));
    buf_close(&queue.sent);
}

static void what_fails_for_ever_is_told_as_failed(void **state)
{
    (void)state;
    static const str bodies[] = {{"a", 1}, {"b", 1}};
    struct queue queue = {.bodies = {"{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\","
                                     "\"SenderFault\":false}]}",
                                     "{\"Failed\":[{\"Id\":\"1\",\"SenderFault\":false}]}"},
                          .count = 2};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[2];
    queue_start(&rig, &queue);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 2, results, &why).kind, ERR_NONE);
    assert_true(results[0].ok && !results[1].ok && !results[1].sender_fault);
    queue_finish(&rig, &queue);
    assert_int_equal(queue.requests, 3);
}

static void an_entry_the_reply_leaves_out_is_not_a_success(void **state)
{
    (void)state;
    static const str bodies[] = {{"a", 1}};
    struct queue queue = {.bodies = {"{}"}, .count = 1};
    struct rig rig;
    struct why why = {0};
    struct sqs_result result = {.ok = true};
    queue_start(&rig, &queue);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 1, &result, &why).kind, ERR_NONE);
    assert_false(result.ok);
    queue_finish(&rig, &queue);
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
        struct queue queue = {.bodies = {replies[i]}, .count = 1};
        struct rig rig;
        struct why why = {0};
        struct sqs_result result;
        queue_start(&rig, &queue);
        assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 1, &result, &why).kind,
                         ERR_BUG);
        queue_finish(&rig, &queue);
    }
}

static void bodies_too_large_together_are_sent_apart(void **state)
{
    (void)state;
    static char half[SQS_BATCH_MAX_BYTES / 2 + 1];
    memset(half, 'x', sizeof half);
    const str bodies[] = {{half, sizeof half}, {half, sizeof half}, {"c", 1}};
    struct queue queue = {.bodies = {"{\"Successful\":[{\"Id\":\"0\"}]}",
                                     "{\"Successful\":[{\"Id\":\"1\"},{\"Id\":\"2\"}]}"},
                          .count = 2};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[3];
    queue_start(&rig, &queue);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 3, results, &why).kind, ERR_NONE);
    assert_true(results[0].ok && results[1].ok && results[2].ok);
    rig_stop(&rig);
    assert_int_equal(queue.requests, 2);
    str sent = buf_str(&queue.sent);
    const char *second = memmem(sent.at + 1, sent.len - 1, "POST ", 5);
    assert_non_null(second);
    assert_true(rig_contains(str_span(sent.at, second), "{\"Id\":\"0\","));
    assert_false(rig_contains(str_span(sent.at, second), "{\"Id\":\"1\","));
    buf_close(&queue.sent);
}

static void failed_entries_are_paid_for_and_paid_back(void **state)
{
    (void)state;
    static const struct {
        const char *word, *first, *second;
        unsigned cost; /* of what is not paid back */
    } rows[] = {
        {"internal, passing",
         "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":false,\"Code\":\"InternalError\"}]}",
         "{\"Successful\":[{\"Id\":\"0\"}]}", 0},
        {"throttled, passing",
         "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":false,\"Code\":\"RequestThrottled\"}]}",
         "{\"Successful\":[{\"Id\":\"0\"}]}", 0},
        {"internal, lasting",
         "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":false,\"Code\":\"InternalError\"}]}", NULL,
         2 * 14},
        {"throttled, lasting",
         "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":false,\"Code\":\"RequestThrottled\"}]}", NULL,
         2 * 5},
        {"the sender's fault",
         "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":true,\"Code\":\"InvalidParameterValue\"}]}",
         NULL, 0},
    };
    static const str bodies[] = {{"a", 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct queue queue = {.bodies = {rows[i].first, rows[i].second},
                              .count = rows[i].second ? 2 : 1};
        struct rig rig;
        struct why why = {0};
        struct sqs_result result;
        queue_start(&rig, &queue);
        rig.client.quota.tokens = 400; /* each request that is answered gives one back */
        assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 1, &result, &why).kind,
                         ERR_NONE);
        unsigned tokens = rig.client.quota.tokens;
        queue_finish(&rig, &queue);
        if (result.ok != (rows[i].second != NULL) ||
            tokens != 400 + queue.requests - rows[i].cost) {
            fail_msg("%s: %u tokens after %u requests", rows[i].word, tokens, queue.requests);
        }
    }
}

static void what_sqs_would_refuse_is_not_asked_for(void **state)
{
    (void)state;
    static const struct {
        size_t max;
        int wait_s;
        enum err_kind kind;
    } rows[] = {
        {0, 0, ERR_LIMIT},  {11, 0, ERR_LIMIT}, {1, 21, ERR_LIMIT},
        {1, -1, ERR_LIMIT}, {1, 0, ERR_NONE},   {10, 20, ERR_NONE},
    };
    struct queue queue = {.bodies = {"{}"}, .count = 1};
    struct rig rig;
    unsigned good = 0;
    queue_start(&rig, &queue);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {0};
        struct arena arena = {0};
        struct sqs_message messages[SQS_BATCH_MAX];
        size_t count = 9;
        const struct sqs_receive wanted = {
            .queue_url = QUEUE, .max = rows[i].max, .wait_s = rows[i].wait_s, .visibility_s = -1};
        err got = sqs_receive(&rig.client, &wanted, &arena, messages, &count, &why);
        assert_int_equal(got.kind, rows[i].kind);
        assert_int_equal(count, 0);
        good += rows[i].kind == ERR_NONE;
    }
    queue_finish(&rig, &queue);
    assert_int_equal(queue.requests, good);
}

static void a_batch_has_at_most_ten(void **state)
{
    (void)state;
    static const str bodies[11] = {{"a", 1}};
    struct queue queue = {.bodies = {"{}"}, .count = 1};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[11];
    queue_start(&rig, &queue);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 11, results, &why).kind, ERR_LIMIT);
    why = (struct why){0};
    assert_int_equal(sqs_delete_batch(&rig.client, QUEUE, bodies, 11, results, &why).kind,
                     ERR_LIMIT);
    assert_int_equal(sqs_send_batch(&rig.client, QUEUE, bodies, 0, results, &why).kind, ERR_NONE);
    assert_int_equal(sqs_delete_batch(&rig.client, QUEUE, bodies, 0, results, &why).kind, ERR_NONE);
    queue_finish(&rig, &queue);
    assert_int_equal(queue.requests, 0);
}

static void deletes_in_a_batch_have_a_result_each(void **state)
{
    (void)state;
    static const str handles[] = {{"r1", 2}, {"r2", 2}};
    struct queue queue = {.bodies = {"{\"Successful\":[{\"Id\":\"1\"}],\"Failed\":[{\"Id\":"
                                     "\"0\",\"SenderFault\":true}]}"},
                          .count = 1};
    struct rig rig;
    struct why why = {0};
    struct sqs_result results[2];
    queue_start(&rig, &queue);
    assert_int_equal(sqs_delete_batch(&rig.client, QUEUE, handles, 2, results, &why).kind,
                     ERR_NONE);
    assert_true(!results[0].ok && results[0].sender_fault && results[1].ok);
    queue_finish(&rig, &queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_failed_is_sent_again_unless_it_is_the_senders_fault),
        cmocka_unit_test(what_fails_for_ever_is_told_as_failed),
        cmocka_unit_test(an_entry_the_reply_leaves_out_is_not_a_success),
        cmocka_unit_test(a_batch_reply_that_makes_no_sense_is_a_bug),
        cmocka_unit_test(bodies_too_large_together_are_sent_apart),
        cmocka_unit_test(failed_entries_are_paid_for_and_paid_back),
        cmocka_unit_test(what_sqs_would_refuse_is_not_asked_for),
        cmocka_unit_test(a_batch_has_at_most_ten),
        cmocka_unit_test(deletes_in_a_batch_have_a_result_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

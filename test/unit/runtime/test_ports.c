/* ingest on the real ports, with AWS played by one server: what no emulator does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/hash.h"
#include "runtime/lambda.h"
#include "runtime/ports.h"
#include "test/support/fake_service.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 3000, MOST_IDS = MANY + 10 };

/* What the services were sent, and how they answer. */
struct aws {
    struct fake_service service;
    int put_delay_ms;
    unsigned good_puts; /* so many are stored before put_status counts */
    int put_status;     /* 0: stored */
    const char *put_error;
    int send_status;
    const char *send_error;
    char ids[MOST_IDS][65]; /* of the rejects, as they came */
    char reasons[MOST_IDS][32];
    size_t reject_count;
    size_t raw_len; /* of the last reject, in base64 */
    size_t messages, longest_message;
};

static struct arena_block block;
static struct log silent = {.fd = -1, .level = LOG_OFF};

static void answer_error(struct fake_reply *reply, int status, const char *code)
{
    char body[128];
    (void)snprintf(body, sizeof body, "{\"__type\":\"%s\"}", code);
    fake_reply_with(reply, status, "Content-Type: application/x-amz-json-1.0\r\n", str_from(body));
}

static void keep_rejects(struct aws *aws, const char *message)
{
    json_t *root = json_loads(message, JSON_REJECT_DUPLICATES, NULL);
    json_t *rejects = json_object_get(root, "rejects");
    size_t i = 0;
    json_t *one = NULL;
    json_array_foreach(rejects, i, one)
    {
        if (aws->reject_count < MOST_IDS) {
            size_t n = aws->reject_count++;
            (void)snprintf(aws->ids[n], sizeof aws->ids[n], "%s",
                           json_string_value(json_object_get(one, "id")));
            (void)snprintf(aws->reasons[n], sizeof aws->reasons[n], "%s",
                           json_string_value(json_object_get(one, "reason")));
            aws->raw_len = json_string_length(json_object_get(one, "raw"));
        }
    }
    json_decref(root);
}

/* As SQS replies: with the MD5 of what it took. */
static void answer_taken(struct fake_reply *reply, str message)
{
    unsigned char md5[16];
    char hex[33];
    char body[128];
    assert_int_equal(EVP_Digest(message.at, message.len, md5, NULL, EVP_md5(), NULL), 1);
    hash_hex(md5, sizeof md5, hex);
    (void)snprintf(body, sizeof body, "{\"MessageId\":\"1\",\"MD5OfMessageBody\":\"%.32s\"}", hex);
    fake_reply_with(reply, 200, "Content-Type: application/x-amz-json-1.0\r\n", str_from(body));
}

static void take_message(struct aws *aws, const struct fake_request *request,
                         struct fake_reply *reply)
{
    if (aws->send_status) {
        answer_error(reply, aws->send_status, aws->send_error);
        return;
    }
    json_t *root = json_loadb(request->body.at, request->body.len, 0, NULL);
    const char *message = json_string_value(json_object_get(root, "MessageBody"));
    aws->messages++;
    size_t len = strlen(message);
    aws->longest_message = len > aws->longest_message ? len : aws->longest_message;
    keep_rejects(aws, message);
    answer_taken(reply, str_from(message));
    json_decref(root);
}

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct aws *aws = ctx;
    bool is_put = str_starts(fake_header(request, "X-Amz-Target"), STR("DynamoDB"));
    reply->delay_ms = is_put ? aws->put_delay_ms : 0;
    if (!is_put) {
        take_message(aws, request, reply);
    } else if (aws->put_status && !aws->good_puts) {
        answer_error(reply, aws->put_status, aws->put_error);
    } else {
        aws->good_puts -= aws->good_puts > 0;
        fake_reply_with(reply, 200, "Content-Type: application/x-amz-json-1.0\r\n", STR("{}"));
    }
}

struct answer {
    err result;
    struct why why;
    char text[1024];
    struct ingest_counts counts;
};

static struct answer invoke(struct ports *ports, str event, int64_t ms)
{
    struct answer answer = {0};
    struct arena arena = arena_start(&block);
    const struct ingest_config config = {
        .rules = {.now_ms = lambda_now_ms()},
        .max_record_bytes = 4096,
        .partial_response = true,
        .has_rejects = ports->config->rejects_queue_url.len > 0,
    };
    const struct ingest_ports plugs = ports_for_ingest(ports);
    struct ingest ingest = {.config = &config, .ports = &plugs, .arena = &arena, .log = &silent};
    struct buf reply;
    buf_wrap(&reply, answer.text, sizeof answer.text - 1);
    ports_begin(ports, &silent, lambda_now_ms() + ms);
    answer.result = ingest_event(&ingest, event, &reply, &answer.why);
    answer.counts = ingest.counts[ORIGIN_SQS];
    return answer;
}

/* As many invocations of one process as there are events; gives the last one's answer. */
static struct answer run_all(struct aws *aws, bool keeps_rejects, const str *events, size_t count,
                             int64_t ms)
{
    char url[64];
    struct answer answer = {0};
    struct ports ports;
    struct why why = {0};
    fake_service_start(&aws->service, serve, aws);
    (void)snprintf(url, sizeof url, "AWS_ENDPOINT_URL=http://127.0.0.1:%u", aws->service.port);
    const char *const env[] = {
        "AWS_REGION=eu-west-1",
        "AWS_ACCESS_KEY_ID=A",
        "AWS_SECRET_ACCESS_KEY=S",
        url,
        keeps_rejects ? "REJECTS_QUEUE_URL=http://127.0.0.1/1/rejects" : "REJECTS_QUEUE_URL=",
        NULL,
    };
    struct config config;
    assert_int_equal(config_read(env, &config, &why).kind, ERR_NONE);
    assert_int_equal(ports_init(&ports, &config, env, &why).kind, ERR_NONE);
    for (size_t i = 0; i < count; i++) {
        answer = invoke(&ports, events[i], ms);
    }
    ports_close(&ports);
    fake_service_stop(&aws->service);
    return answer;
}

static struct answer run(struct aws *aws, bool keeps_rejects, str event, int64_t ms)
{
    return run_all(aws, keeps_rejects, &event, 1, ms);
}

#define MESSAGE(id, body)                                                                          \
    "{\"messageId\":\"" id "\",\"body\":\"" body                                                   \
    "\",\"attributes\":{\"SentTimestamp\":\"1\"},\"eventSource\":\"aws:sqs\","                     \
    "\"eventSourceARN\":\"arn:aws:sqs:eu-west-1:123456789012:q\"}"
#define EVENT(list) STR("{\"Records\":[" list "]}")
#define GOOD        MESSAGE("m1", "user_id=a")
#define BAD         MESSAGE("m2", "user_name=n\\nx=y")

static void expect(const struct answer *answer, const char *text)
{
    assert_string_equal(answer->why.text, "");
    assert_int_equal(answer->result.kind, ERR_NONE);
    assert_string_equal(answer->text, text);
}

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

static void a_table_that_may_not_be_written_fails_the_invocation(void **state)
{
    static struct aws aws;
    (void)state;
    aws = (struct aws){.put_status = 400, .put_error = "AccessDeniedException"};
    struct answer answer = run(&aws, true, EVENT(GOOD), 10000);
    assert_int_equal(answer.result.kind, ERR_DENIED);
    assert_string_equal(answer.why.code, "AccessDeniedException");
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

static int set_up(void **state)
{
    (void)state;
    return arena_block_init(&block, (size_t)64 << 20) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_that_dynamodb_refuses_is_kept_with_its_bytes),
        cmocka_unit_test(a_table_that_refuses_every_item_acknowledges_nothing),
        cmocka_unit_test(a_long_bad_message_is_kept_whole),
        cmocka_unit_test(a_bad_message_too_long_to_be_kept_stays_in_its_queue),
        cmocka_unit_test(without_a_rejects_queue_a_refused_item_fails_its_message),
        cmocka_unit_test(a_busy_rejects_queue_fails_the_bad_message_alone),
        cmocka_unit_test(a_rejects_queue_that_may_not_be_used_fails_the_invocation),
        cmocka_unit_test(a_table_that_may_not_be_written_fails_the_invocation),
        cmocka_unit_test(a_refused_item_is_forgotten_after_its_invocation),
        cmocka_unit_test(a_newer_version_in_the_table_counts_as_stale),
        cmocka_unit_test(a_short_time_out_leaves_time_to_work),
        cmocka_unit_test(nothing_is_started_after_the_deadline),
        cmocka_unit_test(a_table_that_throttles_for_ever_fails_its_message),
        cmocka_unit_test(a_table_that_never_answers_leaves_time_for_the_rejects),
        cmocka_unit_test(a_table_that_never_answers_fails_its_message_by_the_deadline),
        cmocka_unit_test(many_rejects_are_packed_and_none_is_missing),
        cmocka_unit_test(a_reject_keeps_its_id_when_it_comes_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* ingest on the real ports, with AWS played by one server: for what no emulator does. */
#ifndef TEST_UNIT_RUNTIME_PLAYED_AWS_H
#define TEST_UNIT_RUNTIME_PLAYED_AWS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "runtime/lambda.h"
#include "runtime/ports.h"
#include "test/support/fake_service.h"

#include <jansson.h>
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

static inline void answer_error(struct fake_reply *reply, int status, const char *code)
{
    char body[128];
    (void)snprintf(body, sizeof body, "{\"__type\":\"%s\"}", code);
    fake_reply_with(reply, status, "Content-Type: application/x-amz-json-1.0\r\n", str_from(body));
}

static inline void keep_rejects(struct aws *aws, const char *message)
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

static inline void take_message(struct aws *aws, const struct fake_request *request,
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
    fake_reply_with(reply, 200, "Content-Type: application/x-amz-json-1.0\r\n",
                    STR("{\"MessageId\":\"1\"}"));
    json_decref(root);
}

static inline void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
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

static inline struct answer invoke(struct ports *ports, str event, int64_t ms)
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
static inline struct answer run_all(struct aws *aws, bool keeps_rejects, const str *events,
                                    size_t count, int64_t ms)
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

static inline struct answer run(struct aws *aws, bool keeps_rejects, str event, int64_t ms)
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

static inline void expect(const struct answer *answer, const char *text)
{
    assert_string_equal(answer->why.text, "");
    assert_int_equal(answer->result.kind, ERR_NONE);
    assert_string_equal(answer->text, text);
}

static inline int set_up(void **state)
{
    (void)state;
    return arena_block_init(&block, (size_t)64 << 20) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

#endif

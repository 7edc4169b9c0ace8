/* A whole host for the sources' tests: a fake AWS that plays canned replies and keeps the requests,
 * and a function (the test program itself, started anew) that answers as TEST_ANSWER says.
 */
#ifndef TEST_UNIT_LOCAL_POLL_STAGE_H
#define TEST_UNIT_LOCAL_POLL_STAGE_H

#include "base/env.h"
#include "deploy/local/clock.h"
#include "deploy/local/poll.h"
#include "test/support/fake_service.h"
#include "test/unit/local/raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { STAGE_MAX_CANNED = 12 };

/* What the service answers to the next request of an operation; used once each, in order. */
struct canned {
    const char *operation; /* the end of X-Amz-Target */
    int status;
    const char *body;
    bool used;
};

struct stage {
    struct fake_service service;
    struct canned canned[STAGE_MAX_CANNED]; /* what is not canned is answered with {} */
    struct buf seen;                        /* "<operation> <body>\n" per request */
    struct client client;
    struct function function;
    struct function_config config;
    struct report report;
    struct poll poll;
    struct poll_turn turn;
    struct why why;
    char endpoint[64], answer[256];
    const char *env[8], *extra[2];
};

/* The function: posts TEST_ANSWER as its response, an error when it is "error", the event itself
 * when it is "echo". */
static inline int stage_run_function(const char *answer, const char *const *env)
{
    uint64_t port = 0;
    (void)str_to_u64(str_cut(env_get(env, STR("AWS_LAMBDA_RUNTIME_API")), ':').tail, &port);
    int fd = raw_connect((uint16_t)port);
    bool good = strcmp(answer, "error") != 0, echo = strcmp(answer, "echo") == 0;
    for (;;) {
        struct raw_reply next;
        raw_next(fd, &next);
        if (next.status != 200) {
            return 2;
        }
        str given = echo ? buf_str(&next.body) : str_from(answer);
        (void)raw_answer(fd, &next, good ? "response" : "error", "",
                         good ? given : STR("{\"errorMessage\":\"no\"}"));
        buf_close(&next.body);
    }
}

static inline void stage_reply(void *ctx, const struct fake_request *request,
                               struct fake_reply *reply)
{
    struct stage *s = ctx;
    str target = fake_header(request, "X-Amz-Target");
    str operation = str_cut(target, '.').tail;
    buf_add(&s->seen, operation);
    buf_char(&s->seen, ' ');
    buf_add(&s->seen, request->body);
    buf_char(&s->seen, '\n');
    for (size_t i = 0; i < STAGE_MAX_CANNED && s->canned[i].operation; i++) {
        struct canned *c = &s->canned[i];
        if (!c->used && str_eq(operation, str_from(c->operation))) {
            c->used = true;
            fake_reply_with(reply, c->status, "Content-Type: application/x-amz-json-1.0\r\n",
                            str_from(c->body));
            return;
        }
    }
    fake_reply_with(reply, 200, "Content-Type: application/x-amz-json-1.0\r\n",
                    STR("{\"MessageId\":\"1\"}"));
}

static inline int stage_set_up(void **state)
{
    struct stage *s = test_calloc(1, sizeof *s);
    *state = s;
    buf_init(&s->seen, 1024 * 1024);
    fake_service_start(&s->service, stage_reply, s);
    (void)snprintf(s->endpoint, sizeof s->endpoint, "AWS_ENDPOINT_URL=http://127.0.0.1:%u",
                   (unsigned)s->service.port);
    s->env[0] = s->endpoint;
    s->env[1] = "AWS_REGION=eu-west-1";
    s->env[2] = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE";
    s->env[3] = "AWS_SECRET_ACCESS_KEY=secret";
    s->env[4] = "AWS_MAX_ATTEMPTS=1";
    s->extra[0] = s->answer;
    const struct client_config client = {.env = s->env, .now_ms = clock_wall_ms, .seed = 1};
    assert_int_equal(client_init(&s->client, &client, &s->why).kind, ERR_NONE);
    assert_int_equal(report_open(&s->report, NULL, true, &s->why).kind, ERR_NONE);
    s->poll = (struct poll){
        .client = &s->client,
        .function = &s->function,
        .report = &s->report,
        .settings = {.batch = 10, .visibility_s = -1, .retry_delay_s = -1, .max_retries = -1},
    };
    assert_int_equal(poll_init(&s->poll, &s->why).kind, ERR_NONE);
    return 0;
}

static inline int stage_tear_down(void **state)
{
    struct stage *s = *state;
    function_close(&s->function);
    poll_close(&s->poll);
    client_close(&s->client);
    fake_service_stop(&s->service);
    buf_close(&s->seen);
    test_free(s);
    return 0;
}

static inline void stage_answer_with(struct stage *s, const char *answer)
{
    (void)snprintf(s->answer, sizeof s->answer, "TEST_ANSWER=%s", answer);
    s->config = (struct function_config){
        .path = "/proc/self/exe",
        .env = s->env,
        .extra_env = s->extra,
        .memory_mb = 128,
        .timeout_ms = 20000,
        .stop_fd = -1,
    };
    assert_int_equal(function_open(&s->function, &s->config, &s->why).kind, ERR_NONE);
}

/* What the service saw: exactly these lines' beginnings, in this order. Forgets them. */
static inline void stage_assert_seen(struct stage *s, const char *const *wanted)
{
    str left = buf_str(&s->seen);
    for (size_t i = 0; wanted[i]; i++) {
        struct str_halves line = str_cut(left, '\n');
        if (!memmem(line.head.at, line.head.len, wanted[i], strlen(wanted[i]))) {
            fail_msg("wanted %s, saw %.*s", wanted[i], (int)left.len, left.at);
        }
        left = line.tail;
    }
    if (left.len) {
        fail_msg("saw also %.*s", (int)left.len, left.at);
    }
    buf_clear(&s->seen);
}

#endif

/* The world of ingest played by arrays: it remembers what it was given and fails where a test says.
 */
#ifndef TEST_UNIT_TRANSFORM_WORLD_H
#define TEST_UNIT_TRANSFORM_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "transform/ingest.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 64 };

struct world {
    struct ingest *ingest;
    struct ticket puts[MOST];
    char ids[MOST][64];
    char versions[MOST][128];
    size_t put_count;
    struct reject rejects[MOST];
    size_t reject_count;
    char handed[MOST][512];
    size_t handed_count;
    bool settled[MOST];
    str object; /* what open gives */
    str object_left;
    /* faults; counted from 1, 0 for none */
    size_t busy_put;
    size_t busy_from;    /* this one and all after it */
    size_t busy_at_once; /* told from within put */
    size_t told_twice;   /* in place of the one after it */
    size_t systemic_put;
    size_t forgotten_put;
    size_t twice_put; /* its outcome is told twice */
    enum err_kind open_fails;
    bool rejects_are_busy;
    bool queue_is_gone;
    int64_t modified_ms; /* of the object */
    int64_t now_ms;
    int64_t looks_left; /* at the clock, before time is up */
    unsigned opened;
    bool closed;
    int log_fd; /* 0: nothing is logged */
};

static struct arena_block block;
static struct log silent = {.fd = -1, .level = LOG_OFF};

static inline err open_object(void *ctx, const struct input *input, struct opened *out,
                              struct why *why)
{
    struct world *world = ctx;
    (void)input;
    world->opened++;
    if (world->open_fails) {
        return FAIL(why, world->open_fails, "planted");
    }
    world->object_left = world->object;
    out->source = source_of_text(&world->object_left);
    out->format = FORMAT_UNKNOWN;
    out->modified_ms = world->modified_ms;
    return OK;
}

static inline void close_object(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static inline err put(void *ctx, struct ingest *ingest, const struct user *user, str version,
                      const struct ticket *from, struct why *why)
{
    struct world *world = ctx;
    size_t n = world->put_count++;
    assert_true(n < MOST);
    world->ingest = ingest;
    world->puts[n] = *from;
    assert_true(str_to_c(user->id, world->ids[n], sizeof world->ids[n]));
    assert_true(str_to_c(version, world->versions[n], sizeof world->versions[n]));
    if (n + 1 == world->systemic_put) {
        ingest_settle(ingest, from, OUTCOME_FAILED);
        world->settled[n] = true;
        return FAIL(why, ERR_DENIED, "planted");
    }
    if (n + 1 == world->busy_at_once) {
        ingest_settle(ingest, from, OUTCOME_FAILED);
        world->settled[n] = true;
    }
    return OK;
}

static inline err reject(void *ctx, struct ingest *ingest, const struct reject *what,
                         struct why *why)
{
    struct world *world = ctx;
    (void)why;
    assert_true(world->reject_count < MOST);
    world->rejects[world->reject_count++] = *what;
    ingest_settle(ingest, &what->from, world->rejects_are_busy ? OUTCOME_FAILED : OUTCOME_REJECTED);
    return OK;
}

static inline err flush(void *ctx, struct why *why)
{
    struct world *world = ctx;
    (void)why;
    for (size_t i = 0; i < world->put_count; i++) {
        size_t n = i + 1;
        size_t told = world->told_twice && i == world->told_twice ? world->told_twice : n;
        if (!world->settled[i] && n != world->forgotten_put) {
            ingest_settle(world->ingest, &world->puts[told - 1],
                          n == world->busy_put || (world->busy_from && n >= world->busy_from)
                              ? OUTCOME_FAILED
                              : OUTCOME_WRITTEN);
        }
        if (n == world->twice_put) {
            ingest_settle(world->ingest, &world->puts[i], OUTCOME_WRITTEN);
        }
    }
    return OK;
}

static inline err hand_on(void *ctx, str body, struct why *why)
{
    struct world *world = ctx;
    if (world->queue_is_gone) {
        return FAIL(why, ERR_MISSING, "planted");
    }
    assert_true(str_to_c(body, world->handed[world->handed_count++], sizeof world->handed[0]));
    return OK;
}

static inline int64_t ms_left(void *ctx)
{
    struct world *world = ctx;
    return world->looks_left-- > 0 ? 1000 : 0;
}

static inline int64_t no_time(void)
{
    return 0;
}

enum { PARTIAL = 1, REJECTS_QUEUE = 2, WORK_QUEUE = 4 };

struct answer {
    err result;
    struct why why;
    char text[2048];
    struct ingest_counts counts[ORIGIN_COUNT];
};

static inline struct world fresh_world(void)
{
    return (struct world){.now_ms = 1780000000000, .looks_left = 1000};
}

static inline struct answer run(struct world *world, unsigned settings, const char *event)
{
    struct answer answer = {0};
    struct arena arena = arena_start(&block);
    struct ingest_config config = {
        .rules = {.now_ms = world->now_ms},
        .request_id = STR("r-1"),
        .max_record_bytes = 4096,
        .partial_response = settings & PARTIAL,
        .has_rejects = settings & REJECTS_QUEUE,
    };
    struct ingest_ports ports = {
        .ctx = world,
        .open = open_object,
        .close = close_object,
        .put = put,
        .reject = reject,
        .flush = flush,
        .hand_on = settings & WORK_QUEUE ? hand_on : NULL,
        .ms_left = ms_left,
    };
    struct log log = silent;
    if (world->log_fd) {
        log = (struct log){.fd = world->log_fd, .level = LOG_INFO, .now_ms = no_time};
    }
    struct ingest ingest = {.config = &config, .ports = &ports, .arena = &arena, .log = &log};
    struct buf reply;
    buf_wrap(&reply, answer.text, sizeof answer.text - 1);
    answer.result = ingest_event(&ingest, str_from(event), &reply, &answer.why);
    memcpy(answer.counts, ingest.counts, sizeof answer.counts);
    return answer;
}

static inline void expect(const struct answer *answer, const char *text)
{
    assert_int_equal(answer->result.kind, ERR_NONE);
    assert_string_equal(answer->text, text);
}

static inline void expect_failure(const struct answer *answer, enum err_kind kind)
{
    assert_int_equal(answer->result.kind, kind);
    assert_int_equal(answer->why.kind, kind);
}

#define SQS_MESSAGE(id, body)                                                                      \
    "{\"messageId\":\"" id "\",\"body\":\"" body                                                   \
    "\",\"attributes\":{\"SentTimestamp\":\"1779999990000\"},\"eventSource\":\"aws:sqs\","         \
    "\"eventSourceARN\":\"arn:aws:sqs:eu-west-1:123456789012:user-data-queue\"}"
#define FIFO_MESSAGE(id, group, body)                                                              \
    "{\"messageId\":\"" id "\",\"body\":\"" body                                                   \
    "\",\"attributes\":{\"SentTimestamp\":\"1779999990000\",\"MessageGroupId\":\"" group           \
    "\"},\"eventSource\":\"aws:sqs\","                                                             \
    "\"eventSourceARN\":\"arn:aws:sqs:eu-west-1:123456789012:users.fifo\"}"
#define KINESIS_RECORD(number, data)                                                               \
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"" number                   \
    "\",\"partitionKey\":\"p\",\"data\":\"" data                                                   \
    "\",\"approximateArrivalTimestamp\":1779999990.5},"                                            \
    "\"eventSourceARN\":\"arn:aws:kinesis:eu-west-1:123456789012:stream/users\"}"
#define S3_RECORD(key)                                                                             \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\","                             \
    "\"eventTime\":\"2026-05-28T20:26:30.000Z\",\"s3\":{\"bucket\":{\"name\":\"b\"},"              \
    "\"object\":{\"key\":\"" key "\",\"size\":9,\"eTag\":\"e\",\"sequencer\":\"00A1\"}}}"
#define RECORDS(list) "{\"Records\":[" list "]}"

#define GOOD(id) "user_id=" id "\\nuser_name=N"
#define BAD      "user_name=N\\nemail=a@b.example"

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

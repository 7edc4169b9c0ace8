/* ingest with the world played by arrays: what is acknowledged, what comes again, and why. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "transform/ingest.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 64 };

/* The world: it remembers what it was given and fails where a test says. */
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
    size_t settled;
    str object; /* what open gives */
    str object_left;
    /* faults; counted from 1, 0 for none */
    size_t busy_put;
    size_t systemic_put;
    size_t forgotten_put;
    enum err_kind open_fails;
    bool rejects_are_busy;
    bool queue_is_gone;
    int64_t looks_left; /* at the clock, before time is up */
    bool closed;
};

static struct arena_block block;
static struct log silent = {.fd = -1, .level = LOG_OFF};

static err open_object(void *ctx, const struct input *input, struct opened *out, struct why *why)
{
    struct world *world = ctx;
    (void)input;
    if (world->open_fails) {
        return FAIL(why, world->open_fails, "planted");
    }
    world->object_left = world->object;
    out->source = source_of_text(&world->object_left);
    out->format = FORMAT_UNKNOWN;
    return OK;
}

static void close_object(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static err put(void *ctx, struct ingest *ingest, const struct user *user, str version,
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
        world->settled = n + 1;
        return FAIL(why, ERR_DENIED, "planted");
    }
    return OK;
}

static err reject(void *ctx, struct ingest *ingest, const struct reject *what, struct why *why)
{
    struct world *world = ctx;
    (void)why;
    assert_true(world->reject_count < MOST);
    world->rejects[world->reject_count++] = *what;
    ingest_settle(ingest, &what->from, world->rejects_are_busy ? OUTCOME_FAILED : OUTCOME_REJECTED);
    return OK;
}

static err flush(void *ctx, struct why *why)
{
    struct world *world = ctx;
    (void)why;
    for (; world->settled < world->put_count; world->settled++) {
        size_t n = world->settled + 1;
        if (n != world->forgotten_put) {
            ingest_settle(world->ingest, &world->puts[n - 1],
                          n == world->busy_put ? OUTCOME_FAILED : OUTCOME_WRITTEN);
        }
    }
    return OK;
}

static err hand_on(void *ctx, str body, struct why *why)
{
    struct world *world = ctx;
    if (world->queue_is_gone) {
        return FAIL(why, ERR_MISSING, "planted");
    }
    assert_true(str_to_c(body, world->handed[world->handed_count++], sizeof world->handed[0]));
    return OK;
}

static int64_t ms_left(void *ctx)
{
    struct world *world = ctx;
    return world->looks_left-- > 0 ? 1000 : 0;
}

enum { PARTIAL = 1, REJECTS_QUEUE = 2, WORK_QUEUE = 4 };

struct answer {
    err result;
    struct why why;
    char text[2048];
    struct ingest_counts counts[ORIGIN_COUNT];
};

static struct world fresh_world(void)
{
    return (struct world){.looks_left = 1000};
}

static struct answer run(struct world *world, unsigned settings, const char *event)
{
    struct answer answer = {0};
    struct arena arena = arena_start(&block);
    struct ingest_config config = {
        .rules = {.now_ms = 1780000000000},
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
    struct ingest ingest = {.config = &config, .ports = &ports, .arena = &arena, .log = &silent};
    struct buf reply;
    buf_wrap(&reply, answer.text, sizeof answer.text - 1);
    answer.result = ingest_event(&ingest, str_from(event), &reply, &answer.why);
    memcpy(answer.counts, ingest.counts, sizeof answer.counts);
    return answer;
}

static void expect(const struct answer *answer, const char *text)
{
    assert_int_equal(answer->result.kind, ERR_NONE);
    assert_string_equal(answer->text, text);
}

static void expect_failure(const struct answer *answer, enum err_kind kind)
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

static void an_object_is_read_to_its_end_and_counted(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}\n{\"user_id\":\"b\"}\n");
    struct answer answer = run(&world, PARTIAL, RECORDS(S3_RECORD("k.json")));
    expect(&answer, "{\"in\":2,\"written\":2,\"duplicate\":0,\"stale\":0,\"superseded\":0,"
                    "\"rejected\":0,\"deferred\":0,\"failed\":0}");
    assert_true(world.closed);
}

static void an_object_that_is_gone_is_done(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_MISSING;
    struct answer answer = run(&world, 0, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(answer.counts[ORIGIN_S3].ignored, 1);
}

static void an_object_that_may_not_be_read_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_DENIED;
    struct answer answer = run(&world, PARTIAL | WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_DENIED);
    assert_int_equal(world.handed_count, 0);
}

static void a_busy_object_is_handed_to_the_work_queue(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_BUSY;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(world.handed_count, 1);
    assert_string_equal(world.handed[0], RECORDS(S3_RECORD("k.json")));
}

static void what_is_handed_on_counts_as_deferred(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}{\"user_id\":\"b\"}");
    world.busy_put = 2;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(answer.counts[ORIGIN_S3].of[OUTCOME_DEFERRED], 1);
    assert_int_equal(answer.counts[ORIGIN_S3].of[OUTCOME_FAILED], 0);
}

static void a_busy_object_with_no_work_queue_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_BUSY;
    struct answer answer = run(&world, PARTIAL, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_BUSY);
}

static void a_work_queue_that_is_gone_fails_the_invocation(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.open_fails = ERR_BUSY;
    world.queue_is_gone = true;
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_MISSING);
}

static void bad_data_in_an_object_fails_the_invocation_without_a_rejects_queue(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.object = STR("{\"user_id\":\"a\"}\n{\"user_id\":true}\n{\"user_id\":\"c\"}\n");
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_INPUT);
    assert_int_equal(world.put_count, 2);
    assert_int_equal(world.handed_count, 0);
}

static void what_was_not_started_when_time_is_up_comes_again(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.looks_left = 3; /* two for the first message, one for the second to be started */
    struct answer answer = run(&world, PARTIAL,
                               RECORDS(SQS_MESSAGE("m1", GOOD("a")) "," SQS_MESSAGE(
                                   "m2", GOOD("b")) "," SQS_MESSAGE("m3", GOOD("c"))));
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},"
                    "{\"itemIdentifier\":\"m3\"}]}");
    assert_int_equal(world.put_count, 1);
}

static void an_object_out_of_time_is_not_handed_on(void **state)
{
    struct world world = fresh_world();
    (void)state;
    world.looks_left = 1;
    world.object = STR("{\"user_id\":\"a\"}");
    struct answer answer = run(&world, WORK_QUEUE, RECORDS(S3_RECORD("k.json")));
    expect_failure(&answer, ERR_DEADLINE);
    assert_int_equal(world.handed_count, 0);
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
        cmocka_unit_test(an_object_is_read_to_its_end_and_counted),
        cmocka_unit_test(an_object_that_is_gone_is_done),
        cmocka_unit_test(an_object_that_may_not_be_read_fails_the_invocation),
        cmocka_unit_test(a_busy_object_is_handed_to_the_work_queue),
        cmocka_unit_test(what_is_handed_on_counts_as_deferred),
        cmocka_unit_test(a_busy_object_with_no_work_queue_fails_the_invocation),
        cmocka_unit_test(a_work_queue_that_is_gone_fails_the_invocation),
        cmocka_unit_test(bad_data_in_an_object_fails_the_invocation_without_a_rejects_queue),
        cmocka_unit_test(what_was_not_started_when_time_is_up_comes_again),
        cmocka_unit_test(an_object_out_of_time_is_not_handed_on),
        cmocka_unit_test(a_failing_message_without_an_id_fails_the_invocation),
        cmocka_unit_test(an_unknown_event_is_an_error),
        cmocka_unit_test(an_outcome_that_is_never_told_breaks_the_accounts),
        cmocka_unit_test(a_redelivery_has_the_same_version_and_a_later_message_a_greater_one),
        cmocka_unit_test(a_record_s_own_time_outranks_its_message_s),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

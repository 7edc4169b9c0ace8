#include "deploy/local/poll_s3.h"
#include "deploy/local/poll_sqs.h"
#include "test/unit/local/poll_stage.h"

#define MESSAGE(id, count)                                                                         \
    "{\"MessageId\":\"" id "\",\"ReceiptHandle\":\"h-" id "\",\"Body\":\"{}\","                    \
    "\"Attributes\":{\"ApproximateReceiveCount\":\"" count "\",\"SentTimestamp\":\"1\"}}"
#define THREE                                                                                      \
    "{\"Messages\":[" MESSAGE("m0", "1") "," MESSAGE("m1", "1") "," MESSAGE("m2", "1") "]}"
#define ONE(count) "{\"Messages\":[" MESSAGE("m0", count) "]}"
#define FAILED_M1  "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"}]}"

static err sqs_turn(struct stage *s)
{
    struct poll_sqs queue;
    s->turn = (struct poll_turn){0};
    poll_sqs_init(&queue, STR("http://h/123/q"), STR("eu-west-1"));
    return poll_sqs_turn(&s->poll, &queue, &s->turn, &s->why);
}

static err s3_turn(struct stage *s)
{
    struct poll_s3 queue = {.url = STR("http://h/123/s")};
    s->turn = (struct poll_turn){0};
    return poll_s3_turn(&s->poll, &queue, &s->turn, &s->why);
}

static void can(struct stage *s, size_t i, const char *operation, const char *body)
{
    s->canned[i] = (struct canned){.operation = operation, .status = 200, .body = body};
}

/* What a turn over three messages deletes and hands back. */
static void a_batch_is_settled_by_what_the_function_answers(void **state)
{
    static const struct {
        const char *what, *answer;
        bool partial, again;
        size_t failed;
        const char *deleted; /* handles in the request; NULL: none is sent */
        const char *handed_back;
    } rows[] = {
        {"all done", "{}", true, false, 0, "h-m0 h-m1 h-m2", NULL},
        {"one failed", FAILED_M1, true, true, 1, "h-m0 h-m2", "h-m1"},
        {"not asked for", FAILED_M1, false, false, 0, "h-m0 h-m1 h-m2", NULL},
        {"unreadable", "[]", true, true, 3, NULL, "h-m0"},
        {"unreadable, not asked for", "[]", false, false, 0, "h-m0 h-m1 h-m2", NULL},
        {"error", "error", true, true, 3, NULL, "h-m0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage *s = *state;
        s->poll.settings.partial_reply = rows[i].partial;
        s->poll.settings.retry_delay_s = 7;
        s->report.records_failed = 0;
        memset(s->canned, 0, sizeof s->canned);
        can(s, 0, "ReceiveMessage", THREE);
        stage_answer_with(s, rows[i].answer);
        assert_int_equal(sqs_turn(s).kind, ERR_NONE);
        assert_int_equal(s->turn.records, 3);
        assert_int_equal(s->turn.due_ms > 0, rows[i].again);
        assert_int_equal(s->report.records_failed, rows[i].failed);
        const str seen = buf_str(&s->seen);
        for (size_t m = 0; m < 3; m++) {
            char handle[] = "h-m0", line[80];
            handle[3] = (char)('0' + m);
            (void)snprintf(line, sizeof line, "\"ReceiptHandle\":\"%s\"}", handle);
            bool deleted = memmem(seen.at, seen.len, line, strlen(line));
            bool wanted = rows[i].deleted && strstr(rows[i].deleted, handle);
            if (deleted != wanted) {
                fail_msg("%s: %s, %.*s", rows[i].what, handle, (int)seen.len, seen.at);
            }
        }
        if (rows[i].handed_back) {
            assert_non_null(memmem(seen.at, seen.len, "\"VisibilityTimeout\":7", 21));
        } else {
            assert_null(memmem(seen.at, seen.len, "ChangeMessageVisibility", 23));
        }
        buf_clear(&s->seen);
        function_close(&s->function);
    }
}

static void without_a_retry_delay_visibility_runs_out_by_itself(void **state)
{
    struct stage *s = *state;
    s->poll.settings.visibility_s = 60;
    can(s, 0, "ReceiveMessage", THREE);
    stage_answer_with(s, "error");
    int64_t before = clock_steady_ms();
    assert_int_equal(sqs_turn(s).kind, ERR_NONE);
    assert_true(s->turn.due_ms >= before + 60000);
    stage_assert_seen(s, (const char *const[]){"\"VisibilityTimeout\":60", NULL});
}

static void an_empty_queue_invokes_nothing(void **state)
{
    struct stage *s = *state;
    stage_answer_with(s, "{}");
    assert_int_equal(sqs_turn(s).kind, ERR_NONE);
    assert_int_equal(s->turn.records, 0);
    assert_int_equal(s->function.starts, 0);
    stage_assert_seen(s, (const char *const[]){"ReceiveMessage", NULL});
}

static void a_batch_above_ten_takes_several_requests(void **state)
{
    struct stage *s = *state;
    static char ten[4096];
    struct buf body;
    buf_wrap(&body, ten, sizeof ten - 1);
    buf_add(&body, STR("{\"Messages\":[" MESSAGE("a0", "1")));
    for (size_t i = 1; i < 10; i++) {
        buf_add(&body, STR("," MESSAGE("a1", "1")));
    }
    buf_add(&body, STR("]}"));
    ten[body.len] = 0;
    s->poll.settings.batch = 15;
    can(s, 0, "ReceiveMessage", ten);
    can(s, 1, "ReceiveMessage", THREE);
    stage_answer_with(s, "{}");
    assert_int_equal(sqs_turn(s).kind, ERR_NONE);
    assert_int_equal(s->report.invocations, 1);
    assert_int_equal(s->report.records, 13);
    stage_assert_seen(s, (const char *const[]){"\"MaxNumberOfMessages\":10",
                                               "\"MaxNumberOfMessages\":5", "DeleteMessageBatch",
                                               "DeleteMessageBatch", NULL});
}

static void a_missing_queue_is_told_with_its_call_and_code(void **state)
{
    struct stage *s = *state;
    s->canned[0] = (struct canned){
        .operation = "ReceiveMessage",
        .status = 400,
        .body = "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"secret\"}",
    };
    stage_answer_with(s, "{}");
    assert_int_equal(sqs_turn(s).kind, ERR_MISSING);
    assert_non_null(strstr(s->why.text, "ReceiveMessage"));
    assert_non_null(strstr(s->why.text, "QueueDoesNotExist"));
    assert_null(strstr(s->why.text, "secret"));
}

static void a_notification_is_deleted_once_the_function_took_it(void **state)
{
    struct stage *s = *state;
    can(s, 0, "ReceiveMessage", ONE("1"));
    stage_answer_with(s, "[]");
    assert_int_equal(s3_turn(s).kind, ERR_NONE);
    stage_assert_seen(s, (const char *const[]){"ReceiveMessage", "DeleteMessage {", NULL});
}

static void a_notification_is_tried_three_times_and_then_given_up(void **state)
{
    static const char *const again[] = {"ReceiveMessage", "ChangeMessageVisibility", NULL};
    static const char *const given_up[] = {"ReceiveMessage", "RetriesExhausted", "DeleteMessage {",
                                           NULL};
    struct stage *s = *state;
    s->poll.settings.on_failure = STR("http://h/123/f");
    can(s, 0, "ReceiveMessage", ONE("1"));
    can(s, 1, "ReceiveMessage", ONE("2"));
    can(s, 2, "ReceiveMessage", ONE("3"));
    stage_answer_with(s, "error");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(s3_turn(s).kind, ERR_NONE);
        assert_true(s->turn.due_ms > 0);
        stage_assert_seen(s, again);
    }
    assert_int_equal(s3_turn(s).kind, ERR_NONE);
    stage_assert_seen(s, given_up);
}

static void a_notification_is_kept_when_the_on_failure_queue_does_not_take_it(void **state)
{
    struct stage *s = *state;
    s->poll.settings.on_failure = STR("http://h/123/f");
    s->poll.settings.max_retries = 0;
    can(s, 0, "ReceiveMessage", ONE("1"));
    s->canned[1] = (struct canned){
        .operation = "SendMessage", .status = 400, .body = "{\"__type\":\"a#InvalidThing\"}"};
    stage_answer_with(s, "error");
    assert_int_not_equal(s3_turn(s).kind, ERR_NONE);
    stage_assert_seen(s, (const char *const[]){"ReceiveMessage", "SendMessage", NULL});
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    const char *answer = getenv("TEST_ANSWER");
    if (answer) {
        return stage_run_function(answer, (const char *const *)env);
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_is_settled_by_what_the_function_answers),
        TEST(without_a_retry_delay_visibility_runs_out_by_itself),
        TEST(an_empty_queue_invokes_nothing),
        TEST(a_batch_above_ten_takes_several_requests),
        TEST(a_missing_queue_is_told_with_its_call_and_code),
        TEST(a_notification_is_deleted_once_the_function_took_it),
        TEST(a_notification_is_tried_three_times_and_then_given_up),
        TEST(a_notification_is_kept_when_the_on_failure_queue_does_not_take_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

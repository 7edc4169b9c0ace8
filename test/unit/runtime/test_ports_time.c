/* Time: whatever the services do for ever, there is an answer before the deadline, what is not
 * confirmed comes again, and the requests are not without number.
 */
#include "test/unit/runtime/played_aws.h"

/* All the messages' users fit under way at once; none waits unstarted for its turn. */
enum { TIME_OUT_MS = 2000, MESSAGES = 10, USERS = 200 };

/* Generous, for a machine that is busy; the services would go on for ever. */
static void expect_in_time(int64_t start_ms)
{
    assert_in_range(lambda_now_ms() - start_ms, 0, 8000);
}

/* Messages m0, m1, ..., of a user each; every tenth is bad. */
static void add_messages(struct buf *event, size_t count)
{
    buf_add(event, STR("{\"Records\":["));
    for (size_t i = 0; i < count; i++) {
        char message[400];
        (void)snprintf(message, sizeof message,
                       "%s{\"messageId\":\"m%zu\",\"body\":\"user_id=%s%zu\",\"eventSource\":"
                       "\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:e:1:q\"}",
                       i ? "," : "", i, i % 10 == 9 ? "\\u202e" : "u", i);
        buf_add(event, str_from(message));
    }
    buf_add(event, STR("]}"));
}

static size_t count_named(const char *reply)
{
    size_t count = 0;
    for (const char *at = reply; (at = strstr(at, "itemIdentifier")); at++) {
        count++;
    }
    return count;
}

struct row {
    const char *word;
    struct aws aws;
    size_t named;      /* of ten messages, one of which is bad */
    size_t rejects;    /* kept */
    unsigned requests; /* at most */
};

static void run_row(const struct row *row)
{
    static struct aws aws;
    struct buf event;
    print_message("%s\n", row->word);
    aws = row->aws;
    buf_init(&event, (size_t)1 << 20);
    add_messages(&event, MESSAGES);
    int64_t start_ms = lambda_now_ms();
    struct answer answer = run(&aws, true, buf_str(&event), TIME_OUT_MS);
    expect_in_time(start_ms);
    buf_close(&event);
    assert_int_equal(answer.result.kind, ERR_NONE);
    assert_int_equal(count_named(answer.text), row->named);
    assert_int_equal(aws.reject_count, row->rejects);
    assert_in_range(aws.service.requests, 0, row->requests);
    assert_int_equal(answer.counts.of[OUTCOME_FAILED] + answer.counts.of[OUTCOME_WRITTEN] +
                         answer.counts.of[OUTCOME_REJECTED],
                     answer.counts.in);
}

static void services_that_never_do_it_are_answered_for_in_time(void **state)
{
    static const char throttled[] = "ProvisionedThroughputExceededException";
    static const struct row rows[] = {
        {"a table throttled for ever", {.put_status = 400, .put_error = throttled}, 9, 1, 150},
        {"a table that is ill for ever", {.put_status = 500, .put_error = "X"}, 9, 1, 150},
        {"a table throttled after some",
         {.good_puts = 7, .put_status = 400, .put_error = throttled},
         2,
         1,
         150},
        {"a slow table", {.put_delay_ms = 600000}, 9, 1, 30},
        {"a rejects queue that is ill", {.send_status = 503, .send_error = "X"}, 1, 0, 30},
        {"a rejects queue throttled",
         {.send_status = 400, .send_error = "ThrottlingException"},
         1,
         0,
         30},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run_row(&rows[i]);
    }
}

static void after_the_deadline_nothing_is_asked_of_anyone(void **state)
{
    static struct aws aws;
    struct buf event;
    (void)state;
    aws = (struct aws){0};
    buf_init(&event, (size_t)1 << 20);
    add_messages(&event, MESSAGES);
    struct answer answer = run(&aws, true, buf_str(&event), -1);
    buf_close(&event);
    assert_int_equal(count_named(answer.text), MESSAGES);
    assert_int_equal(answer.counts.in, 0);
    assert_int_equal(aws.service.requests, 0);
}

/* A throttled table slows the writer down: more users do not mean more requests. */
static void requests_to_a_throttled_table_do_not_grow_with_the_users(void **state)
{
    static struct aws aws;
    struct buf event;
    (void)state;
    aws = (struct aws){.put_status = 400, .put_error = "ThrottlingException"};
    buf_init(&event, (size_t)1 << 20);
    buf_add(&event, STR("{\"Records\":[{\"messageId\":\"m\",\"eventSource\":\"aws:sqs\","
                        "\"eventSourceARN\":\"arn:aws:sqs:e:1:q\",\"body\":\""));
    for (size_t i = 0; i < USERS; i++) {
        buf_add(&event, STR("user_id=u"));
        buf_u64(&event, i);
        buf_add(&event, STR("\\n"));
    }
    buf_add(&event, STR("\"}]}"));
    int64_t start_ms = lambda_now_ms();
    struct answer answer = run(&aws, true, buf_str(&event), TIME_OUT_MS);
    expect_in_time(start_ms);
    buf_close(&event);
    expect(&answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m\"}]}");
    assert_in_range(aws.service.requests, 1, USERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_that_never_do_it_are_answered_for_in_time),
        cmocka_unit_test(after_the_deadline_nothing_is_asked_of_anyone),
        cmocka_unit_test(requests_to_a_throttled_table_do_not_grow_with_the_users),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

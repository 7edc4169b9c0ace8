#include "deploy/local/poll_kinesis.h"
#include "test/unit/local/poll_stage.h"

#define RECORD(number)                                                                             \
    "{\"SequenceNumber\":\"" number "\",\"PartitionKey\":\"p\",\"Data\":\"e30=\","                 \
    "\"ApproximateArrivalTimestamp\":1.5}"
#define SHARD    "{\"Shards\":[{\"ShardId\":\"shardId-0\"}]}"
#define THREE    "{\"Records\":[" RECORD("10") "," RECORD("11") "," RECORD("12") "]," NEXT "}"
#define NEXT     "\"NextShardIterator\":\"it-2\""
#define ITERATOR "{\"ShardIterator\":\"it-1\"}"
#define NOTHING  "{\"Records\":[]," NEXT "}"

static void can(struct stage *s, size_t i, const char *operation, const char *body)
{
    s->canned[i] = (struct canned){.operation = operation, .status = 200, .body = body};
}

static struct poll_kinesis *new_stream(struct stage *s, const char *answer)
{
    struct poll_kinesis *stream = test_calloc(1, sizeof *stream);
    poll_kinesis_init(stream, STR("st"), STR("eu-west-1"));
    s->poll.settings.retry_delay_s = 0;
    s->poll.settings.partial_reply = true;
    can(s, 0, "ListShards", SHARD);
    can(s, 1, "GetShardIterator", ITERATOR);
    can(s, 2, "GetShardIterator", ITERATOR);
    can(s, 3, "GetShardIterator", ITERATOR);
    stage_answer_with(s, answer);
    return stream;
}

static void turn(struct stage *s, struct poll_kinesis *stream)
{
    s->turn = (struct poll_turn){0};
    assert_int_equal(poll_kinesis_turn(&s->poll, stream, &s->turn, &s->why).kind, ERR_NONE);
}

static void a_shard_is_read_on_from_iterator_to_iterator(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream = new_stream(s, "{}");
    can(s, 4, "GetRecords", THREE);
    can(s, 5, "GetRecords", NOTHING);
    turn(s, stream);
    assert_int_equal(s->turn.records, 3);
    turn(s, stream);
    assert_int_equal(s->turn.records, 0);
    stage_assert_seen(s, (const char *const[]){"ListShards", "TRIM_HORIZON", "it-1", "it-2", NULL});
    assert_string_equal(stream->shards[0].done, "12");
    test_free(stream);
}

static void a_partial_failure_starts_again_at_the_first_that_failed(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream =
        new_stream(s, "{\"batchItemFailures\":[{\"itemIdentifier\":\"12\"},"
                      "{\"itemIdentifier\":\"11\"}]}");
    can(s, 4, "GetRecords", THREE);
    can(s, 5, "GetRecords", NOTHING);
    turn(s, stream);
    assert_string_equal(stream->shards[0].done, "10");
    assert_int_equal(s->report.records_failed, 2);
    turn(s, stream);
    stage_assert_seen(s, (const char *const[]){"ListShards", "TRIM_HORIZON", "\"Limit\":10",
                                               "\"StartingSequenceNumber\":\"10\"", "\"Limit\":2",
                                               NULL});
    test_free(stream);
}

static void a_failed_batch_is_tried_again_and_then_given_up_with_its_range(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream = new_stream(s, "error");
    s->poll.settings.max_retries = 1;
    s->poll.settings.on_failure = STR("http://h/123/f");
    can(s, 4, "GetRecords", THREE);
    can(s, 5, "GetRecords", THREE);
    can(s, 6, "GetRecords", NOTHING);
    turn(s, stream);
    assert_string_equal(stream->shards[0].done, "");
    assert_true(s->turn.due_ms > 0);
    turn(s, stream);
    assert_string_equal(stream->shards[0].done, "12");
    turn(s, stream);
    stage_assert_seen(
        s, (const char *const[]){"ListShards", "TRIM_HORIZON", "\"Limit\":10", "TRIM_HORIZON",
                                 "\"Limit\":3", "\\\"startSequenceNumber\\\":\\\"10\\\"",
                                 "\"StartingSequenceNumber\":\"12\"", "\"Limit\":10", NULL});
    test_free(stream);
}

static void without_a_bound_a_batch_is_tried_for_ever(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream = new_stream(s, "error");
    for (size_t i = 0; i < 3; i++) {
        can(s, 4 + i, "GetRecords", THREE);
        turn(s, stream);
        assert_string_equal(stream->shards[0].done, "");
    }
    assert_int_equal(s->report.invocations, 3);
    test_free(stream);
}

static void a_shard_waits_for_its_retry(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream = new_stream(s, "error");
    s->poll.settings.retry_delay_s = 1000;
    can(s, 4, "GetRecords", THREE);
    turn(s, stream);
    turn(s, stream);
    assert_int_equal(s->turn.records, 0);
    assert_true(s->turn.due_ms > clock_steady_ms());
    assert_int_equal(s->report.invocations, 1);
    test_free(stream);
}

static void a_closed_shard_makes_way_for_its_children(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream = new_stream(s, "{}");
    can(s, 4, "GetRecords", "{\"Records\":[" RECORD("10") "]}");
    can(s, 5, "ListShards",
        "{\"Shards\":[{\"ShardId\":\"shardId-0\"},{\"ShardId\":\"shardId-1\"}]}");
    can(s, 6, "GetRecords", NOTHING);
    turn(s, stream);
    assert_true(stream->shards[0].closed);
    turn(s, stream);
    assert_int_equal(stream->shard_count, 2);
    stage_assert_seen(s, (const char *const[]){"ListShards", "shardId-0", "GetRecords",
                                               "ListShards", "shardId-1", "GetRecords", NULL});
    test_free(stream);
}

static void an_expired_iterator_is_replaced_behind_what_is_done(void **state)
{
    struct stage *s = *state;
    struct poll_kinesis *stream = new_stream(s, "{}");
    can(s, 4, "GetRecords", THREE);
    s->canned[5] = (struct canned){.operation = "GetRecords",
                                   .status = 400,
                                   .body = "{\"__type\":\"ExpiredIteratorException\"}"};
    can(s, 6, "GetRecords", NOTHING);
    turn(s, stream);
    assert_int_not_equal(poll_kinesis_turn(&s->poll, stream, &s->turn, &s->why).kind, ERR_NONE);
    assert_string_equal(s->why.code, "ExpiredIteratorException");
    turn(s, stream);
    stage_assert_seen(s, (const char *const[]){"ListShards", "TRIM_HORIZON", "it-1", "it-2",
                                               "\"StartingSequenceNumber\":\"12\"", "it-1", NULL});
    test_free(stream);
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
        TEST(a_shard_is_read_on_from_iterator_to_iterator),
        TEST(a_partial_failure_starts_again_at_the_first_that_failed),
        TEST(a_failed_batch_is_tried_again_and_then_given_up_with_its_range),
        TEST(without_a_bound_a_batch_is_tried_for_ever),
        TEST(a_shard_waits_for_its_retry),
        TEST(a_closed_shard_makes_way_for_its_children),
        TEST(an_expired_iterator_is_replaced_behind_what_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

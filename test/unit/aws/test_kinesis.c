#include "test/unit/aws/rig.h"

#include "aws/kinesis.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Answers with one body after the other, the last one for ever; keeps what was sent. */
struct answers {
    const char *bodies[4];
    size_t count;
    char sent[4][512];
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct answers *a = ctx;
    size_t i = request->number < a->count ? request->number : a->count - 1;
    assert_true(str_eq(fake_header(request, "content-type"), STR("application/x-amz-json-1.1")));
    assert_true(str_to_c(request->body, a->sent[request->number % 4], sizeof a->sent[0]));
    fake_reply_with(reply, 200, "", str_from(a->bodies[i]));
}

static void shards_are_listed_over_all_pages(void **state)
{
    (void)state;
    struct answers answers = {
        .bodies = {"{\"Shards\":[{\"ShardId\":\"s0\"},{\"ShardId\":\"s1\"}],\"NextToken\":\"t\"}",
                   "{\"Shards\":[{\"ShardId\":\"s2\"}]}"},
        .count = 2};
    char memory[512];
    struct arena arena = {memory, memory + sizeof memory};
    struct rig rig;
    struct why why = {0};
    str ids[3];
    struct kinesis_shards shards = {.ids = ids, .room = 3};
    rig_start(&rig, answer, &answers);
    assert_int_equal(kinesis_list_shards(&rig.client, STR("st"), &arena, &shards, &why).kind,
                     ERR_NONE);
    assert_int_equal(shards.count, 3);
    assert_true(str_eq(ids[2], STR("s2")));
    rig_stop(&rig);
    assert_string_equal(answers.sent[0], "{\"StreamName\":\"st\"}");
    assert_string_equal(answers.sent[1], "{\"NextToken\":\"t\"}");
}

static void more_shards_than_room_is_a_limit(void **state)
{
    (void)state;
    struct answers answers = {.bodies = {"{\"Shards\":[{\"ShardId\":\"a\"},{\"ShardId\":\"b\"}]}"},
                              .count = 1};
    char memory[512];
    struct arena arena = {memory, memory + sizeof memory};
    struct rig rig;
    struct why why = {0};
    str id;
    struct kinesis_shards shards = {.ids = &id, .room = 1};
    rig_start(&rig, answer, &answers);
    assert_int_equal(kinesis_list_shards(&rig.client, STR("st"), &arena, &shards, &why).kind,
                     ERR_LIMIT);
    rig_stop(&rig);
}

static void an_iterator_starts_at_the_shards_start_or_after_a_number(void **state)
{
    (void)state;
    struct answers answers = {.bodies = {"{\"ShardIterator\":\"it\"}"}, .count = 1};
    char memory[512];
    struct arena arena = {memory, memory + sizeof memory};
    struct rig rig;
    struct why why = {0};
    str iterator;
    rig_start(&rig, answer, &answers);
    for (int i = 0; i < 2; i++) {
        const struct kinesis_position position = {
            .stream = STR("st"), .shard = STR("s0"), .after = i ? STR("495") : STR("")};
        assert_int_equal(
            kinesis_shard_iterator(&rig.client, &position, &arena, &iterator, &why).kind, ERR_NONE);
        assert_true(str_eq(iterator, STR("it")));
    }
    rig_stop(&rig);
    assert_string_equal(answers.sent[0], "{\"StreamName\":\"st\",\"ShardId\":\"s0\","
                                         "\"ShardIteratorType\":\"TRIM_HORIZON\"}");
    assert_string_equal(answers.sent[1], "{\"StreamName\":\"st\",\"ShardId\":\"s0\","
                                         "\"ShardIteratorType\":\"AFTER_SEQUENCE_NUMBER\","
                                         "\"StartingSequenceNumber\":\"495\"}");
}

static void records_come_as_they_are(void **state)
{
    (void)state;
    struct answers answers = {
        .bodies = {"{\"Records\":[{\"SequenceNumber\":"
                   "\"49590338271490256608559692538361571095921575989136588898\","
                   "\"PartitionKey\":\"p\",\"Data\":\"aGVsbG8=\","
                   "\"ApproximateArrivalTimestamp\":1700000000.123}],"
                   "\"NextShardIterator\":\"n\",\"MillisBehindLatest\":0}",
                   "{\"Records\":[],\"NextShardIterator\":null}"},
        .count = 2};
    char memory[512];
    struct arena arena = {memory, memory + sizeof memory};
    struct rig rig;
    struct why why = {0};
    struct kinesis_record records[2];
    struct kinesis_records got = {.records = records, .room = 2};
    rig_start(&rig, answer, &answers);
    assert_int_equal(kinesis_get_records(&rig.client, STR("it"), &arena, &got, &why).kind,
                     ERR_NONE);
    assert_int_equal(got.count, 1);
    assert_int_equal(records[0].sequence_number.len, 56);
    assert_true(str_eq(records[0].data, STR("aGVsbG8=")));
    assert_int_equal(records[0].arrival_ms, 1700000000123);
    assert_true(str_eq(got.next, STR("n")));
    assert_int_equal(kinesis_get_records(&rig.client, got.next, &arena, &got, &why).kind, ERR_NONE);
    assert_int_equal(got.count, 0);
    assert_int_equal(got.next.len, 0);
    rig_stop(&rig);
    assert_string_equal(answers.sent[0], "{\"ShardIterator\":\"it\",\"Limit\":2}");
}

static void a_bad_reply_is_a_bug(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "{}",
        "{\"Records\":{}}",
        "{\"Records\":[{}]}",
        "{\"Records\":[1]}",
        ("{\"Records\":[{\"SequenceNumber\":\"1\"},{\"SequenceNumber\":\"2\"},"
         "{\"SequenceNumber\":\"3\"}]}"),
        "x",
    };
    for (size_t i = 0; i < COUNT(replies); i++) {
        struct answers answers = {.bodies = {replies[i]}, .count = 1};
        char memory[512];
        struct arena arena = {memory, memory + sizeof memory};
        struct rig rig;
        struct why why = {0};
        struct kinesis_record records[2];
        struct kinesis_records got = {.records = records, .room = 2};
        rig_start(&rig, answer, &answers);
        err read = kinesis_get_records(&rig.client, STR("it"), &arena, &got, &why);
        if (read.kind != ERR_BUG) {
            fail_msg("%s", replies[i]);
        }
        rig_stop(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_are_listed_over_all_pages),
        cmocka_unit_test(more_shards_than_room_is_a_limit),
        cmocka_unit_test(an_iterator_starts_at_the_shards_start_or_after_a_number),
        cmocka_unit_test(records_come_as_they_are),
        cmocka_unit_test(a_bad_reply_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "deploy/local/poll_event.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_EVENT = 64 * 1024 };

static void assert_json(const struct buf *event, const char *wanted)
{
    json_error_t error;
    assert_false(event->failed);
    json_t *got = json_loadb(event->at, event->len, JSON_REJECT_DUPLICATES, &error);
    json_t *expected = json_loads(wanted, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(expected);
    if (!got || !json_equal(got, expected)) {
        fail_msg("%.*s", (int)event->len, event->at);
    }
    json_decref(got);
    json_decref(expected);
}

static void the_origin_of_a_queue_is_read_from_its_url(void **state)
{
    (void)state;
    static const struct {
        const char *url, *arn;
    } rows[] = {
        {"https://sqs.eu-west-1.amazonaws.com/123456789012/q",
         "arn:aws:sqs:eu-west-1:123456789012:q"},
        {"http://localhost:4566/queue/eu-west-1/000000000000/q.fifo",
         "arn:aws:sqs:eu-west-1:000000000000:q.fifo"},
        {"q", "arn:aws:sqs:eu-west-1::q"},
        {"", "arn:aws:sqs:eu-west-1::"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct poll_origin origin;
        poll_event_queue_origin(&origin, str_from(rows[i].url), STR("eu-west-1"));
        assert_string_equal(origin.arn, rows[i].arn);
        assert_string_equal(origin.region, "eu-west-1");
    }
}

static void an_endless_url_is_cut(void **state)
{
    (void)state;
    static char url[4096];
    struct poll_origin origin;
    memset(url, 'q', sizeof url - 1);
    poll_event_queue_origin(&origin, str_from(url), str_from(url));
    assert_true(strlen(origin.arn) < sizeof origin.arn);
    assert_true(strlen(origin.region) == sizeof origin.region - 1);
}

static struct sqs_message message(str id, str body)
{
    return (struct sqs_message){
        .id = id,
        .receipt_handle = STR("handle"),
        .body = body,
        .receive_count = 2,
        .sent_ms = 1545082649183,
        .first_received_ms = 1545082649185,
        .sender_id = STR("AIDA"),
        .md5 = STR("e4e6"),
        .group_id = STR(""),
        .sequence_number = STR(""),
        .dedup_id = STR(""),
    };
}

static void a_message_becomes_the_record_that_lambda_makes(void **state)
{
    (void)state;
    struct poll_origin origin;
    struct buf event;
    struct sqs_message m = message(STR("id-1"), STR("line\n\"quoted\" \xc3\xa9"));
    poll_event_queue_origin(&origin, STR("http://h/123/q"), STR("eu-west-1"));
    buf_init(&event, MAX_EVENT);
    assert_int_equal(poll_event_sqs(&event, &origin, &m, 1), 1);
    assert_json(&event,
                "{\"Records\":[{\"messageId\":\"id-1\",\"receiptHandle\":\"handle\","
                "\"body\":\"line\\n\\\"quoted\\\" \xc3\xa9\",\"attributes\":{"
                "\"ApproximateReceiveCount\":\"2\",\"SentTimestamp\":\"1545082649183\","
                "\"SenderId\":\"AIDA\",\"ApproximateFirstReceiveTimestamp\":\"1545082649185\"},"
                "\"messageAttributes\":{},\"md5OfBody\":\"e4e6\",\"eventSource\":\"aws:sqs\","
                "\"eventSourceARN\":\"arn:aws:sqs:eu-west-1:123:q\","
                "\"awsRegion\":\"eu-west-1\"}]}");
    buf_close(&event);
}

static void a_fifo_message_has_its_group_and_its_number(void **state)
{
    (void)state;
    struct poll_origin origin;
    struct buf event;
    struct sqs_message m = message(STR("id-1"), STR("b"));
    m.group_id = STR("g");
    m.sequence_number = STR("18849496460467696128");
    m.dedup_id = STR("d");
    poll_event_queue_origin(&origin, STR("http://h/123/q.fifo"), STR("r"));
    buf_init(&event, MAX_EVENT);
    assert_int_equal(poll_event_sqs(&event, &origin, &m, 1), 1);
    assert_json(&event,
                "{\"Records\":[{\"messageId\":\"id-1\",\"receiptHandle\":\"handle\",\"body\":\"b\","
                "\"attributes\":{\"ApproximateReceiveCount\":\"2\","
                "\"SentTimestamp\":\"1545082649183\",\"SenderId\":\"AIDA\","
                "\"ApproximateFirstReceiveTimestamp\":\"1545082649185\","
                "\"SequenceNumber\":\"18849496460467696128\",\"MessageGroupId\":\"g\","
                "\"MessageDeduplicationId\":\"d\"},\"messageAttributes\":{},"
                "\"md5OfBody\":\"e4e6\",\"eventSource\":\"aws:sqs\","
                "\"eventSourceARN\":\"arn:aws:sqs:r:123:q.fifo\",\"awsRegion\":\"r\"}]}");
    buf_close(&event);
}

static void a_record_becomes_the_record_that_lambda_makes(void **state)
{
    (void)state;
    struct poll_origin origin;
    struct buf event;
    struct kinesis_record r = {
        .sequence_number = STR("49590338271490256608559692538361571095921575989136588898"),
        .partition_key = STR("1"),
        .data = STR("SGVsbG8="),
        .arrival_ms = 1545084650987,
    };
    poll_event_stream_origin(&origin, STR("stream"), STR("us-east-2"));
    buf_init(&event, MAX_EVENT);
    assert_int_equal(poll_event_kinesis(&event, &origin, STR("shardId-000000000006"), &r, 1), 1);
    assert_json(
        &event,
        "{\"Records\":[{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"1\","
        "\"sequenceNumber\":\"49590338271490256608559692538361571095921575989136588898\","
        "\"data\":\"SGVsbG8=\",\"approximateArrivalTimestamp\":1545084650.987},"
        "\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventID\":"
        "\"shardId-000000000006:49590338271490256608559692538361571095921575989136588898\","
        "\"eventName\":\"aws:kinesis:record\","
        "\"invokeIdentityArn\":\"arn:aws:iam::000000000000:role/lambda-local\","
        "\"awsRegion\":\"us-east-2\","
        "\"eventSourceARN\":\"arn:aws:kinesis:us-east-2:000000000000:stream/stream\"}]}");
    buf_close(&event);
}

/* For each size of the event: as many whole messages as fit, and JSON in any case. */
static void an_event_takes_as_many_records_as_fit(void **state)
{
    (void)state;
    struct poll_origin origin;
    struct sqs_message messages[3];
    size_t seen[4] = {0};
    poll_event_queue_origin(&origin, STR("http://h/123/q"), STR("r"));
    for (size_t i = 0; i < 3; i++) {
        messages[i] = message(STR("id"), STR("body"));
    }
    for (size_t max = 16; max < 1400; max++) {
        struct buf event;
        buf_init(&event, max);
        size_t taken = poll_event_sqs(&event, &origin, messages, 3);
        json_t *root = json_loadb(event.at, event.len, 0, NULL);
        assert_non_null(root);
        assert_int_equal(json_array_size(json_object_get(root, "Records")), taken);
        assert_true(event.len <= max);
        seen[taken]++;
        json_decref(root);
        buf_close(&event);
    }
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_origin_of_a_queue_is_read_from_its_url),
        cmocka_unit_test(an_endless_url_is_cut),
        cmocka_unit_test(a_message_becomes_the_record_that_lambda_makes),
        cmocka_unit_test(a_fifo_message_has_its_group_and_its_number),
        cmocka_unit_test(a_record_becomes_the_record_that_lambda_makes),
        cmocka_unit_test(an_event_takes_as_many_records_as_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "deploy/local/poll_failure.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CONTEXTS(condition)                                                                        \
    "{\"requestContext\":{\"requestId\":\"r-1\",\"functionArn\":\"arn:f\",\"condition\":"          \
    "\"" condition "\",\"approximateInvokeCount\":3},\"responseContext\":{\"statusCode\":200,"     \
    "\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"},\"version\":\"1.0\","        \
    "\"timestamp\":\"2019-11-14T18:16:05.568Z\""

static char answer[] = "{\"errorType\":\"Function.No\"}";

static struct runtime_api_result result_with(char *body)
{
    struct runtime_api_result result = {.outcome = RUNTIME_API_ERROR, .request_id = "r-1"};
    buf_wrap(&result.body, body, strlen(body));
    result.body.len = strlen(body);
    return result;
}

static struct poll_failure failure_of(const struct runtime_api_result *result)
{
    return (struct poll_failure){
        .result = result,
        .function_arn = STR("arn:f"),
        .invocations = 3,
        .now_ms = 1573755365568,
    };
}

static void assert_json(const struct buf *got, const char *wanted)
{
    assert_false(got->failed);
    json_t *record = json_loadb(got->at, got->len, JSON_REJECT_DUPLICATES, NULL);
    json_t *expected = json_loads(wanted, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(expected);
    if (!record || !json_equal(record, expected)) {
        fail_msg("%.*s", (int)got->len, got->at);
    }
    json_decref(record);
    json_decref(expected);
}

static void an_event_given_up_is_told_with_its_payloads(void **state)
{
    (void)state;
    struct runtime_api_result result = result_with(answer);
    struct poll_failure failure = failure_of(&result);
    struct buf record;
    buf_init(&record, 4096);
    poll_failure_event(&record, &failure, STR("{\"Records\":[]}"));
    assert_json(&record, CONTEXTS("RetriesExhausted") ",\"requestPayload\":{\"Records\":[]},"
                                                      "\"responsePayload\":{\"errorType\":"
                                                      "\"Function.No\"}}");
    buf_close(&record);
}

static void a_payload_that_is_not_json_is_told_as_a_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"not \"JSON\"", "", "{", "{} x", "[1,]"};
    struct runtime_api_result result = result_with(answer);
    struct poll_failure failure = failure_of(&result);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf record;
        buf_init(&record, 4096);
        poll_failure_event(&record, &failure, str_from(texts[i]));
        json_t *root = json_loadb(record.at, record.len, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(root, "requestPayload")), texts[i]);
        json_decref(root);
        buf_close(&record);
    }
}

static void an_answer_too_large_is_left_out(void **state)
{
    (void)state;
    static char large[3000];
    memset(large, '1', sizeof large - 1);
    struct runtime_api_result result = result_with(large);
    struct poll_failure failure = failure_of(&result);
    struct buf record;
    buf_init(&record, 1024);
    poll_failure_event(&record, &failure, STR("{}"));
    assert_json(&record, CONTEXTS("RetriesExhausted") ",\"requestPayload\":{}}");
    buf_close(&record);
}

static void an_event_too_large_is_a_failure(void **state)
{
    (void)state;
    static char large[3000];
    memset(large, '1', sizeof large);
    struct runtime_api_result result = result_with(answer);
    struct poll_failure failure = failure_of(&result);
    struct buf record;
    buf_init(&record, 1024);
    poll_failure_event(&record, &failure, (str){large, sizeof large});
    assert_true(record.failed);
    buf_close(&record);
}

static void a_batch_given_up_is_told_by_its_range(void **state)
{
    (void)state;
    struct runtime_api_result result = result_with(answer);
    struct poll_failure failure = failure_of(&result);
    const struct kinesis_record records[] = {
        {.sequence_number = STR("100"), .arrival_ms = 1573755365000},
        {.sequence_number = STR("101"), .arrival_ms = 1573755365001},
        {.sequence_number = STR("102"), .arrival_ms = 1573755365002},
    };
    struct poll_origin origin;
    struct buf record;
    poll_event_stream_origin(&origin, STR("s"), STR("r"));
    buf_init(&record, 4096);
    poll_failure_batch(&record, &failure, &origin, STR("shardId-1"), records, 3);
    assert_json(
        &record,
        CONTEXTS(
            "RetryAttemptsExhausted") ",\"KinesisBatchInfo\":{"
                                      "\"shardId\":\"shardId-1\",\"startSequenceNumber\":\"100\","
                                      "\"endSequenceNumber\":\"102\","
                                      "\"approximateArrivalOfFirstRecord\":\"2019-11-14T18:16:05."
                                      "000Z\","
                                      "\"approximateArrivalOfLastRecord\":\"2019-11-14T18:16:05."
                                      "002Z\","
                                      "\"batchSize\":3,"
                                      "\"streamArn\":\"arn:aws:kinesis:r:000000000000:stream/"
                                      "s\"}}");
    buf_close(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_given_up_is_told_with_its_payloads),
        cmocka_unit_test(a_payload_that_is_not_json_is_told_as_a_text),
        cmocka_unit_test(an_answer_too_large_is_left_out),
        cmocka_unit_test(an_event_too_large_is_a_failure),
        cmocka_unit_test(a_batch_given_up_is_told_by_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

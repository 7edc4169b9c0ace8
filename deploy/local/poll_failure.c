#include "deploy/local/poll_failure.h"
#include "base/date.h"
#include "base/json.h"
#include "base/json_write.h"

static void add_text(struct buf *b, str name_with_punctuation, str value)
{
    buf_add(b, name_with_punctuation);
    json_add_string(b, value);
}

static void add_date(struct buf *b, str name_with_punctuation, int64_t ms)
{
    char memory[DATE_RFC3339_LEN + 8];
    struct buf text;
    buf_wrap(&text, memory, sizeof memory);
    date_add_rfc3339(&text, ms);
    add_text(b, name_with_punctuation, buf_str(&text));
}

static void add_contexts(struct buf *b, const struct poll_failure *failure, str condition)
{
    add_text(b, STR("{\"requestContext\":{\"requestId\":"), str_from(failure->result->request_id));
    add_text(b, STR(",\"functionArn\":"), failure->function_arn);
    add_text(b, STR(",\"condition\":"), condition);
    buf_add(b, STR(",\"approximateInvokeCount\":"));
    buf_u64(b, failure->invocations);
    buf_add(b, STR("},\"responseContext\":{\"statusCode\":200,\"executedVersion\":\"$LATEST\","
                   "\"functionError\":\"Unhandled\"},\"version\":\"1.0\""));
    add_date(b, STR(",\"timestamp\":"), failure->now_ms);
}

static bool is_json(str text)
{
    struct json json = json_read(text, true);
    (void)json_next(&json);
    return json_skip(&json) != JSON_BAD && json_ends(&json);
}

/* A text that should be JSON, and is in the record as such only if it is. */
static void add_payload(struct buf *b, str name_with_punctuation, str payload)
{
    if (is_json(payload)) {
        buf_add(b, name_with_punctuation);
        buf_add(b, payload);
    } else {
        add_text(b, name_with_punctuation, payload);
    }
}

void poll_failure_event(struct buf *record, const struct poll_failure *failure, str event)
{
    add_contexts(record, failure, STR("RetriesExhausted"));
    add_payload(record, STR(",\"requestPayload\":"), event);
    size_t mark = record->len;
    bool whole = !record->failed;
    add_payload(record, STR(",\"responsePayload\":"), buf_str(&failure->result->body));
    buf_char(record, '}');
    if (record->failed && whole) {
        record->failed = false;
        record->len = mark;
        buf_char(record, '}');
    }
}

void poll_failure_batch(struct buf *record, const struct poll_failure *failure,
                        const struct poll_origin *origin, str shard,
                        const struct kinesis_record *records, size_t count)
{
    const struct kinesis_record *first = records, *last = records + count - 1;
    add_contexts(record, failure, STR("RetryAttemptsExhausted"));
    add_text(record, STR(",\"KinesisBatchInfo\":{\"shardId\":"), shard);
    add_text(record, STR(",\"startSequenceNumber\":"), first->sequence_number);
    add_text(record, STR(",\"endSequenceNumber\":"), last->sequence_number);
    add_date(record, STR(",\"approximateArrivalOfFirstRecord\":"), first->arrival_ms);
    add_date(record, STR(",\"approximateArrivalOfLastRecord\":"), last->arrival_ms);
    buf_add(record, STR(",\"batchSize\":"));
    buf_u64(record, count);
    add_text(record, STR(",\"streamArn\":"), str_from(origin->arn));
    buf_add(record, STR("}}"));
}

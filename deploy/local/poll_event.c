#include "deploy/local/poll_event.h"
#include "base/json_write.h"

#include <string.h>

#define NO_ACCOUNT "000000000000"

static const str opening = {"{\"Records\":[", 12}, closing = {"]}", 2};

static void set_text(char *into, size_t room, const str *parts, size_t count)
{
    struct buf text;
    buf_wrap(&text, into, room - 1);
    for (size_t i = 0; i < count; i++) {
        buf_add(&text, str_take(parts[i], room - 1 - text.len));
    }
    into[text.len] = 0;
}

/* What follows the last '/', taken off the end of `path`. */
static str take_last_part(str *path)
{
    size_t at = path->len;
    while (at && path->at[at - 1] != '/') {
        at--;
    }
    str part = str_drop(*path, at);
    *path = str_take(*path, at ? at - 1 : 0);
    return part;
}

static void set_origin(struct poll_origin *origin, str service, str region, str name)
{
    const str parts[] = {STR("arn:aws:"), service, STR(":"), region, STR(":"), name};
    set_text(origin->arn, sizeof origin->arn, parts, sizeof parts / sizeof *parts);
    set_text(origin->region, sizeof origin->region, &region, 1);
}

void poll_event_queue_origin(struct poll_origin *origin, str queue_url, str region)
{
    str left = queue_url;
    str name = take_last_part(&left), account = take_last_part(&left);
    char resource[160];
    set_text(resource, sizeof resource, (const str[]){account, STR(":"), name}, 3);
    set_origin(origin, STR("sqs"), region, str_from(resource));
}

void poll_event_stream_origin(struct poll_origin *origin, str stream, str region)
{
    char resource[160];
    set_text(resource, sizeof resource, (const str[]){STR(NO_ACCOUNT ":stream/"), stream}, 2);
    set_origin(origin, STR("kinesis"), region, str_from(resource));
}

/* `,"name":"value"`, without the comma at an object's beginning. */
static void add_text(struct buf *b, const char *name, str value)
{
    if (b->len && b->at[b->len - 1] != '{') {
        buf_char(b, ',');
    }
    json_add_string(b, str_from(name));
    buf_char(b, ':');
    json_add_string(b, value);
}

static void add_text_if(struct buf *b, const char *name, str value)
{
    if (value.len) {
        add_text(b, name, value);
    }
}

/* Numbers are strings among a message's attributes. */
static void add_number_text(struct buf *b, const char *name, uint64_t value)
{
    char memory[24];
    struct buf digits;
    buf_wrap(&digits, memory, sizeof memory);
    buf_u64(&digits, value);
    add_text(b, name, buf_str(&digits));
}

static void add_message(struct buf *b, const struct poll_origin *origin,
                        const struct sqs_message *m)
{
    buf_char(b, '{');
    add_text(b, "messageId", m->id);
    add_text(b, "receiptHandle", m->receipt_handle);
    add_text(b, "body", m->body);
    buf_add(b, STR(",\"attributes\":{"));
    add_number_text(b, "ApproximateReceiveCount", m->receive_count);
    add_number_text(b, "SentTimestamp", m->sent_ms);
    add_text_if(b, "SenderId", m->sender_id);
    add_number_text(b, "ApproximateFirstReceiveTimestamp", m->first_received_ms);
    add_text_if(b, "SequenceNumber", m->sequence_number);
    add_text_if(b, "MessageGroupId", m->group_id);
    add_text_if(b, "MessageDeduplicationId", m->dedup_id);
    buf_add(b, STR("},\"messageAttributes\":{}"));
    add_text(b, "md5OfBody", m->md5);
    add_text(b, "eventSource", STR("aws:sqs"));
    add_text(b, "eventSourceARN", str_from(origin->arn));
    add_text(b, "awsRegion", str_from(origin->region));
    buf_char(b, '}');
}

/* Seconds with three decimals. */
static void add_seconds(struct buf *b, int64_t ms)
{
    uint64_t positive = ms > 0 ? (uint64_t)ms : 0;
    buf_u64(b, positive / 1000);
    buf_char(b, '.');
    buf_u64_padded(b, positive % 1000, 3);
}

static void add_record(struct buf *b, const struct poll_origin *origin, str shard,
                       const struct kinesis_record *r)
{
    char memory[320];
    struct buf id;
    buf_wrap(&id, memory, sizeof memory);
    buf_add(&id, shard);
    buf_char(&id, ':');
    buf_add(&id, r->sequence_number);
    buf_add(b, STR("{\"kinesis\":{"));
    add_text(b, "kinesisSchemaVersion", STR("1.0"));
    add_text(b, "partitionKey", r->partition_key);
    add_text(b, "sequenceNumber", r->sequence_number);
    add_text(b, "data", r->data);
    buf_add(b, STR(",\"approximateArrivalTimestamp\":"));
    add_seconds(b, r->arrival_ms);
    buf_char(b, '}');
    add_text(b, "eventSource", STR("aws:kinesis"));
    add_text(b, "eventVersion", STR("1.0"));
    add_text(b, "eventID", buf_str(&id));
    add_text(b, "eventName", STR("aws:kinesis:record"));
    add_text(b, "invokeIdentityArn", STR("arn:aws:iam::" NO_ACCOUNT ":role/lambda-local"));
    add_text(b, "awsRegion", str_from(origin->region));
    add_text(b, "eventSourceARN", str_from(origin->arn));
    buf_char(b, '}');
}

/* After a record that began at `mark`: false, and the record is taken back, when it is too much. */
static bool keep(struct buf *event, size_t mark)
{
    if (!event->failed && event->max - event->len >= closing.len) {
        return true;
    }
    event->failed = false;
    event->len = mark;
    return false;
}

static void separate(struct buf *event)
{
    if (event->len > opening.len) {
        buf_char(event, ',');
    }
}

size_t poll_event_sqs(struct buf *event, const struct poll_origin *origin,
                      const struct sqs_message *messages, size_t count)
{
    size_t taken = 0;
    bool room = true;
    buf_clear(event);
    buf_add(event, opening);
    while (taken < count && room) {
        size_t mark = event->len;
        separate(event);
        add_message(event, origin, &messages[taken]);
        room = keep(event, mark);
        taken += room ? 1 : 0;
    }
    buf_add(event, closing);
    return taken;
}

size_t poll_event_kinesis(struct buf *event, const struct poll_origin *origin, str shard,
                          const struct kinesis_record *records, size_t count)
{
    size_t taken = 0;
    bool room = true;
    buf_clear(event);
    buf_add(event, opening);
    while (taken < count && room) {
        size_t mark = event->len;
        separate(event);
        add_record(event, origin, shard, &records[taken]);
        room = keep(event, mark);
        taken += room ? 1 : 0;
    }
    buf_add(event, closing);
    return taken;
}

/* What waits in the model's world, written as the events that Lambda would bring. */
#ifndef TEST_UNIT_TRANSFORM_MODEL_EVENT_H
#define TEST_UNIT_TRANSFORM_MODEL_EVENT_H

#include "base/base64.h"
#include "base/json_write.h"
#include "test/unit/transform/model_world.h"

static inline void add_words(struct buf *b, const char *words)
{
    buf_add(b, str_from(words));
}

/* Sequencers are hexadecimal and of any length. */
static inline void add_notification(struct buf *b, const struct text *text, size_t index)
{
    char rest[64];
    add_words(b,
              "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"eventTime\":\"");
    date_add_rfc3339(b, text->event_ms);
    (void)snprintf(rest, sizeof rest, "k+%zu\",\"eTag\":\"e\",\"sequencer\":\"00%06X%.*s\"}}}",
                   index, text->rank, (int)(text->rank % 4), "A7F");
    add_words(b, "\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"");
    add_words(b, rest);
}

static inline void add_notifications(struct buf *b, const struct text *text, size_t index)
{
    add_words(b, "{\"Records\":[");
    add_notification(b, text, index);
    add_words(b, "]}");
}

static inline void add_topic_message(struct buf *b, str message)
{
    add_words(b,
              "{\"Type\":\"Notification\",\"TopicArn\":\"arn:aws:sns:eu-west-1:1:t\",\"Message\":");
    json_add_string(b, message);
    buf_char(b, '}');
}

/* The object's notification, or the text itself; some by way of a topic. */
static inline void add_body(struct buf *b, const struct world *world, const struct sent *sent)
{
    const struct text *text = &world->data.texts[sent->text];
    struct buf inner;
    struct buf outer;
    buf_init(&inner, (size_t)1 << 20);
    buf_init(&outer, (size_t)1 << 20);
    if (sent->handed.len) {
        buf_add(&inner, buf_str(&sent->handed));
    } else if (sent->wraps) {
        add_notifications(&inner, text, sent->text);
    } else {
        buf_add(&inner, buf_str(&text->bytes));
    }
    if (sent->wraps && sent->group) {
        add_topic_message(&outer, buf_str(&inner));
    }
    json_add_string(b, outer.len ? buf_str(&outer) : buf_str(&inner));
    buf_close(&inner);
    buf_close(&outer);
}

static inline void add_message(struct buf *b, const struct world *world, const struct sent *sent)
{
    char words[256];
    (void)snprintf(words, sizeof words,
                   "{\"messageId\":\"%s\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":"
                   "\"arn:aws:sqs:eu-west-1:123456789012:users%s\",\"body\":",
                   sent->id, sent->fifo ? ".fifo" : "");
    add_words(b, words);
    add_body(b, world, sent);
    (void)snprintf(words, sizeof words,
                   ",\"attributes\":{\"SentTimestamp\":\"%lld\",\"MessageGroupId\":\"%u\"}}",
                   (long long)world->data.texts[sent->text].event_ms, sent->group);
    add_words(b, words);
}

static inline void add_stream_record(struct buf *b, const struct world *world,
                                     const struct sent *sent)
{
    const struct text *text = &world->data.texts[sent->text];
    char words[256];
    (void)snprintf(words, sizeof words,
                   "{\"eventSource\":\"aws:kinesis\",\"eventSourceARN\":\"arn:aws:kinesis:e:1:"
                   "stream/s\",\"kinesis\":{\"sequenceNumber\":\"%s\","
                   "\"approximateArrivalTimestamp\":%lld.%03d,\"data\":\"",
                   sent->id, (long long)(text->event_ms / 1000), (int)(text->event_ms % 1000));
    add_words(b, words);
    base64_add(b, buf_str(&text->bytes));
    add_words(b, "\"}}");
}

static inline void add_sent(struct buf *b, const struct world *world, const struct sent *sent)
{
    if (sent->origin == ORIGIN_SQS) {
        add_message(b, world, sent);
    } else if (sent->origin == ORIGIN_KINESIS) {
        add_stream_record(b, world, sent);
    } else {
        add_notification(b, &world->data.texts[sent->text], sent->text);
    }
}

static inline void add_event(struct buf *b, const struct world *world, struct sent *const *sent,
                             size_t count)
{
    if (count && sent[0]->origin == ORIGIN_DIRECT) {
        buf_add(b, buf_str(&world->data.texts[sent[0]->text].bytes));
        return;
    }
    add_words(b, "{\"Records\":[");
    for (size_t i = 0; i < count; i++) {
        add_words(b, i ? "," : "");
        add_sent(b, world, sent[i]);
    }
    add_words(b, "]}");
}

/* --- What is sent at first --- */

static inline struct sent *send_text(struct world *world, size_t index, enum origin origin)
{
    const struct text *text = &world->data.texts[index];
    struct sent *sent = &world->sent[world->sent_count++];
    *sent = (struct sent){.text = index, .origin = origin};
    sent->wraps = origin == ORIGIN_SQS && text->carrier == BY_OBJECT;
    sent->group = (unsigned)below(&world->state, 2);
    sent->fifo = origin == ORIGIN_SQS && one_in(&world->state, 2);
    if (origin == ORIGIN_SQS) { /* ids of one length, as SQS's are */
        (void)snprintf(sent->id, sizeof sent->id, "%06u-%06zu", text->rank, world->sent_count);
    }
    if (origin == ORIGIN_KINESIS) { /* numbers that are not to be compared as text */
        (void)snprintf(sent->id, sizeof sent->id, "%u%0*d", text->rank, text->event_ms % 3 ? 1 : 50,
                       0);
    }
    return sent;
}

/* An object's notification can come twice, from S3 itself and by a queue. */
static inline void send_all(struct world *world)
{
    static const enum origin origins[CARRIERS] = {ORIGIN_S3, ORIGIN_SQS, ORIGIN_KINESIS,
                                                  ORIGIN_DIRECT};
    for (size_t i = 0; i < world->data.text_count; i++) {
        enum carrier carrier = world->data.texts[i].carrier;
        bool is_object = carrier == BY_OBJECT;
        (void)send_text(world, i,
                        is_object && one_in(&world->state, 2) ? ORIGIN_SQS : origins[carrier]);
        if (is_object && one_in(&world->state, 3)) {
            (void)send_text(world, i, one_in(&world->state, 2) ? ORIGIN_SQS : ORIGIN_S3);
        }
    }
}

#endif

/* Batches as Lambda hands them over: the event of a queue's messages or of a shard's records.
 * Source: docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, .../with-kinesis.html
 */
#ifndef DEPLOY_LOCAL_POLL_EVENT_H
#define DEPLOY_LOCAL_POLL_EVENT_H

#include "aws/kinesis.h"
#include "aws/sqs.h"

/* Where records come from. */
struct poll_origin {
    char arn[256];
    char region[64];
};

/* The ARN of a queue by its URL, whose last two parts are account and name. */
void poll_event_queue_origin(struct poll_origin *origin, str queue_url, str region);
/* A stream's account is not known here: it is all zeros. */
void poll_event_stream_origin(struct poll_origin *origin, str stream, str region);

/* Write an event into `event` (cleared first) with as many of the records as its maximum allows;
 * their number. 0: not even the first fits. */
size_t poll_event_sqs(struct buf *event, const struct poll_origin *origin,
                      const struct sqs_message *messages, size_t count);
size_t poll_event_kinesis(struct buf *event, const struct poll_origin *origin, str shard,
                          const struct kinesis_record *records, size_t count);

#endif

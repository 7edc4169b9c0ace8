/* What an invocation answers, once every outcome is known: which deliveries come again.
 *
 * SQS and Kinesis: {"batchItemFailures":[..]} (a FIFO group from its first failure on; of a shard
 * only the first). S3 and direct invocations: the counts. What can be handed to the work queue, if
 * there is one, no longer counts as failed (hand_on.h); else the invocation is an error.
 * Source: docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
#ifndef TRANSFORM_ANSWER_H
#define TRANSFORM_ANSWER_H

#include "transform/ingest.h"

/* ERR_BUSY, ERR_DEADLINE or ERR_INPUT when the whole invocation must come again. */
err answer_write(struct ingest *ingest, struct buf *reply, struct why *why) MUST_USE;
/* Whether it can be told of each delivery of this source on its own that it comes again. */
bool answer_is_by_item(const struct delivery *delivery);
/* One line at INFO for each kind of source that had something. */
void answer_log_counts(const struct ingest *ingest);

#endif

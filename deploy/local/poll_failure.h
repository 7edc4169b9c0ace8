/* The record that Lambda sends to an on-failure destination once its retries have run out.
 * Source: docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
 * .../kinesis-on-failure-destination.html
 */
#ifndef DEPLOY_LOCAL_POLL_FAILURE_H
#define DEPLOY_LOCAL_POLL_FAILURE_H

#include "aws/kinesis.h"
#include "deploy/local/poll_event.h"
#include "deploy/local/runtime_api.h"

struct poll_failure {
    const struct runtime_api_result *result; /* of the last invocation */
    str function_arn;
    uint64_t invocations; /* made for this event or batch */
    int64_t now_ms;       /* wall clock */
};

/* Each appends to `record`, whose maximum is what the destination takes; record->failed is set
 * when it cannot be told in that. An asynchronous invocation's event and answer are part of the
 * record; the answer is left out when there is no room for it. */
void poll_failure_event(struct buf *record, const struct poll_failure *failure, str event);
/* A batch of a shard is told by its range alone. count >= 1. */
void poll_failure_batch(struct buf *record, const struct poll_failure *failure,
                        const struct poll_origin *origin, str shard,
                        const struct kinesis_record *records, size_t count);

#endif

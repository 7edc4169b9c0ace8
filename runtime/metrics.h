/* What CloudWatch is told of an invocation: a line of metrics for each source it had.
 *
 * The counts of records are the source's. What belongs to the invocation as a whole (requests,
 * bytes, memory, ...) stands on its first line only, so that the sums of [FunctionName] count it
 * once; Lambda's own invocations have one source each anyway. A figure that would be none, as the
 * latency of no requests, is left out: a zero there would drag the average down.
 */
#ifndef RUNTIME_METRICS_H
#define RUNTIME_METRICS_H

#include "runtime/lambda.h"
#include "runtime/ports.h"

#define METRICS_NAMESPACE "UserIngest"

struct metrics {
    const struct lambda_invocation *invocation;
    const struct ingest *ingest; /* after ingest_event, whatever it returned */
    const struct ports_read *read;
    struct dynamodb_use dynamodb; /* of this invocation */
    int64_t began_ms, ended_ms;   /* wall clock */
    bool cold_start;
};

/* Writes to the invocation's log, whatever its level. An event of no source, being unreadable or
 * empty, gets a line of zeros for the source "unknown". */
void metrics_write(const struct metrics *metrics);

#endif

/* What the sources (poll_sqs, poll_s3, poll_kinesis) share: the client, the function, the settings,
 * the memory of a turn, and how an invocation is judged.
 *
 * A source is asked for one turn after the other: fetch what is there, hand it over, settle it. A
 * turn's failure is one of the host's own AWS calls, told with `operation`; what was not settled
 * then is delivered again by the service.
 */
#ifndef DEPLOY_LOCAL_POLL_H
#define DEPLOY_LOCAL_POLL_H

#include "aws/client.h"
#include "deploy/local/function.h"
#include "deploy/local/report.h"

enum { POLL_BATCH_MAX = 100 };

struct poll_settings {
    size_t batch;       /* most records of an invocation, 1..POLL_BATCH_MAX */
    int visibility_s;   /* -1: the queue's own */
    int retry_delay_s;  /* -1: as the service does it */
    int max_retries;    /* -1: S3 twice, Kinesis without end */
    bool partial_reply; /* ReportBatchItemFailures */
    str on_failure;     /* URL of the queue for what was given up; may be empty */
    int wait_s;         /* long polling of queues */
};

struct poll {
    struct client *client;
    struct function *function;
    struct report *report;
    struct poll_settings settings;
    struct arena_block memory; /* of one turn */
    struct buf event;
    const char *operation; /* what is being done, for messages */
    bool stopped;          /* the host was told to stop during an invocation */
};

/* What a turn came to. */
struct poll_turn {
    size_t records; /* fetched */
    int64_t due_ms; /* steady clock: until then something may come back; 0 for nothing known */
};

/* ERR_LIMIT when there is no memory. */
err poll_init(struct poll *poll, struct why *why) MUST_USE;
/* Safe on zeroed memory and twice. */
void poll_close(struct poll *poll);

/* Before each AWS call: says what it is for, and limits its time. */
void poll_call(struct poll *poll, const char *operation);
/* One invocation; the caller closes result->body. When poll->stopped is set afterwards nothing is
 * to be settled. */
err poll_invoke(struct poll *poll, str event, struct runtime_api_result *result,
                struct why *why) MUST_USE;
/* Which of the batch's records failed, by what the function answered; their number. A reply that
 * cannot be read turns the result into an error. */
size_t poll_judge(const struct poll *poll, struct runtime_api_result *result, const str *ids,
                  size_t count, bool *failed);
/* Sends a record of what was given up to the on-failure queue, if there is one. */
err poll_give_up(struct poll *poll, str record, struct why *why) MUST_USE;

#endif

/* A bucket's notifications, by way of an SQS queue that the bucket sends them to: each is handed to
 * the function as S3's asynchronous invocation would be, with its retries, and then to the
 * on-failure queue. s3:TestEvent is handed over like any other.
 *
 * The queue keeps the count of attempts (a message's receive count), so that it survives the host.
 */
#ifndef DEPLOY_LOCAL_POLL_S3_H
#define DEPLOY_LOCAL_POLL_S3_H

#include "deploy/local/poll.h"

struct poll_s3 {
    str url;
};

err poll_s3_turn(struct poll *poll, struct poll_s3 *queue, struct poll_turn *turn,
                 struct why *why) MUST_USE;

#endif

/* An SQS queue as Lambda's event source mapping polls it: a batch is received and handed over; on
 * success it is deleted, but for the messages that the function hands back; after an error nothing
 * is. What is not deleted comes back when its visibility time-out runs out, until the queue's own
 * redrive policy moves it to the dead-letter queue.
 */
#ifndef DEPLOY_LOCAL_POLL_SQS_H
#define DEPLOY_LOCAL_POLL_SQS_H

#include "deploy/local/poll.h"
#include "deploy/local/poll_event.h"

struct poll_sqs {
    str url;
    struct poll_origin origin;
};

void poll_sqs_init(struct poll_sqs *queue, str url, str region);
err poll_sqs_turn(struct poll *poll, struct poll_sqs *queue, struct poll_turn *turn,
                  struct why *why) MUST_USE;

#endif

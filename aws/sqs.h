/* SQS in its JSON protocol: send, receive, delete, change visibility, one by one and in batches.
 *
 * Every function waits for its reply. A queue is named by its URL; requests go to the configured
 * endpoint whatever host the URL has, as AWS's SDKs do.
 * Source: docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference
 */
#ifndef AWS_SQS_H
#define AWS_SQS_H

#include "aws/client.h"
#include "base/arena.h"

enum {
    SQS_BATCH_MAX = 10,
    SQS_BATCH_MAX_BYTES = 1048576, /* of all bodies of a request together, and of one */
};

struct sqs_message {
    str id, receipt_handle, body;
    uint64_t receive_count, sent_ms, first_received_ms;
    str group_id, sequence_number, dedup_id, sender_id, md5; /* empty where the service sent none */
};

/* What to receive, and how. */
struct sqs_receive {
    str queue_url;
    size_t max;       /* 1..SQS_BATCH_MAX */
    int wait_s;       /* 0..20: long polling */
    int visibility_s; /* < 0 leaves the queue's own */
};

/* What an entry of a batch came to. */
struct sqs_result {
    bool ok;
    bool sender_fault; /* repeating it cannot help */
};

/* ERR_LIMIT for a body past SQS_BATCH_MAX_BYTES or empty, before anything is sent; ERR_INPUT for
 * characters SQS does not take; ERR_MISSING when there is no such queue; ERR_BUG when the reply
 * names no message, so that it cannot be SQS's, or when the MD5 in it is not the body's: then
 * something other than it is in the queue. */
err sqs_send(struct client *client, str queue_url, str body, struct why *why) MUST_USE;
/* Up to SQS_BATCH_MAX bodies (ERR_LIMIT for more), each checked before any is sent, as of sqs_send;
 * in as many requests as SQS_BATCH_MAX_BYTES makes necessary. `results` is filled for each when OK
 * is returned: a reply of 200 can still hold failures. Those that are not the sender's fault are
 * tried again, as often as a failed call. After a failure returned, some may have been sent. */
err sqs_send_batch(struct client *client, str queue_url, const str *bodies, size_t count,
                   struct sqs_result *results, struct why *why) MUST_USE;
/* Up to wanted->max messages into `messages`, their texts into the arena. ERR_LIMIT for a number or
 * a wait that SQS does not take, and when the arena is full; ERR_BUG when a message has no id or
 * handle, or another MD5 than it says. Then none is handed on: all that came show up again once
 * their visibility timeout is over, and what stays corrupt ends in the queue's dead-letter queue.
 */
err sqs_receive(struct client *client, const struct sqs_receive *wanted, struct arena *arena,
                struct sqs_message *messages, size_t *count, struct why *why) MUST_USE;
err sqs_delete(struct client *client, str queue_url, str receipt_handle, struct why *why) MUST_USE;
err sqs_delete_batch(struct client *client, str queue_url, const str *receipt_handles, size_t count,
                     struct sqs_result *results, struct why *why) MUST_USE;
err sqs_change_visibility(struct client *client, str queue_url, str receipt_handle,
                          int visibility_s, struct why *why) MUST_USE;

#endif

/* Rejects on their way to the rejects queue: packed into as few messages as they fit in, settled
 * as REJECTED once SQS has taken them.
 */
#ifndef RUNTIME_REJECTS_H
#define RUNTIME_REJECTS_H

#include "aws/client.h"
#include "base/buf.h"
#include "transform/ingest.h"

struct rejects {
    struct client *client;
    str queue_url;
    const struct log *log; /* of the invocation */
    struct buf message;    /* {"rejects":[.. as far as it is filled */
    struct buf tickets;    /* struct rejects_entry of each that is in it */
    struct buf one;        /* scratch: the reject being added */
};

void rejects_init(struct rejects *rejects, struct client *client, str queue_url);
/* Takes a reject; sends the message first when this one does not fit into it. A failure is
 * systemic; what was in the message is settled as FAILED then. */
err rejects_add(struct rejects *rejects, struct ingest *ingest, const struct reject *reject,
                struct why *why) MUST_USE;
/* Sends what is left. */
err rejects_flush(struct rejects *rejects, struct why *why) MUST_USE;
void rejects_close(struct rejects *rejects);

#endif

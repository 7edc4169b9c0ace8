/* The messages of a rejects queue, ten by ten. They are hidden from others while we look; those
 * that are not deleted are shown again at the end.
 */
#ifndef DEPLOY_REPLAY_INBOX_H
#define DEPLOY_REPLAY_INBOX_H

#include "aws/sqs.h"
#include "base/buf.h"
#include "deploy/replay/session.h"

struct inbox {
    struct session *session;
    str url;
    struct arena_block memory;                  /* of the messages' texts */
    struct arena arena;                         /* what is left of it: a copy is good for scratch */
    struct sqs_message messages[SQS_BATCH_MAX]; /* the last ones received */
    bool deleted[SQS_BATCH_MAX];
    size_t count;
    size_t received; /* in all */
    bool more;       /* ended before the queue did: at --max, or stopped */
    struct buf held; /* receipt handles of earlier ones that stay, each ended by a LF */
};

/* ERR_LIMIT when there is no memory. `session` must outlive it. */
err inbox_open(struct inbox *inbox, struct session *session, struct why *why) MUST_USE;
/* The next messages; count is 0 when the queue is empty, --max is reached or somebody asked for the
 * end. Those before are no longer good. */
err inbox_next(struct inbox *inbox, struct why *why) MUST_USE;
/* Deletes one of the last received. */
err inbox_delete(struct inbox *inbox, size_t i, struct why *why) MUST_USE;
/* Shows all that is left to others again, and frees. When that fails they show up by themselves, at
 * the end of --visibility. Safe on zeroed memory and twice. */
err inbox_close(struct inbox *inbox, struct why *why) MUST_USE;

#endif

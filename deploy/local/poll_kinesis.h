/* A Kinesis stream as Lambda's event source mapping reads it: from the start of each shard, in
 * order, a batch at a time. After an error the same batch is tried again, after a partial failure
 * from the first record that failed; when the retries have run out the batch's range goes to the
 * on-failure queue and the shard goes on behind it.
 *
 * Places are kept in memory only: a new host starts at the beginning again.
 */
#ifndef DEPLOY_LOCAL_POLL_KINESIS_H
#define DEPLOY_LOCAL_POLL_KINESIS_H

#include "deploy/local/poll.h"
#include "deploy/local/poll_event.h"

enum { POLL_KINESIS_SHARDS = 64, POLL_KINESIS_ID_BYTES = 132 };

struct poll_shard {
    char id[POLL_KINESIS_ID_BYTES];
    char done[POLL_KINESIS_ID_BYTES]; /* last sequence number settled; empty at the start */
    char iterator[1024];              /* good for reading behind `done`; empty: to be asked for */
    size_t again;                     /* records of the batch to be tried again; 0: a new batch */
    unsigned attempts;                /* made for that batch */
    int64_t retry_ms;                 /* steady clock: not before */
    bool closed;                      /* read to its end */
};

struct poll_kinesis {
    str stream;
    struct poll_origin origin;
    bool listed; /* the shards are known */
    size_t shard_count;
    struct poll_shard shards[POLL_KINESIS_SHARDS];
};

void poll_kinesis_init(struct poll_kinesis *stream, str name, str region);
err poll_kinesis_turn(struct poll *poll, struct poll_kinesis *stream, struct poll_turn *turn,
                      struct why *why) MUST_USE;

#endif

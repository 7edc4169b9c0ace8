/* Reading a Kinesis stream, for the local host: in AWS, Lambda itself does this.
 * Source: docs.aws.amazon.com/kinesis/latest/APIReference
 */
#ifndef AWS_KINESIS_H
#define AWS_KINESIS_H

#include "aws/client.h"
#include "base/arena.h"

struct kinesis_record {
    str sequence_number; /* up to 128 digits */
    str partition_key;
    str data;           /* base64, as it came */
    int64_t arrival_ms; /* approximate */
};

/* Up to `max` shard ids into `shards`, into the arena. ERR_LIMIT when there are more. */
err kinesis_list_shards(struct client *client, str stream, struct arena *arena, str *shards,
                        size_t max, size_t *count, struct why *why) MUST_USE;
/* An iterator from the start of the shard (`after` empty) or after a sequence number. */
err kinesis_shard_iterator(struct client *client, str stream, str shard, str after,
                           struct arena *arena, str *iterator, struct why *why) MUST_USE;
/* Up to `max` records after the iterator; `next` is the iterator to go on with, empty at the end of
 * a closed shard. */
err kinesis_get_records(struct client *client, str iterator, size_t max, struct arena *arena,
                        struct kinesis_record *records, size_t *count, str *next,
                        struct why *why) MUST_USE;

#endif

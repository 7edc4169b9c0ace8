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

/* Where to start reading. */
struct kinesis_position {
    str stream, shard;
    str after; /* a sequence number; empty for the start of the shard */
};

/* The caller gives `ids` and their room. */
struct kinesis_shards {
    str *ids;
    size_t room, count;
};

/* The caller gives `records` and their room. */
struct kinesis_records {
    struct kinesis_record *records;
    size_t room, count;
    str next; /* the iterator to go on with; empty at the end of a closed shard */
};

/* The ids of a stream's shards, their texts into the arena. ERR_LIMIT when there are more than
 * shards->room. */
err kinesis_list_shards(struct client *client, str stream, struct arena *arena,
                        struct kinesis_shards *shards, struct why *why) MUST_USE;
err kinesis_shard_iterator(struct client *client, const struct kinesis_position *position,
                           struct arena *arena, str *iterator, struct why *why) MUST_USE;
/* Up to records->room records after the iterator, their texts into the arena. */
err kinesis_get_records(struct client *client, str iterator, struct arena *arena,
                        struct kinesis_records *records, struct why *why) MUST_USE;

#endif

/* DynamoDB writes, many in flight at once: an item goes in, later its outcome comes out.
 *
 * Two ways to write. DYNAMODB_NEWEST: one PutItem per item under the condition that what is stored
 * has no version or an older one, so that order and repetition of deliveries do not matter.
 * DYNAMODB_BATCH: BatchWriteItem of up to 25 items; the last arrival wins, the same key is never
 * twice in a request nor in two requests under way.
 *
 * What a throttled table does not take is sent again, after waits that grow, until the deadline is
 * near; meanwhile fewer requests are under way.
 * Source: docs.aws.amazon.com/amazondynamodb/latest/APIReference
 */
#ifndef AWS_DYNAMODB_H
#define AWS_DYNAMODB_H

#include "aws/client.h"

enum dynamodb_mode { DYNAMODB_NEWEST, DYNAMODB_BATCH };

enum dynamodb_outcome {
    DYNAMODB_WRITTEN,
    DYNAMODB_DUPLICATE, /* this very version is stored already */
    DYNAMODB_STALE,     /* a newer version is stored */
    DYNAMODB_REFUSED,   /* the item itself was refused; the table is fine */
    DYNAMODB_FAILED,    /* not known to be stored: `why` says of which kind */
};

enum { DYNAMODB_TAG_BYTES = 80, DYNAMODB_MAX_ITEM_BYTES = 400 * 1024 };

struct dynamodb_attribute {
    str name;
    str value;
    bool number; /* N, `value` being its digits; else S */
};

/* Borrowed only during dynamodb_put. */
struct dynamodb_item {
    str key;     /* value of the partition key (S), 1..2048 bytes */
    str version; /* DYNAMODB_NEWEST: compared as text with the stored one */
    const struct dynamodb_attribute *attributes; /* besides the key and the version */
    size_t attribute_count;
};

struct dynamodb_config {
    struct client *client;
    enum dynamodb_mode mode;
    str table, key_name, version_name; /* borrowed for the writer's life */
    unsigned in_flight;                /* most requests at once; 0 for the default of 16 */
    /* Called from within put and flush, once per item, never after flush has returned. `tag` is
     * the copy of what put was given. */
    void (*on_outcome)(void *ctx, const void *tag, enum dynamodb_outcome outcome,
                       const struct why *why);
    void *ctx;
};

/* What the writing has cost. */
struct dynamodb_use {
    uint64_t requests;    /* attempts sent */
    uint64_t throttled;   /* of these, answered with throttling */
    uint64_t unprocessed; /* items of batches that the table gave back */
    uint64_t answers;     /* calls that ended after an attempt was sent ... */
    uint64_t answer_ms;   /* ... and how long these last attempts took, summed */
};

struct dynamodb_writer;

err dynamodb_open(const struct dynamodb_config *config, struct dynamodb_writer **out,
                  struct why *why) MUST_USE;
/* Takes an item; waits only while as many requests are under way as there may be, and in
 * DYNAMODB_BATCH for an earlier item of the same key. `tag` (at most DYNAMODB_TAG_BYTES)
 * is copied. An item over the service's limits is REFUSED without a request. A failure returned is
 * systemic (ERR_DENIED, ERR_MISSING table, ERR_BUG, ERR_DEADLINE): the item's outcome is
 * FAILED then too, and further puts fail at once until dynamodb_flush. */
err dynamodb_put(struct dynamodb_writer *writer, const struct dynamodb_item *item, const void *tag,
                 size_t tag_len, struct why *why) MUST_USE;
/* Sends what is collected and waits until every item has its outcome. Returns the first systemic
 * failure since the last flush and forgets it; a single item's failure is not one. */
err dynamodb_flush(struct dynamodb_writer *writer, struct why *why) MUST_USE;
/* Since it was last asked. */
struct dynamodb_use dynamodb_take_use(struct dynamodb_writer *writer);
/* The bytes DynamoDB counts for the item: names and values.
 * Source: docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
size_t dynamodb_item_bytes(const struct dynamodb_config *config, const struct dynamodb_item *item);
/* Nothing may be in flight. NULL is allowed. */
void dynamodb_close(struct dynamodb_writer *writer);

#endif

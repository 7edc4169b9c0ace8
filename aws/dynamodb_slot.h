/* Inside the DynamoDB writer: a request slot and the items in it, and the two ways to write them.
 * For the dynamodb_*.c files only.
 */
#ifndef AWS_DYNAMODB_SLOT_H
#define AWS_DYNAMODB_SLOT_H

#include "aws/dynamodb.h"
#include "aws/json_call.h"
#include "base/arena.h"

#include <stddef.h>

enum {
    DYNAMODB_BATCH_ITEMS = 25,
    DYNAMODB_BATCH_BYTES = 1024 * 1024,        /* ours, for memory; the service's is 16 MB */
    DYNAMODB_MAX_BODY_BYTES = 4 * 1024 * 1024, /* the largest item, all of it escaped */
    DYNAMODB_MAX_PREFIX_BYTES = 8 * 1024,
    DYNAMODB_MAX_OLD_ITEM_BYTES = 4 * 1024 * 1024, /* in an error reply, likewise */
};

_Static_assert(DYNAMODB_MAX_BODY_BYTES + DYNAMODB_MAX_PREFIX_BYTES < 16 * 1000 * 1000,
               "the service's own limit of a request");

struct dynamodb_entry {
    _Alignas(max_align_t) char tag[DYNAMODB_TAG_BYTES];
    size_t item_at, item_len; /* JSON, in slot->items */
    size_t text_at, text_len; /* in slot->texts: the key, or in DYNAMODB_NEWEST the version */
    unsigned group;           /* entries of one group go into one request */
    bool pending;             /* has no outcome yet */
    bool sent;                /* in the request under way */
};

enum dynamodb_slot_state {
    SLOT_FREE,
    SLOT_OPEN, /* items are being collected */
    SLOT_SENT, /* its call is under way */
    SLOT_DONE, /* its call has ended and was not looked at yet */
};

struct dynamodb_slot {
    struct dynamodb_writer *writer;
    struct json_call json_call;
    enum dynamodb_slot_state state;
    struct dynamodb_entry entries[DYNAMODB_BATCH_ITEMS];
    uint64_t hashes[DYNAMODB_BATCH_ITEMS]; /* of the keys, to find one fast */
    size_t count;
    unsigned groups; /* numbers given so far */
    unsigned rounds; /* requests in a row of which the table took nothing */
    bool unsure;     /* an earlier call may have written, its reply being lost */
    struct buf items, texts, body;
};

struct dynamodb_writer {
    struct arena_block block; /* in which all this lies */
    struct dynamodb_config config;
    struct dynamodb_slot *slots;
    size_t slot_count;
    struct dynamodb_slot *open; /* of the batch being collected, or NULL */
    size_t allowed;             /* requests under way at once, as the table can take them */
    size_t gains;               /* successes since `allowed` was last changed */
    struct buf prefix;          /* how each request's body begins */
    struct buf scratch;         /* the item being encoded */
    struct why failure;         /* systemic, since the last flush */
    struct dynamodb_use use;
};

void dynamodb_slot_init(struct dynamodb_slot *slot, struct dynamodb_writer *writer);
void dynamodb_slot_close(struct dynamodb_slot *slot);
/* No entries, all memory kept. */
void dynamodb_slot_clear(struct dynamodb_slot *slot);
/* Adds the item that lies in the writer's `scratch`. False when there is no memory. */
bool dynamodb_slot_add(struct dynamodb_slot *slot, str text, const void *tag, size_t tag_len);
/* The pending entry of that text, or NULL. */
struct dynamodb_entry *dynamodb_slot_find(struct dynamodb_slot *slot, str text, uint64_t hash);
str dynamodb_slot_text(const struct dynamodb_slot *slot, const struct dynamodb_entry *entry);
/* Starts the request for what is pending; the slot is free when even that fails. */
void dynamodb_slot_send(struct dynamodb_slot *slot, int64_t delay_ms);
/* Looks at a call that has ended: tells outcomes, and sends what is still pending again. */
void dynamodb_slot_finish(struct dynamodb_slot *slot);
/* Tells an entry's outcome. `why` may be NULL when the outcome needs none. */
void dynamodb_slot_settle(struct dynamodb_slot *slot, struct dynamodb_entry *entry,
                          enum dynamodb_outcome outcome, const struct why *why);
/* All that are pending FAILED; a systemic failure stops the writer. */
void dynamodb_slot_fail(struct dynamodb_slot *slot, const struct why *why);
/* DynamoDB refused an item, or one of several. */
bool dynamodb_slot_was_refused(const struct dynamodb_slot *slot);
/* Whether further items would fail like this one. */
bool dynamodb_slot_is_systemic(enum err_kind kind);

/* --- Pace: throttled, the writer waits, and has fewer requests under way --- */

/* A request was not throttled. */
void dynamodb_pace_gain(struct dynamodb_writer *writer);
/* How many milliseconds to wait before what is pending is sent again; -1 when there is no time for
 * it, and then all of it has failed, as `why` says. */
int64_t dynamodb_pace_back_off(struct dynamodb_slot *slot, const struct why *why);

/* --- PutItem under a condition --- */

extern const struct json_operation dynamodb_conditional_operation;
void dynamodb_conditional_prefix(const struct dynamodb_config *config, struct buf *prefix);
void dynamodb_conditional_write(struct dynamodb_slot *slot);
/* Settles the entry by the reply. */
void dynamodb_conditional_finish(struct dynamodb_slot *slot);

/* --- BatchWriteItem --- */

extern const struct json_operation dynamodb_batch_operation;
void dynamodb_batch_prefix(const struct dynamodb_config *config, struct buf *prefix);
/* A request of the pending entries of one group. */
void dynamodb_batch_write(struct dynamodb_slot *slot);
/* Settles what it can by the reply. -1 when nothing is pending any more, else how many milliseconds
 * to wait before the next request. */
int64_t dynamodb_batch_finish(struct dynamodb_slot *slot);

#endif

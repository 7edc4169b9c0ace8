#include "aws/dynamodb.h"

#include "aws/dynamodb_item.h"
#include "aws/dynamodb_slot.h"

#include <assert.h>
#include <stddef.h>

enum { DEFAULT_IN_FLIGHT = 16, MAX_IN_FLIGHT = 1024, PUMP_MS = 1000 };

/* An item that put was given, with its tag. */
struct arrival {
    const struct dynamodb_item *item;
    const void *tag;
    size_t tag_len;
};

/* Tells the outcomes of the calls that have ended since. */
static void collect(struct dynamodb_writer *writer)
{
    for (size_t i = 0; i < writer->slot_count; i++) {
        if (writer->slots[i].state == SLOT_DONE) {
            dynamodb_slot_finish(&writer->slots[i]);
        }
    }
}

static struct dynamodb_slot *find_state(struct dynamodb_writer *writer,
                                        enum dynamodb_slot_state state)
{
    for (size_t i = 0; i < writer->slot_count; i++) {
        if (writer->slots[i].state == state) {
            return &writer->slots[i];
        }
    }
    return NULL;
}

/* A free slot, unless as many requests are under way as the table can take. */
static struct dynamodb_slot *find_room(struct dynamodb_writer *writer)
{
    size_t busy = 0;
    for (size_t i = 0; i < writer->slot_count; i++) {
        busy += writer->slots[i].state == SLOT_SENT;
    }
    return busy < writer->allowed ? find_state(writer, SLOT_FREE) : NULL;
}

static void wait_some(struct dynamodb_writer *writer)
{
    client_pump(writer->config.client, PUMP_MS);
    collect(writer);
}

static MUST_USE err stopped(const struct dynamodb_writer *writer, struct why *why)
{
    return writer->failure.kind ? call_failure(&writer->failure, why) : OK;
}

/* Waits for room and opens a slot. */
static MUST_USE err open_slot(struct dynamodb_writer *writer, struct dynamodb_slot **out,
                              struct why *why)
{
    collect(writer);
    struct dynamodb_slot *slot = find_room(writer);
    for (; !slot; slot = find_room(writer)) {
        wait_some(writer);
    }
    TRY(stopped(writer, why));
    dynamodb_slot_clear(slot);
    slot->state = SLOT_OPEN;
    *out = slot;
    return OK;
}

struct dynamodb_use dynamodb_take_use(struct dynamodb_writer *writer)
{
    struct dynamodb_use use = writer->use;
    writer->use = (struct dynamodb_use){0};
    return use;
}

/* --- One item a request --- */

static MUST_USE err put_conditional(struct dynamodb_writer *writer, const struct arrival *arrival,
                                    struct why *why)
{
    struct dynamodb_slot *slot = NULL;
    TRY(open_slot(writer, &slot, why));
    if (!dynamodb_slot_add(slot, arrival->item->version, arrival->tag, arrival->tag_len)) {
        slot->state = SLOT_FREE;
        return FAIL(why, ERR_LIMIT, "no memory for an item");
    }
    dynamodb_slot_send(slot, 0);
    return OK;
}

/* --- Several --- */

/* FNV-1a. */
static uint64_t hash_key(str key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.at[i]) * 0x100000001b3u;
    }
    return hash;
}

static bool is_in_flight(struct dynamodb_writer *writer, str key, uint64_t hash)
{
    for (size_t i = 0; i < writer->slot_count; i++) {
        struct dynamodb_slot *slot = &writer->slots[i];
        if (slot->state == SLOT_SENT && dynamodb_slot_find(slot, key, hash)) {
            return true;
        }
    }
    return false;
}

static void send_open(struct dynamodb_writer *writer)
{
    struct dynamodb_slot *slot = writer->open;
    writer->open = NULL;
    dynamodb_slot_send(slot, 0);
}

/* The keys take less than the items, which hold them too. */
static bool has_room(const struct dynamodb_slot *slot, size_t bytes)
{
    return slot->count == 0 || slot->items.len + bytes <= DYNAMODB_BATCH_BYTES;
}

static MUST_USE err put_batch(struct dynamodb_writer *writer, const struct arrival *arrival,
                              struct why *why)
{
    str key = arrival->item->key;
    uint64_t hash = hash_key(key);
    collect(writer);
    if (writer->open && dynamodb_slot_find(writer->open, key, hash)) {
        send_open(writer); /* the later one may be refused, and then this one must be stored */
    }
    while (is_in_flight(writer, key, hash)) {
        wait_some(writer);
    }
    TRY(stopped(writer, why));
    if (writer->open && !has_room(writer->open, writer->scratch.len)) {
        send_open(writer);
    }
    if (!writer->open) {
        TRY(open_slot(writer, &writer->open, why));
    }
    writer->open->hashes[writer->open->count] = hash;
    if (!dynamodb_slot_add(writer->open, key, arrival->tag, arrival->tag_len)) {
        return FAIL(why, ERR_LIMIT, "no memory for an item");
    }
    if (writer->open->count == DYNAMODB_BATCH_ITEMS) {
        send_open(writer);
    }
    return OK;
}

/* --- The writer --- */

static struct dynamodb_writer *new_writer(size_t slot_count)
{
    struct arena_block block;
    size_t bytes = sizeof(struct dynamodb_writer) + slot_count * sizeof(struct dynamodb_slot);
    assert(slot_count <= MAX_IN_FLIGHT);
    if (!arena_block_init(&block, bytes + _Alignof(max_align_t) * 2)) {
        return NULL;
    }
    struct arena arena = arena_start(&block);
    struct dynamodb_writer *writer = ARENA_NEW(&arena, struct dynamodb_writer);
    writer->block = block;
    writer->slots = arena_zeroed(&arena, slot_count * sizeof(struct dynamodb_slot),
                                 _Alignof(struct dynamodb_slot));
    writer->slot_count = writer->allowed = slot_count;
    return writer;
}

err dynamodb_open(const struct dynamodb_config *config, struct dynamodb_writer **out,
                  struct why *why)
{
    struct dynamodb_writer *writer =
        new_writer(config->in_flight ? config->in_flight : DEFAULT_IN_FLIGHT);
    if (!writer) {
        return FAIL(why, ERR_LIMIT, "no memory for a DynamoDB writer");
    }
    writer->config = *config;
    buf_init(&writer->prefix, DYNAMODB_MAX_PREFIX_BYTES);
    buf_init(&writer->scratch, DYNAMODB_MAX_BODY_BYTES);
    if (config->mode == DYNAMODB_BATCH) {
        dynamodb_batch_prefix(config, &writer->prefix);
    } else {
        dynamodb_conditional_prefix(config, &writer->prefix);
    }
    for (size_t i = 0; i < writer->slot_count; i++) {
        dynamodb_slot_init(&writer->slots[i], writer);
    }
    *out = writer;
    return OK;
}

static MUST_USE err take(struct dynamodb_writer *writer, const struct arrival *arrival,
                         struct why *why)
{
    buf_clear(&writer->scratch);
    dynamodb_item_add(&writer->config, arrival->item, &writer->scratch);
    if (writer->scratch.failed) {
        return FAIL(why, ERR_LIMIT, "no memory for an item");
    }
    return writer->config.mode == DYNAMODB_BATCH ? put_batch(writer, arrival, why)
                                                 : put_conditional(writer, arrival, why);
}

err dynamodb_put(struct dynamodb_writer *writer, const struct dynamodb_item *item, const void *tag,
                 size_t tag_len, struct why *why)
{
    assert(tag_len <= DYNAMODB_TAG_BYTES);
    const struct dynamodb_config *config = &writer->config;
    const struct arrival arrival = {.item = item, .tag = tag, .tag_len = tag_len};
    struct why cause = {0};
    err taken = stopped(writer, &cause);
    if (taken.kind == ERR_NONE && dynamodb_item_check(config, item, &cause).kind) {
        config->on_outcome(config->ctx, tag, DYNAMODB_REFUSED, &cause);
        return OK;
    }
    taken = taken.kind ? taken : take(writer, &arrival, &cause);
    if (taken.kind) {
        config->on_outcome(config->ctx, tag, DYNAMODB_FAILED, &cause);
        return dynamodb_slot_is_systemic(taken.kind) ? call_failure(&cause, why) : OK;
    }
    client_pump(config->client, 0);
    return OK;
}

err dynamodb_flush(struct dynamodb_writer *writer, struct why *why)
{
    if (writer->open && writer->failure.kind) {
        dynamodb_slot_fail(writer->open, &writer->failure);
        writer->open->state = SLOT_FREE;
        writer->open = NULL;
    }
    if (writer->open) {
        send_open(writer);
    }
    collect(writer);
    while (find_state(writer, SLOT_SENT)) {
        wait_some(writer);
    }
    err failed = stopped(writer, why);
    writer->failure = (struct why){0};
    return failed;
}

void dynamodb_close(struct dynamodb_writer *writer)
{
    if (!writer) {
        return;
    }
    for (size_t i = 0; i < writer->slot_count; i++) {
        dynamodb_slot_close(&writer->slots[i]);
    }
    buf_close(&writer->prefix);
    buf_close(&writer->scratch);
    struct arena_block block = writer->block;
    arena_block_close(&block);
}

#include "aws/dynamodb_slot.h"
#include "base/json_write.h"

const struct json_operation dynamodb_batch_operation = {
    .service = SERVICE_DYNAMODB,
    .name = "BatchWriteItem",
    .target = "DynamoDB_20120810.BatchWriteItem",
};

/* --- Requests --- */

void dynamodb_batch_prefix(const struct dynamodb_config *config, struct buf *prefix)
{
    buf_add(prefix, STR("{\"RequestItems\":{"));
    json_add_string(prefix, config->table);
    buf_add(prefix, STR(":["));
}

static const struct dynamodb_entry *first_pending(const struct dynamodb_slot *slot)
{
    for (size_t i = 0; i < slot->count; i++) {
        if (slot->entries[i].pending) {
            return &slot->entries[i];
        }
    }
    return NULL;
}

/* Gives how many were chosen. */
static size_t choose_group(struct dynamodb_slot *slot)
{
    const struct dynamodb_entry *first = first_pending(slot);
    size_t chosen = 0;
    for (size_t i = 0; i < slot->count; i++) {
        struct dynamodb_entry *entry = &slot->entries[i];
        entry->sent = first && entry->pending && entry->group == first->group;
        chosen += entry->sent;
    }
    return chosen;
}

void dynamodb_batch_write(struct dynamodb_slot *slot)
{
    size_t left = choose_group(slot);
    buf_add(&slot->body, buf_str(&slot->writer->prefix));
    for (size_t i = 0; i < slot->count; i++) {
        const struct dynamodb_entry *entry = &slot->entries[i];
        if (entry->sent) {
            buf_add(&slot->body, STR("{\"PutRequest\":{\"Item\":"));
            buf_add(&slot->body,
                    str_take(str_drop(buf_str(&slot->items), entry->item_at), entry->item_len));
            buf_add(&slot->body, --left ? STR("}},") : STR("}}"));
        }
    }
    buf_add(&slot->body, STR("]}}"));
}

/* --- Refusals --- */

/* Half of what was sent becomes a group of its own; an item that was alone is the culprit. */
static void split(struct dynamodb_slot *slot)
{
    size_t sent = 0, seen = 0;
    for (size_t i = 0; i < slot->count; i++) {
        sent += slot->entries[i].sent;
    }
    slot->groups++;
    for (size_t i = 0; i < slot->count; i++) {
        struct dynamodb_entry *entry = &slot->entries[i];
        if (entry->sent && sent == 1) {
            dynamodb_slot_settle(slot, entry, DYNAMODB_REFUSED, &slot->json_call.call.why);
        } else if (entry->sent && seen++ >= sent / 2) {
            entry->group = slot->groups;
        }
    }
}

/* --- Unprocessed items --- */

static struct dynamodb_entry *find_sent(struct dynamodb_slot *slot, str key)
{
    for (size_t i = 0; i < slot->count; i++) {
        struct dynamodb_entry *entry = &slot->entries[i];
        if (entry->sent && str_eq(dynamodb_slot_text(slot, entry), key)) {
            return entry;
        }
    }
    return NULL;
}

static str key_of(const struct dynamodb_slot *slot, const json_t *request)
{
    str name = slot->writer->config.key_name;
    json_t *item = json_object_get(json_object_get(request, "PutRequest"), "Item");
    return json_call_str(json_object_getn(item, name.at, name.len), "S");
}

/* Takes the unprocessed ones out of `sent`; gives how many they are. */
static MUST_USE err unmark(struct dynamodb_slot *slot, const json_t *reply, size_t *left,
                           struct why *why)
{
    str table = slot->writer->config.table;
    json_t *unprocessed = json_object_get(reply, "UnprocessedItems");
    json_t *list = json_object_getn(unprocessed, table.at, table.len);
    size_t tables = json_object_size(unprocessed);
    if (!json_is_object(unprocessed)) {
        return FAIL(why, ERR_BUG, "dynamodb BatchWriteItem: a reply without UnprocessedItems");
    }
    if (tables > 1 || (tables == 1 && !json_is_array(list))) {
        return FAIL(why, ERR_BUG, "dynamodb BatchWriteItem: unprocessed items of another table");
    }
    for (*left = 0; *left < json_array_size(list); ++*left) {
        struct dynamodb_entry *entry = find_sent(slot, key_of(slot, json_array_get(list, *left)));
        if (!entry) {
            return FAIL(why, ERR_BUG, "dynamodb BatchWriteItem: an unprocessed item never sent");
        }
        entry->sent = false;
    }
    return OK;
}

static size_t settle_sent(struct dynamodb_slot *slot)
{
    size_t settled = 0;
    for (size_t i = 0; i < slot->count; i++) {
        if (slot->entries[i].sent) {
            dynamodb_slot_settle(slot, &slot->entries[i], DYNAMODB_WRITTEN, NULL);
            settled++;
        }
    }
    return settled;
}

static MUST_USE err read_reply(struct dynamodb_slot *slot, size_t *left, struct why *why)
{
    json_t *reply = NULL;
    TRY(json_call_reply(&slot->json_call.call, &reply, why));
    err unmarked = unmark(slot, reply, left, why);
    json_decref(reply);
    return unmarked;
}

static int64_t take_reply(struct dynamodb_slot *slot)
{
    struct why why = {0};
    size_t left = 0;
    if (read_reply(slot, &left, &why).kind) {
        dynamodb_slot_fail(slot, &why);
        return -1;
    }
    size_t settled = settle_sent(slot);
    slot->rounds = settled ? 0 : slot->rounds;
    if (left) {
        slot->writer->use.unprocessed += left;
        (void)FAIL(&why, ERR_BUSY, "dynamodb BatchWriteItem: items stayed unprocessed");
        return dynamodb_pace_back_off(slot, &why);
    }
    dynamodb_pace_gain(slot->writer);
    return first_pending(slot) ? 0 : -1;
}

int64_t dynamodb_batch_finish(struct dynamodb_slot *slot)
{
    const struct why *why = &slot->json_call.call.why;
    if (why->kind == ERR_NONE) {
        return take_reply(slot);
    }
    if (dynamodb_slot_was_refused(slot)) {
        split(slot);
        return first_pending(slot) ? 0 : -1;
    }
    dynamodb_slot_fail(slot, why);
    return -1;
}

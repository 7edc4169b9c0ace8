#include "aws/dynamodb_slot.h"

#include <string.h>

void dynamodb_slot_settle(struct dynamodb_slot *slot, struct dynamodb_entry *entry,
                          enum dynamodb_outcome outcome, const struct why *why)
{
    static const struct why none;
    const struct dynamodb_config *config = &slot->writer->config;
    entry->pending = false;
    config->on_outcome(config->ctx, entry->tag, outcome, why ? why : &none);
}

bool dynamodb_slot_is_systemic(enum err_kind kind)
{
    return kind == ERR_DENIED || kind == ERR_MISSING || kind == ERR_BUG || kind == ERR_DEADLINE;
}

/* A refusal that we do not know may be these items' fault. It is not when the request as such was
 * not understood, or when it has no code: then what answers is no DynamoDB. */
static bool may_blame_items(const struct why *why)
{
    str code = str_from(why->code);
    return why->kind == ERR_INPUT && code.len && !str_eq(code, STR("SerializationException")) &&
           !str_eq(code, STR("UnknownOperationException"));
}

void dynamodb_slot_fail(struct dynamodb_slot *slot, const struct why *why)
{
    struct why cause = *why;
    cause.kind = why->kind == ERR_INPUT ? ERR_BUG : why->kind;
    if (dynamodb_slot_is_systemic(cause.kind) && !may_blame_items(why) &&
        slot->writer->failure.kind == ERR_NONE) {
        slot->writer->failure = cause;
    }
    for (size_t i = 0; i < slot->count; i++) {
        if (slot->entries[i].pending) {
            dynamodb_slot_settle(slot, &slot->entries[i], DYNAMODB_FAILED, &cause);
        }
    }
}

bool dynamodb_slot_was_refused(const struct dynamodb_slot *slot)
{
    const struct why *why = &slot->json_call.call.why;
    str code = str_from(why->code);
    return why->kind == ERR_INPUT &&
           (str_eq(code, STR("ValidationException")) ||
            str_eq(code, STR("ItemCollectionSizeLimitExceededException")));
}

str dynamodb_slot_text(const struct dynamodb_slot *slot, const struct dynamodb_entry *entry)
{
    return str_take(str_drop(buf_str(&slot->texts), entry->text_at), entry->text_len);
}

void dynamodb_slot_clear(struct dynamodb_slot *slot)
{
    slot->count = 0;
    slot->groups = slot->rounds = 0;
    slot->unsure = false;
    buf_clear(&slot->items);
    buf_clear(&slot->texts);
}

static void count_use(struct dynamodb_use *use, const struct call *call)
{
    if (call->sent) {
        use->requests += call->sent;
        use->throttled += call->last == RETRY_THROTTLED;
        use->answers++;
        int64_t took = call->client->now_ms() - call->sent_ms;
        use->answer_ms += took > 0 ? (uint64_t)took : 0;
    }
}

static void take_end(void *ctx)
{
    struct dynamodb_slot *slot = ctx;
    slot->state = SLOT_DONE;
    count_use(&slot->writer->use, &slot->json_call.call);
}

void dynamodb_slot_init(struct dynamodb_slot *slot, struct dynamodb_writer *writer)
{
    bool batch = writer->config.mode == DYNAMODB_BATCH;
    slot->writer = writer;
    json_call_init(&slot->json_call, writer->config.client,
                   batch ? &dynamodb_batch_operation : &dynamodb_conditional_operation);
    slot->json_call.call.request.account =
        endpoint_account_of(writer->config.table, str_from(writer->config.client->region));
    slot->json_call.call.request.error_bytes = DYNAMODB_MAX_OLD_ITEM_BYTES;
    slot->json_call.call.request.throttled_ends = true;
    slot->json_call.call.on_done = take_end;
    slot->json_call.call.ctx = slot;
    buf_init(&slot->items, DYNAMODB_MAX_BODY_BYTES);
    buf_init(&slot->texts, DYNAMODB_MAX_BODY_BYTES);
    buf_init(&slot->body, DYNAMODB_MAX_BODY_BYTES + DYNAMODB_MAX_PREFIX_BYTES);
}

void dynamodb_slot_close(struct dynamodb_slot *slot)
{
    call_close(&slot->json_call.call);
    buf_close(&slot->items);
    buf_close(&slot->texts);
    buf_close(&slot->body);
}

void dynamodb_slot_send(struct dynamodb_slot *slot, int64_t delay_ms)
{
    buf_clear(&slot->body);
    if (slot->writer->config.mode == DYNAMODB_BATCH) {
        dynamodb_batch_write(slot);
    } else {
        dynamodb_conditional_write(slot);
    }
    if (slot->body.failed) {
        struct why why = {0};
        (void)FAIL(&why, ERR_LIMIT, "no memory for a request to dynamodb");
        dynamodb_slot_fail(slot, &why);
        slot->state = SLOT_FREE;
        return;
    }
    slot->json_call.call.request.body = buf_str(&slot->body);
    slot->state = SLOT_SENT;
    call_start(&slot->json_call.call, delay_ms);
}

/* -1 when nothing is pending any more, else how many milliseconds to wait before the next request.
 */
static int64_t take_reply(struct dynamodb_slot *slot)
{
    const struct call *call = &slot->json_call.call;
    if (call->why.kind == ERR_BUSY &&
        retry_classify(call->why.status, str_from(call->why.code)) == RETRY_THROTTLED) {
        slot->unsure = slot->unsure || call->sent > 1;
        return dynamodb_pace_back_off(slot, &call->why);
    }
    if (slot->writer->config.mode == DYNAMODB_BATCH) {
        return dynamodb_batch_finish(slot);
    }
    dynamodb_conditional_finish(slot);
    return -1;
}

void dynamodb_slot_finish(struct dynamodb_slot *slot)
{
    int64_t delay = take_reply(slot);
    slot->state = SLOT_FREE;
    if (delay >= 0) {
        dynamodb_slot_send(slot, delay);
    }
}

struct dynamodb_entry *dynamodb_slot_find(struct dynamodb_slot *slot, str text, uint64_t hash)
{
    for (size_t i = 0; i < slot->count; i++) {
        struct dynamodb_entry *entry = &slot->entries[i];
        if (slot->hashes[i] == hash && entry->pending &&
            str_eq(dynamodb_slot_text(slot, entry), text)) {
            return entry;
        }
    }
    return NULL;
}

bool dynamodb_slot_add(struct dynamodb_slot *slot, str text, const void *tag, size_t tag_len)
{
    struct dynamodb_entry *entry = &slot->entries[slot->count];
    *entry = (struct dynamodb_entry){
        .item_at = slot->items.len,
        .item_len = slot->writer->scratch.len,
        .text_at = slot->texts.len,
        .text_len = text.len,
        .pending = true,
    };
    memcpy(entry->tag, tag, tag_len);
    buf_add(&slot->items, buf_str(&slot->writer->scratch));
    buf_add(&slot->texts, text);
    bool added = !slot->items.failed && !slot->texts.failed;
    slot->items.failed = slot->texts.failed = false;
    slot->count += added;
    return added;
}

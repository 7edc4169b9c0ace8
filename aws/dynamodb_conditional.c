#include "aws/dynamodb_slot.h"
#include "base/json_write.h"

const struct json_operation dynamodb_conditional_operation = {
    .service = SERVICE_DYNAMODB,
    .name = "PutItem",
    .target = "DynamoDB_20120810.PutItem",
};

void dynamodb_conditional_prefix(const struct dynamodb_config *config, struct buf *prefix)
{
    buf_add(prefix, STR("{\"TableName\":"));
    json_add_string(prefix, config->table);
    buf_add(prefix, STR(",\"ConditionExpression\":\"attribute_not_exists(#k) OR "
                        "attribute_not_exists(#v) OR #v < :v\","
                        "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\","
                        "\"ExpressionAttributeNames\":{\"#k\":"));
    json_add_string(prefix, config->key_name);
    buf_add(prefix, STR(",\"#v\":"));
    json_add_string(prefix, config->version_name);
    buf_add(prefix, STR("},\"ExpressionAttributeValues\":{\":v\":{\"S\":"));
}

void dynamodb_conditional_write(struct dynamodb_slot *slot)
{
    struct dynamodb_entry *entry = &slot->entries[0];
    buf_add(&slot->body, buf_str(&slot->writer->prefix));
    json_add_string(&slot->body, dynamodb_slot_text(slot, entry));
    buf_add(&slot->body, STR("}},\"Item\":"));
    buf_add(&slot->body, buf_str(&slot->items));
    buf_char(&slot->body, '}');
}

/* The version that is stored, as the refusal says it; `.at` NULL when it does not (older emulators
 * leave the item out). */
static str stored_version(const json_t *reply, str version_name)
{
    json_t *item = json_object_get(reply, "Item");
    return json_call_str(json_object_getn(item, version_name.at, version_name.len), "S");
}

/* The condition did not hold. A version that is stored already is a repetition of this item, or,
 * when an earlier attempt's reply was lost, this very write. */
static enum dynamodb_outcome sort_refusal(const struct dynamodb_slot *slot)
{
    struct why unread = {0};
    json_t *reply = NULL;
    const struct call *call = &slot->json_call.call;
    if (json_call_reply(call, &reply, &unread).kind) {
        return DYNAMODB_STALE;
    }
    str stored = stored_version(reply, slot->writer->config.version_name);
    bool same = stored.at && str_eq(stored, dynamodb_slot_text(slot, &slot->entries[0]));
    json_decref(reply);
    if (!same) {
        return DYNAMODB_STALE;
    }
    return slot->unsure || call->sent > 1 ? DYNAMODB_WRITTEN : DYNAMODB_DUPLICATE;
}

static void take_reply(struct dynamodb_slot *slot)
{
    struct why why = {0};
    json_t *reply = NULL;
    if (json_call_reply(&slot->json_call.call, &reply, &why).kind) {
        dynamodb_slot_fail(slot, &why);
        return;
    }
    json_decref(reply);
    dynamodb_pace_gain(slot->writer);
    dynamodb_slot_settle(slot, &slot->entries[0], DYNAMODB_WRITTEN, NULL);
}

void dynamodb_conditional_finish(struct dynamodb_slot *slot)
{
    const struct why *why = &slot->json_call.call.why;
    if (why->kind == ERR_NONE) {
        take_reply(slot);
    } else if (str_eq(str_from(why->code), STR("ConditionalCheckFailedException"))) {
        dynamodb_pace_gain(slot->writer);
        dynamodb_slot_settle(slot, &slot->entries[0], sort_refusal(slot), NULL);
    } else if (dynamodb_slot_was_refused(slot)) {
        dynamodb_slot_settle(slot, &slot->entries[0], DYNAMODB_REFUSED, why);
    } else {
        dynamodb_slot_fail(slot, why);
    }
}

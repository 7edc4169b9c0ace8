#include "aws/sqs.h"

#include "aws/json_call.h"
#include "aws/sqs_text.h"
#include "base/json_write.h"

enum {
    MAX_WAIT_S = 20,
    MAX_REQUEST_BYTES = SQS_BATCH_MAX_BYTES * 6 + 64 * 1024, /* every byte escaped as \u00XX */
};

static const struct json_operation send_message = {
    .service = SERVICE_SQS,
    .name = "SendMessage",
    .target = "AmazonSQS.SendMessage",
};
static const struct json_operation receive_message = {
    .service = SERVICE_SQS,
    .name = "ReceiveMessage",
    .target = "AmazonSQS.ReceiveMessage",
    .long_poll = true,
};
static const struct json_operation delete_message = {
    .service = SERVICE_SQS,
    .name = "DeleteMessage",
    .target = "AmazonSQS.DeleteMessage",
    .silent = true,
};
static const struct json_operation change_visibility = {
    .service = SERVICE_SQS,
    .name = "ChangeMessageVisibility",
    .target = "AmazonSQS.ChangeMessageVisibility",
    .silent = true,
};

static void start_request(struct buf *b, str queue_url)
{
    buf_init(b, MAX_REQUEST_BYTES);
    buf_add(b, STR("{\"QueueUrl\":"));
    json_add_string(b, queue_url);
}

static void add_text(struct buf *b, str name, str value)
{
    buf_char(b, ',');
    json_add_string(b, name);
    buf_char(b, ':');
    json_add_string(b, value);
}

static void add_number(struct buf *b, str name, int64_t value)
{
    buf_char(b, ',');
    json_add_string(b, name);
    buf_char(b, ':');
    buf_i64(b, value);
}

/* Closes the object, sends it and frees it. */
static MUST_USE err post(struct client *client, struct json_request *request, struct buf *body,
                         json_t **reply, struct why *why)
{
    buf_char(body, '}');
    request->body = buf_str(body);
    err sent = body->failed ? FAIL(why, ERR_LIMIT, "sqs %s: the request is too large",
                                   request->operation->name)
                            : json_call_send(client, request, reply, why);
    buf_close(body);
    return sent;
}

err sqs_send(struct client *client, str queue_url, str body, struct why *why)
{
    struct buf text;
    json_t *reply = NULL;
    TRY(sqs_text_check(body, why));
    start_request(&text, queue_url);
    add_text(&text, STR("MessageBody"), body);
    struct json_request request = {.operation = &send_message};
    TRY(post(client, &request, &text, &reply, why));
    bool named = json_call_str(reply, "MessageId").len > 0;
    bool same = sqs_text_md5_is(body, json_call_str(reply, "MD5OfMessageBody"));
    json_decref(reply);
    if (!named) {
        return FAIL(why, ERR_BUG, "sqs SendMessage: the reply names no message");
    }
    return same ? OK : FAIL(why, ERR_BUG, "sqs SendMessage: the MD5 is not the body's");
}

/* --- Receiving --- */

/* Takes texts of a reply into an arena; sticky, to be asked once. */
struct copier {
    struct arena *arena;
    bool failed;
};

static str copy(struct copier *c, const json_t *object, const char *name)
{
    str value = json_call_str(object, name);
    str kept = value.len ? arena_copy(c->arena, value) : STR("");
    c->failed = c->failed || !kept.at;
    return kept;
}

static uint64_t number(const json_t *attributes, const char *name)
{
    uint64_t value = 0;
    return str_to_u64(json_call_str(attributes, name), &value) ? value : 0;
}

static MUST_USE err take_message(const json_t *from, struct arena *arena,
                                 struct sqs_message *message, struct why *why)
{
    const json_t *attributes = json_object_get(from, "Attributes");
    struct copier c = {.arena = arena};
    *message = (struct sqs_message){
        .id = copy(&c, from, "MessageId"),
        .receipt_handle = copy(&c, from, "ReceiptHandle"),
        .body = copy(&c, from, "Body"),
        .md5 = copy(&c, from, "MD5OfBody"),
        .receive_count = number(attributes, "ApproximateReceiveCount"),
        .sent_ms = number(attributes, "SentTimestamp"),
        .first_received_ms = number(attributes, "ApproximateFirstReceiveTimestamp"),
        .group_id = copy(&c, attributes, "MessageGroupId"),
        .sequence_number = copy(&c, attributes, "SequenceNumber"),
        .dedup_id = copy(&c, attributes, "MessageDeduplicationId"),
        .sender_id = copy(&c, attributes, "SenderId"),
    };
    if (c.failed) {
        return FAIL(why, ERR_LIMIT, "no room for a reply of sqs");
    }
    if (!message->id.len || !message->receipt_handle.len) {
        return FAIL(why, ERR_BUG, "sqs ReceiveMessage: a message without its id or handle");
    }
    if (!sqs_text_md5_is(message->body, message->md5)) {
        return FAIL(why, ERR_BUG, "sqs ReceiveMessage: the MD5 is not the body's");
    }
    return OK;
}

static MUST_USE err take_messages(const json_t *list, size_t max, struct arena *arena,
                                  struct sqs_message *messages, struct why *why)
{
    if (json_array_size(list) > max) {
        return FAIL(why, ERR_BUG, "sqs ReceiveMessage: more messages than were asked for");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(take_message(json_array_get(list, i), arena, &messages[i], why));
    }
    return OK;
}

static MUST_USE err check_wanted(const struct sqs_receive *wanted, struct why *why)
{
    if (wanted->max < 1 || wanted->max > SQS_BATCH_MAX) {
        return FAIL(why, ERR_LIMIT, "%zu messages at once: SQS gives 1 to %d", wanted->max,
                    SQS_BATCH_MAX);
    }
    if (wanted->wait_s < 0 || wanted->wait_s > MAX_WAIT_S) {
        return FAIL(why, ERR_LIMIT, "a wait of %d s: SQS takes 0 to %d", wanted->wait_s,
                    MAX_WAIT_S);
    }
    return OK;
}

err sqs_receive(struct client *client, const struct sqs_receive *wanted, struct arena *arena,
                struct sqs_message *messages, size_t *count, struct why *why)
{
    struct buf text;
    json_t *reply = NULL;
    *count = 0;
    TRY(check_wanted(wanted, why));
    start_request(&text, wanted->queue_url);
    add_number(&text, STR("MaxNumberOfMessages"), (int64_t)wanted->max);
    add_number(&text, STR("WaitTimeSeconds"), wanted->wait_s);
    if (wanted->visibility_s >= 0) {
        add_number(&text, STR("VisibilityTimeout"), wanted->visibility_s);
    }
    buf_add(&text, STR(",\"MessageSystemAttributeNames\":[\"All\"]"));
    struct json_request request = {.operation = &receive_message,
                                   .extra_ms = (int64_t)wanted->wait_s * 1000};
    TRY(post(client, &request, &text, &reply, why));
    const json_t *list = json_object_get(reply, "Messages"); /* absent when there is none */
    err taken = take_messages(list, wanted->max, arena, messages, why);
    *count = taken.kind ? 0 : json_array_size(list);
    json_decref(reply);
    return taken;
}

/* --- Settling --- */

err sqs_delete(struct client *client, str queue_url, str receipt_handle, struct why *why)
{
    struct buf text;
    json_t *reply = NULL;
    start_request(&text, queue_url);
    add_text(&text, STR("ReceiptHandle"), receipt_handle);
    struct json_request request = {.operation = &delete_message};
    TRY(post(client, &request, &text, &reply, why));
    json_decref(reply);
    return OK;
}

err sqs_change_visibility(struct client *client, str queue_url, str receipt_handle,
                          int visibility_s, struct why *why)
{
    struct buf text;
    json_t *reply = NULL;
    start_request(&text, queue_url);
    add_text(&text, STR("ReceiptHandle"), receipt_handle);
    add_number(&text, STR("VisibilityTimeout"), visibility_s);
    struct json_request request = {.operation = &change_visibility};
    TRY(post(client, &request, &text, &reply, why));
    json_decref(reply);
    return OK;
}

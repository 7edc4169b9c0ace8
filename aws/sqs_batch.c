#include "aws/json_call.h"
#include "aws/sqs.h"
#include "aws/sqs_text.h"
#include "base/json_write.h"

/* A batch request answers 200 even when some of its entries failed: each has a result of its own,
 * and those that are not the sender's fault are sent again. */

enum { MAX_REQUEST_BYTES = SQS_BATCH_MAX_BYTES * 6 + 64 * 1024 };

static const struct json_operation send_message_batch = {
    .service = SERVICE_SQS,
    .name = "SendMessageBatch",
    .target = "AmazonSQS.SendMessageBatch",
};
static const struct json_operation delete_message_batch = {
    .service = SERVICE_SQS,
    .name = "DeleteMessageBatch",
    .target = "AmazonSQS.DeleteMessageBatch",
};

struct batch {
    struct client *client;
    const struct json_operation *operation;
    str queue_url;
    str member; /* "MessageBody" or "ReceiptHandle": what the texts are */
    const str *texts;
    size_t count;
    struct sqs_result *results;
    bool pending[SQS_BATCH_MAX]; /* has no result yet that stands */
    bool sent[SQS_BATCH_MAX];    /* in the request under way */
    unsigned rounds;             /* requests since the last one that brought all it held home */
    enum retry_class failure;    /* of the last entry that failed */
};

static bool is_left(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->pending[i]) {
            return true;
        }
    }
    return false;
}

/* The first pending entries that fit into a request together. */
static void choose(struct batch *batch)
{
    size_t bytes = 0;
    bool full = false;
    for (size_t i = 0; i < batch->count; i++) {
        full = full || (batch->pending[i] && bytes + batch->texts[i].len > SQS_BATCH_MAX_BYTES);
        batch->sent[i] = batch->pending[i] && !full;
        bytes += batch->sent[i] ? batch->texts[i].len : 0;
    }
}

static void write_entry(const struct batch *batch, size_t i, struct buf *b)
{
    buf_add(b, STR("{\"Id\":\""));
    buf_u64(b, i);
    buf_add(b, STR("\","));
    json_add_string(b, batch->member);
    buf_char(b, ':');
    json_add_string(b, batch->texts[i]);
    buf_char(b, '}');
}

static void write_request(const struct batch *batch, struct buf *b)
{
    buf_add(b, STR("{\"QueueUrl\":"));
    json_add_string(b, batch->queue_url);
    buf_add(b, STR(",\"Entries\":["));
    const char *before = "";
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->sent[i]) {
            buf_add(b, str_from(before));
            write_entry(batch, i, b);
            before = ",";
        }
    }
    buf_add(b, STR("]}"));
}

/* Which entry a result is of; false when it is of none that was sent. */
static bool entry_of(const struct batch *batch, const json_t *result, size_t *i)
{
    uint64_t id = 0;
    if (!str_to_u64(json_call_str(result, "Id"), &id) || id >= batch->count || !batch->sent[id]) {
        return false;
    }
    *i = (size_t)id;
    return true;
}

static MUST_USE err take_successes(struct batch *batch, const json_t *list, struct why *why)
{
    size_t at;
    json_t *result;
    json_array_foreach(list, at, result)
    {
        size_t i = 0;
        if (!entry_of(batch, result, &i)) {
            return FAIL(why, ERR_BUG, "sqs %s: a result for no entry", batch->operation->name);
        }
        if (!sqs_text_md5_is(batch->texts[i], json_call_str(result, "MD5OfMessageBody"))) {
            return FAIL(why, ERR_BUG, "sqs %s: the MD5 is not the body's", batch->operation->name);
        }
        batch->results[i] = (struct sqs_result){.ok = true};
        batch->pending[i] = false;
    }
    return OK;
}

static MUST_USE err take_failures(struct batch *batch, const json_t *list, struct why *why)
{
    size_t at;
    json_t *result;
    json_array_foreach(list, at, result)
    {
        size_t i = 0;
        if (!entry_of(batch, result, &i)) {
            return FAIL(why, ERR_BUG, "sqs %s: a result for no entry", batch->operation->name);
        }
        bool fault = json_is_true(json_object_get(result, "SenderFault"));
        batch->results[i] = (struct sqs_result){.sender_fault = fault};
        batch->pending[i] = !fault;
        bool throttled = retry_classify(0, json_call_str(result, "Code")) == RETRY_THROTTLED;
        batch->failure = throttled ? RETRY_THROTTLED : RETRY_TRANSIENT;
    }
    return OK;
}

static MUST_USE err take_reply(struct batch *batch, const json_t *reply, struct why *why)
{
    TRY(take_successes(batch, json_object_get(reply, "Successful"), why));
    return take_failures(batch, json_object_get(reply, "Failed"), why);
}

static MUST_USE err send_chosen(struct batch *batch, int64_t delay_ms, struct why *why)
{
    struct buf text;
    json_t *reply = NULL;
    buf_init(&text, MAX_REQUEST_BYTES);
    write_request(batch, &text);
    const struct json_request request = {
        .operation = batch->operation, .body = buf_str(&text), .delay_ms = delay_ms};
    err sent = text.failed ? FAIL(why, ERR_LIMIT, "sqs %s: the request is too large",
                                  batch->operation->name)
                           : json_call_send(batch->client, &request, &reply, why);
    buf_close(&text);
    TRY(sent);
    err taken = take_reply(batch, reply, why);
    json_decref(reply);
    return taken;
}

static bool brought_home(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->sent[i] && batch->pending[i]) {
            return false;
        }
    }
    return true;
}

/* How long to wait before the entries left over are sent again; -1 to leave them failed. */
static int64_t next_delay(const struct batch *batch)
{
    struct client *client = batch->client;
    struct retry_policy policy = call_policy(client, SERVICE_SQS);
    if (retry_decide(&policy, &client->quota, batch->failure, batch->rounds) != RETRY_AGAIN) {
        return -1;
    }
    int64_t delay = retry_wait_ms(&policy, batch->failure, batch->rounds, -1, call_chance(client));
    int64_t left = client->deadline_ms ? client->deadline_ms - client->now_ms() : INT64_MAX;
    return delay < left ? delay : -1;
}

/* What was sent and not taken stays failed; what was not sent yet still gets its turn. */
static void give_up(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        batch->pending[i] = batch->pending[i] && !batch->sent[i];
    }
    batch->rounds = 0;
}

/* Gives how long to wait before the next request. */
static int64_t look_back(struct batch *batch)
{
    if (brought_home(batch)) {
        if (batch->rounds) {
            retry_succeeded(&batch->client->quota, batch->failure);
        }
        batch->rounds = 0;
        return 0;
    }
    batch->rounds++;
    int64_t delay = next_delay(batch);
    if (delay < 0) {
        give_up(batch);
    }
    return delay < 0 ? 0 : delay;
}

static MUST_USE err run(struct batch *batch, struct why *why)
{
    int64_t delay = 0;
    batch->failure = RETRY_TRANSIENT;
    for (size_t i = 0; i < batch->count; i++) {
        batch->pending[i] = true;
        batch->results[i] = (struct sqs_result){.ok = false};
    }
    while (is_left(batch)) {
        choose(batch);
        TRY(send_chosen(batch, delay, why));
        delay = look_back(batch);
    }
    return OK;
}

static MUST_USE err check_count(size_t count, struct why *why)
{
    return count <= SQS_BATCH_MAX
               ? OK
               : FAIL(why, ERR_LIMIT, "a batch of %zu: SQS takes %d", count, SQS_BATCH_MAX);
}

err sqs_send_batch(struct client *client, str queue_url, const str *bodies, size_t count,
                   struct sqs_result *results, struct why *why)
{
    TRY(check_count(count, why));
    for (size_t i = 0; i < count; i++) {
        TRY(sqs_text_check(bodies[i], why));
    }
    struct batch batch = {
        .client = client,
        .operation = &send_message_batch,
        .queue_url = queue_url,
        .member = STR("MessageBody"),
        .texts = bodies,
        .count = count,
        .results = results,
    };
    return run(&batch, why);
}

err sqs_delete_batch(struct client *client, str queue_url, const str *receipt_handles, size_t count,
                     struct sqs_result *results, struct why *why)
{
    TRY(check_count(count, why));
    struct batch batch = {
        .client = client,
        .operation = &delete_message_batch,
        .queue_url = queue_url,
        .member = STR("ReceiptHandle"),
        .texts = receipt_handles,
        .count = count,
        .results = results,
    };
    return run(&batch, why);
}

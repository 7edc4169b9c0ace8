#include "deploy/local/poll_sqs.h"
#include "deploy/local/clock.h"

enum {
    ENOUGH_BYTES = 4 * 1024 * 1024, /* of bodies: more would not fit one event for certain */
    QUEUE_VISIBILITY_S = 30,        /* what SQS gives a queue, unless told otherwise */
};

struct batch {
    struct sqs_message *messages;
    str *texts; /* scratch: ids or receipt handles */
    bool *failed;
    struct sqs_result *results;
    size_t count;
};

void poll_sqs_init(struct poll_sqs *queue, str url, str region)
{
    *queue = (struct poll_sqs){.url = url};
    poll_event_queue_origin(&queue->origin, url, region);
}

static MUST_USE err make_room(struct arena *arena, struct batch *batch, struct why *why)
{
    enum { N = POLL_BATCH_MAX };
    *batch = (struct batch){
        .messages =
            arena_alloc(arena, N * sizeof(struct sqs_message), _Alignof(struct sqs_message)),
        .texts = arena_alloc(arena, N * sizeof(str), _Alignof(str)),
        .failed = arena_alloc(arena, N * sizeof(bool), 1),
        .results = arena_alloc(arena, N * sizeof(struct sqs_result), 1),
    };
    return batch->messages && batch->texts && batch->failed && batch->results
               ? OK
               : FAIL(why, ERR_LIMIT, "no memory for a batch");
}

/* A request gives ten messages at most, so a larger batch takes several. */
static MUST_USE err receive(struct poll *poll, str url, struct arena *arena, struct batch *batch,
                            struct why *why)
{
    const struct poll_settings *settings = &poll->settings;
    struct sqs_receive wanted = {.queue_url = url, .visibility_s = settings->visibility_s};
    size_t bytes = 0, got = 0;
    do {
        size_t left = settings->batch - batch->count;
        wanted.max = left < SQS_BATCH_MAX ? left : SQS_BATCH_MAX;
        wanted.wait_s = batch->count ? 0 : settings->wait_s;
        poll_call(poll, "receiving messages");
        TRY(sqs_receive(poll->client, &wanted, arena, batch->messages + batch->count, &got, why));
        for (size_t i = 0; i < got; i++) {
            bytes += batch->messages[batch->count + i].body.len;
        }
        batch->count += got;
    } while (got == wanted.max && batch->count < settings->batch && bytes < ENOUGH_BYTES);
    return OK;
}

static MUST_USE err delete_ten(struct poll *poll, str url, const struct batch *batch, size_t count,
                               struct why *why)
{
    if (!count) {
        return OK;
    }
    poll_call(poll, "deleting messages");
    TRY(sqs_delete_batch(poll->client, url, batch->texts, count, batch->results, why));
    for (size_t i = 0; i < count; i++) {
        if (!batch->results[i].ok) {
            report_note(poll->report, "sqs: a message was not deleted and will come again");
        }
    }
    return OK;
}

static MUST_USE err delete_done(struct poll *poll, str url, const struct batch *batch,
                                struct why *why)
{
    size_t collected = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->failed[i]) {
            batch->texts[collected++] = batch->messages[i].receipt_handle;
        }
        if (collected == SQS_BATCH_MAX) {
            TRY(delete_ten(poll, url, batch, collected, why));
            collected = 0;
        }
    }
    return delete_ten(poll, url, batch, collected, why);
}

static MUST_USE err hand_back_failed(struct poll *poll, str url, const struct batch *batch,
                                     struct why *why)
{
    for (size_t i = 0; i < batch->count && poll->settings.retry_delay_s >= 0; i++) {
        if (batch->failed[i]) {
            poll_call(poll, "handing a message back");
            TRY(sqs_change_visibility(poll->client, url, batch->messages[i].receipt_handle,
                                      poll->settings.retry_delay_s, why));
        }
    }
    return OK;
}

static int64_t due_ms(const struct poll_settings *settings)
{
    int seconds = settings->retry_delay_s >= 0  ? settings->retry_delay_s
                  : settings->visibility_s >= 0 ? settings->visibility_s
                                                : QUEUE_VISIBILITY_S;
    return clock_steady_ms() + (int64_t)seconds * 1000;
}

static MUST_USE err settle(struct poll *poll, str url, const struct batch *batch,
                           struct poll_turn *turn, struct why *why)
{
    TRY(delete_done(poll, url, batch, why));
    TRY(hand_back_failed(poll, url, batch, why));
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->failed[i]) {
            turn->due_ms = due_ms(&poll->settings);
        }
    }
    return OK;
}

/* As much of the batch as fits one event; batch->count becomes that number. */
static MUST_USE err deliver(struct poll *poll, struct poll_sqs *queue, struct batch *batch,
                            struct poll_turn *turn, struct why *why)
{
    struct runtime_api_result result;
    batch->count = poll_event_sqs(&poll->event, &queue->origin, batch->messages, batch->count);
    if (!batch->count) {
        return FAIL(why, ERR_LIMIT, "a message does not fit an event");
    }
    TRY(poll_invoke(poll, buf_str(&poll->event), &result, why));
    for (size_t i = 0; i < batch->count; i++) {
        batch->texts[i] = batch->messages[i].id;
    }
    size_t failed = poll_judge(poll, &result, batch->texts, batch->count, batch->failed);
    report_invocation(poll->report, "sqs", batch->count, failed, &result);
    buf_close(&result.body);
    return poll->stopped ? OK : settle(poll, queue->url, batch, turn, why);
}

err poll_sqs_turn(struct poll *poll, struct poll_sqs *queue, struct poll_turn *turn,
                  struct why *why)
{
    struct arena arena = arena_start(&poll->memory);
    struct batch all;
    TRY(make_room(&arena, &all, why));
    TRY(receive(poll, queue->url, &arena, &all, why));
    turn->records = all.count;
    for (size_t from = 0; from < all.count && !poll->stopped;) {
        struct batch part = all;
        part.messages += from;
        part.count -= from;
        TRY(deliver(poll, queue, &part, turn, why));
        from += part.count;
    }
    return OK;
}

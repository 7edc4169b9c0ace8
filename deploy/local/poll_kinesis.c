#include "deploy/local/poll_kinesis.h"
#include "aws/sqs.h"
#include "deploy/local/clock.h"
#include "deploy/local/poll_failure.h"

enum { RETRY_DELAY_S = 1 };

/* One shard's turn: what was read, and what its function call came to. */
struct reading {
    struct poll *poll;
    struct poll_kinesis *stream;
    struct poll_shard *shard;
    struct kinesis_records read;
    size_t count; /* of them handed over */
};

void poll_kinesis_init(struct poll_kinesis *stream, str name, str region)
{
    *stream = (struct poll_kinesis){.stream = name};
    poll_event_stream_origin(&stream->origin, name, region);
}

static bool is_known(const struct poll_kinesis *stream, str id)
{
    for (size_t i = 0; i < stream->shard_count; i++) {
        if (str_eq(str_from(stream->shards[i].id), id)) {
            return true;
        }
    }
    return false;
}

static MUST_USE err add_shard(struct poll_kinesis *stream, str id, struct why *why)
{
    if (is_known(stream, id)) {
        return OK;
    }
    struct poll_shard shard = {0};
    if (stream->shard_count == POLL_KINESIS_SHARDS || !str_to_c(id, shard.id, sizeof shard.id)) {
        return FAIL(why, ERR_LIMIT, "more than %d shards", POLL_KINESIS_SHARDS);
    }
    stream->shards[stream->shard_count++] = shard;
    return OK;
}

static MUST_USE err list_shards(struct poll *poll, struct poll_kinesis *stream, struct why *why)
{
    struct arena arena = arena_start(&poll->memory);
    str ids[POLL_KINESIS_SHARDS];
    struct kinesis_shards shards = {.ids = ids, .room = POLL_KINESIS_SHARDS};
    poll_call(poll, "listing shards");
    TRY(kinesis_list_shards(poll->client, stream->stream, &arena, &shards, why));
    for (size_t i = 0; i < shards.count; i++) {
        TRY(add_shard(stream, ids[i], why));
    }
    stream->listed = true;
    return OK;
}

/* An iterator too long to keep is asked for anew each time. */
static void keep_iterator(struct poll_shard *shard, str iterator)
{
    if (!str_to_c(iterator, shard->iterator, sizeof shard->iterator)) {
        shard->iterator[0] = 0;
    }
}

static MUST_USE err read_records(struct reading *r, struct arena *arena, struct why *why)
{
    struct poll *poll = r->poll;
    struct poll_shard *shard = r->shard;
    str iterator = arena_copy(arena, str_from(shard->iterator));
    r->read = (struct kinesis_records){
        .records = arena_alloc(arena, POLL_BATCH_MAX * sizeof(struct kinesis_record),
                               _Alignof(struct kinesis_record)),
        .room = shard->again ? shard->again : poll->settings.batch,
    };
    if (!iterator.at || !r->read.records) {
        return FAIL(why, ERR_LIMIT, "no memory for a batch");
    }
    if (!iterator.len) {
        const struct kinesis_position position = {
            .stream = r->stream->stream,
            .shard = str_from(shard->id),
            .after = str_from(shard->done),
        };
        poll_call(poll, "finding a place in a shard");
        TRY(kinesis_shard_iterator(poll->client, &position, arena, &iterator, why));
    }
    shard->iterator[0] = 0; /* should it have expired, the next turn takes a new one */
    poll_call(poll, "reading a shard");
    return kinesis_get_records(poll->client, iterator, arena, &r->read, why);
}

/* The first `count` records are settled. */
static MUST_USE err move_on(struct reading *r, size_t count, struct why *why)
{
    struct poll_shard *shard = r->shard;
    if (!count) {
        return OK;
    }
    shard->attempts = 0;
    shard->again = 0;
    if (!str_to_c(r->read.records[count - 1].sequence_number, shard->done, sizeof shard->done)) {
        return FAIL(why, ERR_LIMIT, "sequence number too long");
    }
    return OK;
}

static MUST_USE err give_up(struct reading *r, size_t first, struct runtime_api_result *result,
                            struct why *why)
{
    struct poll *poll = r->poll;
    struct buf record;
    const struct poll_failure failure = {
        .result = result,
        .function_arn = str_from(poll->function->arn),
        .invocations = r->shard->attempts,
        .now_ms = clock_wall_ms(),
    };
    report_note(poll->report, "kinesis: %zu records were given up after %u attempts",
                r->count - first, r->shard->attempts);
    buf_init(&record, SQS_BATCH_MAX_BYTES);
    poll_failure_batch(&record, &failure, &r->stream->origin, str_from(r->shard->id),
                       r->read.records + first, r->count - first);
    err sent = record.failed ? FAIL(why, ERR_LIMIT, "no memory")
                             : poll_give_up(poll, buf_str(&record), why);
    buf_close(&record);
    TRY(sent);
    return move_on(r, r->count, why);
}

/* The records from `first` on failed. */
static MUST_USE err try_again(struct reading *r, size_t first, struct runtime_api_result *result,
                              struct why *why)
{
    const struct poll_settings *settings = &r->poll->settings;
    struct poll_shard *shard = r->shard;
    int delay_s = settings->retry_delay_s >= 0 ? settings->retry_delay_s : RETRY_DELAY_S;
    TRY(move_on(r, first, why));
    shard->attempts++;
    shard->again = r->count - first;
    if (settings->max_retries >= 0 && shard->attempts > (unsigned)settings->max_retries) {
        return give_up(r, first, result, why);
    }
    shard->retry_ms = clock_steady_ms() + (int64_t)delay_s * 1000;
    return OK;
}

static size_t find_first(const bool *failed, size_t count)
{
    size_t i = 0;
    while (i < count && !failed[i]) {
        i++;
    }
    return i;
}

static MUST_USE err settle(struct reading *r, size_t first_failed,
                           struct runtime_api_result *result, struct why *why)
{
    if (first_failed < r->count) {
        return try_again(r, first_failed, result, why);
    }
    TRY(move_on(r, r->count, why));
    if (r->count == r->read.count) {
        keep_iterator(r->shard, r->read.next);
        r->shard->closed = !r->read.next.len;
    }
    return OK;
}

static MUST_USE err deliver(struct reading *r, struct why *why)
{
    struct poll *poll = r->poll;
    struct runtime_api_result result;
    str ids[POLL_BATCH_MAX];
    bool failed[POLL_BATCH_MAX];
    r->count = poll_event_kinesis(&poll->event, &r->stream->origin, str_from(r->shard->id),
                                  r->read.records, r->read.count);
    if (!r->count) {
        report_note(poll->report, "kinesis: a record does not fit an event and is left out");
        return move_on(r, 1, why);
    }
    for (size_t i = 0; i < r->count; i++) {
        ids[i] = r->read.records[i].sequence_number;
    }
    TRY(poll_invoke(poll, buf_str(&poll->event), &result, why));
    (void)poll_judge(poll, &result, ids, r->count, failed);
    size_t first = find_first(failed, r->count);
    report_invocation(poll->report, "kinesis", r->count, r->count - first, &result);
    err settled = poll->stopped ? OK : settle(r, first, &result, why);
    buf_close(&result.body);
    return settled;
}

static MUST_USE err turn_shard(struct reading *r, struct poll_turn *turn, struct why *why)
{
    struct arena arena = arena_start(&r->poll->memory);
    struct poll_shard *shard = r->shard;
    TRY(read_records(r, &arena, why));
    turn->records += r->read.count;
    if (r->read.count) {
        TRY(deliver(r, why));
    } else {
        keep_iterator(shard, r->read.next);
        shard->closed = !r->read.next.len;
    }
    r->stream->listed = r->stream->listed && !shard->closed; /* it may have children now */
    return OK;
}

err poll_kinesis_turn(struct poll *poll, struct poll_kinesis *stream, struct poll_turn *turn,
                      struct why *why)
{
    if (!stream->listed) {
        TRY(list_shards(poll, stream, why));
    }
    for (size_t i = 0; i < stream->shard_count && !poll->stopped; i++) {
        struct poll_shard *shard = &stream->shards[i];
        struct reading reading = {.poll = poll, .stream = stream, .shard = shard};
        if (!shard->closed && shard->retry_ms <= clock_steady_ms()) {
            TRY(turn_shard(&reading, turn, why));
        }
        if (shard->retry_ms > turn->due_ms) {
            turn->due_ms = shard->retry_ms;
        }
    }
    return OK;
}

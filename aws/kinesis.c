#include "aws/kinesis.h"

#include "aws/json_call.h"
#include "base/json_write.h"

#include <math.h>

enum {
    MAX_REQUEST_BYTES = 64 * 1024,
    MAX_PAGES = 1000,
    LARGE_REPLY_MS = 7000, /* 10 MiB of records may take longer than usual */
};

static const struct json_operation list_shards = {
    .service = SERVICE_KINESIS,
    .name = "ListShards",
    .target = "Kinesis_20131202.ListShards",
};
static const struct json_operation get_shard_iterator = {
    .service = SERVICE_KINESIS,
    .name = "GetShardIterator",
    .target = "Kinesis_20131202.GetShardIterator",
};
static const struct json_operation get_records = {
    .service = SERVICE_KINESIS,
    .name = "GetRecords",
    .target = "Kinesis_20131202.GetRecords",
};

/* Appends ,"name":"value" or, as the first member, {"name":"value". */
static void add_member(struct buf *b, const char *name, str value)
{
    buf_char(b, b->len ? ',' : '{');
    json_add_string(b, str_from(name));
    buf_char(b, ':');
    json_add_string(b, value);
}

static MUST_USE err post(struct client *client, const struct json_operation *operation,
                         struct buf *body, json_t **reply, struct why *why)
{
    buf_char(body, '}');
    const struct json_request request = {
        .operation = operation, .body = buf_str(body), .extra_ms = LARGE_REPLY_MS};
    err sent = body->failed
                   ? FAIL(why, ERR_LIMIT, "kinesis %s: the request is too large", operation->name)
                   : json_call_send(client, &request, reply, why);
    buf_close(body);
    return sent;
}

/* A string of the reply, copied to the arena; empty when it is missing. */
static MUST_USE err copy(const json_t *object, const char *name, struct arena *arena, str *out,
                         struct why *why)
{
    str value = json_call_str(object, name);
    *out = value.len ? arena_copy(arena, value) : STR("");
    return out->at ? OK : FAIL(why, ERR_LIMIT, "no room for a reply of kinesis");
}

/* --- Shards --- */

static MUST_USE err add_shards(const json_t *page, struct arena *arena,
                               struct kinesis_shards *shards, struct why *why)
{
    size_t i;
    json_t *shard;
    json_array_foreach(json_object_get(page, "Shards"), i, shard)
    {
        if (shards->count == shards->room) {
            return FAIL(why, ERR_LIMIT, "kinesis ListShards: more than %zu shards", shards->room);
        }
        TRY(copy(shard, "ShardId", arena, &shards->ids[shards->count++], why));
    }
    return OK;
}

/* One page; `token` becomes that of the next, empty at the end. */
static MUST_USE err list_page(struct client *client, str stream, str *token, struct arena *arena,
                              struct kinesis_shards *shards, struct why *why)
{
    struct buf body;
    json_t *page = NULL;
    buf_init(&body, MAX_REQUEST_BYTES);
    /* The service takes one or the other. */
    add_member(&body, token->len ? "NextToken" : "StreamName", token->len ? *token : stream);
    TRY(post(client, &list_shards, &body, &page, why));
    err added = add_shards(page, arena, shards, why);
    err named = added.kind ? added : copy(page, "NextToken", arena, token, why);
    json_decref(page);
    return named;
}

err kinesis_list_shards(struct client *client, str stream, struct arena *arena,
                        struct kinesis_shards *shards, struct why *why)
{
    str token = STR("");
    shards->count = 0;
    for (int pages = 0; pages == 0 || token.len; pages++) {
        if (pages == MAX_PAGES) {
            return FAIL(why, ERR_BUG, "kinesis ListShards: the pages do not end");
        }
        TRY(list_page(client, stream, &token, arena, shards, why));
    }
    return OK;
}

/* --- Records --- */

err kinesis_shard_iterator(struct client *client, const struct kinesis_position *position,
                           struct arena *arena, str *iterator, struct why *why)
{
    struct buf body;
    json_t *reply = NULL;
    buf_init(&body, MAX_REQUEST_BYTES);
    add_member(&body, "StreamName", position->stream);
    add_member(&body, "ShardId", position->shard);
    add_member(&body, "ShardIteratorType",
               position->after.len ? STR("AFTER_SEQUENCE_NUMBER") : STR("TRIM_HORIZON"));
    if (position->after.len) {
        add_member(&body, "StartingSequenceNumber", position->after);
    }
    TRY(post(client, &get_shard_iterator, &body, &reply, why));
    err copied = copy(reply, "ShardIterator", arena, iterator, why);
    json_decref(reply);
    TRY(copied);
    return iterator->len ? OK : FAIL(why, ERR_BUG, "kinesis GetShardIterator: no iterator came");
}

/* Seconds with a fraction since 1970; 0 when they are no time at all. */
static int64_t to_ms(const json_t *seconds)
{
    const double most = 253402300799.0; /* the end of the year 9999 */
    double value = json_number_value(seconds);
    return value >= 0 && value <= most ? llround(value * 1000) : 0;
}

static MUST_USE err take_record(const json_t *from, struct arena *arena,
                                struct kinesis_record *record, struct why *why)
{
    TRY(copy(from, "SequenceNumber", arena, &record->sequence_number, why));
    TRY(copy(from, "PartitionKey", arena, &record->partition_key, why));
    TRY(copy(from, "Data", arena, &record->data, why));
    record->arrival_ms = to_ms(json_object_get(from, "ApproximateArrivalTimestamp"));
    return record->sequence_number.len
               ? OK
               : FAIL(why, ERR_BUG, "kinesis GetRecords: a record without its sequence number");
}

static MUST_USE err take_records(const json_t *list, struct arena *arena,
                                 struct kinesis_records *records, struct why *why)
{
    if (!json_is_array(list) || json_array_size(list) > records->room) {
        return FAIL(why, ERR_BUG, "kinesis GetRecords: no records, or more than were asked for");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(take_record(json_array_get(list, i), arena, &records->records[i], why));
    }
    records->count = json_array_size(list);
    return OK;
}

err kinesis_get_records(struct client *client, str iterator, struct arena *arena,
                        struct kinesis_records *records, struct why *why)
{
    struct buf body;
    json_t *reply = NULL;
    buf_init(&body, MAX_REQUEST_BYTES);
    add_member(&body, "ShardIterator", iterator);
    buf_add(&body, STR(",\"Limit\":"));
    buf_u64(&body, records->room);
    TRY(post(client, &get_records, &body, &reply, why));
    err taken = take_records(json_object_get(reply, "Records"), arena, records, why);
    err named = taken.kind ? taken : copy(reply, "NextShardIterator", arena, &records->next, why);
    json_decref(reply);
    return named;
}

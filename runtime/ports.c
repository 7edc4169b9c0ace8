#include "runtime/ports.h"

#include "aws/sqs.h"
#include "runtime/lambda.h"

#include <string.h>
#include <sys/random.h>

enum {
    STOP_RESERVE_MS = 2000, /* before the deadline: drain, flush rejects, answer */
    STOP_RESERVE_PERCENT = 5,
    ANSWER_RESERVE_MS = 300, /* no request of ours lasts into the deadline */
    LOGGED_FAILURES = 10,
    MAX_REFUSED = 100000, /* more of them than this fail their deliveries */
};

/* Travels through the writer with each item. */
struct tag {
    struct ingest *ingest;
    struct ticket from;
};
_Static_assert(sizeof(struct tag) <= DYNAMODB_TAG_BYTES, "a tag must fit");

static void log_failed_write(struct ports *ports, const struct ticket *from, const struct why *why)
{
    struct log_line line;
    if (ports->failures_logged++ < LOGGED_FAILURES &&
        log_start(ports->log, &line, LOG_ERROR, "user not stored")) {
        log_str(&line, "source", event_origin_name(from->delivery->origin));
        log_str(&line, "delivery", from->delivery->id);
        log_u64(&line, "offset", from->offset);
        log_u64(&line, "line", from->line);
        log_why(&line, why);
        log_end(&line);
    }
}

/* DynamoDB refused an item that we took for good. The reject waits for flush: no request may be
 * started from within another's outcome. Where no item was ever accepted it may be the table that
 * is wrong, with another key than ours, and then nothing is acknowledged. */
static void keep_refused(struct ports *ports, const struct tag *tag, const struct why *why)
{
    if (!ports->accepted) {
        log_failed_write(ports, &tag->from, why);
        ingest_settle(tag->ingest, &tag->from, OUTCOME_FAILED);
        return;
    }
    buf_add(&ports->refused, (str){(const char *)tag, sizeof *tag});
    if (ports->refused.failed) {
        ingest_settle(tag->ingest, &tag->from, OUTCOME_FAILED);
    }
}

static void take_outcome(void *ctx, const void *tag_bytes, enum dynamodb_outcome outcome,
                         const struct why *why)
{
    static const enum outcome outcomes[] = {
        [DYNAMODB_WRITTEN] = OUTCOME_WRITTEN,
        [DYNAMODB_DUPLICATE] = OUTCOME_DUPLICATE,
        [DYNAMODB_STALE] = OUTCOME_STALE,
        [DYNAMODB_FAILED] = OUTCOME_FAILED,
    };
    struct ports *ports = ctx;
    struct tag tag;
    memcpy(&tag, tag_bytes, sizeof tag);
    if (outcome == DYNAMODB_REFUSED) {
        keep_refused(ports, &tag, why);
        return;
    }
    if (outcome == DYNAMODB_FAILED) {
        log_failed_write(ports, &tag.from, why);
    } else {
        ports->accepted = true;
    }
    ingest_settle(tag.ingest, &tag.from, outcomes[outcome]);
}

/* Running out of time is no fault of the table: what is not stored has failed by its outcome, and
 * what is stored need not come again. */
static MUST_USE err forgive_deadline(err result, struct why *why)
{
    if (result.kind != ERR_DEADLINE) {
        return result;
    }
    *why = (struct why){0};
    return OK;
}

/* The end comes in stages, so that each has its time: reading stops first, then writing, and what
 * became of both can still be sent to the queues. */
static void allow_until(struct ports *ports, int64_t deadline_ms)
{
    client_set_deadline(&ports->client, deadline_ms);
}

static MUST_USE err put(void *ctx, struct ingest *ingest, const struct user *user, str version,
                        const struct ticket *from, struct why *why)
{
    struct ports *ports = ctx;
    struct dynamodb_attribute attributes[USER_MAX_ATTRIBUTES];
    struct tag tag = {ingest, *from};
    for (size_t i = 0; i < user->attribute_count; i++) {
        attributes[i] = (struct dynamodb_attribute){
            .name = user->attributes[i].name,
            .value = user->attributes[i].value,
        };
    }
    struct dynamodb_item item = {
        .key = user->id,
        .version = version,
        .attributes = attributes,
        .attribute_count = user->attribute_count,
    };
    allow_until(ports, ports->write_stop_ms);
    return forgive_deadline(dynamodb_put(ports->writer, &item, &tag, sizeof tag, why), why);
}

static MUST_USE err reject(void *ctx, struct ingest *ingest, const struct reject *what,
                           struct why *why)
{
    struct ports *ports = ctx;
    allow_until(ports, ports->end_ms);
    return rejects_add(&ports->rejects, ingest, what, why);
}

/* With no rejects queue a refused item fails its delivery, as any bad record does. */
static MUST_USE err reject_refused(struct ports *ports, struct why *why)
{
    struct tag tag;
    for (size_t at = 0; at < ports->refused.len; at += sizeof tag) {
        memcpy(&tag, ports->refused.at + at, sizeof tag);
        struct reject refused = {.from = tag.from, .reason = REASON_E_ITEM_REFUSED};
        if (!ports->config->rejects_queue_url.len || why->kind) {
            ingest_settle(tag.ingest, &tag.from, OUTCOME_FAILED);
        } else if (rejects_add(&ports->rejects, tag.ingest, &refused, why).kind) {
            continue; /* settled; the others follow as failed */
        }
    }
    buf_clear(&ports->refused);
    return (err){why->kind};
}

/* Each step runs whatever the one before came to: every outcome must be told. */
static MUST_USE err flush(void *ctx, struct why *why)
{
    struct ports *ports = ctx;
    struct why refused_why = {0};
    struct why rejects_why = {0};
    allow_until(ports, ports->write_stop_ms);
    err written = forgive_deadline(dynamodb_flush(ports->writer, why), why);
    allow_until(ports, ports->end_ms);
    err refused = reject_refused(ports, &refused_why);
    err rejected = rejects_flush(&ports->rejects, &rejects_why);
    if (written.kind) {
        return written;
    }
    *why = refused.kind ? refused_why : rejects_why;
    return refused.kind ? refused : rejected;
}

static MUST_USE err hand_on(void *ctx, str body, struct why *why)
{
    struct ports *ports = ctx;
    allow_until(ports, ports->end_ms);
    return sqs_send(&ports->client, ports->config->work_queue_url, body, why);
}

static int64_t ms_left(void *ctx)
{
    struct ports *ports = ctx;
    int64_t left = ports->stop_ms - ports->client.now_ms();
    ports->read.stopped = ports->read.stopped || left <= 0;
    return left;
}

/* However long a record is, reading ends in time. */
static MUST_USE err read_object(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct ports *ports = ctx;
    if (ms_left(ports) <= 0) {
        return FAIL(why, ERR_DEADLINE, "no time left to read on");
    }
    allow_until(ports, ports->stop_ms);
    struct source source = s3_source(ports->download);
    return source.read(source.ctx, into, room, got, why);
}

static MUST_USE err open_object(void *ctx, const struct input *input, struct opened *out,
                                struct why *why)
{
    struct ports *ports = ctx;
    struct s3_facts facts;
    ports->object = (struct s3_object){
        .bucket = input->bucket,
        .key = input->key,
        .version_id = input->version_id,
        .etag = input->etag,
        .start = input->start,
    };
    allow_until(ports, ports->stop_ms);
    TRY(s3_open(&ports->client, &ports->object, &ports->download, &facts, why));
    *out = (struct opened){
        .source = {.read = read_object, .ctx = ports},
        .format = record_format_of(facts.content_type, input->key),
        .encoded = record_is_encoded(facts.content_encoding, input->key),
        .etag = facts.etag,
        .size = facts.size,
        .modified_ms = facts.modified_ms,
    };
    return OK;
}

static void close_object(void *ctx)
{
    struct ports *ports = ctx;
    ports->read.bytes += s3_bytes(ports->download);
    ports->read.resumes += s3_resumes(ports->download);
    s3_close(ports->download);
    ports->download = NULL;
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        seed = (uint64_t)lambda_now_ms();
    }
    return seed;
}

err ports_init(struct ports *ports, const struct config *config, const char *const *env,
               struct why *why)
{
    *ports = (struct ports){.config = config};
    TRY(client_init(&ports->client,
                    &(struct client_config){
                        .env = env,
                        .now_ms = lambda_now_ms,
                        .seed = random_seed(),
                    },
                    why));
    rejects_init(&ports->rejects, &ports->client, config->rejects_queue_url);
    buf_init(&ports->refused, MAX_REFUSED * sizeof(struct tag));
    return dynamodb_open(
        &(struct dynamodb_config){
            .client = &ports->client,
            .mode = config->batch ? DYNAMODB_BATCH : DYNAMODB_NEWEST,
            .table = config->table_name,
            .key_name = STR("user_id"),
            .version_name = STR("_v"),
            .on_outcome = take_outcome,
            .ctx = ports,
        },
        &ports->writer, why);
}

void ports_close(struct ports *ports)
{
    s3_close(ports->download);
    ports->download = NULL;
    dynamodb_close(ports->writer);
    ports->writer = NULL;
    rejects_close(&ports->rejects);
    buf_close(&ports->refused);
    client_close(&ports->client);
}

void ports_begin(struct ports *ports, const struct log *log, int64_t deadline_ms)
{
    int64_t total = deadline_ms - ports->client.now_ms();
    int64_t percent = total / 100 * STOP_RESERVE_PERCENT;
    int64_t reserve = percent > STOP_RESERVE_MS ? percent : STOP_RESERVE_MS;
    /* A time-out of two seconds is enough to do something too. */
    reserve = reserve < total / 2 ? reserve : total / 2;
    ports->log = log;
    ports->rejects.log = log;
    ports->failures_logged = 0;
    ports->read = (struct ports_read){0};
    ports->stop_ms = deadline_ms - reserve;
    ports->end_ms = deadline_ms - ANSWER_RESERVE_MS;
    ports->write_stop_ms = ports->stop_ms + (ports->end_ms - ports->stop_ms) / 2;
}

struct ingest_ports ports_for_ingest(struct ports *ports)
{
    return (struct ingest_ports){
        .ctx = ports,
        .open = open_object,
        .close = close_object,
        .put = put,
        .reject = reject,
        .flush = flush,
        .hand_on = ports->config->work_queue_url.len ? hand_on : NULL,
        .ms_left = ms_left,
    };
}

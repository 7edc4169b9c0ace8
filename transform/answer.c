#include "transform/answer.h"

#include "base/json.h"
#include "transform/hand_on.h"

static const char *const outcome_names[OUTCOME_COUNT] = {
    "written", "duplicate", "stale", "rejected", "deferred", "failed",
};

void answer_log_counts(const struct ingest *ingest)
{
    for (size_t origin = 0; origin < ORIGIN_COUNT; origin++) {
        const struct ingest_counts *counts = &ingest->counts[origin];
        struct log_line line;
        if ((!counts->in && !counts->objects && !counts->ignored) ||
            !log_start(ingest->log, &line, LOG_INFO, "ingested")) {
            continue;
        }
        log_str(&line, "source", event_origin_name((enum origin)origin));
        log_u64(&line, "in", counts->in);
        for (size_t i = 0; i < OUTCOME_COUNT; i++) {
            log_u64(&line, outcome_names[i], counts->of[i]);
        }
        log_u64(&line, "ignored", counts->ignored);
        log_u64(&line, "continuations", counts->continuations);
        log_end(&line);
    }
}

bool answer_is_by_item(const struct delivery *delivery)
{
    return delivery->origin == ORIGIN_SQS || delivery->origin == ORIGIN_KINESIS;
}

/* Later messages of a FIFO group wait for the earlier one that failed. */
static bool follows_a_failure(const struct delivery *first, const struct delivery *delivery)
{
    for (const struct delivery *d = first; delivery->fifo && d != delivery; d = d->next) {
        if (d->trouble && d->fifo && str_eq(d->group_id, delivery->group_id)) {
            return true;
        }
    }
    return false;
}

static void add_failures(const struct delivery *deliveries, struct buf *reply)
{
    bool first = true;
    bool shard_failed = false;
    for (const struct delivery *d = deliveries; d; d = d->next) {
        bool named = answer_is_by_item(d) && (d->trouble || follows_a_failure(deliveries, d));
        if (d->origin == ORIGIN_KINESIS) {
            named = named && !shard_failed;
            shard_failed = shard_failed || named;
        }
        if (named) {
            buf_add(reply, first ? STR("{\"itemIdentifier\":") : STR(",{\"itemIdentifier\":"));
            json_add_string(reply, d->id);
            buf_char(reply, '}');
            first = false;
        }
    }
}

static void add_counts(const struct ingest *ingest, struct buf *reply)
{
    uint64_t in = 0;
    uint64_t ignored = 0;
    uint64_t continuations = 0;
    uint64_t of[OUTCOME_COUNT] = {0};
    for (size_t origin = 0; origin < ORIGIN_COUNT; origin++) {
        in += ingest->counts[origin].in;
        ignored += ingest->counts[origin].ignored;
        continuations += ingest->counts[origin].continuations;
        for (size_t i = 0; i < OUTCOME_COUNT; i++) {
            of[i] += ingest->counts[origin].of[i];
        }
    }
    buf_add(reply, STR("{\"in\":"));
    buf_u64(reply, in);
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        buf_char(reply, ',');
        json_add_string(reply, str_from(outcome_names[i]));
        buf_char(reply, ':');
        buf_u64(reply, of[i]);
    }
    buf_add(reply, STR(",\"ignored\":"));
    buf_u64(reply, ignored);
    buf_add(reply, STR(",\"continuations\":"));
    buf_u64(reply, continuations);
    buf_char(reply, '}');
}

static MUST_USE err whole_fails(const struct ingest *ingest, enum trouble trouble, struct why *why)
{
    switch (trouble) {
    case TROUBLE_DATA:
        err_code(why, STR("Function.BadData"));
        return FAIL(why, ERR_INPUT, "bad records, and no REJECTS_QUEUE_URL to keep them in");
    case TROUBLE_TIME:
        err_code(why, STR("Function.OutOfTime"));
        return FAIL(why, ERR_DEADLINE,
                    ingest->ports->hand_on
                        ? "not finished when time was up"
                        : "not finished when time was up, and no WORK_QUEUE_URL to go on by");
    case TROUBLE_BUSY:
    case TROUBLE_NONE:
        break;
    }
    err_code(why, STR("Function.NotStored"));
    return FAIL(why, ERR_BUSY, "records could not be stored; they come again");
}

/* Only a delivery with an id, of a mapping that reads our list, can come again on its own. */
static bool can_be_named(const struct ingest *ingest, const struct delivery *delivery)
{
    return answer_is_by_item(delivery) && ingest->config->partial_response && delivery->id.len;
}

err answer_write(struct ingest *ingest, struct buf *reply, struct why *why)
{
    bool by_item = false;
    /* Before anything is sent: of an invocation that fails all comes again, and each time a copy
     * would have been sent. */
    for (const struct delivery *d = ingest->deliveries; d; d = d->next) {
        if (d->trouble && !can_be_named(ingest, d) && !hand_on_can(ingest, d)) {
            return whole_fails(ingest, d->trouble, why);
        }
    }
    for (struct delivery *d = ingest->deliveries; d; d = d->next) {
        by_item = by_item || answer_is_by_item(d);
        if (d->trouble && d->trouble != TROUBLE_DATA) {
            TRY(hand_on_delivery(ingest, d, why));
        }
        if (d->trouble && !can_be_named(ingest, d)) {
            return whole_fails(ingest, d->trouble, why);
        }
    }
    if (!by_item && ingest->deliveries) {
        add_counts(ingest, reply);
        return OK;
    }
    buf_add(reply, STR("{\"batchItemFailures\":["));
    add_failures(ingest->deliveries, reply);
    buf_add(reply, STR("]}"));
    return OK;
}

#include "transform/ingest.h"

#include "transform/answer.h"
#include "transform/ingest_steps.h"

enum { LOGGED_REJECTS = 20 }; /* per invocation: a bad file must not flood the log */

struct ingest_counts *ingest_counts_of(struct ingest *ingest, const struct ticket *from)
{
    return &ingest->counts[from->delivery->origin];
}

void ingest_trouble(struct delivery *delivery, enum trouble trouble)
{
    if (delivery->trouble == TROUBLE_NONE) {
        delivery->trouble = trouble;
    }
}

bool ingest_comes_again(const struct delivery *delivery)
{
    return delivery->trouble == TROUBLE_BUSY || delivery->trouble == TROUBLE_TIME;
}

bool ingest_time_is_up(const struct ingest *ingest)
{
    return ingest->ports->ms_left(ingest->ports->ctx) <= 0;
}

/* Outcomes are told in any order: the first failed record is the one that stands first. */
static void note_failure(const struct ticket *from)
{
    struct input *input = from->input;
    from->delivery->failed++;
    if (!input->failed++ || from->before.offset < input->first_failed.offset) {
        input->first_failed = from->before;
    }
}

static void count(struct ingest *ingest, const struct ticket *from, enum outcome outcome)
{
    ingest_counts_of(ingest, from)->of[outcome]++;
    if (outcome == OUTCOME_FAILED) {
        note_failure(from);
    }
}

void ingest_settle(struct ingest *ingest, const struct ticket *from, enum outcome outcome)
{
    from->delivery->pending--;
    count(ingest, from, outcome);
    if (outcome == OUTCOME_FAILED) {
        ingest_trouble(from->delivery, ingest_time_is_up(ingest) ? TROUBLE_TIME : TROUBLE_BUSY);
    }
}

/* The id of the message or stream record finds it among those that come again. */
static void log_reject(struct ingest *ingest, const struct reject *reject)
{
    const char *message =
        ingest->config->has_rejects ? "record rejected" : "record refused, not kept";
    struct log_line line;
    if (ingest->rejects_logged++ < LOGGED_REJECTS &&
        log_start(ingest->log, &line, LOG_WARN, message)) {
        log_str(&line, "source", event_origin_name(reject->from.delivery->origin));
        log_str(&line, "delivery", reject->from.delivery->id);
        log_str(&line, "reason", reason_code(reject->reason));
        log_str(&line, "field", reject->field);
        log_u64(&line, "offset", reject->from.offset);
        log_u64(&line, "line", reject->from.line);
        log_end(&line);
    }
}

/* Bad data is never a failure once it is kept; where nothing keeps it, its delivery fails. */
err ingest_reject(struct ingest *ingest, const struct reject *reject, struct why *why)
{
    log_reject(ingest, reject);
    if (!ingest->config->has_rejects) {
        ingest_trouble(reject->from.delivery, TROUBLE_DATA);
        count(ingest, &reject->from, OUTCOME_FAILED);
        return OK;
    }
    reject->from.delivery->pending++;
    return ingest->ports->reject(ingest->ports->ctx, ingest, reject, why);
}

static MUST_USE err take_bad_input(struct ingest *ingest, struct ticket *from, struct why *why)
{
    struct input *input = from->input;
    input->begun = input->ended = true;
    from->length = input->text.len;
    from->line = 1;
    ingest_counts_of(ingest, from)->in++;
    return ingest_reject(ingest, &(struct reject){*from, input->bad, STR(""), input->text}, why);
}

static MUST_USE err take_input(struct ingest *ingest, struct delivery *delivery,
                               struct input *input, struct why *why)
{
    struct ticket from = {.delivery = delivery, .input = input};
    switch (input->kind) {
    case INPUT_OBJECT:
        return ingest_read_object(ingest, &from, why);
    case INPUT_TEXT:
        return ingest_read_text(ingest, &from, why);
    case INPUT_BAD:
        return take_bad_input(ingest, &from, why);
    case INPUT_IGNORED:
        input->begun = input->ended = true;
        ingest_counts_of(ingest, &from)->ignored++;
        break;
    }
    return OK;
}

static MUST_USE err take_delivery(struct ingest *ingest, struct delivery *delivery, struct why *why)
{
    if (ingest_time_is_up(ingest)) {
        ingest_trouble(delivery, TROUBLE_TIME);
    }
    for (struct input *in = delivery->inputs; in && !ingest_comes_again(delivery); in = in->next) {
        TRY(take_input(ingest, delivery, in, why));
    }
    return OK;
}

/* After a failed record of a shard nothing later of it is written: it all comes again with it. */
static MUST_USE err take_deliveries(struct ingest *ingest, struct why *why)
{
    bool shard_failed = false;
    for (struct delivery *d = ingest->deliveries; d; d = d->next) {
        if (d->origin == ORIGIN_KINESIS && shard_failed) {
            ingest_trouble(d, TROUBLE_BUSY);
            continue;
        }
        TRY(take_delivery(ingest, d, why));
        shard_failed = shard_failed || (d->origin == ORIGIN_KINESIS && d->trouble != TROUBLE_NONE);
    }
    return OK;
}

static uint64_t accounted_for(const struct ingest_counts *counts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        sum += counts->of[i];
    }
    return sum;
}

static void log_mismatch(const struct ingest *ingest, enum origin origin)
{
    struct log_line line;
    if (log_start(ingest->log, &line, LOG_ERROR, "records are not accounted for")) {
        log_str(&line, "source", event_origin_name(origin));
        log_u64(&line, "in", ingest->counts[origin].in);
        log_u64(&line, "accounted", accounted_for(&ingest->counts[origin]));
        log_end(&line);
    }
}

/* Every record that came in is in one of the outcomes, and was told of once, or the contract is
 * broken. */
static MUST_USE err check_accounts(struct ingest *ingest, struct why *why)
{
    for (const struct delivery *d = ingest->deliveries; d; d = d->next) {
        struct ingest_counts *counts = &ingest->counts[d->origin];
        counts->mismatch = counts->mismatch || d->pending;
    }
    for (size_t origin = 0; origin < ORIGIN_COUNT; origin++) {
        struct ingest_counts *counts = &ingest->counts[origin];
        counts->mismatch = counts->mismatch || accounted_for(counts) != counts->in;
        if (counts->mismatch) {
            log_mismatch(ingest, (enum origin)origin);
            (void)FAIL(why, ERR_BUG, "records are not accounted for");
        }
    }
    return (err){why->kind};
}

static MUST_USE err take_event(struct ingest *ingest, struct buf *reply, struct why *why)
{
    struct why flush_why = {0};
    struct why accounts_why = {0};
    err taken = take_deliveries(ingest, why);
    err flushed = ingest->ports->flush(ingest->ports->ctx, &flush_why);
    err accounts = check_accounts(ingest, &accounts_why);
    if (taken.kind) {
        return taken;
    }
    if (flushed.kind || accounts.kind) {
        *why = flushed.kind ? flush_why : accounts_why;
        return (err){why->kind};
    }
    return answer_write(ingest, reply, why);
}

err ingest_event(struct ingest *ingest, str event, struct buf *reply, struct why *why)
{
    TRY(event_read(event, ingest->arena, &ingest->deliveries, why));
    ingest->before_source = *ingest->arena;
    err result = take_event(ingest, reply, why);
    answer_log_counts(ingest);
    return result;
}

#include "transform/ingest.h"

#include "transform/answer.h"
#include "transform/version.h"

enum {
    RECORDS_PER_LOOK_AT_THE_CLOCK = 64,
    LOGGED_REJECTS = 20, /* per invocation: a bad file must not flood the log */
};

static struct ingest_counts *counts_of(struct ingest *ingest, const struct ticket *from)
{
    return &ingest->counts[from->delivery->origin];
}

static void set_trouble(struct delivery *delivery, enum trouble trouble)
{
    if (delivery->trouble == TROUBLE_NONE) {
        delivery->trouble = trouble;
    }
}

static void count(struct ingest *ingest, const struct ticket *from, enum outcome outcome)
{
    counts_of(ingest, from)->of[outcome]++;
    if (outcome == OUTCOME_FAILED) {
        from->delivery->failed++;
    }
}

void ingest_settle(struct ingest *ingest, const struct ticket *from, enum outcome outcome)
{
    from->delivery->pending--;
    count(ingest, from, outcome);
    if (outcome == OUTCOME_FAILED) {
        set_trouble(from->delivery, TROUBLE_BUSY);
    }
}

static bool time_is_up(struct ingest *ingest)
{
    return ingest->ports->ms_left(ingest->ports->ctx) <= 0;
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
static MUST_USE err reject_record(struct ingest *ingest, const struct reject *reject,
                                  struct why *why)
{
    log_reject(ingest, reject);
    if (!ingest->config->has_rejects) {
        set_trouble(reject->from.delivery, TROUBLE_DATA);
        count(ingest, &reject->from, OUTCOME_FAILED);
        return OK;
    }
    reject->from.delivery->pending++;
    return ingest->ports->reject(ingest->ports->ctx, ingest, reject, why);
}

static MUST_USE err put_user(struct ingest *ingest, const struct user *user,
                             const struct ticket *from, struct why *why)
{
    char memory[VERSION_LEN];
    struct buf version;
    buf_wrap(&version, memory, sizeof memory);
    version_add(&version, user->updated_ms, from);
    from->delivery->pending++;
    return ingest->ports->put(ingest->ports->ctx, ingest, user, buf_str(&version), from, why);
}

static MUST_USE err take_record(struct ingest *ingest, const struct record *record,
                                struct ticket *from, struct why *why)
{
    struct arena scratch = *ingest->arena;
    struct user user;
    str field = STR("");
    from->offset = record->offset;
    from->length = record->length;
    from->line = record->line;
    counts_of(ingest, from)->in++;
    enum reason reason = record->bad;
    if (!reason) {
        reason = user_read(record, &ingest->config->rules, &scratch, &user, &field);
    }
    if (reason) {
        return reject_record(ingest, &(struct reject){*from, reason, field, record->raw}, why);
    }
    return put_user(ingest, &user, from, why);
}

static void log_source(const struct ingest *ingest, const struct ticket *from, enum log_level level,
                       const char *message, const struct why *why)
{
    struct log_line line;
    if (log_start(ingest->log, &line, level, message)) {
        log_str(&line, "source", event_origin_name(from->delivery->origin));
        log_str(&line, "delivery", from->delivery->id);
        log_u64(&line, "offset", from->offset + from->length);
        log_why(&line, why);
        log_end(&line);
    }
}

/* What a failed read of the source means for its delivery: gone is done, and anything else makes it
 * come again, alone: one object that nobody can read must not take its batch with it. */
static void source_failed(struct ingest *ingest, struct ticket *from, struct why *why)
{
    if (why->kind == ERR_MISSING) {
        log_source(ingest, from, LOG_WARN, "object is gone or was overwritten", why);
        counts_of(ingest, from)->ignored++;
    } else {
        log_source(ingest, from, LOG_ERROR, "object not read", why);
        set_trouble(from->delivery, why->kind == ERR_DEADLINE ? TROUBLE_TIME : TROUBLE_BUSY);
    }
    *why = (struct why){0};
}

/* A delivery that comes again as a whole is not worth more writes. */
static bool comes_again(const struct delivery *delivery)
{
    return delivery->trouble == TROUBLE_BUSY || delivery->trouble == TROUBLE_TIME;
}

static MUST_USE err take_records(struct ingest *ingest, struct record_reader *reader,
                                 struct ticket *from, struct why *why)
{
    for (uint64_t n = 0; !comes_again(from->delivery); n++) {
        struct record *record = NULL;
        if (n % RECORDS_PER_LOOK_AT_THE_CLOCK == 0 && time_is_up(ingest)) {
            set_trouble(from->delivery, TROUBLE_TIME);
            break;
        }
        if (record_next(reader, &record, why).kind) {
            source_failed(ingest, from, why);
            break;
        }
        if (!record) {
            break;
        }
        TRY(take_record(ingest, record, from, why));
    }
    return OK;
}

static MUST_USE err take_source(struct ingest *ingest, struct source source,
                                enum record_format format, struct ticket *from, struct why *why)
{
    struct arena after = *ingest->arena;
    struct record_options options = {format, ingest->config->max_record_bytes};
    struct record_reader *reader = NULL;
    TRY(record_open(source, &options, ingest->arena, &reader, why));
    err result = take_records(ingest, reader, from, why);
    *ingest->arena = after;
    return result;
}

/* When the data was true, where the event does not say, or says a time so far ahead that nothing
 * newer could be stored for years: its arrival. */
static void complete(const struct ingest *ingest, struct input *input)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000 };
    int64_t now = ingest->config->rules.now_ms;
    if (input->event_ms <= 0 || input->event_ms - DAY_MS > now) {
        input->event_ms = now;
    }
    if (!input->tie.len) {
        input->tie = ingest->config->request_id;
    }
}

static MUST_USE err take_object(struct ingest *ingest, struct input *input, struct ticket *from,
                                struct why *why)
{
    struct opened opened = {0};
    counts_of(ingest, from)->objects++;
    if (ingest->ports->open(ingest->ports->ctx, input, &opened, why).kind) {
        source_failed(ingest, from, why);
        return OK;
    }
    input->event_ms = input->event_ms > 0 ? input->event_ms : opened.modified_ms;
    complete(ingest, input);
    err result = take_source(ingest, opened.source, opened.format, from, why);
    ingest->ports->close(ingest->ports->ctx);
    return result;
}

static MUST_USE err take_text(struct ingest *ingest, struct input *input, struct ticket *from,
                              struct why *why)
{
    str text = input->text;
    complete(ingest, input);
    return take_source(ingest, source_of_text(&text), FORMAT_UNKNOWN, from, why);
}

static MUST_USE err take_bad_input(struct ingest *ingest, const struct input *input,
                                   struct ticket *from, struct why *why)
{
    from->length = input->text.len;
    from->line = 1;
    counts_of(ingest, from)->in++;
    return reject_record(ingest, &(struct reject){*from, input->bad, STR(""), input->text}, why);
}

static MUST_USE err take_input(struct ingest *ingest, struct delivery *delivery,
                               struct input *input, struct why *why)
{
    struct ticket from = {.delivery = delivery, .input = input};
    switch (input->kind) {
    case INPUT_OBJECT:
        return take_object(ingest, input, &from, why);
    case INPUT_TEXT:
        return take_text(ingest, input, &from, why);
    case INPUT_BAD:
        return take_bad_input(ingest, input, &from, why);
    case INPUT_IGNORED:
        counts_of(ingest, &from)->ignored++;
        break;
    }
    return OK;
}

static MUST_USE err take_delivery(struct ingest *ingest, struct delivery *delivery, struct why *why)
{
    if (time_is_up(ingest)) {
        set_trouble(delivery, TROUBLE_TIME);
    }
    for (struct input *in = delivery->inputs; in && !comes_again(delivery); in = in->next) {
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
    err result = take_event(ingest, reply, why);
    answer_log_counts(ingest);
    return result;
}

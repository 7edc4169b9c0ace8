#include "transform/continuation.h"
#include "transform/event_s3.h"
#include "transform/ingest_steps.h"
#include "transform/version.h"
#include "transform/window.h"

enum { RECORDS_PER_LOOK_AT_THE_CLOCK = 64 };

/* --- Records --- */

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
    ingest_counts_of(ingest, from)->in++;
    enum reason reason = record->bad;
    if (!reason) {
        reason = user_read(record, &ingest->config->rules, &scratch, &user, &field);
    }
    if (reason) {
        return ingest_reject(ingest, &(struct reject){*from, reason, field, record->raw}, why);
    }
    return put_user(ingest, &user, from, why);
}

/* From where the gzip is broken there is no reading on, now or ever: what came before stands, and
 * the rest is bad data. */
static MUST_USE err reject_rest(struct ingest *ingest, struct ticket *from, struct why *why)
{
    struct record rest = record_rest(ingest->last.reader);
    rest.bad = REASON_E_GZIP;
    from->input->ended = true;
    log_failure(ingest->log, LOG_WARN, "gzip data are broken", why);
    *why = (struct why){0};
    return take_record(ingest, &rest, from, why);
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
        ingest_counts_of(ingest, from)->ignored++;
        from->input->begun = from->input->ended = true;
    } else {
        log_source(ingest, from, LOG_ERROR, "object not read", why);
        ingest_trouble(from->delivery, why->kind == ERR_DEADLINE ? TROUBLE_TIME : TROUBLE_BUSY);
    }
    *why = (struct why){0};
}

static MUST_USE err take_records(struct ingest *ingest, struct ticket *from, struct why *why)
{
    struct ingest_source *source = &ingest->last;
    for (uint64_t n = 0;; n++) {
        struct record *record = NULL;
        source->at = from->before = record_where(source->reader);
        if (n % RECORDS_PER_LOOK_AT_THE_CLOCK == 0 && ingest_time_is_up(ingest)) {
            ingest_trouble(from->delivery, TROUBLE_TIME);
        }
        if (ingest_comes_again(from->delivery)) {
            return OK;
        }
        if (record_next(source->reader, &record, why).kind) {
            break;
        }
        if (!record) {
            from->input->ended = true;
            return OK;
        }
        TRY(take_record(ingest, record, from, why));
    }
    if (source->inflate && inflate_is_broken(source->inflate)) {
        return reject_rest(ingest, from, why);
    }
    source_failed(ingest, from, why);
    return OK;
}

/* --- Sources --- */

static void release_last(struct ingest *ingest)
{
    *ingest->arena = ingest->before_source;
    ingest->last = (struct ingest_source){0};
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

static MUST_USE err read_source(struct ingest *ingest, struct source source,
                                struct record_options *options, struct ticket *from,
                                struct why *why)
{
    options->max_record_bytes = ingest->config->max_record_bytes;
    TRY(record_open(source, options, ingest->arena, &ingest->last.reader, why));
    ingest->last.input = from->input;
    from->input->begun = true;
    return take_records(ingest, from, why);
}

static MUST_USE err open_inflate(struct ingest *ingest, struct source *source,
                                 struct inflate_options *options, struct why *why)
{
    struct inflate *inflate = NULL;
    options->lag = ingest->config->max_record_bytes + WINDOW_READ_BYTES;
    TRY(inflate_open(*source, options, ingest->arena, &inflate, why));
    ingest->last.inflate = inflate;
    *source = inflate_source(inflate);
    return OK;
}

/* A thousand times as much may come out of it, as one record: the clock is looked at on the way. */
static MUST_USE err read_packed(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct ingest *ingest = ctx;
    if (ingest_time_is_up(ingest)) {
        return FAIL(why, ERR_DEADLINE, "no time left to read on");
    }
    struct source source = source_of_text(&ingest->last.text);
    return source.read(source.ctx, into, room, got, why);
}

/* A text in memory is gzip or not by its first bytes alone. */
err ingest_read_text(struct ingest *ingest, struct ticket *from, struct why *why)
{
    struct input *input = from->input;
    str text = input->text;
    struct source source = source_of_text(&text);
    struct record_options options = {.format = FORMAT_UNKNOWN};
    release_last(ingest);
    complete(ingest, input);
    input->packed = inflate_is_gzip(text);
    if (input->packed) {
        ingest->last.text = text;
        source = (struct source){read_packed, ingest};
        if (open_inflate(ingest, &source, &(struct inflate_options){0}, why).kind) {
            if (why->kind == ERR_LIMIT) {
                return (err){ERR_LIMIT};
            }
            source_failed(ingest, from, why);
            return OK;
        }
    }
    return read_source(ingest, source, &options, from, why);
}

/* --- Objects --- */

/* Whatever goes on with the object later, it must be this one. */
static MUST_USE err pin(struct ingest *ingest, struct input *input, const struct opened *opened,
                        struct why *why)
{
    input->event_ms = input->event_ms > 0 ? input->event_ms : opened->modified_ms;
    complete(ingest, input);
    input->size = opened->size; /* the event may tell of another version */
    if (!input->etag.len && event_s3_is_validator(opened->etag)) {
        input->etag = arena_copy(ingest->arena, opened->etag);
        ingest->before_source = *ingest->arena;
    }
    return input->etag.at || !opened->etag.len ? OK : FAIL(why, ERR_LIMIT, "no memory for an ETag");
}

static MUST_USE err read_from_start(struct ingest *ingest, const struct opened *opened,
                                    struct ticket *from, struct why *why)
{
    struct source source = opened->source;
    if (open_inflate(ingest, &source, &(struct inflate_options){0}, why).kind) {
        if (why->kind == ERR_LIMIT) {
            return (err){ERR_LIMIT};
        }
        source_failed(ingest, from, why);
        return OK;
    }
    from->input->packed = inflate_is_packed(ingest->last.inflate);
    /* Only the bytes can tell what an object is that is said to be packed and is not. */
    bool known = from->input->packed || !opened->encoded;
    struct record_options options = {.format = known ? opened->format : FORMAT_UNKNOWN};
    return read_source(ingest, source, &options, from, why);
}

/* The whole rest of an object is one bad record. */
static MUST_USE err refuse(struct ingest *ingest, struct ticket *from, enum reason reason,
                           struct why *why)
{
    const struct record_mark *at = &from->input->from->state.at;
    struct record rest = {.bad = reason, .offset = at->offset, .line = at->line};
    from->before = *at;
    from->input->begun = from->input->ended = true;
    return take_record(ingest, &rest, from, why);
}

static void log_going_on(const struct ingest *ingest, const struct continuation *c)
{
    struct log_line line;
    if (log_start(ingest->log, &line, LOG_INFO, "going on with an object")) {
        log_str(&line, "job", c->job);
        log_u64(&line, "hop", c->hop);
        log_u64(&line, "offset", c->state.at.offset);
        log_u64(&line, "line", c->state.at.line);
        log_end(&line);
    }
}

static MUST_USE err read_on(struct ingest *ingest, const struct opened *opened, struct ticket *from,
                            struct why *why)
{
    struct source source = opened->source;
    struct continuation c;
    struct record_options options = {.format = opened->format, .from = &c.state};
    if (!continuation_unpack(from->input->from, ingest->arena, &c)) {
        return refuse(ingest, from, REASON_E_CONTINUATION, why);
    }
    from->input->packed = c.packed;
    if (c.packed) {
        struct inflate_options from_point = {.from = &c.point, .offset = c.state.at.offset};
        TRY(open_inflate(ingest, &source, &from_point, why));
    }
    return read_source(ingest, source, &options, from, why);
}

/* Before its first record an object is as good as new. */
static bool is_begun_elsewhere(const struct input *input)
{
    return input->from && (input->from->packed || input->from->state.at.offset);
}

/* True when there is nothing behind the place to go on from. */
static bool is_at_end(const struct input *input)
{
    return is_begun_elsewhere(input) && !input->from->packed && input->start >= input->size;
}

err ingest_read_object(struct ingest *ingest, struct ticket *from, struct why *why)
{
    struct opened opened = {0};
    struct input *input = from->input;
    ingest_counts_of(ingest, from)->objects++;
    release_last(ingest);
    if (input->from) {
        log_going_on(ingest, input->from);
    }
    if (input->from && input->from->stalled >= CONTINUATION_MAX_STALLED) {
        return refuse(ingest, from, REASON_E_NO_PROGRESS, why);
    }
    if (is_at_end(input)) {
        input->begun = input->ended = true;
        return OK;
    }
    if (ingest->ports->open(ingest->ports->ctx, input, &opened, why).kind) {
        source_failed(ingest, from, why);
        return OK;
    }
    err result = pin(ingest, input, &opened, why);
    if (!result.kind) {
        result = is_begun_elsewhere(input) ? read_on(ingest, &opened, from, why)
                                           : read_from_start(ingest, &opened, from, why);
    }
    ingest->ports->close(ingest->ports->ctx);
    return result;
}

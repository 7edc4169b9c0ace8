#include "transform/hand_on.h"

#include "transform/answer.h"
#include "transform/continuation.h"

/* What an input needs to be handed on. */
enum way {
    WAY_NONE,       /* all of it is durable */
    WAY_AS_IT_CAME, /* from its beginning, or where it was gone on with this time */
    WAY_CONTINUED,
    WAY_IMPOSSIBLE,
};

static uint64_t begun_at(const struct input *input)
{
    return input->from ? input->from->state.at.offset : 0;
}

/* Where it is to be gone on: nothing before that is open. */
static const struct record_mark *resume_mark(const struct ingest *ingest)
{
    const struct ingest_source *last = &ingest->last;
    const struct input *input = last->input;
    bool failed_first = input->failed && input->first_failed.offset < last->at.offset;
    return failed_first ? &input->first_failed : &last->at;
}

/* Only what was read last is still at hand. Where not even its first record was taken, time is not
 * what is short: the table is. */
static bool can_continue(const struct ingest *ingest, const struct delivery *delivery,
                         const struct input *input)
{
    bool pinned = input->version_id.len || input->etag.len;
    if (delivery->trouble != TROUBLE_TIME || input != ingest->last.input || !pinned) {
        return false;
    }
    return !input->failed || resume_mark(ingest)->offset > begun_at(input);
}

static enum way way_of(const struct ingest *ingest, const struct delivery *delivery,
                       const struct input *input)
{
    if (input->kind == INPUT_IGNORED || (input->ended && !input->failed)) {
        return WAY_NONE;
    }
    if (input->kind != INPUT_OBJECT) {
        return WAY_IMPOSSIBLE;
    }
    return can_continue(ingest, delivery, input) ? WAY_CONTINUED : WAY_AS_IT_CAME;
}

/* A message that would only be sent again as it is comes again by itself, later and counted. */
bool hand_on_can(const struct ingest *ingest, const struct delivery *delivery)
{
    bool by_item = answer_is_by_item(delivery);
    bool gains = !by_item || !ingest->config->partial_response;
    if (!ingest->ports->hand_on || delivery->trouble == TROUBLE_DATA ||
        (delivery->trouble == TROUBLE_BUSY && by_item)) {
        return false;
    }
    for (const struct input *in = delivery->inputs; in; in = in->next) {
        enum way way = way_of(ingest, delivery, in);
        if (way == WAY_IMPOSSIBLE) {
            return false;
        }
        gains = gains || way != WAY_AS_IT_CAME;
    }
    return gains;
}

static void log_continuation(const struct ingest *ingest, const struct delivery *delivery,
                             const struct continuation *c)
{
    struct log_line line;
    if (log_start(ingest->log, &line, LOG_INFO, "object goes on in another invocation")) {
        log_str(&line, "source", event_origin_name(delivery->origin));
        log_str(&line, "delivery", delivery->id);
        log_str(&line, "job", c->job);
        log_u64(&line, "hop", c->hop);
        log_u64(&line, "stalled", c->stalled);
        log_u64(&line, "offset", c->state.at.offset);
        log_u64(&line, "line", c->state.at.line);
        log_end(&line);
    }
}

static MUST_USE err write_continuation(const struct ingest *ingest, const struct input *input,
                                       struct continuation *next, struct buf *body, struct why *why)
{
    struct arena scratch = *ingest->arena;
    const struct ingest_source *last = &ingest->last;
    const struct record_mark *at = resume_mark(ingest);
    const struct continuation *from = input->from;
    *next = (struct continuation){
        .job = from ? from->job : ingest->config->request_id,
        .hop = from ? from->hop + 1 : 1,
        .stalled = at->offset > begun_at(input) ? 0 : (from ? from->stalled : 0) + 1,
        .packed = input->packed,
    };
    bool good = record_save(last->reader, at, &scratch, &next->state);
    if (good && next->packed) {
        next->point = inflate_point_before(last->inflate, at->offset);
    }
    if (!good || !continuation_write(body, next, input, scratch)) {
        return FAIL(why, ERR_LIMIT, "no memory for a message");
    }
    return OK;
}

static MUST_USE err write_as_it_came(const struct input *input, struct buf *body, struct why *why)
{
    bool continued = input->from != NULL;
    buf_add(body, continued ? input->text : STR("{\"Records\":["));
    buf_add(body, continued ? STR("") : input->notification);
    buf_add(body, continued ? STR("") : STR("]}"));
    return body->failed ? FAIL(why, ERR_LIMIT, "no memory for a message") : OK;
}

static MUST_USE err hand_on_input(struct ingest *ingest, const struct delivery *delivery,
                                  const struct input *input, struct why *why)
{
    struct buf body;
    struct continuation next;
    bool continued = way_of(ingest, delivery, input) == WAY_CONTINUED;
    buf_init(&body, CONTINUATION_MAX_BYTES);
    err result = continued ? write_continuation(ingest, input, &next, &body, why)
                           : write_as_it_came(input, &body, why);
    if (!result.kind) {
        result = ingest->ports->hand_on(ingest->ports->ctx, buf_str(&body), why);
    }
    buf_close(&body);
    TRY(result);
    if (continued) {
        ingest->counts[delivery->origin].continuations++;
        log_continuation(ingest, delivery, &next);
    } else {
        log_message(ingest->log, LOG_WARN, "object handed to the work queue");
    }
    return OK;
}

static MUST_USE err hand_on_inputs(struct ingest *ingest, const struct delivery *delivery,
                                   struct why *why)
{
    for (const struct input *in = delivery->inputs; in; in = in->next) {
        if (way_of(ingest, delivery, in) != WAY_NONE) {
            TRY(hand_on_input(ingest, delivery, in, why));
        }
    }
    return OK;
}

static bool is_systemic(enum err_kind kind)
{
    return kind == ERR_DENIED || kind == ERR_MISSING || kind == ERR_BUG;
}

err hand_on_delivery(struct ingest *ingest, struct delivery *delivery, struct why *why)
{
    if (!hand_on_can(ingest, delivery)) {
        return OK;
    }
    err result = hand_on_inputs(ingest, delivery, why);
    if (result.kind && (is_systemic(result.kind) || !answer_is_by_item(delivery))) {
        return result;
    }
    if (result.kind) {
        log_failure(ingest->log, LOG_ERROR, "object not handed on", why);
        *why = (struct why){0};
        return OK;
    }
    struct ingest_counts *counts = &ingest->counts[delivery->origin];
    counts->of[OUTCOME_FAILED] -= delivery->failed;
    counts->of[OUTCOME_DEFERRED] += delivery->failed;
    delivery->failed = 0;
    delivery->trouble = TROUBLE_NONE;
    return OK;
}

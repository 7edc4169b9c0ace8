#include "transform/event.h"

#include "base/base64.h"
#include "transform/continuation.h"
#include "transform/event_parts.h"
#include "transform/event_s3.h"

/* Envelopes within envelopes that are opened: an SQS message holding an SNS notification holding an
 * S3 notification is two. */
enum { MAX_DEPTH = 5 };

/* Inside, ERR_INPUT says that a text is no event we know. At the root that is a failure; in a
 * message the text is data then. */
#define UNKNOWN ((err){ERR_INPUT})
#define FULL    ((err){ERR_LIMIT})

struct reading {
    struct arena *arena;
    struct delivery **deliveries_end;
    struct delivery *delivery; /* the last one */
    struct input **inputs_end; /* of the last one */
    unsigned depth;
};

/* What a message or a stream's record brings, whatever it is. */
struct message {
    str text;
    int64_t ms;
    str tie;
    bool tie_is_number;
};

static MUST_USE err read_envelope(struct reading *r, const struct message *m);

static MUST_USE err add_input(struct reading *r, const struct input *input)
{
    struct input *added = ARENA_NEW(r->arena, struct input);
    if (!added) {
        return FULL;
    }
    *added = *input;
    *r->inputs_end = added;
    r->inputs_end = &added->next;
    return OK;
}

static MUST_USE err add_ignored(struct reading *r)
{
    return add_input(r, &(struct input){.kind = INPUT_IGNORED});
}

static MUST_USE err add_bad(struct reading *r, str came, enum reason reason)
{
    return add_input(r, &(struct input){.kind = INPUT_BAD, .bad = reason, .text = came});
}

static MUST_USE err add_object(struct reading *r, const struct event_parts *parts,
                               enum event_s3_key form)
{
    struct input input;
    TRY(event_s3_read(parts, form, r->arena, &input));
    return add_input(r, &input);
}

/* At the root every record is a delivery; what comes out of a message belongs to the message's. */
static MUST_USE err start_delivery(struct reading *r, enum origin origin)
{
    if (r->depth) {
        return OK;
    }
    struct delivery *added = ARENA_NEW(r->arena, struct delivery);
    if (!added) {
        return FULL;
    }
    added->origin = origin;
    *r->deliveries_end = added;
    r->deliveries_end = &added->next;
    r->delivery = added;
    r->inputs_end = &added->inputs;
    return OK;
}

/* A message's text is an envelope in its turn, or else it is the data. */
static MUST_USE err add_message(struct reading *r, const struct message *m)
{
    struct reading before = *r;
    struct arena arena_before = *r->arena;
    if (r->depth < MAX_DEPTH) {
        r->depth++;
        err result = read_envelope(r, m);
        if (result.kind != UNKNOWN.kind) {
            r->depth = before.depth;
            return result;
        }
        *r = before;
        *r->arena = arena_before;
    }
    return add_input(r, &(struct input){.kind = INPUT_TEXT,
                                        .text = m->text,
                                        .size = m->text.len,
                                        .event_ms = m->ms,
                                        .tie = m->tie,
                                        .tie_is_number = m->tie_is_number});
}

static MUST_USE err add_s3_record(struct reading *r, const struct event_parts *parts)
{
    str name = STR("");
    TRY(event_parts_text(parts, PART_EVENT_NAME, r->arena, &name));
    if (!name.len) {
        return add_bad(r, parts->json, REASON_E_EVENT_RECORD);
    }
    return event_s3_is_created(name) ? add_object(r, parts, KEY_FORM) : add_ignored(r);
}

static MUST_USE err name_delivery(struct reading *r, const struct event_parts *parts,
                                  enum event_part id)
{
    if (r->depth) {
        return OK;
    }
    TRY(event_parts_text(parts, id, r->arena, &r->delivery->id));
    TRY(event_parts_text(parts, PART_ARN, r->arena, &r->delivery->arn));
    TRY(event_parts_text(parts, PART_GROUP, r->arena, &r->delivery->group_id));
    r->delivery->fifo = str_ends(r->delivery->arn, STR(".fifo"));
    return OK;
}

static MUST_USE err add_sqs_record(struct reading *r, const struct event_parts *parts)
{
    struct message m = {0};
    str sent = STR("");
    uint64_t ms = 0;
    TRY(name_delivery(r, parts, PART_MESSAGE_ID));
    TRY(event_parts_text(parts, PART_MESSAGE_ID, r->arena, &m.tie));
    TRY(event_parts_text(parts, PART_BODY, r->arena, &m.text));
    TRY(event_parts_text(parts, PART_SENT, r->arena, &sent));
    if (!m.tie.len || !event_parts_has_string(parts, PART_BODY)) {
        return add_bad(r, parts->json, REASON_E_EVENT_RECORD);
    }
    m.ms = str_to_u64(sent, &ms) && ms < INT64_MAX ? (int64_t)ms : 0;
    return add_message(r, &m);
}

static MUST_USE err add_kinesis_record(struct reading *r, const struct event_parts *parts)
{
    struct message m = {.ms = event_parts_ms(parts, PART_ARRIVAL), .tie_is_number = true};
    str data = STR("");
    TRY(name_delivery(r, parts, PART_SEQUENCE));
    TRY(event_parts_text(parts, PART_SEQUENCE, r->arena, &m.tie));
    TRY(event_parts_text(parts, PART_DATA, r->arena, &data));
    if (!m.tie.len || !event_parts_has_string(parts, PART_DATA)) {
        return add_bad(r, parts->json, REASON_E_EVENT_RECORD);
    }
    char *into = arena_alloc(r->arena, base64_decoded_max(data.len), 1);
    if (!into) {
        return FULL;
    }
    m.text.at = into;
    if (!base64_decode(data, into, &m.text.len)) {
        return add_bad(r, parts->json, REASON_E_BASE64);
    }
    return add_message(r, &m);
}

static MUST_USE err add_record(struct reading *r, const struct event_parts *parts)
{
    static const struct {
        str name;
        enum origin origin;
        err (*add)(struct reading *r, const struct event_parts *parts);
    } sources[] = {
        {STR_INIT("aws:s3"), ORIGIN_S3, add_s3_record},
        {STR_INIT("aws:sqs"), ORIGIN_SQS, add_sqs_record},
        {STR_INIT("aws:kinesis"), ORIGIN_KINESIS, add_kinesis_record},
    };
    str name = STR("");
    TRY(event_parts_text(parts, PART_SOURCE, r->arena, &name));
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (str_eq_nocase(name, sources[i].name)) {
            TRY(start_delivery(r, sources[i].origin));
            return sources[i].add(r, parts);
        }
    }
    return UNKNOWN;
}

/* "Records" is open. A message's text is an event when its first record has a source; a record
 * without one after it is bad. At the root each record must have one. */
static MUST_USE err read_records(struct reading *r, struct json *j)
{
    size_t count = 0;
    for (; json_next(j) == JSON_OBJECT; count++) {
        struct event_parts parts = {0};
        const char *start = j->text.at + j->start;
        event_parts_read(j, event_parts_record, &parts);
        parts.json = str_span(start, j->text.at + j->at);
        err result = add_record(r, &parts);
        if (result.kind == UNKNOWN.kind && r->depth && count) {
            result = add_bad(r, parts.json, REASON_E_EVENT_RECORD);
        }
        TRY(result);
    }
    return j->kind == JSON_CLOSE && (count || !r->depth) ? OK : UNKNOWN;
}

static bool says(const struct event_parts *parts, enum event_part part, str what)
{
    return event_parts_has_string(parts, part) && str_eq(parts->of[part].raw, what);
}

/* EventBridge tells of removals and more under the same source: those are ignored as S3's own are.
 */
static MUST_USE err read_bridge_event(struct reading *r, const struct event_parts *parts)
{
    TRY(start_delivery(r, ORIGIN_S3));
    return says(parts, PART_DETAIL_TYPE, STR("Object Created")) ? add_object(r, parts, KEY_VERBATIM)
                                                                : add_ignored(r);
}

static MUST_USE err read_continuation(struct reading *r, const struct event_parts *parts)
{
    struct input input;
    TRY(start_delivery(r, ORIGIN_DIRECT));
    TRY(continuation_read(parts, r->arena, &input));
    return add_input(r, &input);
}

static MUST_USE err read_direct(struct reading *r, const struct event_parts *parts)
{
    bool records = parts->of[PART_DIRECT_RECORDS].kind == JSON_ARRAY;
    bool object = parts->of[PART_DIRECT_OBJECT].kind == JSON_OBJECT &&
                  event_parts_has_string(parts, PART_BUCKET) &&
                  event_parts_has_string(parts, PART_KEY);
    if (!records && !object) {
        return UNKNOWN;
    }
    TRY(start_delivery(r, ORIGIN_DIRECT));
    return records ? add_input(r, &(struct input){.kind = INPUT_TEXT,
                                                  .text = parts->json,
                                                  .size = parts->json.len})
                   : add_object(r, parts, KEY_VERBATIM);
}

/* An event that is not a list of records, once all its members were seen. */
static MUST_USE err read_single(struct reading *r, const struct message *m,
                                const struct event_parts *parts)
{
    bool object_event = event_parts_has_string(parts, PART_DETAIL_TYPE) &&
                        str_starts(parts->of[PART_DETAIL_TYPE].raw, STR("Object "));
    if (says(parts, PART_BUS_SOURCE, STR("aws.s3")) && object_event) {
        return read_bridge_event(r, parts);
    }
    if (says(parts, PART_EVENT, STR("s3:TestEvent"))) {
        TRY(start_delivery(r, ORIGIN_S3));
        return add_ignored(r);
    }
    if (parts->of[PART_CONTINUATION].kind == JSON_OBJECT) {
        return read_continuation(r, parts);
    }
    if (!r->depth) {
        return read_direct(r, parts);
    }
    if (says(parts, PART_TYPE, STR("Notification")) && event_parts_has_string(parts, PART_TOPIC) &&
        event_parts_has_string(parts, PART_MESSAGE)) {
        struct message inner = *m;
        TRY(event_parts_text(parts, PART_MESSAGE, r->arena, &inner.text));
        return add_message(r, &inner);
    }
    return UNKNOWN;
}

/* A user is no event: most data is recognised by its first member. */
static bool is_user(const struct reading *r, str member)
{
    return r->depth && str_eq(member, STR("user_id"));
}

static MUST_USE err read_envelope(struct reading *r, const struct message *m)
{
    struct json j = json_read(m->text, true);
    struct event_parts parts = {.json = m->text};
    bool is_list = false;
    if (json_next(&j) != JSON_OBJECT) {
        return UNKNOWN;
    }
    while (json_next(&j) == JSON_NAME) {
        str name = j.raw;
        if (is_user(r, name)) {
            return UNKNOWN;
        }
        if (json_next(&j) == JSON_ARRAY && str_eq(name, STR("Records"))) {
            is_list = true;
            TRY(read_records(r, &j));
            continue;
        }
        event_parts_take(&j, event_parts_root, name, &parts);
    }
    if (!json_ends(&j)) {
        return UNKNOWN;
    }
    return is_list ? OK : read_single(r, m, &parts);
}

err event_read(str text, struct arena *arena, struct delivery **out, struct why *why)
{
    struct reading r = {.arena = arena, .deliveries_end = out};
    *out = NULL;
    err result = read_envelope(&r, &(struct message){.text = text});
    if (result.kind == FULL.kind) {
        return FAIL(why, ERR_LIMIT, "no room in memory for an event of %zu bytes", text.len);
    }
    if (result.kind) {
        *out = NULL;
        err_code(why, STR("Function.UnknownEvent"));
        return FAIL(why, ERR_INPUT,
                    "the event is not JSON, or from none of S3, SQS, Kinesis, EventBridge (Object "
                    "Created), and not a direct invocation");
    }
    return OK;
}

str event_origin_name(enum origin origin)
{
    static const str names[ORIGIN_COUNT] = {
        [ORIGIN_S3] = STR_INIT("s3"),
        [ORIGIN_SQS] = STR_INIT("sqs"),
        [ORIGIN_KINESIS] = STR_INIT("kinesis"),
        [ORIGIN_DIRECT] = STR_INIT("direct"),
    };
    return names[origin];
}

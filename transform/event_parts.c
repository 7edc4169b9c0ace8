#include "transform/event_parts.h"

#define WANT(name, part)                                                                           \
    {                                                                                              \
        {name, sizeof name - 1}, part, NULL                                                        \
    }
#define WITHIN(name, part, table)                                                                  \
    {                                                                                              \
        {name, sizeof name - 1}, part, table                                                       \
    }
#define END                                                                                        \
    {                                                                                              \
        {NULL, 0}, PART_NONE, NULL                                                                 \
    }

static const struct event_member attributes[] = {
    WANT("SentTimestamp", PART_SENT),
    WANT("MessageGroupId", PART_GROUP),
    END,
};

static const struct event_member kinesis[] = {
    WANT("data", PART_DATA),
    WANT("sequenceNumber", PART_SEQUENCE),
    WANT("approximateArrivalTimestamp", PART_ARRIVAL),
    END,
};

static const struct event_member bucket[] = {
    WANT("name", PART_BUCKET),
    END,
};

/* S3's own notifications spell eTag and versionId, EventBridge etag and version-id. */
static const struct event_member object[] = {
    WANT("key", PART_KEY),
    WANT("size", PART_SIZE),
    WANT("eTag", PART_ETAG),
    WANT("etag", PART_ETAG),
    WANT("versionId", PART_VERSION),
    WANT("version-id", PART_VERSION),
    WANT("sequencer", PART_SEQUENCER),
    END,
};

static const struct event_member bucket_and_object[] = {
    WITHIN("bucket", PART_NONE, bucket),
    WITHIN("object", PART_NONE, object),
    END,
};

static const struct event_member direct_object[] = {
    WANT("bucket", PART_BUCKET),
    WANT("key", PART_KEY),
    END,
};

const struct event_member event_parts_record[] = {
    WANT("eventSource", PART_SOURCE),
    WANT("EventSource", PART_SOURCE),
    WANT("eventSourceARN", PART_ARN),
    WANT("eventName", PART_EVENT_NAME),
    WANT("eventTime", PART_EVENT_TIME),
    WANT("messageId", PART_MESSAGE_ID),
    WANT("body", PART_BODY),
    WITHIN("attributes", PART_NONE, attributes),
    WITHIN("kinesis", PART_NONE, kinesis),
    WITHIN("s3", PART_NONE, bucket_and_object),
    END,
};

const struct event_member event_parts_root[] = {
    WANT("source", PART_BUS_SOURCE),
    WANT("detail-type", PART_DETAIL_TYPE),
    WANT("time", PART_EVENT_TIME),
    WITHIN("detail", PART_NONE, bucket_and_object),
    WANT("Event", PART_EVENT),
    WANT("Type", PART_TYPE),
    WANT("TopicArn", PART_TOPIC),
    WANT("Message", PART_MESSAGE),
    WANT("records", PART_DIRECT_RECORDS),
    WITHIN("s3", PART_DIRECT_OBJECT, direct_object),
    END,
};

static const struct event_member *find(const struct event_member *table, str name)
{
    for (; table->name.at; table++) {
        if (str_eq(table->name, name)) {
            return table;
        }
    }
    return NULL;
}

void event_parts_take(struct json *j, const struct event_member *table, str name,
                      struct event_parts *parts)
{
    const struct event_member *member = find(table, name);
    if (member && member->part) {
        parts->of[member->part].kind = j->kind;
        parts->of[member->part].raw = j->raw;
    }
    if (member && member->inside && j->kind == JSON_OBJECT) {
        event_parts_read(j, member->inside, parts);
        return;
    }
    (void)json_skip(j);
}

void event_parts_read(struct json *j, const struct event_member *table, struct event_parts *parts)
{
    while (json_next(j) == JSON_NAME) {
        str name = j->raw;
        (void)json_next(j);
        event_parts_take(j, table, name, parts);
    }
}

bool event_parts_has_string(const struct event_parts *parts, enum event_part part)
{
    return parts->of[part].kind == JSON_STRING;
}

err event_parts_text(const struct event_parts *parts, enum event_part part, struct arena *arena,
                     str *out)
{
    bool there = event_parts_has_string(parts, part);
    *out = there ? json_unescape(parts->of[part].raw, arena) : STR("");
    return out->at ? OK : (err){ERR_LIMIT};
}

/* value * 10^power */
struct decimal {
    uint64_t value;
    int power;
};

/* Takes the digits that `s` starts with. Those that no longer fit only move the power. */
static void take_digits(str *s, struct decimal *d, bool fraction)
{
    const uint64_t most = UINT64_MAX / 100;
    for (; s->len && s->at[0] >= '0' && s->at[0] <= '9' && d->power < 1000; *s = str_drop(*s, 1)) {
        bool fits = d->value < most;
        d->value = fits ? d->value * 10 + (uint64_t)(s->at[0] - '0') : d->value;
        d->power += (fits ? 0 : 1) - (fraction ? 1 : 0);
    }
}

static bool take_exponent(str *s, int *power)
{
    uint64_t exponent = 0;
    bool minus = s->len > 1 && s->at[1] == '-';
    bool sign = minus || (s->len > 1 && s->at[1] == '+');
    *s = str_drop(*s, sign ? 2 : 1);
    if (!str_to_u64(*s, &exponent) || exponent > 1000) {
        return false;
    }
    *power += minus ? -(int)exponent : (int)exponent;
    return true;
}

static int64_t scale(struct decimal d)
{
    for (; d.power < 0 && d.value; d.power++) {
        d.value /= 10;
    }
    for (; d.power > 0 && d.value; d.power--) {
        if (d.value > INT64_MAX / 10) {
            return 0;
        }
        d.value *= 10;
    }
    return d.value > INT64_MAX ? 0 : (int64_t)d.value;
}

int64_t event_parts_ms(const struct event_parts *parts, enum event_part part)
{
    enum { MS_POWER = 3 };
    struct decimal d = {.power = MS_POWER};
    str s = parts->of[part].raw;
    if (parts->of[part].kind != JSON_NUMBER) {
        return 0;
    }
    take_digits(&s, &d, false);
    if (s.len && s.at[0] == '.') {
        s = str_drop(s, 1);
        take_digits(&s, &d, true);
    }
    if (s.len && !take_exponent(&s, &d.power)) {
        return 0;
    }
    return scale(d);
}

#include "transform/event_parts.h"

#include "base/ascii.h"

static const struct event_member attributes[] = {
    {STR_INIT("SentTimestamp"), PART_SENT, NULL},
    {STR_INIT("MessageGroupId"), PART_GROUP, NULL},
    {{NULL, 0}, PART_NONE, NULL},
};

static const struct event_member kinesis[] = {
    {STR_INIT("data"), PART_DATA, NULL},
    {STR_INIT("sequenceNumber"), PART_SEQUENCE, NULL},
    {STR_INIT("approximateArrivalTimestamp"), PART_ARRIVAL, NULL},
    {{NULL, 0}, PART_NONE, NULL},
};

static const struct event_member bucket[] = {
    {STR_INIT("name"), PART_BUCKET, NULL},
    {{NULL, 0}, PART_NONE, NULL},
};

/* S3's own notifications spell eTag and versionId, EventBridge etag and version-id. */
static const struct event_member object[] = {
    {STR_INIT("key"), PART_KEY, NULL},
    {STR_INIT("size"), PART_SIZE, NULL},
    {STR_INIT("eTag"), PART_ETAG, NULL},
    {STR_INIT("etag"), PART_ETAG, NULL},
    {STR_INIT("versionId"), PART_VERSION, NULL},
    {STR_INIT("version-id"), PART_VERSION, NULL},
    {STR_INIT("sequencer"), PART_SEQUENCER, NULL},
    {{NULL, 0}, PART_NONE, NULL},
};

static const struct event_member bucket_and_object[] = {
    {STR_INIT("bucket"), PART_NONE, bucket},
    {STR_INIT("object"), PART_NONE, object},
    {{NULL, 0}, PART_NONE, NULL},
};

static const struct event_member direct_object[] = {
    {STR_INIT("bucket"), PART_BUCKET, NULL},
    {STR_INIT("key"), PART_KEY, NULL},
    {{NULL, 0}, PART_NONE, NULL},
};

const struct event_member event_parts_record[] = {
    {STR_INIT("eventSource"), PART_SOURCE, NULL},
    {STR_INIT("EventSource"), PART_SOURCE, NULL},
    {STR_INIT("eventSourceARN"), PART_ARN, NULL},
    {STR_INIT("eventName"), PART_EVENT_NAME, NULL},
    {STR_INIT("eventTime"), PART_EVENT_TIME, NULL},
    {STR_INIT("messageId"), PART_MESSAGE_ID, NULL},
    {STR_INIT("body"), PART_BODY, NULL},
    {STR_INIT("attributes"), PART_NONE, attributes},
    {STR_INIT("kinesis"), PART_NONE, kinesis},
    {STR_INIT("s3"), PART_NONE, bucket_and_object},
    {{NULL, 0}, PART_NONE, NULL},
};

static const struct event_member gzip[] = {
    {STR_INIT("in"), PART_GZIP_IN, NULL},         {STR_INIT("out"), PART_GZIP_OUT, NULL},
    {STR_INIT("inside"), PART_GZIP_INSIDE, NULL}, {STR_INIT("bits"), PART_GZIP_BITS, NULL},
    {STR_INIT("crc"), PART_GZIP_CRC, NULL},       {STR_INIT("length"), PART_GZIP_LENGTH, NULL},
    {STR_INIT("window"), PART_GZIP_WINDOW, NULL}, {{NULL, 0}, PART_NONE, NULL},
};

static const struct event_member continuation[] = {
    {STR_INIT("version"), PART_FORM, NULL},
    {STR_INIT("job"), PART_JOB, NULL},
    {STR_INIT("hop"), PART_HOP, NULL},
    {STR_INIT("stalled"), PART_STALLED, NULL},
    {STR_INIT("format"), PART_FORMAT, NULL},
    {STR_INIT("offset"), PART_OFFSET, NULL},
    {STR_INIT("line"), PART_LINE, NULL},
    {STR_INIT("place"), PART_PLACE, NULL},
    {STR_INIT("wrapped"), PART_WRAPPED, NULL},
    {STR_INIT("delimiter"), PART_DELIMITER, NULL},
    {STR_INIT("columns"), PART_COLUMNS, NULL},
    {STR_INIT("gzip"), PART_GZIP, gzip},
    {STR_INIT("record"), PART_NONE, event_parts_record},
    {{NULL, 0}, PART_NONE, NULL},
};

const struct event_member event_parts_root[] = {
    {STR_INIT("user-ingest-continuation"), PART_CONTINUATION, continuation},
    {STR_INIT("source"), PART_BUS_SOURCE, NULL},
    {STR_INIT("detail-type"), PART_DETAIL_TYPE, NULL},
    {STR_INIT("time"), PART_EVENT_TIME, NULL},
    {STR_INIT("detail"), PART_NONE, bucket_and_object},
    {STR_INIT("Event"), PART_EVENT, NULL},
    {STR_INIT("Type"), PART_TYPE, NULL},
    {STR_INIT("TopicArn"), PART_TOPIC, NULL},
    {STR_INIT("Message"), PART_MESSAGE, NULL},
    {STR_INIT("records"), PART_DIRECT_RECORDS, NULL},
    {STR_INIT("s3"), PART_DIRECT_OBJECT, direct_object},
    {{NULL, 0}, PART_NONE, NULL},
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
    for (; s->len && ascii_is_digit(s->at[0]) && d->power < 1000; *s = str_drop(*s, 1)) {
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

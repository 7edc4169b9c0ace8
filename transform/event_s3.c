#include "transform/event_s3.h"

#include "base/ascii.h"
#include "base/date.h"
#include "base/percent.h"
#include "base/utf8.h"

/* The bucket becomes a part of a host name or a path: nothing else may hide in it. */
static bool is_bucket(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool mark = s.at[i] == '-' || s.at[i] == '_' || (i && s.at[i] == '.');
        if (!ascii_is_letter_or_digit(s.at[i]) && !mark) {
            return false;
        }
    }
    return s.len > 0 && s.len <= EVENT_S3_MAX_BUCKET;
}

/* ETag and version go into a header and a query: plain characters only; empty when not known. */
bool event_s3_is_validator(str s)
{
    return s.len <= EVENT_S3_MAX_VALIDATOR && ascii_all_visible(s) && !str_cut(s, '"').found;
}

/* False when an escape is broken. `into` has room for s.len bytes. */
static bool decode_form(str s, char *into, size_t *len)
{
    *len = 0;
    while (s.len) {
        int c = s.at[0] == '%' ? percent_byte(s) : s.at[0] == '+' ? ' ' : (unsigned char)s.at[0];
        if (c < 0) {
            return false;
        }
        into[(*len)++] = (char)(unsigned char)c;
        s = str_drop(s, s.at[0] == '%' ? 3 : 1);
    }
    return true;
}

static bool is_encoded(str s)
{
    return str_cut(s, '%').found || str_cut(s, '+').found;
}

static bool is_key(str s)
{
    return s.len > 0 && s.len <= EVENT_S3_MAX_KEY && utf8_valid_len(s) == s.len;
}

static void add_form(struct buf *b, str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_is_letter_or_digit(s.at[i])) {
            buf_char(b, s.at[i]);
        } else {
            percent_add(b, s.at[i]);
        }
    }
}

static void add_member(struct buf *b, str name, str value)
{
    if (value.len) {
        buf_char(b, ',');
        json_add_string(b, name);
        buf_char(b, ':');
        json_add_string(b, value);
    }
}

void event_s3_add_record(struct buf *b, const struct input *input)
{
    buf_add(b, STR("{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:*\""));
    if (input->event_ms > 0) {
        buf_add(b, STR(",\"eventTime\":\""));
        date_add_rfc3339(b, input->event_ms);
        buf_char(b, '"');
    }
    buf_add(b, STR(",\"s3\":{\"bucket\":{\"name\":"));
    json_add_string(b, input->bucket);
    buf_add(b, STR("},\"object\":{\"key\":\""));
    add_form(b, input->key);
    buf_char(b, '"');
    if (input->size != UINT64_MAX) {
        buf_add(b, STR(",\"size\":"));
        buf_u64(b, input->size);
    }
    add_member(b, STR("eTag"), input->etag);
    add_member(b, STR("versionId"), input->version_id);
    add_member(b, STR("sequencer"), input->tie);
    buf_add(b, STR("}}}"));
}

/* What did not come as an S3 record is handed on as one. It is written where the arena's free
 * memory begins, and takes what it needs. */
static MUST_USE err make_notification(struct arena *arena, struct input *input)
{
    struct buf b;
    buf_wrap(&b, arena->at, (size_t)(arena->end - arena->at));
    event_s3_add_record(&b, input);
    if (b.failed) {
        return (err){ERR_LIMIT};
    }
    arena->at += b.len;
    input->notification = buf_str(&b);
    return OK;
}

/* Sets the key, or why it is none. */
static MUST_USE err read_key(str key, enum event_s3_key form, struct arena *arena,
                             struct input *input)
{
    input->bad = REASON_E_KEY;
    if (key.len > (size_t)3 * EVENT_S3_MAX_KEY) {
        return OK;
    }
    if (form == KEY_FORM && is_encoded(key)) {
        char *into = arena_alloc(arena, key.len, 1);
        if (!into) {
            return (err){ERR_LIMIT};
        }
        if (!decode_form(key, into, &key.len)) {
            return OK;
        }
        key.at = into;
    }
    if (is_key(key)) {
        input->key = key;
        input->kind = INPUT_OBJECT;
        input->bad = REASON_NONE;
    }
    return OK;
}

/* Always UTC; an emulator may leave out the Z that says so. 0 when it is no time. */
static int64_t read_time(str time)
{
    char memory[DATE_RFC3339_LEN + 16];
    struct buf with_zone;
    int64_t ms = 0;
    buf_wrap(&with_zone, memory, sizeof memory);
    buf_add(&with_zone, time);
    buf_char(&with_zone, 'Z');
    bool good = date_parse_rfc3339(time, &ms) || date_parse_rfc3339(buf_str(&with_zone), &ms);
    return good ? ms : 0;
}

err event_s3_read(const struct event_parts *parts, enum event_s3_key form, struct arena *arena,
                  struct input *input)
{
    str key = STR("");
    str time = STR("");
    uint64_t size = 0;
    *input = (struct input){.kind = INPUT_BAD, .bad = REASON_E_EVENT_RECORD, .size = UINT64_MAX};
    input->text = input->notification = parts->json;
    TRY(event_parts_text(parts, PART_BUCKET, arena, &input->bucket));
    TRY(event_parts_text(parts, PART_KEY, arena, &key));
    TRY(event_parts_text(parts, PART_VERSION, arena, &input->version_id));
    TRY(event_parts_text(parts, PART_ETAG, arena, &input->etag));
    TRY(event_parts_text(parts, PART_SEQUENCER, arena, &input->tie));
    TRY(event_parts_text(parts, PART_EVENT_TIME, arena, &time));
    if (!is_bucket(input->bucket) || !event_s3_is_validator(input->version_id) ||
        !event_s3_is_validator(input->etag) || !event_parts_has_string(parts, PART_KEY)) {
        return OK;
    }
    if (parts->of[PART_SIZE].kind == JSON_NUMBER && str_to_u64(parts->of[PART_SIZE].raw, &size)) {
        input->size = size;
    }
    input->event_ms = read_time(time);
    TRY(read_key(key, form, arena, input));
    return input->kind == INPUT_OBJECT && form == KEY_VERBATIM ? make_notification(arena, input)
                                                               : OK;
}

bool event_s3_is_created(str event_name)
{
    str name = str_starts(event_name, STR("s3:")) ? str_drop(event_name, 3) : event_name;
    return str_starts(name, STR("ObjectCreated:"));
}

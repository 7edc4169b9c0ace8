#include "transform/reject.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/percent.h"

/* SQS takes XML's characters only, and a key may hold any: what is not plain ASCII is %XX. */
static void add_plain(struct buf *b, str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c >= ' ' && c <= '~' && c != '%') {
            buf_char(b, c);
        } else {
            percent_add(b, c);
        }
    }
}

static void add_source(struct buf *b, const struct reject *reject)
{
    const struct input *input = reject->from.input;
    if (input->kind == INPUT_OBJECT) {
        buf_add(b, STR("s3://"));
        buf_add(b, input->bucket);
        buf_char(b, '/');
        add_plain(b, input->key);
        return;
    }
    buf_add(b, event_origin_name(reject->from.delivery->origin));
    buf_char(b, ':');
    add_plain(b, reject->from.delivery->id);
}

/* Of a packed text only a record at hand can be told apart: without that, all of it is kept. */
static bool is_all_packed(const struct reject *reject)
{
    const struct input *input = reject->from.input;
    bool at_hand = reject->raw.len && reject->raw.len == reject->from.length;
    return input->kind == INPUT_TEXT && input->packed &&
           (!at_hand || reject->reason == REASON_E_GZIP);
}

static str whole_raw(const struct reject *reject)
{
    const struct input *input = reject->from.input;
    switch (input->kind) {
    case INPUT_OBJECT:
        return str_take(reject->raw, REJECT_MAX_OBJECT_RAW_BYTES);
    case INPUT_TEXT: /* lies in memory until the invocation is answered */
        if (is_all_packed(reject)) {
            break;
        }
        if (input->packed) {
            return reject->raw;
        }
        return str_take(str_drop(input->text, (size_t)reject->from.offset),
                        (size_t)reject->from.length);
    case INPUT_BAD:
    case INPUT_IGNORED:
        break;
    }
    return input->text;
}

/* A message keeps its own in its queue. A shard must not wait for a record that no reject can hold;
 * the stream has it whole as long as it has anything. */
str reject_raw(const struct reject *reject)
{
    str raw = whole_raw(reject);
    bool streamed = reject->from.delivery->origin == ORIGIN_KINESIS;
    return streamed ? str_take(raw, REJECT_MAX_STREAM_RAW_BYTES) : raw;
}

void reject_add_identity(struct buf *b, const struct reject *reject)
{
    const struct input *input = reject->from.input;
    add_source(b, reject);
    buf_char(b, '|');
    buf_add(b, input->version_id.len ? input->version_id : input->etag);
    buf_char(b, '|');
    buf_u64(b, reject->from.offset);
    /* Without an id of its delivery, or when several inputs of one delivery are bad, only the
     * bytes themselves tell it from others. */
    if (input->kind == INPUT_BAD || (input->kind == INPUT_TEXT && !reject->from.delivery->id.len)) {
        buf_char(b, '|');
        buf_add(b, reject_raw(reject));
    }
}

static void add_member(struct buf *b, str name, str value)
{
    json_add_string(b, name);
    buf_char(b, ':');
    json_add_string(b, value);
    buf_char(b, ',');
}

static void add_number(struct buf *b, str name, uint64_t value)
{
    json_add_string(b, name);
    buf_char(b, ':');
    buf_u64(b, value);
    buf_char(b, ',');
}

static void add_source_member(struct buf *b, const struct reject *reject)
{
    char memory[4096];
    struct buf source;
    buf_wrap(&source, memory, sizeof memory);
    add_source(&source, reject);
    add_member(b, STR("source"), buf_str(&source));
}

void reject_add_json(struct buf *b, const struct reject *reject, str id)
{
    str raw = reject_raw(reject);
    buf_char(b, '{');
    add_member(b, STR("id"), id);
    add_member(b, STR("reason"), reason_code(reject->reason));
    add_member(b, STR("text"), reason_text(reject->reason));
    add_member(b, STR("field"), reject->field);
    add_source_member(b, reject);
    add_number(b, STR("offset"), reject->from.offset);
    add_number(b, STR("length"), reject->from.length);
    add_number(b, STR("line"), reject->from.line);
    bool packed = is_all_packed(reject);
    if (packed) {
        buf_add(b, STR("\"packed\":true,"));
    }
    if (raw.len < (packed ? reject->from.input->text.len : reject->from.length)) {
        buf_add(b, STR("\"truncated\":true,"));
    }
    buf_add(b, STR("\"raw\":\""));
    base64_add(b, raw);
    buf_add(b, STR("\"}"));
}

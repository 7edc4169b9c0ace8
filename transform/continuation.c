#include "transform/continuation.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/percent.h"
#include "transform/event_s3.h"

#include <string.h>

enum {
    FORM = 1, /* of the message */
    MAX_JOB_BYTES = 128,
};

/* No object is larger, and a version's offset has so many digits. */
static const uint64_t max_offset = 999999999999999;

static const str formats[] = {
    [FORMAT_UNKNOWN] = STR_INIT("unknown"),
    [FORMAT_KV] = STR_INIT("kv"),
    [FORMAT_JSON] = STR_INIT("json"),
    [FORMAT_CSV] = STR_INIT("csv"),
};

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* It goes into logs. */
static bool is_job(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_letter_or_digit(s.at[i]) && !is_one_of(s.at[i], "-_.:")) {
            return false;
        }
    }
    return s.len > 0 && s.len <= MAX_JOB_BYTES;
}

/* --- Writing --- */

static void add_name(struct buf *b, const char *name)
{
    buf_add(b, STR(",\""));
    buf_add(b, str_from(name));
    buf_add(b, STR("\":"));
}

static void add_number(struct buf *b, const char *name, uint64_t value)
{
    add_name(b, name);
    buf_u64(b, value);
}

static void add_bool(struct buf *b, const char *name, bool value)
{
    add_name(b, name);
    buf_add(b, value ? STR("true") : STR("false"));
}

static void add_column(struct buf *b, str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (c > ' ' && c <= '~' && !is_one_of(c, "%,\"\\")) {
            buf_char(b, c);
        } else {
            percent_add(b, c);
        }
    }
}

static void add_columns(struct buf *b, const struct record_state *state)
{
    add_name(b, "delimiter");
    json_add_string(b, (str){&state->delimiter, 1});
    add_name(b, "columns");
    buf_char(b, '"');
    for (size_t i = 0; i < state->column_count; i++) {
        buf_add(b, i ? STR(",") : STR(""));
        add_column(b, state->columns[i]);
    }
    buf_char(b, '"');
}

static bool add_point(struct buf *b, const struct inflate_point *point, struct arena scratch)
{
    struct buf packed;
    char *memory = arena_alloc(&scratch, 2 * (size_t)INFLATE_WINDOW_BYTES, 1);
    if (!memory) {
        return false;
    }
    buf_wrap(&packed, memory, 2 * (size_t)INFLATE_WINDOW_BYTES);
    bool good = inflate_pack_window(point->window, scratch, &packed);
    buf_add(b, STR(",\"gzip\":{\"in\":"));
    buf_u64(b, point->in);
    add_number(b, "out", point->out);
    add_bool(b, "inside", point->inside);
    add_number(b, "bits", point->bits);
    add_number(b, "crc", point->crc);
    add_number(b, "length", point->length);
    add_name(b, "window");
    buf_char(b, '"');
    base64_add(b, buf_str(&packed));
    buf_add(b, STR("\"}"));
    return good;
}

bool continuation_write(struct buf *b, const struct continuation *c, const struct input *input,
                        struct arena scratch)
{
    const struct record_state *state = &c->state;
    bool good = true;
    buf_add(b, STR("{\"user-ingest-continuation\":{\"version\":"));
    buf_u64(b, FORM);
    add_name(b, "job");
    json_add_string(b, is_job(c->job) ? c->job : STR("unknown"));
    add_number(b, "hop", c->hop);
    add_number(b, "stalled", c->stalled);
    add_name(b, "format");
    json_add_string(b, formats[state->format]);
    add_number(b, "offset", state->at.offset);
    add_number(b, "line", state->at.line);
    add_number(b, "place", state->at.place);
    add_bool(b, "wrapped", state->wrapped);
    if (state->column_count) {
        add_columns(b, state);
    }
    if (c->packed) {
        good = add_point(b, &c->point, scratch);
    }
    add_name(b, "record");
    event_s3_add_record(b, input);
    buf_add(b, STR("}}"));
    return good && !b->failed;
}

/* --- Reading --- */

/* Absent is 0. */
static bool read_number(const struct event_parts *parts, enum event_part part, uint64_t most,
                        uint64_t *out)
{
    *out = 0;
    if (parts->of[part].kind == JSON_BAD) {
        return true;
    }
    return parts->of[part].kind == JSON_NUMBER && str_to_u64(parts->of[part].raw, out) &&
           *out <= most;
}

static bool read_format(const struct event_parts *parts, enum record_format *out)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (event_parts_has_string(parts, PART_FORMAT) &&
            str_eq(parts->of[PART_FORMAT].raw, formats[i])) {
            *out = (enum record_format)i;
            return true;
        }
    }
    return false;
}

static bool read_state(const struct event_parts *parts, struct continuation *c)
{
    uint64_t place = 0;
    struct record_state *state = &c->state;
    state->wrapped = parts->of[PART_WRAPPED].kind == JSON_TRUE;
    bool good = read_format(parts, &state->format) &&
                read_number(parts, PART_OFFSET, max_offset, &state->at.offset) &&
                read_number(parts, PART_LINE, max_offset, &state->at.line) &&
                read_number(parts, PART_PLACE, RECORD_PLACES - 1, &place);
    state->at.place = (unsigned char)place;
    return good && state->at.line > 0;
}

static bool read_point(const struct event_parts *parts, struct continuation *c)
{
    uint64_t bits = 0;
    uint64_t crc = 0;
    uint64_t length = 0;
    struct inflate_point *point = &c->point;
    c->packed = parts->of[PART_GZIP].kind == JSON_OBJECT;
    point->inside = parts->of[PART_GZIP_INSIDE].kind == JSON_TRUE;
    bool good = read_number(parts, PART_GZIP_IN, max_offset, &point->in) &&
                read_number(parts, PART_GZIP_OUT, c->state.at.offset, &point->out) &&
                read_number(parts, PART_GZIP_BITS, 7, &bits) &&
                read_number(parts, PART_GZIP_CRC, UINT32_MAX, &crc) &&
                read_number(parts, PART_GZIP_LENGTH, UINT32_MAX, &length);
    point->bits = (unsigned)bits;
    point->crc = (uint32_t)crc;
    point->length = (uint32_t)length;
    return good;
}

/* Longer texts than ours can be are not even looked at. */
static MUST_USE err read_texts(const struct event_parts *parts, struct arena *arena,
                               struct continuation *c, bool *good)
{
    str delimiter = STR("");
    TRY(event_parts_text(parts, PART_JOB, arena, &c->job));
    TRY(event_parts_text(parts, PART_DELIMITER, arena, &delimiter));
    TRY(event_parts_text(parts, PART_COLUMNS, arena, &c->columns));
    TRY(event_parts_text(parts, PART_GZIP_WINDOW, arena, &c->window));
    c->state.delimiter = delimiter.len ? delimiter.at[0] : ',';
    *good = is_job(c->job) && delimiter.len <= 1 && is_one_of(c->state.delimiter, ",;\t|") &&
            c->columns.len <= 3 * (size_t)RECORD_NAMES_BYTES + RECORD_MAX_FIELDS &&
            c->window.len <= 2 * (size_t)INFLATE_WINDOW_BYTES;
    return OK;
}

static MUST_USE err read_all(const struct event_parts *parts, struct arena *arena,
                             struct continuation *c, bool *good)
{
    uint64_t form = 0;
    TRY(read_texts(parts, arena, c, good));
    *good = *good && read_number(parts, PART_FORM, FORM, &form) && form == FORM &&
            read_number(parts, PART_HOP, UINT32_MAX, &c->hop) &&
            read_number(parts, PART_STALLED, UINT32_MAX, &c->stalled) && read_state(parts, c) &&
            read_point(parts, c);
    bool rows = c->state.format == FORMAT_CSV && c->state.at.offset;
    *good = *good && (!rows || event_parts_has_string(parts, PART_COLUMNS));
    return OK;
}

/* What is not pinned could be another object by now; and the place must be in it. At its very end
 * only text has nothing left. */
static bool fits_object(const struct continuation *c, const struct input *input)
{
    bool pinned = input->version_id.len || input->etag.len;
    return pinned && (input->start < input->size || (input->start == input->size && !c->packed));
}

err continuation_read(const struct event_parts *parts, struct arena *arena, struct input *input)
{
    struct continuation *c = ARENA_NEW(arena, struct continuation);
    bool good = false;
    if (!c) {
        return (err){ERR_LIMIT};
    }
    TRY(event_s3_read(parts, KEY_FORM, arena, input));
    if (input->kind != INPUT_OBJECT) {
        return OK;
    }
    TRY(read_all(parts, arena, c, &good));
    input->start = c->packed ? c->point.in : c->state.at.offset;
    if (!good || !fits_object(c, input)) {
        input->kind = INPUT_BAD;
        input->bad = REASON_E_CONTINUATION;
        return OK;
    }
    input->from = c;
    return OK;
}

/* --- Unpacking --- */

static bool decode_name(str encoded, struct arena *arena, str *out)
{
    char *into = arena_alloc(arena, encoded.len, 1);
    size_t len = 0;
    while (into && encoded.len) {
        int byte = percent_byte(encoded);
        bool escaped = encoded.at[0] == '%';
        if (escaped && byte < 0) {
            return false;
        }
        into[len++] = escaped ? (char)(unsigned char)byte : encoded.at[0];
        encoded = str_drop(encoded, escaped ? 3 : 1);
    }
    *out = (str){into, len};
    return into != NULL;
}

static bool unpack_columns(str columns, struct arena *arena, struct record_state *state)
{
    str *names = arena_alloc(arena, RECORD_MAX_FIELDS * sizeof *names, _Alignof(str));
    struct str_halves h = {.tail = columns, .found = true};
    while (names && h.found) {
        h = str_cut(h.tail, ',');
        if (state->column_count == RECORD_MAX_FIELDS ||
            !decode_name(h.head, arena, &names[state->column_count++])) {
            return false;
        }
    }
    state->columns = names;
    return names != NULL;
}

static bool unpack_window(str window, struct arena *arena, struct inflate_point *point)
{
    size_t len = 0;
    char *packed = arena_alloc(arena, base64_decoded_max(window.len), 1);
    return packed && base64_decode(window, packed, &len) &&
           inflate_unpack_window((str){packed, len}, arena, &point->window);
}

bool continuation_unpack(const struct continuation *c, struct arena *arena,
                         struct continuation *out)
{
    *out = *c;
    if (c->columns.len && !unpack_columns(c->columns, arena, &out->state)) {
        return false;
    }
    return !c->packed || !c->point.inside || unpack_window(c->window, arena, &out->point);
}

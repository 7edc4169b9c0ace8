#include "transform/record.h"

#include "base/json.h"
#include "transform/record_reader.h"

#include <assert.h>

static void go_on_from(struct record_reader *r, const struct record_state *from)
{
    if (!from->at.offset) {
        return;
    }
    assert(from->column_count <= RECORD_MAX_FIELDS);
    r->started = true;
    r->format = from->format;
    r->window.offset = from->at.offset;
    r->window.line = from->at.line;
    r->json_place = (enum json_place)from->at.place;
    r->json_wrapped = from->wrapped;
    r->csv = (struct csv_layout){from->column_count > 0, from->delimiter, from->column_count};
    for (size_t i = 0; i < from->column_count; i++) {
        r->record.fields[i].name = from->columns[i];
    }
}

err record_open(struct source source, const struct record_options *options, struct arena *arena,
                struct record_reader **out, struct why *why)
{
    struct record_reader *r = ARENA_NEW(arena, struct record_reader);
    char *names = arena_alloc(arena, RECORD_NAMES_BYTES, 1);
    if (!r || !names || !window_init(&r->window, source, options->max_record_bytes, arena)) {
        return FAIL(why, ERR_LIMIT, "no memory for records of %zu bytes",
                    options->max_record_bytes);
    }
    /* One more, for the cells of a row that has too many. */
    r->record.fields =
        arena_alloc(arena, (RECORD_MAX_FIELDS + 1) * sizeof(struct field), _Alignof(struct field));
    r->tags = arena_alloc(arena, RECORD_MAX_FIELDS, 1);
    if (!r->record.fields || !r->tags) {
        return FAIL(why, ERR_LIMIT, "no memory for %d fields", RECORD_MAX_FIELDS);
    }
    r->names = (struct arena){names, names + RECORD_NAMES_BYTES};
    r->format = options->format;
    r->max_record_bytes = options->max_record_bytes;
    *out = r;
    if (options->from) {
        go_on_from(r, options->from);
    }
    return OK;
}

struct record_mark record_where(const struct record_reader *r)
{
    return (struct record_mark){
        .offset = r->window.offset,
        .line = r->window.line,
        .place = (unsigned char)r->json_place,
    };
}

bool record_save(const struct record_reader *r, const struct record_mark *at, struct arena *arena,
                 struct record_state *out)
{
    size_t count = r->csv.ready ? r->csv.columns : 0;
    str *columns = arena_alloc(arena, (count + 1) * sizeof(str), _Alignof(str));
    *out = (struct record_state){
        .at = *at,
        .format = r->format,
        .wrapped = r->json_wrapped,
        .delimiter = r->csv.delimiter,
        .columns = columns,
        .column_count = count,
    };
    for (size_t i = 0; columns && i < count; i++) {
        columns[i] = r->record.fields[i].name;
    }
    return columns != NULL;
}

struct record record_rest(const struct record_reader *r)
{
    const struct window *w = &r->window;
    struct record rest = {.offset = w->offset, .line = w->line, .raw = window_text(w)};
    rest.length = rest.raw.len;
    if (w->hold) { /* a bad record was being passed over */
        rest.offset = r->record.offset;
        rest.line = r->record.line;
        rest.raw = window_held(w);
        rest.length += w->offset - rest.offset;
    }
    return rest;
}

static MUST_USE err skip_byte_order_mark(struct window *w, struct why *why)
{
    TRY(window_read(w, 3, why));
    if (str_starts(window_text(w), STR("\xEF\xBB\xBF"))) {
        window_take(w, 3, 0);
    }
    return OK;
}

/* RFC 1952's magic, inside of another gzip: it is not read, and in another format each of its lines
 * would be a bad record. */
static bool is_gzip(const struct window *w)
{
    return str_starts(window_text(w), STR("\x1f\x8b"));
}

static MUST_USE err start(struct record_reader *r, struct why *why)
{
    TRY(skip_byte_order_mark(&r->window, why));
    r->started = true;
    if (is_gzip(&r->window)) {
        r->format = FORMAT_UNKNOWN;
        return OK;
    }
    if (r->format == FORMAT_UNKNOWN) {
        TRY(record_format_sniff(r, &r->format, why));
    }
    return OK;
}

/* What is of no known format is one bad record, unless there is nothing at all. */
static MUST_USE err reject_all(struct record_reader *r, bool *found, struct why *why)
{
    struct record_scan scan = record_scan_all();
    TRY(window_read(&r->window, 1, why));
    *found = window_text(&r->window).len > 0;
    return *found ? record_reader_reject(r, REASON_E_FORMAT, &scan, why) : OK;
}

static MUST_USE err find_next(struct record_reader *r, bool *found, struct why *why)
{
    if (!r->started) {
        TRY(start(r, why));
    }
    window_release(&r->window);
    switch (r->format) {
    case FORMAT_KV:
        return record_kv_next(r, found, why);
    case FORMAT_JSON:
        return record_json_next(r, found, why);
    case FORMAT_CSV:
        return record_csv_next(r, found, why);
    case FORMAT_UNKNOWN:
        break;
    }
    return reject_all(r, found, why);
}

err record_next(struct record_reader *r, struct record **out, struct why *why)
{
    bool found = false;
    *out = NULL;
    if (r->failed.kind) {
        return FAIL(why, r->failed.kind, "the source failed before");
    }
    r->failed = find_next(r, &found, why);
    *out = found && !r->failed.kind ? &r->record : NULL;
    return r->failed;
}

/* Doubled quotes become one. */
static str undouble(str quoted, struct arena *arena)
{
    char *into = arena_alloc(arena, quoted.len ? quoted.len : 1, 1);
    struct buf b;
    if (!into) {
        return (str){NULL, 0};
    }
    buf_wrap(&b, into, quoted.len);
    for (struct str_halves h = str_cut(quoted, '"'); h.found; h = str_cut(quoted, '"')) {
        buf_add(&b, h.head);
        buf_char(&b, '"');
        quoted = str_drop(h.tail, 1);
    }
    buf_add(&b, quoted);
    return (str){into, b.len};
}

str record_text(const struct field *field, struct arena *arena)
{
    if (field->type == FIELD_JSON_STRING) {
        return json_unescape(field->value, arena);
    }
    return field->type == FIELD_CSV_QUOTED ? undouble(field->value, arena) : field->value;
}

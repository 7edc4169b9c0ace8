#include "transform/record.h"

#include "base/json.h"
#include "transform/record_reader.h"

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
    return OK;
}

static MUST_USE err skip_byte_order_mark(struct window *w, struct why *why)
{
    TRY(window_read(w, 3, why));
    if (str_starts(window_text(w), STR("\xEF\xBB\xBF"))) {
        window_take(w, 3, 0);
    }
    return OK;
}

/* RFC 1952's magic. Not read, and in another format each of its lines would be a bad record. */
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

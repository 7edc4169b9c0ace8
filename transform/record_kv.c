#include "transform/record_reader.h"

/* Lines of key=value. Nothing marks the end of a record but the next one's beginning: user_id where
 * the record has one already, or any of its keys after a blank line. So a record is complete only
 * when the line after it has been seen. */

struct block {
    size_t before_blank; /* fields that were there at the last blank line */
    size_t end;          /* bytes of the lines that were read */
    uint64_t lines;
    size_t len;   /* up to the end of the last line that has a key */
    bool has_key; /* the last line has one */
};

/* The key, empty when the line has none. */
static str key_of(str line)
{
    struct str_halves pair = str_cut(line, '=');
    return pair.found ? str_trim(pair.head) : STR("");
}

/* An empty value stays in the table until the record is complete: the key was there, and tells
 * where the next record begins. False when the line begins the next record. */
static bool take_line(struct record_reader *r, struct block *b, str line)
{
    bool known = false;
    str key = key_of(line);
    b->has_key = key.len > 0;
    if (!key.len) {
        b->before_blank = str_trim(line).len ? b->before_blank : r->record.field_count;
        return true;
    }
    struct field *field = record_reader_field(r, key, &known);
    if (known) {
        bool before_blank = (size_t)(field - r->record.fields) < b->before_blank;
        if (before_blank || str_eq(key, STR("user_id"))) {
            return false;
        }
    }
    if (!field) {
        r->record.bad = REASON_E_FIELDS;
        return true;
    }
    field->value = str_trim(str_cut(line, '=').tail);
    field->type = FIELD_STRING;
    return true;
}

/* False when the record may go on after the text. */
static bool read_block(struct record_reader *r, struct block *b)
{
    str text = window_text(&r->window);
    bool whole = r->window.ended;
    *b = (struct block){0};
    record_reader_begin(r);
    while (b->end < text.len) {
        struct record_line line;
        if (!record_reader_cut_line(str_drop(text, b->end), whole, &line)) {
            return false;
        }
        if (!take_line(r, b, line.text)) {
            return true;
        }
        b->len = b->has_key ? b->end + line.text.len : b->len;
        b->end += line.end;
        b->lines++;
    }
    return whole;
}

/* What comes before the first key belongs to no record. */
static MUST_USE err skip_to_key(struct record_reader *r, struct record_line *line, struct why *why)
{
    TRY(record_reader_line(r, line, why));
    while (line->end && !line->open && !key_of(line->text).len) {
        window_take(&r->window, line->end, 1);
        TRY(record_reader_line(r, line, why));
    }
    return OK;
}

static void drop_empty(struct record *record)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->field_count; i++) {
        if (record->fields[i].value.len) {
            record->fields[kept++] = record->fields[i];
        }
    }
    record->field_count = kept;
}

/* So that a name outlives what is in the window. Without room it is forgotten: the record is bad in
 * any case, and only its end may be seen later. */
static void keep_name(struct record_reader *r, size_t i)
{
    str kept = arena_copy(&r->names_left, r->record.fields[i].name);
    r->record.fields[i].name = kept.at ? kept : STR("");
}

/* Consumes the line at the window's start, however long, and tells where its text ends. */
static MUST_USE err pass_line(struct record_reader *r, uint64_t *end, struct why *why)
{
    struct record_line line;
    TRY(record_reader_line(r, &line, why));
    while (line.open) {
        window_take(&r->window, line.end, 0);
        TRY(record_reader_line(r, &line, why));
    }
    *end = r->window.offset + line.text.len;
    window_take(&r->window, line.end, 1);
    return OK;
}

/* False when the line at the window's start begins the next record, or there is none. */
static MUST_USE err take_next_line(struct record_reader *r, struct block *b, bool *taken,
                                   struct why *why)
{
    struct record_line line;
    size_t count = r->record.field_count;
    TRY(record_reader_line(r, &line, why));
    *taken = line.end && take_line(r, b, line.text);
    if (r->record.field_count > count) {
        keep_name(r, count);
    }
    return OK;
}

/* The record does not fit in the window: line after line is read and forgotten until the next
 * record begins. To go on sooner would give this user's lines to the next. */
static MUST_USE err pass_block(struct record_reader *r, struct block *b, struct why *why)
{
    struct record *record = &r->record;
    uint64_t end = record->offset + b->len;
    r->names_left = r->names;
    for (size_t i = 0; i < record->field_count; i++) {
        keep_name(r, i);
    }
    window_hold(&r->window, record_reader_kept_bytes(r));
    window_take(&r->window, b->end, b->lines);
    for (bool taken = true; taken;) {
        uint64_t line_end = 0;
        TRY(take_next_line(r, b, &taken, why));
        if (taken) {
            TRY(pass_line(r, &line_end, why));
            end = b->has_key ? line_end : end;
        }
    }
    record->bad = REASON_E_TOO_LONG;
    record->length = end - record->offset;
    record->raw = str_take(window_held(&r->window), (size_t)record->length);
    record->field_count = 0;
    return OK;
}

err record_kv_next(struct record_reader *r, bool *found, struct why *why)
{
    struct block block;
    struct record_line line;
    TRY(skip_to_key(r, &line, why));
    *found = line.end > 0;
    if (!*found) {
        return OK;
    }
    if (line.open && !key_of(line.text).len) {
        struct record_scan scan = record_scan_to_line_end();
        return record_reader_reject(r, REASON_E_TOO_LONG, &scan, why);
    }
    while (!read_block(r, &block)) {
        if (window_full(&r->window)) {
            return pass_block(r, &block, why);
        }
        TRY(window_read(&r->window, 2 * window_text(&r->window).len, why));
    }
    record_reader_check_utf8(r, block.len);
    drop_empty(&r->record);
    record_reader_finish(r, block.len, block.end, block.lines);
    return OK;
}

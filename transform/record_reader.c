#include "transform/record_reader.h"

#include <string.h>

#include "base/utf8.h"

void record_reader_begin(struct record_reader *r)
{
    r->record.bad = REASON_NONE;
    r->record.offset = r->window.offset;
    r->record.line = r->window.line;
    r->record.field_count = 0;
    r->tags_used = 0;
    r->names_left = r->names;
}

/* Most text is ASCII, and that is quickly seen. */
static size_t ascii_len(str text)
{
    size_t at = 0;
    for (uint64_t eight; text.len - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text.at + at, sizeof eight);
        if (eight & 0x8080808080808080) {
            break;
        }
    }
    return at;
}

void record_reader_check_utf8(struct record_reader *r, size_t len)
{
    str text = str_take(window_text(&r->window), len);
    text = str_drop(text, ascii_len(text));
    if (utf8_valid_len(text) < text.len) {
        r->record.bad = REASON_E_UTF8;
    }
}

void record_reader_finish(struct record_reader *r, size_t len, size_t end, uint64_t lines)
{
    struct record *record = &r->record;
    record->raw = str_take(window_text(&r->window), len);
    record->length = len;
    if (len > r->max_record_bytes) {
        record->bad = REASON_E_TOO_LONG;
    }
    if (record->bad) {
        record->field_count = 0;
    }
    window_take(&r->window, end, lines);
}

/* Cheap, and different for most names that stand together in records. */
static unsigned char tag_of(str name)
{
    if (!name.len) {
        return 0;
    }
    unsigned char first = (unsigned char)name.at[0];
    unsigned char middle = (unsigned char)name.at[name.len / 2];
    unsigned char last = (unsigned char)name.at[name.len - 1];
    return (unsigned char)(name.len * 3 + first + middle * 7U + last);
}

static struct field *find(struct record_reader *r, str name, unsigned char tag)
{
    const unsigned char *at = r->tags;
    const unsigned char *end = r->tags + r->record.field_count;
    while (at < end && (at = memchr(at, tag, (size_t)(end - at)))) {
        struct field *field = &r->record.fields[at - r->tags];
        if (str_eq(field->name, name)) {
            return field;
        }
        at++;
    }
    return NULL;
}

struct field *record_reader_field(struct record_reader *r, str name, bool *known)
{
    unsigned char tag = tag_of(name);
    uint64_t bit = (uint64_t)1 << (tag & 63);
    struct field *field = r->tags_used & bit ? find(r, name, tag) : NULL;
    *known = field != NULL;
    if (field || r->record.field_count == RECORD_MAX_FIELDS) {
        return field;
    }
    size_t i = r->record.field_count++;
    r->tags_used |= bit;
    r->tags[i] = tag;
    r->record.fields[i].name = name;
    return &r->record.fields[i];
}

uint64_t record_reader_count_newlines(str text)
{
    uint64_t count = 0;
    for (struct str_halves h = str_cut(text, '\n'); h.found; h = str_cut(h.tail, '\n')) {
        count++;
    }
    return count;
}

size_t record_reader_kept_bytes(const struct record_reader *r)
{
    return r->max_record_bytes < RECORD_KEPT_BYTES ? r->max_record_bytes : RECORD_KEPT_BYTES;
}

err record_reader_reject(struct record_reader *r, enum reason reason, struct record_scan *scan,
                         struct why *why)
{
    struct window *w = &r->window;
    record_reader_begin(r);
    r->record.bad = reason;
    window_hold(w, record_reader_kept_bytes(r));
    for (;;) {
        str text = window_text(w);
        size_t len = scan->step(scan, text);
        window_take(w, len, record_reader_count_newlines(str_take(text, len)));
        if (scan->found || (w->ended && len == text.len)) {
            break;
        }
        TRY(window_read(w, 1, why));
    }
    r->record.length = w->offset - r->record.offset;
    r->record.raw = window_held(w);
    return OK;
}

bool record_reader_cut_line(str text, bool whole, struct record_line *line)
{
    size_t len = record_scan_line_len(text);
    bool ends = len < text.len;
    bool is_return = ends && text.at[len] == '\r';
    bool has_more = len + 1 < text.len;
    *line = (struct record_line){.text = str_take(text, len), .end = len + ends};
    line->end += is_return && has_more && text.at[len + 1] == '\n';
    return whole || (ends && (!is_return || has_more));
}

err record_reader_line(struct record_reader *r, struct record_line *line, struct why *why)
{
    struct window *w = &r->window;
    while (!record_reader_cut_line(window_text(w), w->ended, line)) {
        size_t have = window_text(w).len;
        if (window_full(w)) {
            line->open = line->end == line->text.len;
            return OK;
        }
        TRY(window_read(w, 2 * have + 1, why));
    }
    return OK;
}

static size_t count_blanks(str text)
{
    size_t count = 0;
    while (count < text.len && (text.at[count] == ' ' || text.at[count] == '\t')) {
        count++;
    }
    return count;
}

err record_reader_skip_blank_lines(struct record_reader *r, struct why *why)
{
    for (;;) {
        struct window *w = &r->window;
        struct record_line line;
        str text = window_text(w);
        size_t blanks = count_blanks(text);
        if (blanks < text.len && text.at[blanks] != '\n' && text.at[blanks] != '\r') {
            return OK;
        }
        TRY(record_reader_line(r, &line, why));
        if (!line.end || line.open || count_blanks(line.text) < line.text.len) {
            return OK;
        }
        window_take(w, line.end, line.end > line.text.len);
    }
}

#include "transform/record_csv.h"

#include <string.h>

/* RFC 4180, and what else is seen: other delimiters, spaces around quotes, any line end, rows that
 * are too short. */

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && *at == ' ') {
        at++;
    }
    return at;
}

static bool ends_value(char c, char delimiter)
{
    return c == delimiter || c == '\n' || c == '\r';
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/* The high bit of each byte that is `c`. Exact for the lowest; borrows may mark bytes above it. */
static uint64_t mark(uint64_t eight, char c)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t zero = eight ^ each * (unsigned char)c;
    return (zero - each) & ~zero & each * 0x80;
}

/* Where a value without quotes ends. */
static const char *after_plain(const char *at, const char *end, char delimiter)
{
    for (uint64_t eight; end - at >= (ptrdiff_t)sizeof eight; at += sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        uint64_t marks = mark(eight, delimiter) | mark(eight, '\n') | mark(eight, '\r');
        if (marks) {
            return at + __builtin_ctzll(marks) / 8;
        }
    }
    while (at < end && !ends_value(*at, delimiter)) {
        at++;
    }
    return at;
}

static uint64_t count_line_ends(str text)
{
    struct record_line line;
    uint64_t count = 0;
    while (record_reader_cut_line(text, true, &line) && line.end > line.text.len) {
        text = str_drop(text, line.end);
        count++;
    }
    return count;
}

/* A value after its opening quote; gives the byte after the closing one, NULL without one. */
static const char *read_quoted(const char *at, const char *end, struct field *field)
{
    const char *start = at;
    field->type = FIELD_STRING;
    while ((at = memchr(at, '"', (size_t)(end - at)))) {
        if (at + 1 == end || at[1] != '"') {
            field->value = str_span(start, at);
            return at + 1;
        }
        field->type = FIELD_CSV_QUOTED;
        at += 2;
    }
    return NULL;
}

/* Gives the byte after the value and the spaces around its quotes, NULL when they are not closed.
 */
static const char *read_cell(struct record_reader *r, const char *at, const char *end,
                             struct record_csv_row *row)
{
    size_t i = row->cells < r->csv.columns ? row->cells : r->csv.columns;
    struct field *field = &r->record.fields[i];
    const char *start = skip_spaces(at, end);
    row->cells++;
    if (start < end && *start == '"') {
        row->quoted = true;
        start = read_quoted(start + 1, end, field);
        return start ? skip_spaces(start, end) : NULL;
    }
    const char *stop = after_plain(start, end, r->csv.delimiter);
    field->type = FIELD_STRING;
    field->value = str_span(at, stop);
    return stop;
}

/* The row's values end at `len`, with the text or before a line end. */
static enum record_csv_end end_row(struct record_reader *r, str text, bool whole,
                                   struct record_csv_row *row)
{
    str rest = str_drop(text, row->len);
    if (!whole && (!rest.len || (rest.len == 1 && rest.at[0] == '\r'))) {
        return RECORD_CSV_SHORT;
    }
    row->end = row->len + (str_starts(rest, STR("\r\n")) ? 2 : rest.len > 0);
    row->lines = rest.len > 0;
    if (row->quoted) {
        row->lines += count_line_ends(str_take(text, row->len));
    }
    row->blank = row->cells == 1 && !row->quoted && !str_trim(r->record.fields[0].value).len;
    return RECORD_CSV_WHOLE;
}

enum record_csv_end record_csv_read(struct record_reader *r, str text, bool whole,
                                    struct record_csv_row *row)
{
    const char *at = text.at;
    const char *end = at + text.len;
    *row = (struct record_csv_row){0};
    for (;; at++) {
        at = read_cell(r, at, end, row);
        if (!at) {
            return whole ? RECORD_CSV_QUOTE : RECORD_CSV_SHORT;
        }
        if (at < end && !ends_value(*at, r->csv.delimiter)) {
            return RECORD_CSV_QUOTE;
        }
        if (at == end || *at != r->csv.delimiter) {
            break;
        }
    }
    row->len = (size_t)(at - text.at);
    return end_row(r, text, whole, row);
}

err record_csv_complete(struct record_reader *r, struct record_csv_row *row,
                        enum record_csv_end *how, struct why *why)
{
    struct window *w = &r->window;
    for (;;) {
        str text = window_text(w);
        *how = record_csv_read(r, text, w->ended, row);
        if (*how != RECORD_CSV_SHORT || window_full(w)) {
            return OK;
        }
        TRY(window_read(w, 2 * text.len + 1, why));
    }
}

/* A quote that is not closed must not cost the lines after it. Only a line that is too long by
 * itself is called so. */
static MUST_USE err reject_line(struct record_reader *r, enum record_csv_end how, struct why *why)
{
    struct record_scan scan = record_scan_to_line_end();
    struct record_scan probe = scan;
    str text = window_text(&r->window);
    bool too_long = how == RECORD_CSV_SHORT && probe.step(&probe, text) == text.len;
    return record_reader_reject(r, too_long ? REASON_E_TOO_LONG : REASON_E_CSV_QUOTE, &scan, why);
}

/* What cannot be read as rows is one bad record. */
static MUST_USE err reject_all(struct record_reader *r, enum reason reason, struct why *why)
{
    struct record_scan scan = record_scan_all();
    return record_reader_reject(r, reason, &scan, why);
}

static void finish_row(struct record_reader *r, const struct record_csv_row *row)
{
    record_reader_begin(r);
    r->record.field_count = r->csv.columns;
    if (row->cells != r->csv.columns) {
        r->record.bad = REASON_E_CSV_COLUMNS;
    }
    record_reader_check_utf8(r, row->len);
    record_reader_finish(r, row->len, row->end, row->lines);
}

static MUST_USE err next_row(struct record_reader *r, bool *found, struct why *why)
{
    struct record_csv_row row;
    enum record_csv_end how = RECORD_CSV_SHORT;
    TRY(record_csv_complete(r, &row, &how, why));
    while (how == RECORD_CSV_WHOLE && row.blank && row.end) {
        window_take(&r->window, row.end, row.lines);
        TRY(record_csv_complete(r, &row, &how, why));
    }
    if (how != RECORD_CSV_WHOLE) {
        *found = true;
        return reject_line(r, how, why);
    }
    *found = row.end > 0;
    if (*found) {
        finish_row(r, &row);
    }
    return OK;
}

err record_csv_next(struct record_reader *r, bool *found, struct why *why)
{
    enum reason bad = REASON_NONE;
    if (!r->csv.ready) {
        TRY(record_csv_header_read(r, found, &bad, why));
        if (bad || !*found) {
            return bad ? reject_all(r, bad, why) : OK;
        }
        r->csv.ready = true;
    }
    return next_row(r, found, why);
}

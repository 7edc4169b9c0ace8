#include "base/json.h"

#include "base/utf8.h"
#include "transform/record_reader.h"

/* Objects one after the other, on lines of their own or not; or the elements of an array. The array
 * may be all there is, or the first member, named "users" or "records", of one object around it;
 * what follows it there is passed over. */

static enum field_type type_of(enum json_kind kind, bool escaped)
{
    switch (kind) {
    case JSON_STRING:
        return escaped ? FIELD_JSON_STRING : FIELD_STRING;
    case JSON_NUMBER:
        return FIELD_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return FIELD_BOOL;
    case JSON_NULL:
        return FIELD_NULL;
    default:
        return FIELD_NESTED;
    }
}

/* The name is the reader's last token. */
static enum reason read_member(struct record_reader *r, struct json *j)
{
    bool known = false;
    str name = json_text(j, &r->names_left);
    struct field *field = name.at ? record_reader_field(r, name, &known) : NULL;
    enum json_kind kind = json_next(j);
    size_t start = j->start;
    if (json_skip(j) <= JSON_SHORT) {
        return REASON_E_JSON;
    }
    if (!field || known) {
        return known ? REASON_E_DUPLICATE_NAME : REASON_E_FIELDS;
    }
    field->type = type_of(kind, j->escaped);
    field->value = kind == JSON_STRING ? j->raw : str_span(j->text.at + start, j->text.at + j->at);
    return REASON_NONE;
}

static void skip_members(struct json *j)
{
    while (json_next(j) == JSON_NAME) {
        (void)json_next(j);
        (void)json_skip(j);
    }
}

/* Reads the value at the window's start as far as it goes. */
static struct json read_value(struct record_reader *r)
{
    struct json j = json_read(window_text(&r->window), r->window.ended);
    record_reader_begin(r);
    if (json_next(&j) != JSON_OBJECT) {
        r->record.bad = REASON_E_JSON;
        (void)json_skip(&j);
        return j;
    }
    while (!r->record.bad && json_next(&j) == JSON_NAME) {
        r->record.bad = read_member(r, &j);
    }
    if (r->record.bad) {
        skip_members(&j);
    }
    return j;
}

/* True when more text may tell another story, or why the value is bad: for that the whole character
 * at which reading stopped must be there. */
static bool needs_more(const struct record_reader *r, const struct json *j)
{
    enum { LONGEST_CHARACTER = 4 };
    bool cut = j->kind == JSON_BAD && j->text.len - j->at < LONGEST_CHARACTER;
    return (j->kind == JSON_SHORT || cut) && !j->whole && !window_full(&r->window);
}

/* The value at the window's start, read to its end; JSON_SHORT when it does not fit. */
static MUST_USE err complete_value(struct record_reader *r, struct json *j, struct why *why)
{
    *j = read_value(r);
    while (needs_more(r, j)) {
        TRY(window_read(&r->window, 2 * j->text.len + 1, why));
        *j = read_value(r);
    }
    return OK;
}

static void finish_value(struct record_reader *r, const struct json *j)
{
    uint64_t lines = record_reader_count_newlines(str_take(j->text, j->at));
    record_reader_finish(r, j->at, j->at, lines);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next byte that is no white space, -1 at the end. */
static MUST_USE err skip_space(struct record_reader *r, int *next, struct why *why)
{
    struct window *w = &r->window;
    for (;;) {
        str text = window_text(w);
        size_t at = 0;
        uint64_t lines = 0;
        for (; at < text.len && is_space(text.at[at]); at++) {
            lines += text.at[at] == '\n';
        }
        window_take(w, at, lines);
        *next = at < text.len ? (unsigned char)text.at[at] : -1;
        if (at < text.len || w->ended) {
            return OK;
        }
        TRY(window_read(w, 1, why));
    }
}

static enum reason reason_of(const struct json *j)
{
    bool cut = false;
    str rest = str_drop(j->text, j->at);
    if (j->kind == JSON_SHORT) {
        return REASON_E_TOO_LONG;
    }
    return rest.len && !utf8_char_len(rest, &cut) ? REASON_E_UTF8 : REASON_E_JSON;
}

/* Lines are the boundary that is left when an object is broken. One that is broken on its first
 * line costs that line. One that goes on over several lines is laid out for people: its other
 * lines are its own, up to one that begins with a brace. */
static MUST_USE err reject_lines(struct record_reader *r, const struct json *j, struct why *why)
{
    bool one_line = !str_cut(str_take(j->text, j->at), '\n').found;
    struct record_scan scan = one_line ? record_scan_to_newline() : record_scan_to_object_line();
    return record_reader_reject(r, reason_of(j), &scan, why);
}

static MUST_USE err next_object(struct record_reader *r, bool *found, struct why *why)
{
    int next = -1;
    TRY(skip_space(r, &next, why));
    *found = next >= 0;
    if (next == '{') {
        struct json j;
        TRY(complete_value(r, &j, why));
        if (j.kind == JSON_CLOSE) {
            finish_value(r, &j);
            return OK;
        }
        return reject_lines(r, &j, why);
    }
    struct record_scan scan = record_scan_to_newline();
    return *found ? record_reader_reject(r, REASON_E_JSON, &scan, why) : OK;
}

/* Nothing in an array can be trusted to begin an element once its grammar is broken. */
static MUST_USE err reject_rest(struct record_reader *r, struct why *why)
{
    struct record_scan scan = record_scan_all();
    r->json_place = JSON_AT_VALUE;
    return record_reader_reject(r, REASON_E_JSON, &scan, why);
}

/* An element whose end can be found by its brackets alone. */
static MUST_USE err reject_element(struct record_reader *r, enum reason reason, struct why *why)
{
    struct record_scan scan = record_scan_json(0);
    TRY(record_reader_reject(r, reason, &scan, why));
    r->json_place = scan.found ? JSON_AT_ELEMENT : JSON_AT_VALUE;
    return OK;
}

static MUST_USE err read_element(struct record_reader *r, struct why *why)
{
    struct json j;
    TRY(complete_value(r, &j, why));
    r->json_place = JSON_AT_ELEMENT;
    if (j.kind > JSON_DONE) {
        finish_value(r, &j);
        return OK;
    }
    enum reason reason = reason_of(&j);
    return reason == REASON_E_JSON ? reject_rest(r, why) : reject_element(r, reason, why);
}

/* After the array: what is left of the object around it is passed over; it is a bad record only
 * when the source ends in it. */
static MUST_USE err leave_array(struct record_reader *r, bool *found, struct why *why)
{
    window_take(&r->window, 1, 0);
    r->json_place = JSON_AT_VALUE;
    if (r->json_wrapped) {
        struct record_scan scan = record_scan_json(1);
        TRY(record_reader_reject(r, REASON_E_JSON, &scan, why));
        window_release(&r->window);
        *found = !scan.found;
    }
    return *found ? OK : next_object(r, found, why);
}

static MUST_USE err next_element(struct record_reader *r, bool *found, struct why *why)
{
    int next = -1;
    TRY(skip_space(r, &next, why));
    if (next == ']') {
        return leave_array(r, found, why);
    }
    *found = true;
    if (r->json_place == JSON_AT_ELEMENT) {
        if (next != ',') {
            return reject_rest(r, why);
        }
        window_take(&r->window, 1, 0);
        TRY(skip_space(r, &next, why));
    }
    return read_element(r, why);
}

/* The bytes of `{"users":[` or `{"records":[`, 0 when the value does not begin so. */
static MUST_USE err find_wrapper(struct record_reader *r, size_t *len, struct why *why)
{
    struct window *w = &r->window;
    for (*len = 0;;) {
        struct json j = json_read(window_text(w), w->ended);
        bool named = json_next(&j) == JSON_OBJECT && json_next(&j) == JSON_NAME &&
                     (str_eq(j.raw, STR("users")) || str_eq(j.raw, STR("records")));
        if (named && json_next(&j) == JSON_ARRAY) {
            *len = j.at;
        }
        if (j.kind != JSON_SHORT || window_full(w)) {
            return OK;
        }
        TRY(window_read(w, 2 * j.text.len, why));
    }
}

static MUST_USE err start(struct record_reader *r, struct why *why)
{
    int next = -1;
    size_t len = 0;
    TRY(skip_space(r, &next, why));
    if (next == '{') {
        TRY(find_wrapper(r, &len, why));
        r->json_wrapped = len > 0;
    }
    len += next == '[';
    r->json_place = len ? JSON_AT_FIRST_ELEMENT : JSON_AT_VALUE;
    uint64_t lines = record_reader_count_newlines(str_take(window_text(&r->window), len));
    window_take(&r->window, len, lines);
    return OK;
}

err record_json_next(struct record_reader *r, bool *found, struct why *why)
{
    if (r->json_place == JSON_AT_START) {
        TRY(start(r, why));
    }
    return r->json_place == JSON_AT_VALUE ? next_object(r, found, why)
                                          : next_element(r, found, why);
}

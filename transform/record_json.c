#include "base/ascii.h"
#include "base/json.h"
#include "base/utf8.h"
#include "transform/record_reader.h"

/* Objects one after the other, on lines of their own or not; or the elements of an array, which may
 * be all there is or stand in an object around it: the wrapper.
 *
 * The first object is a wrapper when a member of it named "users" or "records" is an array, and no
 * "user_id" stands before: with that it is a user who happens to have such a member. Only what
 * stands before the array must fit the window. Each such array is read, whatever stands between;
 * other members are the wrapper's own and passed over. What has one of the three names and is not
 * such an array may have been meant as users: it is a bad record, never lost in silence. */

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

/* The next byte that is no white space, -1 at the end. */
static MUST_USE err skip_space(struct record_reader *r, int *next, struct why *why)
{
    struct window *w = &r->window;
    for (;;) {
        str text = window_text(w);
        size_t at = 0;
        uint64_t lines = 0;
        for (; at < text.len && ascii_is_blank(text.at[at]); at++) {
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
    if (j->too_deep) {
        return REASON_E_TOO_DEEP;
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

/* Nothing in an array or a wrapper can be trusted once its grammar is broken. */
static MUST_USE err reject_rest(struct record_reader *r, struct why *why)
{
    struct record_scan scan = record_scan_all();
    r->json_place = JSON_AT_VALUE;
    return record_reader_reject(r, REASON_E_JSON, &scan, why);
}

/* A value whose end can be found by its brackets alone. */
static MUST_USE err reject_value(struct record_reader *r, enum reason reason, struct why *why)
{
    struct record_scan scan = record_scan_json(0);
    TRY(record_reader_reject(r, reason, &scan, why));
    r->json_place = scan.found ? r->json_place : JSON_AT_VALUE;
    return OK;
}

/* The value of an element or a member, good or bad; `after` is where that leads. Where there is no
 * going on, that is JSON_AT_VALUE. */
static MUST_USE err take_value(struct record_reader *r, enum json_place after, struct why *why)
{
    struct json j;
    TRY(complete_value(r, &j, why));
    r->json_place = after;
    if (j.kind > JSON_DONE) {
        finish_value(r, &j);
        return OK;
    }
    enum reason reason = reason_of(&j);
    return reason == REASON_E_JSON ? reject_rest(r, why) : reject_value(r, reason, why);
}

static MUST_USE err next_element(struct record_reader *r, bool *found, struct why *why)
{
    int next = -1;
    TRY(skip_space(r, &next, why));
    if (next == ']') {
        window_take(&r->window, 1, 0);
        r->json_place = r->json_wrapped ? JSON_AT_MEMBER : JSON_AT_VALUE;
        return OK;
    }
    *found = true;
    if (r->json_place == JSON_AT_ELEMENT) {
        if (next != ',') {
            return reject_rest(r, why);
        }
        window_take(&r->window, 1, 0);
        TRY(skip_space(r, &next, why));
    }
    return take_value(r, JSON_AT_ELEMENT, why);
}

/* What a member of the wrapper has to do with users, by its name. */
enum meaning { MEANS_NOTHING, MEANS_USER, MEANS_USERS };

static enum meaning meaning_of(const struct json *name, struct arena scratch)
{
    str text = json_text(name, &scratch);
    if (str_eq(text, STR("users")) || str_eq(text, STR("records"))) {
        return MEANS_USERS;
    }
    return str_eq(text, STR("user_id")) ? MEANS_USER : MEANS_NOTHING;
}

/* A member's name and colon; not `good` when they are not there. */
static MUST_USE err take_name(struct record_reader *r, enum meaning *meaning, bool *good,
                              struct why *why)
{
    int next = -1;
    struct json j;
    TRY(skip_space(r, &next, why));
    TRY(complete_value(r, &j, why));
    *good = j.kind == JSON_STRING;
    if (!*good) {
        return OK;
    }
    *meaning = meaning_of(&j, r->names);
    window_take(&r->window, j.at, 0);
    TRY(skip_space(r, &next, why));
    *good = next == ':';
    window_take(&r->window, *good, 0);
    return OK;
}

static MUST_USE err take_member(struct record_reader *r, bool *found, struct why *why)
{
    int next = -1;
    bool good = false;
    enum meaning meaning = MEANS_NOTHING;
    TRY(take_name(r, &meaning, &good, why));
    if (!good) {
        *found = true;
        return reject_rest(r, why);
    }
    TRY(skip_space(r, &next, why));
    if (meaning == MEANS_USERS && next == '[') {
        window_take(&r->window, 1, 0);
        r->json_place = JSON_AT_FIRST_ELEMENT;
        return OK;
    }
    TRY(take_value(r, JSON_AT_MEMBER, why));
    *found = meaning != MEANS_NOTHING || r->json_place == JSON_AT_VALUE;
    if (*found && !r->record.bad) {
        r->record.bad = REASON_E_JSON;
        r->record.field_count = 0;
    }
    return OK;
}

static MUST_USE err next_member(struct record_reader *r, bool *found, struct why *why)
{
    int next = -1;
    TRY(skip_space(r, &next, why));
    if (next == '}') {
        window_take(&r->window, 1, 0);
        r->json_place = JSON_AT_VALUE;
        return OK;
    }
    if (r->json_place == JSON_AT_MEMBER) {
        if (next != ',') {
            *found = true;
            return reject_rest(r, why);
        }
        window_take(&r->window, 1, 0);
    }
    return take_member(r, found, why);
}

static bool wraps(struct json *j, struct arena scratch)
{
    (void)json_next(j);
    while (json_next(j) == JSON_NAME) {
        enum meaning meaning = meaning_of(j, scratch);
        if (meaning == MEANS_USER) {
            return false;
        }
        if (json_next(j) == JSON_ARRAY && meaning == MEANS_USERS) {
            return true;
        }
        (void)json_skip(j);
    }
    return false;
}

/* Whether the object at the window's start is a wrapper. Nothing is consumed. */
static MUST_USE err look_for_wrapper(struct record_reader *r, bool *wrapped, struct why *why)
{
    for (;;) {
        struct json j = json_read(window_text(&r->window), r->window.ended);
        *wrapped = wraps(&j, r->names);
        if (*wrapped || j.kind != JSON_SHORT || window_full(&r->window)) {
            return OK;
        }
        TRY(window_read(&r->window, 2 * j.text.len, why));
    }
}

static MUST_USE err start(struct record_reader *r, struct why *why)
{
    int next = -1;
    TRY(skip_space(r, &next, why));
    r->json_place = next == '[' ? JSON_AT_FIRST_ELEMENT : JSON_AT_VALUE;
    if (next == '{') {
        TRY(look_for_wrapper(r, &r->json_wrapped, why));
        r->json_place = r->json_wrapped ? JSON_AT_FIRST_MEMBER : JSON_AT_VALUE;
    }
    window_take(&r->window, r->json_place != JSON_AT_VALUE, 0);
    return OK;
}

err record_json_next(struct record_reader *r, bool *found, struct why *why)
{
    while (!*found) {
        switch (r->json_place) {
        case JSON_AT_START:
            TRY(start(r, why));
            break;
        case JSON_AT_VALUE:
            return next_object(r, found, why);
        case JSON_AT_FIRST_ELEMENT:
        case JSON_AT_ELEMENT:
            TRY(next_element(r, found, why));
            break;
        case JSON_AT_FIRST_MEMBER:
        case JSON_AT_MEMBER:
            TRY(next_member(r, found, why));
            break;
        }
    }
    return OK;
}

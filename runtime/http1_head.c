#include "runtime/http1_head.h"

#include "base/ascii.h"

#include <string.h>

str http1_head_line(str line)
{
    return str_ends(line, STR("\r")) ? str_take(line, line.len - 1) : line;
}

static bool is_name_char(char c)
{
    return ascii_is_letter_or_digit(c) || c == '-' || (c && strchr("!#$%&'*+.^_`|~", c));
}

static bool is_name(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.at[i])) {
            return false;
        }
    }
    return s.len > 0;
}

static bool has_control(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

/* "HTTP/1.1 200" and, after a space, words that nobody reads. */
static MUST_USE err parse_status(str line, int *status, bool *http10, struct why *why)
{
    if (line.len < 12 || !str_starts(line, STR("HTTP/1.")) || !ascii_is_digit(line.at[7]) ||
        line.at[8] != ' ' || (line.len > 12 && line.at[12] != ' ') || has_control(line)) {
        return FAIL(why, ERR_BUG, "the reply does not begin as HTTP/1");
    }
    uint64_t number = 0;
    if (!str_to_u64((str){line.at + 9, 3}, &number) || number < 100 || number > 599) {
        return FAIL(why, ERR_BUG, "the reply has no status of 100 to 599");
    }
    *status = (int)number;
    *http10 = line.at[7] == '0';
    return OK;
}

/* A folded line has no name, and is refused with the others that have none. */
static MUST_USE err add_header(struct http1_reply *reply, str line, struct why *why)
{
    struct str_halves field = str_cut(line, ':');
    if (!field.found || !is_name(field.head)) {
        return FAIL(why, ERR_BUG, "header %zu has no name", reply->header_count);
    }
    if (has_control(field.tail)) {
        return FAIL(why, ERR_BUG, "header %zu has a control character", reply->header_count);
    }
    if (reply->header_count == HTTP1_MAX_HEADERS) {
        return FAIL(why, ERR_LIMIT, "more than %d headers", HTTP1_MAX_HEADERS);
    }
    reply->headers[reply->header_count++] =
        (struct http1_header){.name = field.head, .value = str_trim(field.tail)};
    return OK;
}

/* How many headers have this name, and the value of the last. */
static unsigned count(const struct http1_reply *reply, str name, str *value)
{
    unsigned found = 0;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_eq_nocase(reply->headers[i].name, name)) {
            *value = reply->headers[i].value;
            found++;
        }
    }
    return found;
}

static bool lists(str value, str token)
{
    for (struct str_halves cut = {.tail = value}; cut.tail.len;) {
        cut = str_cut(cut.tail, ',');
        if (str_eq_nocase(str_trim(cut.head), token)) {
            return true;
        }
    }
    return false;
}

/* HTTP/1.1 stays open unless told otherwise, HTTP/1.0 closes unless told otherwise. */
static bool says_keep(const struct http1_reply *reply, bool http10)
{
    bool keep = !http10;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (!str_eq_nocase(reply->headers[i].name, STR("connection"))) {
            continue;
        }
        if (lists(reply->headers[i].value, STR("close"))) {
            return false;
        }
        keep = keep || lists(reply->headers[i].value, STR("keep-alive"));
    }
    return keep;
}

/* RFC 9112 section 6.3. Both framings at once is how replies are smuggled: chunked wins, and what
 * follows it on this connection is not trusted. */
static MUST_USE err frame(const struct http1_reply *reply, int status, bool http10,
                          struct http1_framing *framing, struct why *why)
{
    str length = STR("");
    str coding = STR("");
    unsigned lengths = count(reply, STR("content-length"), &length);
    unsigned codings = count(reply, STR("transfer-encoding"), &coding);
    if (lengths > 1) {
        return FAIL(why, ERR_BUG, "more than one Content-Length");
    }
    if (lengths && !str_to_u64(length, &framing->length)) {
        return FAIL(why, ERR_BUG, "Content-Length is not a number");
    }
    if (codings > 1 || (codings && !str_eq_nocase(coding, STR("chunked")))) {
        return FAIL(why, ERR_BUG, "a transfer coding that is not chunked");
    }
    framing->keep = says_keep(reply, http10);
    if (status < 200 || status == 204 || status == 304) {
        framing->kind = HTTP1_BODY_NONE;
    } else if (codings) {
        framing->kind = HTTP1_BODY_CHUNKED;
        framing->keep = framing->keep && !lengths && !http10;
    } else if (lengths) {
        framing->kind = HTTP1_BODY_LENGTH;
    } else {
        framing->kind = HTTP1_BODY_UNTIL_CLOSE;
        framing->keep = false;
    }
    return OK;
}

err http1_head_parse(str head, struct http1_reply *reply, struct http1_framing *framing,
                     struct why *why)
{
    struct str_halves cut = str_cut(head, '\n');
    int status = 0;
    bool http10 = false;
    reply->header_count = 0;
    TRY(parse_status(http1_head_line(cut.head), &status, &http10, why));
    for (cut = str_cut(cut.tail, '\n'); cut.found; cut = str_cut(cut.tail, '\n')) {
        str line = http1_head_line(cut.head);
        if (line.len) {
            TRY(add_header(reply, line, why));
        }
    }
    TRY(frame(reply, status, http10, framing, why));
    reply->status = status;
    return OK;
}

#include "aws/tool/raw_request.h"

#include "base/ascii.h"

#include <string.h>

enum { MAX_HEADER_BYTES = 16 << 20 };

/* The text that is left, and the number of the line last taken from it. */
struct lines {
    str rest;
    unsigned long number;
};

/* Without its line end. */
static str take_line(struct lines *lines)
{
    struct str_halves cut = str_cut(lines->rest, '\n');
    lines->rest = cut.tail;
    lines->number++;
    return cut.found && str_ends(cut.head, STR("\r")) ? str_take(cut.head, cut.head.len - 1)
                                                      : cut.head;
}

static MUST_USE err check_line(const struct lines *lines, str line, struct why *why)
{
    if (line.len && (memchr(line.at, 0, line.len) || memchr(line.at, '\r', line.len))) {
        return FAIL(why, ERR_INPUT, "line %lu holds a NUL, or a CR that does not end it",
                    lines->number);
    }
    return OK;
}

/* Where the last space of the line is; the line's length when it has none. */
static size_t last_space(str line)
{
    const char *found = line.len ? memrchr(line.at, ' ', line.len) : NULL;
    return found ? (size_t)(found - line.at) : line.len;
}

/* "GET /a b?c=d HTTP/1.1": the target is all between the first space and the last. */
static MUST_USE err read_request_line(struct raw_request *request, str line, struct why *why)
{
    struct str_halves cut = str_cut(line, ' ');
    size_t end = last_space(cut.tail);
    struct str_halves target = str_cut(str_take(cut.tail, end), '?');
    request->method = cut.head;
    request->version = str_drop(cut.tail, end + 1);
    request->path = target.head;
    request->query = target.tail;
    if (!cut.head.len || !str_starts(request->version, STR("HTTP/"))) {
        return FAIL(why, ERR_INPUT, "line 1 is not like \"GET /path?query HTTP/1.1\"");
    }
    if (target.head.len && target.head.at[0] != '/') {
        return FAIL(why, ERR_INPUT, "line 1: the target does not begin with '/'");
    }
    return OK;
}

static bool is_name(str name)
{
    return name.len && ascii_all_visible(name);
}

/* A line that begins with a blank belongs to the header before it. */
static MUST_USE err fold(struct raw_request *request, const struct lines *lines, str line,
                         struct why *why)
{
    struct buf *headers = &request->headers;
    if (!headers->len) {
        return FAIL(why, ERR_INPUT, "line %lu begins with a blank, but goes on from no header",
                    lines->number);
    }
    struct header *last = (void *)(headers->at + headers->len - sizeof *last);
    last->value = str_span(last->value.at, line.at + line.len);
    return OK;
}

static MUST_USE err read_header(struct raw_request *request, const struct lines *lines, str line,
                                struct why *why)
{
    if (ascii_is_blank(line.at[0])) {
        return fold(request, lines, line, why);
    }
    struct str_halves cut = str_cut(line, ':');
    struct header header = {cut.head, cut.tail};
    if (!cut.found || !is_name(cut.head)) {
        return FAIL(why, ERR_INPUT, "line %lu is not like \"Name: value\"", lines->number);
    }
    buf_add(&request->headers, (str){(const char *)&header, sizeof header});
    return request->headers.failed ? FAIL(why, ERR_LIMIT, "too many headers") : OK;
}

err raw_request_parse(struct raw_request *request, str text, struct why *why)
{
    struct lines lines = {.rest = text};
    *request = (struct raw_request){0};
    buf_init(&request->headers, MAX_HEADER_BYTES);
    if (!text.len) {
        return FAIL(why, ERR_INPUT, "there is no request");
    }
    str line = take_line(&lines);
    request->eol = str_starts(str_drop(text, line.len), STR("\r\n")) ? STR("\r\n") : STR("\n");
    TRY(check_line(&lines, line, why));
    TRY(read_request_line(request, line, why));
    while (lines.rest.len) {
        line = take_line(&lines);
        if (!line.len) {
            request->body = lines.rest;
            return OK;
        }
        TRY(check_line(&lines, line, why));
        TRY(read_header(request, &lines, line, why));
    }
    return OK;
}

void raw_request_close(struct raw_request *request)
{
    buf_close(&request->headers);
    *request = (struct raw_request){0};
}

const struct header *raw_request_headers(const struct raw_request *request, size_t *count)
{
    *count = request->headers.len / sizeof(struct header);
    return (const void *)request->headers.at;
}

str raw_request_header(const struct raw_request *request, str name)
{
    size_t count = 0;
    const struct header *headers = raw_request_headers(request, &count);
    for (size_t i = 0; i < count; i++) {
        if (str_eq_nocase(headers[i].name, name)) {
            return str_trim(headers[i].value);
        }
    }
    return STR("");
}

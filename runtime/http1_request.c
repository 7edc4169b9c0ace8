#include "runtime/http1_request.h"

#include <string.h>

/* A line break in a value would let it write headers of its own, or a second request. */
static bool is_clean(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static void add_header(struct buf *head, str name, str value)
{
    buf_add(head, name);
    buf_add(head, STR(": "));
    buf_add(head, value);
    buf_add(head, STR("\r\n"));
}

static void add_request_line(struct buf *head, const struct http1_request *request)
{
    buf_add(head, request->method);
    buf_char(head, ' ');
    buf_add(head, request->path);
    buf_add(head, STR(" HTTP/1.1\r\n"));
}

static void add_length(struct buf *head, size_t len)
{
    buf_add(head, STR("Content-Length: "));
    buf_u64(head, len);
    buf_add(head, STR("\r\n"));
}

err http1_request_head(const struct http1 *http, const struct http1_request *request,
                       enum http1_request_body kind, struct buf *head, struct why *why)
{
    add_request_line(head, request);
    add_header(head, STR("Host"), str_from(http->host));
    bool clean = is_clean(request->path) && !memchr(request->path.at, ' ', request->path.len);
    for (size_t i = 0; i < request->header_count; i++) {
        clean = clean && is_clean(request->headers[i].value);
        add_header(head, request->headers[i].name, request->headers[i].value);
    }
    if (kind == HTTP1_REQUEST_CHUNKED) {
        add_header(head, STR("Transfer-Encoding"), STR("chunked"));
    } else if (!str_eq(request->method, STR("GET"))) {
        add_length(head, request->body.len);
    }
    buf_add(head, STR("\r\n"));
    if (!clean) {
        return FAIL(why, ERR_BUG, "a control character in the path or a header of a request");
    }
    return head->failed
               ? FAIL(why, ERR_LIMIT, "a request head past %d bytes", HTTP1_REQUEST_HEAD_BYTES)
               : OK;
}

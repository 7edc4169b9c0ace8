#include "runtime/http1.h"

#include "runtime/http1_reply.h"
#include "runtime/http1_request.h"
#include "runtime/http1_socket.h"

enum { MAX_TRAILER_BYTES = 64 * 1024 };

static MUST_USE err send_head(struct http1 *http, str head, struct why *why)
{
    if (http->fd < 0 || !http1_socket_is_idle(http)) {
        TRY(http1_socket_open(http, why));
    }
    http->broken = http->timed_out = false;
    if (!http1_socket_send(http, &head, 1)) {
        http1_socket_close(http);
        return FAIL(why, ERR_BUSY, "a request could not be begun");
    }
    return OK;
}

err http1_begin(struct http1 *http, const struct http1_request *request, struct why *why)
{
    char memory[HTTP1_REQUEST_HEAD_BYTES];
    struct buf head;
    buf_wrap(&head, memory, sizeof memory);
    bool has_body = !str_eq(request->method, STR("GET"));
    TRY(http1_request_head(http, request, has_body ? HTTP1_REQUEST_CHUNKED : HTTP1_REQUEST_WHOLE,
                           &head, why));
    return send_head(http, buf_str(&head), why);
}

static void add_hex(struct buf *out, size_t value)
{
    char digits[2 * sizeof value];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    buf_add(out, (str){digits + at, sizeof digits - at});
}

/* A server that answers in the middle does not want the rest. */
static bool send_chunk(struct http1 *http, str bytes)
{
    char memory[32];
    struct buf size;
    buf_wrap(&size, memory, sizeof memory);
    add_hex(&size, bytes.len);
    buf_add(&size, STR("\r\n"));
    const str parts[] = {buf_str(&size), bytes, STR("\r\n")};
    return http1_socket_is_idle(http) && http1_socket_send(http, parts, 3);
}

err http1_write(struct http1 *http, str bytes, struct why *why)
{
    if (!bytes.len) {
        return OK; /* a chunk of no bytes would be the end */
    }
    http->broken = http->broken || !send_chunk(http, bytes);
    return http->broken ? FAIL(why, ERR_BUSY, "the rest of a request could not be sent") : OK;
}

static bool send_end(struct http1 *http, const struct http1_header *trailers, size_t count)
{
    struct buf end;
    buf_init(&end, MAX_TRAILER_BYTES);
    buf_add(&end, STR("0\r\n"));
    for (size_t i = 0; i < count; i++) {
        buf_add(&end, trailers[i].name);
        buf_add(&end, STR(": "));
        buf_add(&end, trailers[i].value);
        buf_add(&end, STR("\r\n"));
    }
    buf_add(&end, STR("\r\n"));
    str whole = buf_str(&end);
    bool sent = !end.failed && http1_socket_send(http, &whole, 1);
    buf_close(&end);
    return sent;
}

/* Who took nothing for timeout_ms is not waited for once more. */
static MUST_USE err end(struct http1 *http, struct http1_reply *reply, struct buf *body,
                        struct why *why)
{
    if (http->fd < 0) {
        return FAIL(why, ERR_BUSY, "no connection");
    }
    if (http->broken && http->timed_out) {
        return FAIL(why, ERR_BUSY, "nothing was taken for %lld ms", (long long)http->timeout_ms);
    }
    return http1_reply_read(http, !http->broken, reply, body, why);
}

err http1_end(struct http1 *http, const struct http1_header *trailers, size_t count,
              struct http1_reply *reply, struct buf *body, struct why *why)
{
    reply->status = 0;
    reply->header_count = 0;
    buf_clear(body);
    http->broken = http->broken || !send_end(http, trailers, count);
    err result = end(http, reply, body, why);
    if (result.kind) {
        http1_socket_close(http);
    }
    return result;
}

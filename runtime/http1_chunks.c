#include "runtime/http1.h"

#include "runtime/http1_reply.h"
#include "runtime/http1_request.h"
#include "runtime/http1_socket.h"

enum { MAX_TRAILER_BYTES = 64 * 1024 };

err http1_begin(struct http1 *http, const struct http1_request *request, struct why *why)
{
    char memory[HTTP1_REQUEST_HEAD_BYTES];
    struct buf head;
    buf_wrap(&head, memory, sizeof memory);
    bool has_body = !str_eq(request->method, STR("GET"));
    TRY(http1_request_head(http, request, has_body ? HTTP1_REQUEST_CHUNKED : HTTP1_REQUEST_WHOLE,
                           &head, why));
    if (http->fd < 0 || !http1_socket_is_idle(http)) {
        TRY(http1_socket_open(http, why));
    }
    http->broken = !http1_socket_send(http, buf_str(&head), STR(""));
    return http->broken ? FAIL(why, ERR_BUSY, "a request could not be begun") : OK;
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

/* Size, bytes and line end: the first and the last go out with a neighbour each. */
err http1_write(struct http1 *http, str bytes, struct why *why)
{
    char memory[32];
    struct buf size;
    if (!bytes.len) {
        return OK; /* a chunk of no bytes would be the end */
    }
    buf_wrap(&size, memory, sizeof memory);
    add_hex(&size, bytes.len);
    buf_add(&size, STR("\r\n"));
    http->broken = http->broken || !http1_socket_send(http, buf_str(&size), bytes) ||
                   !http1_socket_send(http, STR("\r\n"), STR(""));
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
    bool sent = !end.failed && http1_socket_send(http, buf_str(&end), STR(""));
    buf_close(&end);
    return sent;
}

err http1_end(struct http1 *http, const struct http1_header *trailers, size_t count,
              struct http1_reply *reply, struct buf *body, struct why *why)
{
    reply->status = 0;
    reply->header_count = 0;
    buf_clear(body);
    http->broken = http->broken || !send_end(http, trailers, count);
    err result = http1_reply_read(http, !http->broken, reply, body, why);
    if (result.kind) {
        http1_socket_close(http);
    }
    return result;
}

#include "runtime/http1_reply.h"

#include "base/ascii.h"
#include "runtime/http1_socket.h"

#include <string.h>
#include <sys/socket.h>

/* More bytes at the end of `in`, up to `limit` in all. */
static MUST_USE err receive_more(struct http1 *http, size_t limit, struct why *why)
{
    size_t got = 0;
    TRY(http1_socket_receive(http, http->in + http->in_len, limit - http->in_len, &got, why));
    if (got == 0) {
        return FAIL(why, ERR_BUSY, "connection closed before the reply was whole");
    }
    http->in_len += got;
    return OK;
}

/* Receives until [in_at, in_head) is a head with its blank line. Nothing moves meanwhile: what has
 * been scanned stays scanned. */
static MUST_USE err receive_head(struct http1 *http, struct why *why)
{
    size_t line = http->in_at;
    size_t scanned = http->in_at;
    for (;;) {
        const char *end = memchr(http->in + scanned, '\n', http->in_len - scanned);
        if (end) {
            size_t len = http1_head_line(str_span(http->in + line, end)).len;
            scanned = (size_t)(end - http->in) + 1;
            line = scanned;
            if (len == 0) {
                http->in_head = scanned;
                return OK;
            }
            continue;
        }
        if (http->in_len >= HTTP1_MAX_HEAD_BYTES) {
            return FAIL(why, ERR_LIMIT, "a head past %d bytes", HTTP1_MAX_HEAD_BYTES);
        }
        scanned = http->in_len;
        TRY(receive_more(http, HTTP1_MAX_HEAD_BYTES, why));
    }
}

err http1_reply_head(struct http1 *http, struct http1_reply *reply, struct http1_framing *framing,
                     struct why *why)
{
    for (;;) {
        TRY(receive_head(http, why));
        str head = str_span(http->in + http->in_at, http->in + http->in_head);
        TRY(http1_head_parse(head, reply, framing, why));
        http->in_at = http->in_head;
        if (reply->status >= 200) {
            return OK;
        }
        if (reply->status == 101) {
            return FAIL(why, ERR_BUG, "a change of protocol that nobody asked for");
        }
        reply->status = 0;
    }
}

/* Moves what is not consumed down to the head, which must stay, and receives more behind it. */
static MUST_USE err refill(struct http1 *http, struct why *why)
{
    size_t left = http->in_len - http->in_at;
    memmove(http->in + http->in_head, http->in + http->in_at, left);
    http->in_at = http->in_head;
    http->in_len = http->in_head + left;
    return receive_more(http, HTTP1_IN_BYTES, why);
}

/* The next line of a chunked body, good until the next one. Only CRLF ends it: a chunk one byte
 * longer than its data would swallow the CR, and the LF alone must not hide that. */
static MUST_USE err read_line(struct http1 *http, str *line, struct why *why)
{
    size_t scanned = 0;
    for (;;) {
        const char *start = http->in + http->in_at;
        size_t len = http->in_len - http->in_at;
        const char *end = memchr(start + scanned, '\n', len - scanned);
        if (end) {
            *line = http1_head_line(str_span(start, end));
            http->in_at = (size_t)(end - http->in) + 1;
            if (line->at + line->len == end) {
                return FAIL(why, ERR_BUG, "a line in the body does not end in CRLF");
            }
            return OK;
        }
        if (len >= HTTP1_MAX_LINE_BYTES) {
            return FAIL(why, ERR_LIMIT, "a line past %d bytes in the body", HTTP1_MAX_LINE_BYTES);
        }
        scanned = len;
        TRY(refill(http, why));
    }
}

/* Exactly `len` bytes. */
static MUST_USE err take(struct http1 *http, uint64_t len, struct buf *body, struct why *why)
{
    if (len > body->max - body->len || (len && !buf_reserve(body, (size_t)len))) {
        return FAIL(why, ERR_LIMIT, "a body past %zu bytes", body->max);
    }
    size_t goal = body->len + (size_t)len;
    size_t ready = http->in_len - http->in_at < len ? http->in_len - http->in_at : (size_t)len;
    buf_add(body, (str){http->in + http->in_at, ready});
    http->in_at += ready;
    while (body->len < goal) {
        size_t got = 0;
        TRY(http1_socket_receive(http, body->at + body->len, goal - body->len, &got, why));
        if (got == 0) {
            return FAIL(why, ERR_BUSY, "connection closed in the body");
        }
        body->len += got;
    }
    return OK;
}

/* 1 to 16 hexadecimal digits; what follows a semicolon is an extension, and skipped. */
static bool parse_chunk_size(str line, uint64_t *size)
{
    str digits = str_trim(str_cut(line, ';').head);
    *size = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int value = ascii_hex_value(digits.at[i]);
        if (value < 0) {
            return false;
        }
        *size = *size << 4 | (uint64_t)value;
    }
    return digits.len >= 1 && digits.len <= 16;
}

static MUST_USE err skip_trailers(struct http1 *http, struct why *why)
{
    for (int i = 0; i <= HTTP1_MAX_HEADERS; i++) {
        str line = STR("");
        TRY(read_line(http, &line, why));
        if (line.len == 0) {
            return OK;
        }
    }
    return FAIL(why, ERR_LIMIT, "more than %d trailers", HTTP1_MAX_HEADERS);
}

static MUST_USE err read_chunked(struct http1 *http, struct buf *body, struct why *why)
{
    for (;;) {
        str line = STR("");
        uint64_t size = 0;
        TRY(read_line(http, &line, why));
        if (!parse_chunk_size(line, &size)) {
            return FAIL(why, ERR_BUG, "the size of a chunk is not a number");
        }
        if (size == 0) {
            return skip_trailers(http, why);
        }
        TRY(take(http, size, body, why));
        TRY(read_line(http, &line, why));
        if (line.len) {
            return FAIL(why, ERR_BUG, "a chunk does not end where it should");
        }
    }
}

static MUST_USE err read_until_close(struct http1 *http, struct buf *body, struct why *why)
{
    for (;;) {
        buf_add(body, str_span(http->in + http->in_at, http->in + http->in_len));
        http->in_at = http->in_head;
        http->in_len = http->in_head;
        if (body->failed) {
            return FAIL(why, ERR_LIMIT, "a body past %zu bytes", body->max);
        }
        size_t got = 0;
        size_t room = HTTP1_IN_BYTES - http->in_len;
        TRY(http1_socket_receive(http, http->in + http->in_len, room, &got, why));
        if (got == 0) {
            return OK;
        }
        http->in_len += got;
    }
}

err http1_reply_body(struct http1 *http, const struct http1_framing *framing, struct buf *body,
                     struct why *why)
{
    switch (framing->kind) {
    case HTTP1_BODY_LENGTH:
        return take(http, framing->length, body, why);
    case HTTP1_BODY_CHUNKED:
        return read_chunked(http, body, why);
    case HTTP1_BODY_UNTIL_CLOSE:
        return read_until_close(http, body, why);
    case HTTP1_BODY_NONE:
        break;
    }
    return OK;
}

/* Where sending broke off, the other side may have said why before it stopped listening ("413, and
 * I close"): its answer is read all the same. Half-closed, so that it cannot wait for the rest. */
err http1_reply_read(struct http1 *http, bool sent, struct http1_reply *reply, struct buf *body,
                     struct why *why)
{
    struct http1_framing framing = {0};
    http->in_head = http->in_at = http->in_len = 0;
    if (!sent) {
        (void)shutdown(http->fd, SHUT_WR);
    }
    TRY(http1_reply_head(http, reply, &framing, why));
    TRY(http1_reply_body(http, &framing, body, why));
    if (!sent || !framing.keep || http->in_at != http->in_len) {
        http1_socket_close(http);
    }
    return OK;
}

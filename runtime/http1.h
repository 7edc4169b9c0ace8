/* A small HTTP/1.1 client on one kept-alive socket, for the Lambda Runtime API alone: plain text,
 * an IPv4 address or "localhost" with a port, no DNS, no TLS, libc only.
 *
 * It reads bodies with Content-Length, chunked, and ended by the close (HTTP/1.0), split at any
 * byte, with header names in any case. A connection that the other side closed between requests is
 * opened anew. Everything that comes in is bounded.
 * Source: RFC 9112.
 */
#ifndef RUNTIME_HTTP1_H
#define RUNTIME_HTTP1_H

#include "base/buf.h"
#include "base/err.h"

enum {
    HTTP1_MAX_HEAD_BYTES = 64 * 1024, /* status line and headers of a reply */
    HTTP1_MAX_HEADERS = 64,
};

struct http1_header {
    str name, value;
};

struct http1 {
    int fd;             /* -1: not connected */
    char host[64];      /* as in the Host header: "127.0.0.1:9001" */
    uint32_t address;   /* network byte order */
    uint16_t port;      /* network byte order */
    int64_t timeout_ms; /* for each wait on the socket; 0: for ever, as /next needs */
    bool timed_out;     /* the last wait ran into timeout_ms */
    int stop_fd;        /* readable: a wait without timeout_ms for a reply that has not begun ends,
                           ERR_DEADLINE; 0: none */
    bool stopped;       /* the last wait ended so */
    bool broken;        /* a request in pieces cannot be sent on */
    char *in;           /* what was received: the reply's head, then [in_at, in_len) to consume */
    size_t in_head, in_at, in_len;
    unsigned connects; /* connections opened so far */
};

struct http1_request {
    str method, path;
    const struct http1_header *headers; /* besides Host and Content-Length; no control characters */
    size_t header_count;
    str body;
};

/* The strs are good until the next request on the connection. */
struct http1_reply {
    int status;
    struct http1_header headers[HTTP1_MAX_HEADERS];
    size_t header_count;
};

/* `address` is "host:port" as in AWS_LAMBDA_RUNTIME_API. Nothing is connected yet. */
err http1_init(struct http1 *http, str address, struct why *why) MUST_USE;
/* Sends the request and reads the reply, its body into `body` (cleared first; its maximum bounds
 * the body). reply->status is 0 unless the head was read, also where its body fails. ERR_BUSY: no
 * connection, reset, time-out, closed early: sending it again may help. ERR_LIMIT: the reply is
 * past a bound; ERR_BUG: it is not HTTP; ERR_DEADLINE: stop_fd. After any failure the connection is
 * closed. A request on a reused connection that dies before the first byte of the reply is sent
 * once more on a new one only if `repeatable`. */
err http1_send(struct http1 *http, const struct http1_request *request, bool repeatable,
               struct http1_reply *reply, struct buf *body, struct why *why) MUST_USE;
/* The same in pieces, for a body that is not there yet: sent chunked as it comes.
 *
 * Begins the request (its `body` is not looked at), on a new connection where the last one was
 * closed. After a failure the connection is closed and there is nothing to end. For a GET that is
 * all there is to send, and whoever does not want the reply never calls http1_end. */
err http1_begin(struct http1 *http, const struct http1_request *request, struct why *why) MUST_USE;
/* ERR_BUSY when the connection is lost, nothing was taken for timeout_ms, or the server answers
 * before the end: http1_end tells what. No bytes: nothing is sent. */
err http1_write(struct http1 *http, str bytes, struct why *why) MUST_USE;
/* Ends the body, with trailers (no control characters in them), and reads the reply as http1_send
 * does: also after a failed http1_write, when the connection is closed then. */
err http1_end(struct http1 *http, const struct http1_header *trailers, size_t count,
              struct http1_reply *reply, struct buf *body, struct why *why) MUST_USE;

/* The value of a header, empty when absent. */
str http1_header(const struct http1_reply *reply, str name);
/* Safe on zeroed memory and twice. */
void http1_close(struct http1 *http);

#endif

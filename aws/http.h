/* Plain HTTP exchanges, many under way at once, over one pool of kept-alive connections.
 *
 * Start exchanges, then pump: all of them move, and each tells its owner of body bytes and of its
 * end. A reader that has no room answers HTTP_LATER; then nothing more is taken off its connection
 * until http_resume. Knows nothing of AWS. Redirects are not followed, replies not decompressed,
 * certificates always verified; HTTP/1.1 only. The proxies that libcurl finds in the environment
 * are used, but never for a loopback or link-local address.
 */
#ifndef AWS_HTTP_H
#define AWS_HTTP_H

#include "aws/header.h"
#include "aws/trust.h"

enum { HTTP_MAX_HEADERS = 16, HTTP_MAX_HEAD_BYTES = 64 * 1024 };

struct http;          /* the pool */
struct http_exchange; /* a request and its reply; owned by the pool */

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_HEAD };

/* How an exchange ended. */
enum http_end {
    HTTP_COMPLETE,  /* the whole reply came, whatever its status */
    HTTP_BROKEN,    /* no connection, reset, cut off, or not HTTP */
    HTTP_TIMED_OUT, /* connecting, stalled, or the whole took too long */
    HTTP_UNTRUSTED, /* the certificate was refused, or the CA bundle cannot be read */
    HTTP_TOO_LARGE, /* the reply's head is past HTTP_MAX_HEAD_BYTES */
    HTTP_STOPPED,   /* on_body said so */
};

/* What on_body did with the bytes: all of them or none. */
enum http_take { HTTP_TAKEN, HTTP_LATER, HTTP_STOP };

struct http_request {
    enum http_method method;
    str url;                      /* absolute and percent-encoded */
    const struct header *headers; /* all but Content-Length; used only by http_start */
    size_t header_count;
    str body;           /* borrowed until the end */
    int64_t timeout_ms; /* of the whole exchange; 0 for none */
    int64_t stall_ms;   /* with nothing moving, pauses left out; 0 for none; whole seconds */
    bool fresh;         /* on a connection of its own, not a kept one */
    /* Called from within http_pump and http_resume, with at most 16 KiB. It may read the exchange's
     * status and headers, and start or end nothing. */
    enum http_take (*on_body)(void *ctx, str bytes);
    /* Called from within http_pump only, once. It may start exchanges. The exchange is gone when it
     * returns. */
    void (*on_end)(void *ctx, enum http_end end);
    void *ctx;
};

err http_init(struct http **out, const struct trust_config *trust, struct why *why) MUST_USE;
/* Drops what is under way without a word. NULL is allowed. */
void http_close(struct http *http);

/* ERR_INPUT when a header or the URL holds a control character; ERR_LIMIT when there is no memory.
 * on_end is not called then. */
err http_start(struct http *http, const struct http_request *request, struct http_exchange **out,
               struct why *why) MUST_USE;
/* Goes on after HTTP_LATER. */
void http_resume(struct http_exchange *exchange);
/* Drops the exchange; on_end is not called. */
void http_cancel(struct http_exchange *exchange);
/* Sends and receives what can be, waiting at most `wait_ms` for something to happen. */
void http_pump(struct http *http, int64_t wait_ms);

int http_status(const struct http_exchange *exchange);
/* The value of a reply's header, trimmed; empty when absent. Good until the exchange ends. */
str http_header(const struct http_exchange *exchange, str name);
/* Why an exchange ended BROKEN or UNTRUSTED, in libcurl's fixed words; in on_end only. */
const char *http_reason(const struct http_exchange *exchange);
/* In on_end: a kept connection was used and not a byte came back, so it had probably died long
 * before. */
bool http_was_stale(const struct http_exchange *exchange);

#endif

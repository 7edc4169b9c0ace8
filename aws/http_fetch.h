/* One small HTTP exchange, waited for. For what must be known before anything else can go on, such
 * as credentials.
 */
#ifndef AWS_HTTP_FETCH_H
#define AWS_HTTP_FETCH_H

#include "aws/http.h"
#include "base/buf.h"

struct http_fetched {
    enum http_end end;  /* HTTP_STOPPED: the body is larger than its room */
    int status;         /* 0 when no status line came */
    const char *reason; /* of BROKEN and UNTRUSTED, in libcurl's fixed words */
};

/* Sends it and pumps `http` until it has ended; other exchanges move on the way. The request's
 * callbacks are not looked at; its timeout_ms is the longest that this takes, and must be set. The
 * body goes into `body`, emptied before. ERR_INPUT and ERR_LIMIT as of http_start. */
err http_fetch(struct http *http, const struct http_request *request, struct buf *body,
               struct http_fetched *out, struct why *why) MUST_USE;

#endif

/* The head of a request, ready to be sent. */
#ifndef RUNTIME_HTTP1_REQUEST_H
#define RUNTIME_HTTP1_REQUEST_H

#include "runtime/http1.h"

enum { HTTP1_REQUEST_HEAD_BYTES = 8 * 1024 };

enum http1_request_body { HTTP1_REQUEST_WHOLE, HTTP1_REQUEST_CHUNKED };

/* Appends it. ERR_BUG for a control character in the path or in a header's value; ERR_LIMIT when it
 * does not fit. */
err http1_request_head(const struct http1 *http, const struct http1_request *request,
                       enum http1_request_body kind, struct buf *head, struct why *why) MUST_USE;

#endif

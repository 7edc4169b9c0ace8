/* A response that is sent while it is made, up to 200 MB.
 *
 *     struct lambda_stream_head head = {.content_type = STR("text/plain")};
 *     TRY(lambda_stream_open(in->stream, &head, why));
 *     while (...) { TRY(lambda_stream_write(in->stream, piece, why)); }
 *     return OK;
 *
 * The handler opens it, writes and returns; what it put into `reply` is not sent then. Writing
 * waits until the other side has taken enough: that is the back-pressure. A failure that the
 * handler returns is sent as trailers, so that the caller learns that the response is not whole;
 * one of lambda_stream_open is posted as any other. Source:
 * docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
 */
#ifndef RUNTIME_LAMBDA_STREAM_H
#define RUNTIME_LAMBDA_STREAM_H

#include "runtime/lambda.h"

struct lambda_stream_head {
    str content_type; /* of the response; empty: application/octet-stream */
    /* JSON: {"statusCode":200,"headers":{...},"cookies":[...]}: sent as the prelude that function
     * URLs and API Gateway take status and headers from, the content type among them. Empty: none.
     */
    str prelude;
};

/* Begins the response. ERR_BUG when it has begun already, or for a control character in the content
 * type; ERR_LIMIT for one of kilobytes; ERR_BUSY when the API cannot be reached. */
err lambda_stream_open(struct lambda_stream *stream, const struct lambda_stream_head *head,
                       struct why *why) MUST_USE;
/* ERR_BUG when it is not open; ERR_BUSY when the connection is lost, nothing is taken for 30 s or
 * the API refuses the response: the rest of it is lost then, and so is the invocation. No bytes:
 * nothing is sent. */
err lambda_stream_write(struct lambda_stream *stream, str bytes, struct why *why) MUST_USE;

#endif

/* A reply off the socket: its head, then its body in whichever of the three ways it is delimited.
 * Bytes that come with the head are copied once, the rest is received where it belongs.
 */
#ifndef RUNTIME_HTTP1_REPLY_H
#define RUNTIME_HTTP1_REPLY_H

#include "runtime/http1_head.h"

enum {
    HTTP1_MAX_LINE_BYTES = 4096, /* of a chunk's size with its extensions, of a trailer */
    HTTP1_IN_BYTES = HTTP1_MAX_HEAD_BYTES + 2 * HTTP1_MAX_LINE_BYTES,
};

/* Interim (1xx) replies are skipped. Errors as http1_send has them. */
err http1_reply_head(struct http1 *http, struct http1_reply *reply, struct http1_framing *framing,
                     struct why *why) MUST_USE;
err http1_reply_body(struct http1 *http, const struct http1_framing *framing, struct buf *body,
                     struct why *why) MUST_USE;
/* Both, after a request that was `sent` whole or in part; closes a connection that is no good for
 * another one. */
err http1_reply_read(struct http1 *http, bool sent, struct http1_reply *reply, struct buf *body,
                     struct why *why) MUST_USE;

#endif

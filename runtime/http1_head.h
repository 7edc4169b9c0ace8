/* The head of an HTTP/1 reply, from the status line through the blank line: text in, what it says
 * out. Pure. Source: RFC 9112 sections 2 to 6.
 *
 * Strict where leniency has hurt others: a folded line, a control character, white space before a
 * colon, a second Content-Length and any coding but one "chunked" are refused. Lines may end in
 * LF alone.
 */
#ifndef RUNTIME_HTTP1_HEAD_H
#define RUNTIME_HTTP1_HEAD_H

#include "runtime/http1.h"

enum http1_body_kind {
    HTTP1_BODY_NONE,
    HTTP1_BODY_LENGTH,
    HTTP1_BODY_CHUNKED,
    HTTP1_BODY_UNTIL_CLOSE,
};

/* How the body that follows is delimited. */
struct http1_framing {
    enum http1_body_kind kind;
    uint64_t length; /* of BODY_LENGTH */
    bool keep;       /* the connection is good for another request */
};

/* ERR_BUG when the head is not HTTP, ERR_LIMIT past HTTP1_MAX_HEADERS. The reply borrows `head`. */
err http1_head_parse(str head, struct http1_reply *reply, struct http1_framing *framing,
                     struct why *why) MUST_USE;
/* A line without the CR at its end. */
str http1_head_line(str line);

#endif

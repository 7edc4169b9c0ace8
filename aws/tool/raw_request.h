/* An HTTP request as text, the way people have it: copied from a log, a file or a proxy.
 *
 * Lines end in LF or CRLF. What no client should send but people do write is taken as it stands:
 * raw spaces and UTF-8 in the target, headers folded over lines (RFC 9112 section 5.2), an end
 * without an empty line. All that follows the empty line is the body, to the last byte.
 */
#ifndef AWS_TOOL_RAW_REQUEST_H
#define AWS_TOOL_RAW_REQUEST_H

#include "aws/header.h"
#include "base/buf.h"
#include "base/err.h"

/* Everything is borrowed from the text but the list of headers. */
struct raw_request {
    str method;
    str path;    /* empty, or begins with '/' */
    str query;   /* without '?' */
    str version; /* "HTTP/1.1" */
    str eol;     /* how the first line ends: "\n" or "\r\n" */
    str body;
    struct buf headers; /* of struct header; a value is all after the ':', blanks and folds too */
};

/* ERR_INPUT naming the line that cannot be understood, ERR_LIMIT when there is no memory. To be
 * closed in either case. */
err raw_request_parse(struct raw_request *request, str text, struct why *why) MUST_USE;
void raw_request_close(struct raw_request *request);

/* The headers, and how many; good until the request is closed. */
const struct header *raw_request_headers(const struct raw_request *request, size_t *count);
/* The first header of that name, trimmed; empty when there is none. */
str raw_request_header(const struct raw_request *request, str name);

#endif

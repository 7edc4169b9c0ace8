/* One HTTP/1.1 request as it comes in, split anywhere: the head, then a body by Content-Length or
 * in chunks.
 *
 * A body past the maximum is read to its end and thrown away, so that the sender can be told.
 * Source: RFC 9112.
 */
#ifndef DEPLOY_LOCAL_API_REQUEST_H
#define DEPLOY_LOCAL_API_REQUEST_H

#include "base/buf.h"

enum {
    API_REQUEST_MAX_HEAD_BYTES = 32 * 1024, /* all lines but those of the chunks, and one of them */
    API_REQUEST_MAX_HEADERS = 64,           /* and as many trailers */
};

enum api_request_state {
    API_REQUEST_HEAD,
    API_REQUEST_BODY,       /* of a stated length */
    API_REQUEST_CHUNK_SIZE, /* the line before a chunk */
    API_REQUEST_CHUNK,
    API_REQUEST_CHUNK_END, /* the line break after a chunk */
    API_REQUEST_TRAILER,
    API_REQUEST_DONE,
    API_REQUEST_BAD, /* not HTTP, or a bound was passed */
};

struct api_header {
    str name, value;
};

struct api_headers {
    struct api_header at[API_REQUEST_MAX_HEADERS];
    size_t count;
};

struct api_request {
    enum api_request_state state;
    str method, path; /* these, headers and trailers are good until api_request_clear */
    struct api_headers headers, trailers;
    bool last;        /* HTTP/1.0 or "Connection: close": no request follows on the connection */
    bool too_large;   /* the body is past its maximum; `body` is empty */
    struct buf body;  /* complete in API_REQUEST_DONE */
    struct buf lines; /* the head's lines, and behind them the line being read */
    size_t line_at;   /* where that line begins */
    uint64_t left;    /* bytes of the body or of the chunk to come */
};

/* False when there is no memory. */
bool api_request_init(struct api_request *request, size_t max_body_bytes);
/* Safe on zeroed memory and twice. */
void api_request_close(struct api_request *request);
/* Ready for the next request of the connection. */
void api_request_clear(struct api_request *request);
/* Takes what belongs to this request; the number of bytes taken. DONE and BAD take none. */
size_t api_request_feed(struct api_request *request, str bytes);
/* The value of the first header of the name, empty when there is none. */
str api_request_header(const struct api_request *request, str name);
/* The same of those that came after a chunked body. */
str api_request_trailer(const struct api_request *request, str name);

#endif

/* The parts of an open download, of s3.c and its two halves: s3_request.c asks, s3_reply.c takes
 * what comes.
 */
#ifndef AWS_S3_DOWNLOAD_H
#define AWS_S3_DOWNLOAD_H

#include "aws/call.h"
#include "aws/checksum.h"
#include "aws/s3_region.h"
#include "aws/s3_window.h"
#include "base/arena.h"

enum { S3_FACT_BYTES = 256, S3_REQUEST_HEADERS = 3 };

/* A reply's header, kept past its reply. */
struct s3_fact {
    char text[S3_FACT_BYTES];
    size_t len;
};

struct s3_download {
    struct arena_block block; /* in which all this lies */
    struct client *client;
    const struct s3_object *object;
    struct call call;

    /* The request. */
    struct s3_place place;
    struct buf host, path, query;
    char range[48], match[S3_FACT_BYTES + 2];
    struct header headers[S3_REQUEST_HEADERS];

    /* What the first reply said. */
    struct s3_fact etag, content_type, content_encoding;
    uint64_t size;
    int64_t modified_ms;
    struct checksum checksum;      /* of the bytes received so far */
    struct s3_fact checksum_value; /* what it is to be in the end */
    const char *checksum_header;   /* where that came from; NULL: nothing is compared */

    uint64_t received; /* offset after the bytes that came, in order and without a gap */
    uint64_t asked;    /* where the request under way starts */
    bool known;        /* the first reply's headers have come */
    bool done;         /* no request is under way */
    bool held;         /* the window was full */
    unsigned resumes;
    unsigned poor; /* requests in a row that brought little */
    struct s3_window window;
};

/* --- s3_request.c --- */

/* Addresses the object at `place`. */
err s3_request_write(struct s3_download *download, struct why *why) MUST_USE;
/* Asks for the object from where it broke off, after a pause. */
void s3_request_send(struct s3_download *download, int64_t pause_ms);
/* Whether the reply's checksum is compared. */
bool s3_request_wants_checksum(const struct s3_download *download);
/* Whether it can be asked for again without another one coming. */
bool s3_request_is_pinned(const struct s3_download *download);

/* --- s3_reply.c: the call's callbacks, with the download as `ctx` --- */

err s3_reply_head(void *ctx, struct why *why) MUST_USE;
enum http_take s3_reply_body(void *ctx, str bytes);
/* Once all has come. ERR_BUSY when it is not what S3 keeps. */
err s3_reply_check(struct s3_download *download, struct why *why) MUST_USE;

str s3_reply_fact(const struct s3_fact *fact);

#endif

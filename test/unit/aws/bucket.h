/* A fake S3 with one object and a plan of faults, and a download from it. */
#ifndef TEST_UNIT_AWS_BUCKET_H
#define TEST_UNIT_AWS_BUCKET_H

#include "test/unit/aws/rig.h"

#include "aws/s3.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* What one reply of the fake S3 does; the last of a plan goes on for ever. */
struct fault {
    int status;        /* 0: 200, or 206 when a range is asked for */
    size_t cut_after;  /* bytes of the body, then the connection breaks; 0: all */
    bool headless;     /* it breaks before the body's first byte */
    bool reset;        /* how it breaks */
    const char *range; /* instead of the right Content-Range */
    const char *etag;  /* instead of "tag"; as it stands when it begins with W/ */
    const char *body;  /* of an error */
    const char *more;  /* header lines, each ended by CRLF */
};

struct bucket {
    size_t size;
    const struct fault *plan;
    size_t plan_count;
    struct buf heads;
};

static inline char bucket_byte(uint64_t i)
{
    return (char)((i * 2654435761u) >> 13);
}

static inline size_t bucket_first(const struct fake_request *request)
{
    str range = fake_header(request, "range");
    uint64_t from = 0;
    if (range.len) {
        assert_true(str_starts(range, STR("bytes=")) && str_ends(range, STR("-")));
        assert_true(str_to_u64(str_take(str_drop(range, 6), range.len - 7), &from));
    }
    return (size_t)from;
}

static inline void bucket_add(struct fake_reply *reply, size_t from, size_t size)
{
    char *into = buf_reserve(&reply->bytes, size - from);
    assert_non_null(into);
    for (size_t i = from; i < size; i++) {
        into[i - from] = bucket_byte(i);
    }
    reply->bytes.len += size - from;
}

static inline void bucket_serve(void *ctx, const struct fake_request *request,
                                struct fake_reply *reply)
{
    static const struct fault none;
    struct bucket *b = ctx;
    size_t at = request->number < b->plan_count ? request->number : b->plan_count - 1;
    const struct fault *fault = b->plan_count ? &b->plan[at] : &none;
    size_t from = bucket_first(request);
    buf_add(&b->heads, request->head);
    if (fault->status >= 300) {
        fake_reply_with(reply, fault->status, "", str_from(fault->body));
        return;
    }
    char head[1024];
    char range[128];
    const char *etag = fault->etag ? fault->etag : "tag";
    const char *quote = str_starts(str_from(etag), STR("W/")) ? "" : "\"";
    (void)snprintf(range, sizeof range, "bytes %zu-%zu/%zu", from, b->size - 1, b->size);
    bool part = fault->status ? fault->status == 206 : fake_header(request, "range").len > 0;
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %d X\r\nETag: %s%s%s\r\nContent-Type: text/csv\r\n"
                       "Content-Encoding: gzip\r\nContent-Length: %zu\r\n%s%s%s%s\r\n",
                       part ? 206 : 200, quote, etag, quote, b->size - from,
                       fault->more ? fault->more : "", part ? "Content-Range: " : "",
                       part ? (fault->range ? fault->range : range) : "", part ? "\r\n" : "");
    assert_true(len > 0 && (size_t)len < sizeof head);
    buf_add(&reply->bytes, (str){head, (size_t)len});
    size_t most = from + fault->cut_after;
    bool cut = fault->headless || (fault->cut_after && most < b->size);
    bucket_add(reply, from, cut ? most : b->size);
    reply->close = cut && !fault->reset;
    reply->reset = cut && fault->reset;
}

struct reading {
    struct rig rig;
    struct bucket bucket;
    struct s3_download *download;
    struct s3_facts facts;
    struct why why;
};

/* `more` as of rig_client_with. */
static inline void reading_start_with(struct reading *r, size_t size, const struct fault *plan,
                                      size_t plan_count, const char *more)
{
    *r = (struct reading){.bucket = {.size = size, .plan = plan, .plan_count = plan_count}};
    buf_init(&r->bucket.heads, 8 << 20);
    rig_start_with(&r->rig, bucket_serve, &r->bucket, more);
}

static inline void reading_start(struct reading *r, size_t size, const struct fault *plan,
                                 size_t plan_count)
{
    reading_start_with(r, size, plan, plan_count, NULL);
}

static inline void reading_stop(struct reading *r)
{
    s3_close(r->download);
    rig_stop(&r->rig);
}

static inline void reading_forget(struct reading *r)
{
    buf_close(&r->bucket.heads);
}

static inline void reading_finish(struct reading *r)
{
    reading_stop(r);
    reading_forget(r);
}

static const struct s3_object bucket_object = {.bucket = {"data", 4}, .key = {"key", 3}};

/* Reads to the end, checking every byte; gives how it ended. */
static inline enum err_kind reading_read(struct reading *r, size_t *total)
{
    static char into[10000];
    struct source source = s3_source(r->download);
    size_t got = 1;
    for (*total = 0; got; *total += got) {
        err read = source.read(source.ctx, into, sizeof into, &got, &r->why);
        if (read.kind) {
            return read.kind;
        }
        for (size_t i = 0; i < got; i++) {
            if (into[i] != bucket_byte(*total + i)) {
                fail_msg("wrong byte at %zu", *total + i);
            }
        }
    }
    return ERR_NONE;
}

static inline enum err_kind reading_open(struct reading *r, const struct s3_object *what,
                                         size_t *total)
{
    *total = 0;
    err opened = s3_open(&r->rig.client, what, &r->download, &r->facts, &r->why);
    return opened.kind ? opened.kind : reading_read(r, total);
}

#endif

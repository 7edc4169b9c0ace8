#include "aws/s3.h"

#include "aws/s3_download.h"

#include <string.h>

enum {
    PUMP_MS = 1000,
    FIRST_PAUSE_MS = 50,
    MAX_PAUSE_MS = 1000,
    LITTLE_BYTES = 64 * 1024, /* a request that brought less was not worth its while */
    MAX_URL_BYTES = 8 * 1024, /* every byte of the key percent-encoded, and the bucket */
    MAX_HOST_BYTES = 512,
};

static void take_end(void *ctx)
{
    struct s3_download *d = ctx;
    d->done = true;
}

/* --- Opening --- */

static MUST_USE err await_head(struct s3_download *d, struct why *why)
{
    TRY(s3_request_write(d, why));
    s3_request_send(d, 0);
    while (!d->known && !d->done) {
        client_pump(d->client, PUMP_MS);
    }
    return d->known ? OK : call_failure(&d->call.why, why);
}

/* To another region once: two that name each other would send us back and forth. */
static MUST_USE err await_head_anywhere(struct s3_download *d, struct why *why)
{
    str bucket = d->object->bucket;
    struct why first = {0};
    s3_region_place(d->client, bucket, &d->place);
    err opened = await_head(d, &first);
    if (opened.kind && s3_region_is_elsewhere(&d->call) &&
        s3_region_follow(&d->call, bucket, &d->place)) {
        return await_head(d, why);
    }
    return opened.kind ? call_failure(&first, why) : OK;
}

static struct s3_download *new_download(struct client *client, const struct s3_object *object)
{
    struct arena_block block;
    if (!arena_block_init(&block, sizeof(struct s3_download) + _Alignof(struct s3_download))) {
        return NULL;
    }
    struct arena arena = arena_start(&block);
    struct s3_download *d =
        arena_alloc(&arena, sizeof(struct s3_download), _Alignof(struct s3_download));
    /* The window's pages stay untouched. */
    memset(d, 0, offsetof(struct s3_download, window) + offsetof(struct s3_window, memory));
    d->block = block;
    d->client = client;
    d->object = object;
    d->received = object->start;
    d->done = true;
    buf_init(&d->host, MAX_HOST_BYTES);
    buf_init(&d->path, MAX_URL_BYTES);
    buf_init(&d->query, MAX_URL_BYTES);
    d->call = (struct call){
        .client = client,
        .on_head = s3_reply_head,
        .on_body = s3_reply_body,
        .on_done = take_end,
        .ctx = d,
    };
    buf_init(&d->call.reply, CALL_ERROR_BYTES);
    return d;
}

err s3_open(struct client *client, const struct s3_object *object, struct s3_download **out,
            struct s3_facts *facts, struct why *why)
{
    struct s3_download *d = new_download(client, object);
    if (!d) {
        return FAIL(why, ERR_LIMIT, "no memory for an S3 download");
    }
    err opened = await_head_anywhere(d, why);
    if (opened.kind) {
        s3_close(d);
        return opened;
    }
    *facts = (struct s3_facts){
        .size = d->size,
        .content_type = s3_reply_fact(&d->content_type),
        .content_encoding = s3_reply_fact(&d->content_encoding),
        .etag = s3_reply_fact(&d->etag),
        .modified_ms = d->modified_ms,
    };
    *out = d;
    return OK;
}

/* --- Reading --- */

/* What stands on the way and resets each connection after a few bytes would otherwise be stormed
 * with a request for each of them. */
static int64_t pause_ms(struct s3_download *d)
{
    static const struct retry_policy policy = {.transient_ms = FIRST_PAUSE_MS,
                                               .max_backoff_ms = MAX_PAUSE_MS};
    d->poor = d->call.streamed < LITTLE_BYTES ? d->poor + 1 : 0;
    return d->poor ? retry_wait_ms(&policy, RETRY_TRANSIENT, d->poor, -1, call_chance(d->client))
                   : 0;
}

/* Resumes a download that broke off. Each request must bring something, or it is the last: then
 * call.c has tried as often as makes sense. */
static MUST_USE err go_on(struct s3_download *d, struct why *why)
{
    if (!d->done) {
        return OK;
    }
    struct why *own = &d->call.why;
    if (own->kind == ERR_NONE) {
        (void)FAIL(own, ERR_BUSY, "s3 GetObject: the body is shorter than the object");
    }
    if (own->kind != ERR_BUSY || !d->call.streamed || !s3_request_is_pinned(d)) {
        return call_failure(own, why);
    }
    d->resumes++;
    s3_request_send(d, pause_ms(d));
    return OK;
}

static void refill(struct s3_download *d)
{
    if (d->held && d->window.len <= S3_WINDOW_BYTES / 2) {
        d->held = false;
        call_resume(&d->call);
    }
}

static MUST_USE err read_some(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct s3_download *d = ctx;
    for (;;) {
        *got = s3_window_get(&d->window, into, room);
        refill(d);
        if (*got) {
            return OK;
        }
        /* Once all has come, the end of the exchange is awaited so that its connection is kept. */
        if (d->done && d->received == d->size) {
            return s3_reply_check(d, why);
        }
        TRY(go_on(d, why));
        client_pump(d->client, PUMP_MS);
    }
}

struct source s3_source(struct s3_download *download)
{
    return (struct source){.read = read_some, .ctx = download};
}

uint64_t s3_bytes(const struct s3_download *download)
{
    return download->received - download->object->start;
}

unsigned s3_resumes(const struct s3_download *download)
{
    return download->resumes;
}

void s3_close(struct s3_download *download)
{
    if (!download) {
        return;
    }
    call_close(&download->call);
    checksum_close(&download->checksum);
    buf_close(&download->host);
    buf_close(&download->path);
    buf_close(&download->query);
    struct arena_block block = download->block;
    arena_block_close(&block);
}

#include "aws/s3.h"

#include "aws/call.h"
#include "aws/s3_address.h"
#include "aws/uri.h"
#include "base/arena.h"
#include "base/date.h"

#include <stddef.h>
#include <string.h>

enum {
    STALL_MS = 10000,
    PUMP_MS = 1000,
    MAX_URL_BYTES = 8 * 1024, /* every byte of the key percent-encoded, and the bucket */
    MAX_FACT_BYTES = 256,
    MAX_HEADERS = 2,
};

/* What was received and not read yet. */
struct window {
    char *at;
    size_t start, len;
};

/* A reply's header, kept past its reply. */
struct fact {
    char text[MAX_FACT_BYTES];
    size_t len;
};

struct s3_download {
    struct arena_block block; /* in which all this lies */
    struct client *client;
    const struct s3_object *object;
    struct call call;
    struct buf host, path, query;
    char range[48], match[MAX_FACT_BYTES + 2];
    struct header headers[MAX_HEADERS];
    struct fact etag, content_type, content_encoding;
    uint64_t size;
    int64_t modified_ms;
    uint64_t received; /* the object's bytes that came, in order and without a gap */
    uint64_t asked;    /* where the request under way starts */
    bool known;        /* the first reply's headers have come: size and etag stand */
    bool done;         /* no request is under way */
    bool held;         /* the window was full */
    unsigned resumes;
    struct window window;
    char memory[S3_WINDOW_BYTES];
};

/* --- The window: a ring --- */

static bool put(struct window *w, str bytes)
{
    if (bytes.len > S3_WINDOW_BYTES - w->len) {
        return false;
    }
    size_t end = (w->start + w->len) % S3_WINDOW_BYTES;
    str first = str_take(bytes, S3_WINDOW_BYTES - end);
    str second = str_drop(bytes, first.len);
    memcpy(w->at + end, first.at, first.len);
    memcpy(w->at, second.at, second.len);
    w->len += bytes.len;
    return true;
}

static size_t get(struct window *w, char *into, size_t room)
{
    size_t len = w->len < room ? w->len : room;
    size_t first = len < S3_WINDOW_BYTES - w->start ? len : S3_WINDOW_BYTES - w->start;
    memcpy(into, w->at + w->start, first);
    memcpy(into + first, w->at, len - first);
    w->start = (w->start + len) % S3_WINDOW_BYTES;
    w->len -= len;
    return len;
}

/* --- Replies --- */

static str fact_str(const struct fact *fact)
{
    return (str){fact->text, fact->len};
}

/* A value that does not fit is as good as none. */
static void keep(struct fact *fact, str value)
{
    fact->len = value.len <= sizeof fact->text ? value.len : 0;
    memcpy(fact->text, value.at, fact->len);
}

static str unquote(str etag)
{
    bool quoted = etag.len >= 2 && etag.at[0] == '"' && etag.at[etag.len - 1] == '"';
    return quoted ? (str){etag.at + 1, etag.len - 2} : etag;
}

static MUST_USE err changed(struct why *why)
{
    why->status = 412;
    return FAIL(why, ERR_MISSING, "s3 GetObject: the object has another ETag by now");
}

static MUST_USE err take_facts(struct s3_download *d, struct why *why)
{
    str etag = unquote(call_header(&d->call, STR("etag")));
    if (!str_to_u64(call_header(&d->call, STR("content-length")), &d->size)) {
        return FAIL(why, ERR_BUG, "s3 GetObject: a reply without its length");
    }
    if (call_header(&d->call, STR("content-range")).len) {
        return FAIL(why, ERR_BUG, "s3 GetObject: a part came where the whole was asked for");
    }
    if (d->object->etag.len && etag.len && !str_eq(d->object->etag, etag)) {
        return changed(why);
    }
    keep(&d->etag, etag);
    keep(&d->content_type, call_header(&d->call, STR("content-type")));
    keep(&d->content_encoding, call_header(&d->call, STR("content-encoding")));
    if (!date_parse_http(call_header(&d->call, STR("last-modified")), &d->modified_ms)) {
        d->modified_ms = 0;
    }
    d->known = true;
    return OK;
}

/* "bytes 100-299/300" for what was asked for: from there to the end. */
static bool is_rest(str range, uint64_t from, uint64_t size)
{
    char memory[96];
    struct buf wanted;
    buf_wrap(&wanted, memory, sizeof memory);
    buf_add(&wanted, STR("bytes "));
    buf_u64(&wanted, from);
    buf_char(&wanted, '-');
    buf_u64(&wanted, size - 1);
    buf_char(&wanted, '/');
    buf_u64(&wanted, size);
    return str_eq(range, buf_str(&wanted));
}

static MUST_USE err check_rest(struct s3_download *d, struct why *why)
{
    str etag = unquote(call_header(&d->call, STR("etag")));
    if (d->etag.len && etag.len && !str_eq(fact_str(&d->etag), etag)) {
        return changed(why);
    }
    if (!is_rest(call_header(&d->call, STR("content-range")), d->asked, d->size)) {
        return FAIL(why, ERR_BUG, "s3 GetObject: another range came than was asked for");
    }
    return OK;
}

static MUST_USE err take_head(void *ctx, struct why *why)
{
    struct s3_download *d = ctx;
    return d->asked ? check_rest(d, why) : take_facts(d, why);
}

static enum http_take take_body(void *ctx, str bytes)
{
    struct s3_download *d = ctx;
    if (bytes.len > d->size - d->received) {
        return HTTP_STOP;
    }
    d->held = !put(&d->window, bytes);
    if (d->held) {
        return HTTP_LATER;
    }
    d->received += bytes.len;
    return HTTP_TAKEN;
}

static void take_end(void *ctx)
{
    struct s3_download *d = ctx;
    d->done = true;
}

/* --- Requests --- */

static str write_range(struct s3_download *d)
{
    struct buf range;
    buf_wrap(&range, d->range, sizeof d->range);
    buf_add(&range, STR("bytes="));
    buf_u64(&range, d->received);
    buf_char(&range, '-');
    return buf_str(&range);
}

static str write_match(struct s3_download *d, str etag)
{
    struct buf match;
    buf_wrap(&match, d->match, sizeof d->match);
    buf_char(&match, '"');
    buf_add(&match, etag);
    buf_char(&match, '"');
    return buf_str(&match);
}

/* Asks for the object from where it broke off. */
static void ask(struct s3_download *d)
{
    str etag = d->known ? fact_str(&d->etag) : d->object->etag;
    size_t count = 0;
    if (etag.len && !d->object->version_id.len) {
        d->headers[count++] = (struct header){STR("if-match"), write_match(d, etag)};
    }
    if (d->received) {
        d->headers[count++] = (struct header){STR("range"), write_range(d)};
    }
    d->call.request.header_count = count;
    d->asked = d->received;
    d->held = d->done = false;
    call_start(&d->call, 0);
}

static bool is_pinned(const struct s3_download *d)
{
    return d->object->version_id.len || d->etag.len;
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
    if (own->kind != ERR_BUSY || !d->call.streamed || !is_pinned(d)) {
        return call_failure(own, why);
    }
    d->resumes++;
    ask(d);
    return OK;
}

/* --- Opening --- */

static MUST_USE err write_request(struct s3_download *d, struct why *why)
{
    const struct s3_object *object = d->object;
    if (object->etag.len > MAX_FACT_BYTES) {
        return FAIL(why, ERR_INPUT, "an S3 ETag is longer than %d bytes", MAX_FACT_BYTES);
    }
    TRY(s3_address(&d->client->endpoints[SERVICE_S3], object->bucket, object->key, &d->host,
                   &d->path, why));
    if (object->version_id.len) {
        buf_add(&d->query, STR("versionId="));
        uri_add_encoded(&d->query, object->version_id);
    }
    if (d->query.failed) {
        return FAIL(why, ERR_INPUT, "an S3 version id is too long");
    }
    d->call.request = (struct call_request){
        .service = SERVICE_S3,
        .operation = "GetObject",
        .host = buf_str(&d->host),
        .path = buf_str(&d->path),
        .query = buf_str(&d->query),
        .headers = d->headers,
        .stall_ms = STALL_MS,
    };
    return OK;
}

static MUST_USE err await_head(struct s3_download *d, struct why *why)
{
    TRY(write_request(d, why));
    ask(d);
    while (!d->known && !d->done) {
        client_pump(d->client, PUMP_MS);
    }
    return d->known ? OK : call_failure(&d->call.why, why);
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
    memset(d, 0, offsetof(struct s3_download, memory)); /* the window's pages stay untouched */
    d->block = block;
    d->client = client;
    d->object = object;
    d->done = true;
    d->window.at = d->memory;
    buf_init(&d->host, MAX_FACT_BYTES * 2);
    buf_init(&d->path, MAX_URL_BYTES);
    buf_init(&d->query, MAX_URL_BYTES);
    d->call = (struct call){
        .client = client,
        .on_head = take_head,
        .on_body = take_body,
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
    err opened = await_head(d, why);
    if (opened.kind) {
        s3_close(d);
        return opened;
    }
    *facts = (struct s3_facts){
        .size = d->size,
        .content_type = fact_str(&d->content_type),
        .content_encoding = fact_str(&d->content_encoding),
        .etag = fact_str(&d->etag),
        .modified_ms = d->modified_ms,
    };
    *out = d;
    return OK;
}

/* --- Reading --- */

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
        *got = get(&d->window, into, room);
        refill(d);
        /* Once all has come, the end of the exchange is awaited so that its connection is kept. */
        if (*got || (d->done && d->received == d->size)) {
            return OK;
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
    return download->received;
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
    buf_close(&download->host);
    buf_close(&download->path);
    buf_close(&download->query);
    struct arena_block block = download->block;
    arena_block_close(&block);
}

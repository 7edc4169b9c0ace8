#include "aws/s3_download.h"
#include "base/date.h"

#include <assert.h>
#include <string.h>

str s3_reply_fact(const struct s3_fact *fact)
{
    return (str){fact->text, fact->len};
}

/* A value that does not fit is as good as none. */
static void keep(struct s3_fact *fact, str value)
{
    fact->len = value.len <= sizeof fact->text ? value.len : 0;
    memcpy(fact->text, value.at, fact->len);
}

/* --- The ETag --- */

static str unquote(str etag)
{
    bool quoted = etag.len >= 2 && etag.at[0] == '"' && etag.at[etag.len - 1] == '"';
    return quoted ? (str){etag.at + 1, etag.len - 2} : etag;
}

/* A weak one (of a proxy before a store of one's own) may not be asked for with If-Match, and says
 * nothing about single bytes. RFC 9110 section 8.8.3.2. */
static str reply_etag(const struct s3_download *d)
{
    str etag = call_header(&d->call, STR("etag"));
    return str_starts(etag, STR("W/")) ? STR("") : unquote(etag);
}

static MUST_USE err changed(struct why *why)
{
    why->status = 412;
    return FAIL(why, ERR_MISSING, "s3 GetObject: the object has another ETag by now");
}

static bool differ(str etag, str other)
{
    return etag.len && other.len && !str_eq(etag, other);
}

/* --- The checksum --- */

/* The first that the reply has is compared. */
static const struct {
    enum checksum_kind kind;
    const char *header;
} checksums[] = {
    {CHECKSUM_CRC64NVME, "x-amz-checksum-crc64nvme"}, {CHECKSUM_CRC32C, "x-amz-checksum-crc32c"},
    {CHECKSUM_CRC32, "x-amz-checksum-crc32"},         {CHECKSUM_SHA1, "x-amz-checksum-sha1"},
    {CHECKSUM_SHA256, "x-amz-checksum-sha256"},
};

/* A value with a '-' is made of the checksums of an upload's parts ("...==-3"): only who knows the
 * parts can compare it. */
static bool is_of_the_bytes(str value)
{
    return value.len && !str_cut(value, '-').found;
}

static MUST_USE err take_checksum(struct s3_download *d, struct why *why)
{
    if (!s3_request_wants_checksum(d)) {
        return OK;
    }
    for (size_t i = 0; i < sizeof checksums / sizeof checksums[0]; i++) {
        str value = call_header(&d->call, str_from(checksums[i].header));
        if (is_of_the_bytes(value)) {
            d->checksum_header = checksums[i].header;
            keep(&d->checksum_value, value);
            return checksum_begin(&d->checksum, checksums[i].kind, why);
        }
    }
    return OK;
}

err s3_reply_check(struct s3_download *d, struct why *why)
{
    if (!d->checksum_header) {
        return OK;
    }
    if (!checksum_matches(&d->checksum, s3_reply_fact(&d->checksum_value))) {
        return FAIL(why, ERR_BUSY, "s3 GetObject: the bytes that came do not have the object's %s",
                    d->checksum_header);
    }
    d->checksum_header = NULL;
    return OK;
}

/* --- Headers --- */

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

/* The whole object's, of which what was asked for comes and nothing else. */
static MUST_USE err take_size(struct s3_download *d, struct why *why)
{
    str range = call_header(&d->call, STR("content-range"));
    if (!str_to_u64(call_header(&d->call, STR("content-length")), &d->size) ||
        d->size > UINT64_MAX - d->asked) {
        return FAIL(why, ERR_BUG, "s3 GetObject: a reply without its length");
    }
    d->size += d->asked;
    if (d->asked ? !is_rest(range, d->asked, d->size) : range.len > 0) {
        return FAIL(why, ERR_BUG, "s3 GetObject: another part came than was asked for");
    }
    return OK;
}

static MUST_USE err take_facts(struct s3_download *d, struct why *why)
{
    assert(!d->known); /* call.c asks for the whole again only as long as no byte of it came */
    TRY(take_size(d, why));
    if (differ(d->object->etag, reply_etag(d))) {
        return changed(why);
    }
    keep(&d->etag, reply_etag(d));
    keep(&d->content_type, call_header(&d->call, STR("content-type")));
    keep(&d->content_encoding, call_header(&d->call, STR("content-encoding")));
    if (!date_parse_http(call_header(&d->call, STR("last-modified")), &d->modified_ms)) {
        d->modified_ms = 0;
    }
    TRY(take_checksum(d, why));
    d->known = true;
    return OK;
}

static MUST_USE err check_rest(struct s3_download *d, struct why *why)
{
    if (differ(s3_reply_fact(&d->etag), reply_etag(d))) {
        return changed(why);
    }
    if (!is_rest(call_header(&d->call, STR("content-range")), d->asked, d->size)) {
        return FAIL(why, ERR_BUG, "s3 GetObject: another range came than was asked for");
    }
    return OK;
}

err s3_reply_head(void *ctx, struct why *why)
{
    struct s3_download *d = ctx;
    return d->known ? check_rest(d, why) : take_facts(d, why);
}

/* --- The body --- */

enum http_take s3_reply_body(void *ctx, str bytes)
{
    struct s3_download *d = ctx;
    if (bytes.len > d->size - d->received) {
        return HTTP_STOP;
    }
    d->held = !s3_window_put(&d->window, bytes);
    if (d->held) {
        return HTTP_LATER;
    }
    checksum_add(&d->checksum, bytes);
    d->received += bytes.len;
    return HTTP_TAKEN;
}

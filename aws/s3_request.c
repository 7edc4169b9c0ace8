#include "aws/s3_address.h"
#include "aws/s3_download.h"
#include "aws/settings.h"
#include "aws/uri.h"

enum { STALL_MS = 10000 };

static MUST_USE err write_query(struct s3_download *d, struct why *why)
{
    buf_clear(&d->query);
    if (d->object->version_id.len) {
        buf_add(&d->query, STR("versionId="));
        uri_add_encoded(&d->query, d->object->version_id);
    }
    return d->query.failed ? FAIL(why, ERR_INPUT, "an S3 version id is too long") : OK;
}

err s3_request_write(struct s3_download *d, struct why *why)
{
    const struct s3_object *object = d->object;
    if (object->etag.len > S3_FACT_BYTES) {
        return FAIL(why, ERR_INPUT, "an S3 ETag is longer than %d bytes", S3_FACT_BYTES);
    }
    buf_clear(&d->host);
    buf_clear(&d->path);
    TRY(s3_address(&d->place.endpoint, object->bucket, object->key, &d->host, &d->path, why));
    TRY(write_query(d, why));
    d->call.request = (struct call_request){
        .service = SERVICE_S3,
        .operation = "GetObject",
        .endpoint = &d->place.endpoint,
        .region = str_from(d->place.region),
        .host = buf_str(&d->host),
        .path = buf_str(&d->path),
        .query = buf_str(&d->query),
        .headers = d->headers,
        .stall_ms = STALL_MS,
    };
    return OK;
}

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

bool s3_request_wants_checksum(const struct s3_download *d)
{
    str when = settings_get(d->client->settings, STR("AWS_RESPONSE_CHECKSUM_VALIDATION"));
    return !str_eq_nocase(when, STR("when_required"));
}

void s3_request_send(struct s3_download *d, int64_t pause_ms)
{
    str etag = d->known ? s3_reply_fact(&d->etag) : d->object->etag;
    size_t count = 0;
    if (etag.len && !d->object->version_id.len) {
        d->headers[count++] = (struct header){STR("if-match"), write_match(d, etag)};
    }
    if (d->received) {
        d->headers[count++] = (struct header){STR("range"), write_range(d)};
    }
    if (!d->received && s3_request_wants_checksum(d)) { /* a part's own would be of no use */
        d->headers[count++] = (struct header){STR("x-amz-checksum-mode"), STR("ENABLED")};
    }
    d->call.request.header_count = count;
    d->asked = d->received;
    d->held = d->done = false;
    call_start(&d->call, pause_ms);
}

bool s3_request_is_pinned(const struct s3_download *d)
{
    return d->object->version_id.len || d->etag.len;
}

#include "aws/s3_address.h"

#include "aws/uri.h"
#include "base/ascii.h"

enum { LABEL_MIN = 3, LABEL_MAX = 63 };

/* Of any bucket that was ever allowed. '/' or ':' would lead the request elsewhere. */
static bool is_bucket(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!ascii_is_letter_or_digit(c) && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    return s.len && s.len <= S3_MAX_BUCKET_BYTES && !str_eq(s, STR(".")) && !str_eq(s, STR(".."));
}

static bool is_label(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!ascii_is_lower(c) && !ascii_is_digit(c) && c != '-') {
            return false;
        }
    }
    return s.len >= LABEL_MIN && s.len <= LABEL_MAX && s.at[0] != '-' && s.at[s.len - 1] != '-';
}

static bool is_arn(str bucket)
{
    return str_starts(bucket, STR("arn:"));
}

/* A directory bucket (S3 Express One Zone) takes requests only from sessions of its own. */
static bool is_directory(str bucket)
{
    return str_ends(bucket, STR("--x-s3"));
}

err s3_address_bucket(const struct endpoint *endpoint, str bucket, struct buf *host,
                      struct buf *path, struct why *why)
{
    if (is_arn(bucket)) {
        return FAIL(why, ERR_INPUT, "an S3 access point goes by its alias here, not by its ARN");
    }
    if (!is_bucket(bucket)) {
        return FAIL(why, ERR_INPUT, "not a name of an S3 bucket");
    }
    if (!endpoint->custom && is_directory(bucket)) {
        return FAIL(why, ERR_INPUT, "an S3 directory bucket cannot be read");
    }
    buf_char(path, '/');
    if (!endpoint->custom && is_label(bucket)) {
        buf_add(host, bucket);
        buf_char(host, '.');
        buf_add(host, str_from(endpoint->host));
    } else {
        buf_add(path, bucket);
    }
    return host->failed || path->failed ? FAIL(why, ERR_LIMIT, "no memory for an S3 URL") : OK;
}

err s3_address(const struct endpoint *endpoint, str bucket, str key, struct buf *host,
               struct buf *path, struct why *why)
{
    if (!key.len || key.len > S3_MAX_KEY_BYTES) {
        return FAIL(why, ERR_INPUT, "an S3 key is empty or longer than %d bytes", S3_MAX_KEY_BYTES);
    }
    TRY(s3_address_bucket(endpoint, bucket, host, path, why));
    if (!host->len) {
        buf_char(path, '/');
    }
    uri_add_encoded_path(path, key);
    return path->failed ? FAIL(why, ERR_LIMIT, "no memory for an S3 URL") : OK;
}

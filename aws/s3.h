/* S3 GetObject as a source to pull from, in constant memory.
 *
 * The body is taken off the network only as fast as it is read. Every request after the first
 * (resuming a download that broke off) names the byte to go on from and is pinned to the same
 * version or ETag, so that half of one object and half of another never mix. A short body is never
 * the end. Where S3 keeps a checksum of the whole object, the bytes must have it, or the read that
 * would be told of the end fails with ERR_BUSY (AWS_RESPONSE_CHECKSUM_VALIDATION=when_required
 * leaves it out; what is read from its middle on has none). A bucket of another region is followed
 * there, once for each s3_open. Source: docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
#ifndef AWS_S3_H
#define AWS_S3_H

#include "aws/client.h"
#include "base/source.h"

enum { S3_WINDOW_BYTES = 256 * 1024 };

struct s3_object {
    str bucket;
    str key;        /* raw bytes, any */
    str version_id; /* may be empty */
    str etag;       /* without quotes, may be empty; asked for with If-Match */
    uint64_t start; /* the first byte wanted; it must be there */
};

/* What the first reply said. The strs are good until s3_close. */
struct s3_facts {
    uint64_t size; /* of the whole object */
    str content_type, content_encoding, etag;
    int64_t modified_ms; /* Last-Modified; 0 when the reply does not say */
};

struct s3_download; /* one open object */

/* Waits for the reply's headers. `object` is borrowed until s3_close. ERR_MISSING with
 * why->status 404 when S3 says that there is no such object, and 412 when it has another ETag than
 * asked for; any other 404, as of a bucket that is not there, is ERR_INPUT; ERR_DENIED on 401 and
 * 403; ERR_BUSY when retries ran out; ERR_DEADLINE; ERR_BUG; ERR_INPUT when no bucket or key can
 * have such a name, or S3 refuses the request as malformed. */
err s3_open(struct client *client, const struct s3_object *object, struct s3_download **out,
            struct s3_facts *facts, struct why *why) MUST_USE;
/* Reads; failures as of s3_open. */
struct source s3_source(struct s3_download *download);
/* Bytes read from the network, and how often the download was resumed. */
uint64_t s3_bytes(const struct s3_download *download);
unsigned s3_resumes(const struct s3_download *download);
/* Breaks off what is still under way. NULL is allowed. */
void s3_close(struct s3_download *download);

#endif

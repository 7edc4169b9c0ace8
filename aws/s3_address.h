/* Where an S3 object is: the host and the path of its URL.
 *
 * A bucket whose name is a plain DNS label gets a host of its own (bucket.s3.region...), as AWS
 * wants; any other, and every bucket at a custom endpoint, stands in the path.
 */
#ifndef AWS_S3_ADDRESS_H
#define AWS_S3_ADDRESS_H

#include "aws/endpoint.h"
#include "base/buf.h"

enum { S3_MAX_KEY_BYTES = 1024, S3_MAX_BUCKET_BYTES = 255 };

/* Appends to both, which must be empty; `host` stays so for the endpoint's own. ERR_INPUT for a
 * bucket or a key that cannot exist, for an access point's ARN (its alias is as good as a bucket),
 * and at AWS for a directory bucket. */
err s3_address(const struct endpoint *endpoint, str bucket, str key, struct buf *host,
               struct buf *path, struct why *why) MUST_USE;
/* The bucket itself. */
err s3_address_bucket(const struct endpoint *endpoint, str bucket, struct buf *host,
                      struct buf *path, struct why *why) MUST_USE;

#endif

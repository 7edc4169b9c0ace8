/* Rejects as JSON for the rejects queue: what was refused, why, and where it stands.
 *
 * {"id":.., "reason":"E_PHONE", "text":.., "field":"phone_number", "source":"s3://bucket/key",
 *  "offset":0, "length":0, "line":1, "raw":"<base64>"}. Of an object, which still holds it, a long
 * record is cut, or left out, and "truncated":true says so; of anything else raw is all of it. Of a
 * record in a gzip, offset, length and line are those in what comes out of it; where a packed
 * text's record is not at hand as a whole, raw is the whole text as it came, and "packed":true says
 * so. In "source" each byte of a key that is not printable ASCII, and '%', is %XX.
 */
#ifndef TRANSFORM_REJECT_H
#define TRANSFORM_REJECT_H

#include "base/buf.h"
#include "transform/ingest.h"

enum {
    REJECT_MAX_OBJECT_RAW_BYTES = 64 * 1024,
    REJECT_MAX_STREAM_RAW_BYTES = 700 * 1024, /* in base64, with the rest, within 1 MiB */
};

/* The bytes that are kept of what is refused. */
str reject_raw(const struct reject *reject);

/* Appends what makes the reject the same one when its delivery comes again: the bytes to hash for
 * its id. */
void reject_add_identity(struct buf *b, const struct reject *reject);
/* Appends the JSON object. `id` is printable ASCII. */
void reject_add_json(struct buf *b, const struct reject *reject, str id);

#endif

/* Percent-encoding as SigV4 wants it: every byte outside A-Z a-z 0-9 - . _ ~ becomes %XX with
 * upper-case digits.
 * Source: "Create a signed AWS API request", docs.aws.amazon.com/IAM/latest/UserGuide.
 */
#ifndef AWS_URI_H
#define AWS_URI_H

#include "base/buf.h"

/* For query names and values: '/' is encoded too. */
void uri_add_encoded(struct buf *b, str raw);
/* For paths and S3 keys: '/' stays. */
void uri_add_encoded_path(struct buf *b, str raw);
/* For a path's segment that is encoded already, as S3 signs it: each %XX stays as it is written. */
void uri_add_encoded_once(struct buf *b, str segment);
/* For a query name or value that may be encoded already, in whole or in part: each %XX is decoded,
 * then everything is encoded. A '%' that starts no %XX stands for itself, and so does '+'. */
void uri_add_normal(struct buf *b, str part);

#endif

/* The canonical request: a request's one spelling that both sides hash, whatever way it was written
 * and sent. For sigv4 only.
 * Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
#ifndef AWS_CANONICAL_H
#define AWS_CANONICAL_H

#include "aws/sigv4.h"

/* Appends to scratch->canonical and gives the names of the signed headers, "host;x-amz-date": good
 * until the next append. Check the three bufs for failure afterwards. */
str canonical_add_request(struct sigv4_scratch *scratch, const struct sigv4_request *request);
/* Appends those names alone, for a query that must hold them before there is a canonical request.
 * Takes scratch->sorted. */
void canonical_add_names(struct sigv4_scratch *scratch, const struct sigv4_request *request,
                         struct buf *out);

#endif

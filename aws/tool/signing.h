/* A request as text, signed: what sigv4 shows.
 *
 * The headers that a signer sets are taken out and set anew behind the others, in the order
 * X-Amz-Security-Token, X-Amz-Date, x-amz-content-sha256, Authorization; in a query so are the
 * parameters of a signature that is there already. All else stays as it was written.
 */
#ifndef AWS_TOOL_SIGNING_H
#define AWS_TOOL_SIGNING_H

#include "aws/sigv4.h"
#include "aws/tool/raw_request.h"
#include "aws/tool/sigv4_options.h"
#include "base/date.h"

/* What is to be signed, how, and by whom. Must outlive the signing. */
struct signing_order {
    const struct raw_request *request;
    const struct sigv4_options *options; /* with a region */
    const struct credentials *credentials;
    int64_t clock_ms; /* for a request without a date of its own */
};

struct signing {
    const struct signing_order *order;
    struct sigv4_keys keys;
    struct buf headers; /* of struct header: all that are sent but Authorization */
    struct buf query;   /* the request's own, without an older signature */
    struct buf result;  /* the Authorization header's value, or the query that is sent */
    int64_t now_ms;
    char date[DATE_AMZ_LEN], body_hash[HASH_HEX_LEN];
};

/* ERR_INPUT when the request lacks a Host or has a date that is none; ERR_LIMIT when there is no
 * memory. To be closed in either case. */
err signing_make(struct signing *signing, const struct signing_order *order,
                 struct why *why) MUST_USE;
/* Appends one of the texts, or all with a title each. */
void signing_show(const struct signing *signing, enum sigv4_show what, struct buf *out);
/* Wipes the key. */
void signing_close(struct signing *signing);

#endif

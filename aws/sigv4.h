/* AWS Signature Version 4 for requests signed in their headers.
 *
 * sigv4_sign takes the request as it goes over the wire and gives the Authorization header's value.
 * It reads no clock and no environment. The signing key, four HMACs deep, is kept in `struct
 * sigv4_keys` and derived anew when date, region, service or secret change.
 * Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "aws/credentials.h"
#include "aws/hash.h"
#include "aws/header.h"
#include "base/buf.h"
#include "base/err.h"

#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

struct sigv4_request {
    str method; /* upper case */
    str path;   /* percent-encoded, as sent; empty means "/" */
    str query;  /* as sent, without '?'; order and encoding are made canonical here */
    /* As sent, host and x-amz-date among them, in any order and case. What proxies change on the
     * way (connection, user-agent, ...) is left out of the signature here. */
    const struct header *headers;
    size_t header_count;
    str payload_hash; /* HASH_HEX_LEN hex digits, or SIGV4_UNSIGNED_PAYLOAD */
    bool s3;          /* the path is canonical as it stands: not normalised, not encoded again */
};

/* What a signature is good for: one service of one region, on the day of now_ms. */
struct sigv4_scope {
    str region, service;
    int64_t now_ms;
};

/* Where the steps' texts are built; kept, as the next request needs as much. */
struct sigv4_scratch {
    struct buf canonical; /* the canonical request */
    struct buf sorted;    /* parameters, headers */
    struct buf text;
};

/* A cache of the last signing key. Zeroed: empty. sigv4_forget wipes and frees it. */
struct sigv4_keys {
    unsigned char key[HASH_LEN];
    unsigned char of[HASH_LEN]; /* hash of what the key was derived from */
    struct sigv4_scratch scratch;
};

/* Appends to `authorization`. A session token is one of the headers. Each step's text is built in
 * scratch buffers that grow to the request's size; nothing is cut. ERR_LIMIT when there is no
 * memory. */
err sigv4_sign(struct sigv4_keys *keys, const struct credentials *credentials,
               const struct sigv4_scope *scope, const struct sigv4_request *request,
               struct buf *authorization, struct why *why) MUST_USE;
/* The steps on their own, for tests and for finding out why a signature is refused. */
err sigv4_canonical_request(const struct sigv4_request *request, struct buf *out,
                            struct why *why) MUST_USE;
void sigv4_string_to_sign(const struct sigv4_scope *scope, str canonical_request, struct buf *out);
/* Safe on zeroed memory and twice. */
void sigv4_forget(struct sigv4_keys *keys);

#endif

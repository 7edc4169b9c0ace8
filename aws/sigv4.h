/* AWS Signature Version 4: who sends a request, and that nobody changed it.
 *
 * sigv4_sign takes the request as it goes over the wire and gives the Authorization header's value;
 * sigv4_presign gives a query that carries the signature instead, good for a time for whoever has
 * the URL. Neither reads a clock or the environment. The signing key, four HMACs deep, is kept in
 * `struct sigv4_keys` and derived anew when date, region, service or secret change.
 * Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html;
 * for S3 docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "aws/credentials.h"
#include "aws/hash.h"
#include "aws/header.h"
#include "base/buf.h"
#include "base/err.h"

#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

enum { SIGV4_MAX_EXPIRES_S = 7 * 24 * 3600 };

struct sigv4_request {
    str method; /* upper case */
    str path;   /* percent-encoded, as sent; empty means "/" */
    str query;  /* as sent, without '?'; order and encoding are made canonical here */
    /* As sent, host among them, in any order and case. What proxies change on the way (connection,
     * user-agent, ...) is left out of the signature here. */
    const struct header *headers;
    size_t header_count;
    str payload_hash; /* HASH_HEX_LEN hex digits, or SIGV4_UNSIGNED_PAYLOAD */
    /* Both are for S3, where a key may hold "..", "//" or "%41". */
    bool verbatim_path; /* "//", "/./" and "/../" stay */
    bool single_encode; /* a %XX of the path stays; elsewhere it becomes %25XX */
};

/* What a signature is good for: one service of one region, on the day of now_ms. */
struct sigv4_scope {
    str region, service;
    int64_t now_ms; /* the request's x-amz-date, or X-Amz-Date when presigned */
};

/* What a presigned query is good for. */
struct sigv4_terms {
    struct sigv4_scope scope;
    int64_t expires_s; /* from scope.now_ms on: 1 to SIGV4_MAX_EXPIRES_S */
    bool token_after;  /* the session token is sent but not signed, as a few services want it */
};

/* The texts that make a signature. */
struct sigv4_steps {
    str canonical_request, string_to_sign, signature;
};

/* Where they are built; kept, as the next request needs as much. Wiped when they grow. */
struct sigv4_scratch {
    struct buf canonical; /* the canonical request */
    struct buf sorted;    /* parameters, headers */
    struct buf text;      /* last of all, the string to sign */
};

/* A cache of the last signing key. Zeroed: empty. sigv4_forget wipes and frees it. */
struct sigv4_keys {
    unsigned char key[HASH_LEN];
    unsigned char of[HASH_LEN]; /* hash of what the key was derived from */
    char signature[HASH_HEX_LEN];
    struct sigv4_scratch scratch;
};

/* Appends to `authorization`. x-amz-date and, when there is a session token, x-amz-security-token
 * are among the request's headers. Each step's text is built in scratch buffers that grow to the
 * request's size; nothing is cut. ERR_LIMIT when there is no memory. */
err sigv4_sign(struct sigv4_keys *keys, const struct credentials *credentials,
               const struct sigv4_scope *scope, const struct sigv4_request *request,
               struct buf *authorization, struct why *why) MUST_USE;
/* Appends to `query` the request's own, and X-Amz-Algorithm to X-Amz-Signature behind it: all that
 * the URL has after its '?'. All of the request's headers are signed and must be sent; S3 wants
 * SIGV4_UNSIGNED_PAYLOAD. ERR_BUG for other `expires_s`, ERR_LIMIT when there is no memory. */
err sigv4_presign(struct sigv4_keys *keys, const struct credentials *credentials,
                  const struct sigv4_terms *terms, const struct sigv4_request *request,
                  struct buf *query, struct why *why) MUST_USE;
/* How the last of these came to its signature, for tests and for finding out why it is refused.
 * Good until the next; the canonical request may hold the session token. */
struct sigv4_steps sigv4_steps(const struct sigv4_keys *keys);
/* Safe on zeroed memory and twice. */
void sigv4_forget(struct sigv4_keys *keys);

#endif

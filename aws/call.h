/* One operation of a service: signed, sent, its failure sorted, tried again while that makes sense.
 *
 * The owner keeps the struct, starts it, and pumps the client until on_done. Each attempt is signed
 * anew, as a signature is good for minutes only, with the time of the service's clock. Tries end
 * at the policy's number, when the quota is empty, or when the next one would not fit before the
 * client's deadline. Two causes cost no try, once each: a kept connection that was dead, and keys
 * that had expired. A reply whose body has begun to flow to on_body is never asked for again: only
 * its reader knows where to go on.
 */
#ifndef AWS_CALL_H
#define AWS_CALL_H

#include "aws/client.h"
#include "aws/http.h"
#include "base/buf.h"

enum { CALL_MAX_HEADERS = 4, CALL_ERROR_BYTES = 64 * 1024 };

struct call_request {
    enum service service;
    const char *operation; /* "PutItem": named in failures */
    enum http_method method;
    const struct endpoint *endpoint; /* NULL: the client's own of the service */
    str region;                      /* empty: the client's */
    str host;                        /* empty: the endpoint's own, or the account's */
    str account;     /* DynamoDB: the table's; empty: that of the credentials, if known */
    str path, query; /* percent-encoded; the path comes after the endpoint's prefix */
    const struct header *headers; /* up to CALL_MAX_HEADERS more, all signed */
    size_t header_count;
    str body;
    int64_t attempt_ms;  /* longest an attempt may take; 0: only the deadline bounds it */
    int64_t stall_ms;    /* longest with nothing moving; 0: any */
    bool throttled_ends; /* a throttled attempt ends the call: its owner waits as it sees fit */
    bool long_poll;      /* asked over and over: it fails no faster than with a back-off */
    size_t error_bytes;  /* of an error reply's body; 0: CALL_ERROR_BYTES */
};

struct call {
    /* Set by the owner before call_start; what it points at must stay until on_done. */
    struct client *client;
    struct call_request request;
    /* A good reply's headers have come; a failure returned ends the call. NULL: nobody asks. */
    err (*on_head)(void *ctx, struct why *why);
    /* A good reply's body, piece by piece; NULL: it is collected in `reply`. */
    enum http_take (*on_body)(void *ctx, str bytes);
    /* Called from within client_pump only, once. The call may be started again in it. */
    void (*on_done)(void *ctx);
    void *ctx;

    /* Good in on_done and after it, until the next start. */
    struct buf reply;       /* its maximum is the owner's to set, with buf_init */
    struct why why;         /* kind ERR_NONE: it succeeded */
    unsigned sent;          /* attempts that went out */
    uint64_t streamed;      /* bytes given to on_body */
    char moved_to[64];      /* the region a refusal of S3 named, another than asked; empty: none */
    int64_t retry_after_ms; /* x-amz-retry-after of a refusal; -1: none */

    /* call.c's own. */
    struct call *next;              /* of client->calls */
    struct http_exchange *exchange; /* under way, or NULL: waiting until due_ms */
    int64_t due_ms, deadline_ms;
    int64_t sent_ms;        /* the last attempt, our clock */
    int64_t signed_skew_ms; /* what its signature's time had over our clock */
    int64_t off_ms;         /* and how far that was from the service's clock, if known */
    unsigned tries;         /* attempts that count against the policy */
    enum retry_class last;  /* of the last attempt; NEVER when it succeeded */
    enum retry_class paid;  /* of the last retry that the quota paid */
    bool free;              /* the next attempt counts and costs nothing */
    bool ending;            /* it has failed, and waits before it says so */
    bool renewed;           /* the credentials were, for this call */
    bool fresh;             /* a kept connection was found dead, or silent */
    bool headed;            /* the reply's head was seen in this attempt */
    char id[36];            /* amz-sdk-invocation-id */
    char hash[HASH_HEX_LEN];
    struct buf url, authorization;
};

/* Queues the call: the next client_pump sends it, after `delay_ms`. */
void call_start(struct call *call, int64_t delay_ms);
/* Goes on after on_body answered HTTP_LATER. */
void call_resume(struct call *call);
/* Drops the call if it is under way, without on_done, and frees its buffers. Safe on zeroed memory
 * and twice. */
void call_close(struct call *call);
/* A header of the reply; in on_head only. */
str call_header(const struct call *call, str name);
/* Ends what is out of time, sends what is due; then the longest that may be waited, up to
 * `wait_ms`. For client_pump. */
int64_t call_run_due(struct client *client, int64_t wait_ms);
/* How the service's failures are retried, with the client's AWS_MAX_ATTEMPTS. */
struct retry_policy call_policy(const struct client *client, enum service service);
/* 64 random bits. */
uint64_t call_chance(struct client *client);
/* A failed call's `why`, passed up. */
err call_failure(const struct why *from, struct why *why) MUST_USE;

#endif

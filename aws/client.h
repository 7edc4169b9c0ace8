/* What every service's calls share: credentials, endpoints, the connection pool, the retry quota
 * and the deadline. One client serves one thread.
 *
 * Calls overlap: whoever waits for one (client_pump) moves all of them, downloads included. No call
 * outlives the deadline.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/retry.h"
#include "aws/sigv4.h"

struct http;
struct call;

struct client_config {
    const char *const *env;  /* AWS_REGION, keys, endpoints, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS */
    int64_t (*now_ms)(void); /* wall clock */
    uint64_t seed;           /* for jitter and request ids: different in every process */
};

struct client {
    struct credentials credentials;
    char region[64];
    struct endpoint endpoints[SERVICE_COUNT];
    struct sigv4_keys keys[SERVICE_COUNT];
    struct retry_quota quota;
    unsigned max_attempts; /* AWS_MAX_ATTEMPTS; 0 when not set */
    int64_t (*now_ms)(void);
    uint64_t chance;     /* state of the random numbers */
    int64_t deadline_ms; /* wall clock; 0 for none */
    uint64_t requests;   /* attempts sent so far */
    uint64_t throttled;  /* of these, answered with throttling */
    struct http *http;
    struct call *calls; /* started and not done */
};

/* Keeps `env` (its strings must outlive the client). ERR_DENIED and ERR_BUG name the variable that
 * is missing or bad. */
err client_init(struct client *client, const struct client_config *config,
                struct why *why) MUST_USE;
/* Safe on zeroed memory and twice. No call may be under way. */
void client_close(struct client *client);
/* Calls started from now on end, one way or the other, before `deadline_ms`; 0 for none. */
void client_set_deadline(struct client *client, int64_t deadline_ms);
/* Sends and receives whatever can be, for at most `wait_ms`, returning early when something
 * happened. */
void client_pump(struct client *client, int64_t wait_ms);

#endif

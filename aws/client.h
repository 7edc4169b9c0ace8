/* What every service's calls share: settings, credentials, endpoints, the connection pool, the
 * retry quota, the services' clocks and the deadline. One client serves one thread.
 *
 * Calls overlap: whoever waits for one (client_pump) moves all of them, downloads included. No call
 * outlives the deadline.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/endpoint.h"
#include "aws/provider.h"
#include "aws/retry.h"
#include "aws/s3_region.h"
#include "aws/sigv4.h"

struct http;
struct call;

struct client_config {
    const char *const *env;  /* the AWS_* variables; see settings.h for the files behind them */
    int64_t (*now_ms)(void); /* wall clock */
    uint64_t seed;           /* for jitter and request ids: different in every process */
};

struct client {
    struct settings *settings;
    struct provider *provider;
    char region[64];
    struct endpoint endpoints[SERVICE_COUNT];
    struct sigv4_keys keys[SERVICE_COUNT];
    struct s3_regions s3_regions; /* the buckets that are not in `region` */
    struct retry_quota quota;
    unsigned max_attempts;          /* AWS_MAX_ATTEMPTS; 0 when not set */
    int64_t skew_ms[SERVICE_COUNT]; /* the service's clock minus ours, as far as is known */
    bool skew_ignored;              /* AWS_DISABLE_CLOCK_SKEW_CORRECTION */
    int64_t (*now_ms)(void);
    uint64_t chance;     /* state of the random numbers */
    int64_t deadline_ms; /* wall clock; 0 for none */
    uint64_t requests;   /* attempts sent so far */
    uint64_t throttled;  /* of these, answered with throttling */
    struct http *http;
    struct call *calls; /* started and not done */
};

/* Keeps `env`, which must outlive the client, array and strings. ERR_DENIED and ERR_BUG name the
 * variable that is missing or bad. Asks nobody: credentials that have to be fetched are, by the
 * first call. */
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

/* The Lambda Runtime API: get an invocation, call the handler, post what it returns, for ever.
 *
 *     static err hello(void *ctx, const struct lambda_invocation *in, struct buf *reply,
 *                      struct why *why) { buf_add(reply, STR("\"hello\"")); return OK; }
 *     int main(int argc, char **argv, char **env) {
 *         return lambda_run(&(struct lambda_config){.env = (const char *const *)env,
 *                                                   .handler = hello});
 *     }
 *
 * That is a whole function; all else in lambda_config is for those who want more. One bad status
 * never ends the process, only a 500 of the API does. Crashes are reported before they end it.
 * Knows no AWS service and no user record; stands on base/ and libc, so that it can be lifted out.
 * Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
#ifndef RUNTIME_LAMBDA_H
#define RUNTIME_LAMBDA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

enum {
    LAMBDA_MAX_EVENT_BYTES = 6 * 1024 * 1024 + 64 * 1024,
    LAMBDA_MAX_RESPONSE_BYTES = 6291556, /* what the API takes: 6 MiB and 100 bytes */
};

/* What lambda_run returns: exit codes for main(). 0: SIGTERM, after on_shutdown. */
enum {
    LAMBDA_EXIT_CONFIG = 1, /* no AWS_LAMBDA_RUNTIME_API, or it is not host:port */
    LAMBDA_EXIT_API = 2,    /* the API answered 500, or could not be reached for long */
    LAMBDA_EXIT_MEMORY = 3,
    LAMBDA_EXIT_BEFORE_SNAPSHOT = 64, /* a SnapStart hook failed */
    LAMBDA_EXIT_AFTER_RESTORE = 65,
};

/* What Lambda says of the function in its environment; empty or 0 where it does not. */
struct lambda_function {
    str name, version;
    uint64_t memory_mb;
    str log_group, log_stream;
    str initialization_type; /* "on-demand", "provisioned-concurrency", "snap-start", ... */
    unsigned concurrency;    /* AWS_LAMBDA_MAX_CONCURRENCY; 1 where it is unset or unusable */
};

struct lambda_stream; /* a response under way; see lambda_stream.h */

/* Everything the API says of an invocation; good until the handler returns. A str is empty where
 * the API sent nothing. */
struct lambda_invocation {
    str event;
    str request_id;
    str function_arn;
    str trace_id;
    str client_context;   /* JSON */
    str cognito_identity; /* JSON */
    str tenant_id;
    str invocation_id;   /* echoed on the reply by lambda_run */
    int64_t deadline_ms; /* wall clock; INT64_MAX where the API sent none */
    const struct lambda_function *function;
    void *worker;        /* what worker_open made; NULL without it */
    struct arena *arena; /* empty at the start of each invocation */
    struct log *log;     /* its lines carry the request id */
    struct lambda_stream *stream;
};

/* Appends the response, JSON, to `reply` (empty at the start). A failure returned is posted as an
 * error of type why->code ("Function.<Kind>" when empty) and message why->text. */
typedef err lambda_handler(void *ctx, const struct lambda_invocation *invocation, struct buf *reply,
                           struct why *why);

struct lambda_config {
    const char *const *env; /* AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_LOG_LEVEL, .._LOG_FORMAT */
    lambda_handler *handler;
    void *ctx;
    struct log *log;    /* of the caller's, or NULL for one on standard error by the environment */
    size_t arena_bytes; /* per invocation, reserved not used; 0 for 64 MiB */

    /* Several invocations at once (AWS_LAMBDA_MAX_CONCURRENCY > 1, Lambda Managed Instances): the
     * handler is called from that many threads, each with its own arena, log, connection and
     * `worker`. All are opened, one after the other, before the first invocation is asked for; a
     * failure is an init error. Without these hooks the handler must be fit for threads itself.
     * SIGTERM then ends lambda_run after what is under way; threads of the caller's own must be
     * started later than it, or block SIGTERM. */
    err (*worker_open)(void *ctx, unsigned number, void **worker, struct why *why);
    void (*worker_close)(void *ctx, void *worker);

    /* On SIGTERM, between invocations: 300 ms to flush. Lambda sends it only where an extension is
     * registered, so with this hook lambda_run registers an internal one. */
    void (*on_shutdown)(void *ctx);

    /* SnapStart: before the snapshot is taken, and in each environment that is restored from it
     * (10 s at most): connections dropped, randomness seeded anew. A failure ends the process with
     * LAMBDA_EXIT_BEFORE_SNAPSHOT or _AFTER_RESTORE. */
    err (*before_snapshot)(void *ctx, struct why *why);
    err (*after_restore)(void *ctx, struct why *why);
};

/* Runs until the API ends it; returns an exit code. */
int lambda_run(const struct lambda_config *config);
/* Tells the API that the function cannot start (POST /init/error) and logs it. Returns the exit
 * code for main(). Type why->code, "Runtime.InitError" when empty. */
int lambda_init_failed(const struct lambda_config *config, const struct why *why);
/* A log by AWS_LAMBDA_LOG_LEVEL and AWS_LAMBDA_LOG_FORMAT; unknown values give INFO and JSON. On
 * standard error, or, with frames, on the telemetry descriptor where Lambda lends one, which is
 * taken out of the environment: call it once. */
struct log lambda_log(const char *const *env);
/* Borrowed from `env`. */
struct lambda_function lambda_function(const char *const *env);
/* Wall clock, milliseconds since 1970. */
int64_t lambda_now_ms(void);
/* Milliseconds left for the invocation; 0 when it is over, INT64_MAX without a deadline. */
int64_t lambda_remaining_ms(const struct lambda_invocation *invocation);

#endif

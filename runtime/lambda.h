/* The Lambda Runtime API: get an invocation, call the handler, post what it returns, for ever.
 *
 *     static err hello(void *ctx, const struct lambda_invocation *in, struct buf *reply,
 *                      struct why *why) { buf_add(reply, STR("\"hello\"")); return OK; }
 *     int main(int argc, char **argv, char **env) {
 *         return lambda_run(&(struct lambda_config){.env = (const char *const *)env,
 *                                                   .handler = hello});
 *     }
 *
 * One bad status never ends the process, only a 500 of the API does. Knows no AWS service and no
 * user record; stands on base/ and libc, so that it can be lifted out.
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

/* What lambda_run returns: exit codes for main(). */
enum {
    LAMBDA_EXIT_CONFIG = 1, /* no AWS_LAMBDA_RUNTIME_API, or it is not host:port */
    LAMBDA_EXIT_API = 2,    /* the API answered 500, or could not be reached for long */
    LAMBDA_EXIT_MEMORY = 3,
};

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
    struct arena *arena; /* empty at the start of each invocation */
    struct log *log;     /* its lines carry the request id */
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
};

/* Runs until the API ends it; returns an exit code. */
int lambda_run(const struct lambda_config *config);
/* Tells the API that the function cannot start (POST /init/error) and logs it. Returns the exit
 * code for main(). Type why->code, "Runtime.InitError" when empty. */
int lambda_init_failed(const struct lambda_config *config, const struct why *why);
/* A log on standard error by AWS_LAMBDA_LOG_LEVEL and AWS_LAMBDA_LOG_FORMAT; unknown values give
 * INFO and JSON. */
struct log lambda_log(const char *const *env);
/* Wall clock, milliseconds since 1970. */
int64_t lambda_now_ms(void);

#endif

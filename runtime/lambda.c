#include "runtime/lambda.h"

#include "base/env.h"
#include "runtime/lambda_api.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_ARENA_BYTES ((size_t)64 * 1024 * 1024)

int64_t lambda_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Descriptors are small numbers; standard input, output and error are not lent. */
static bool take_telemetry(const char *const *env, struct log *log)
{
    static const char name[] = "_LAMBDA_TELEMETRY_LOG_FD";
    uint64_t fd = 0;
    if (!str_to_u64(env_get(env, str_from(name)), &fd) || fd <= STDERR_FILENO || fd > INT_MAX ||
        fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
        return false;
    }
    (void)unsetenv(name); /* it is ours alone: a child would write between our records */
    log->fd = (int)fd;
    return true;
}

struct log lambda_log(const char *const *env)
{
    struct log log = {
        .fd = STDERR_FILENO,
        .level = LOG_INFO,
        .text = str_eq_nocase(env_get(env, STR("AWS_LAMBDA_LOG_FORMAT")), STR("text")),
        .now_ms = lambda_now_ms,
    };
    (void)log_level_parse(env_get(env, STR("AWS_LAMBDA_LOG_LEVEL")), &log.level);
    log.framed = take_telemetry(env, &log);
    return log;
}

/* For the X-Ray tools that look nowhere else. The environment borrows our memory: setenv would keep
 * a copy of each trace id for as long as the process lives. */
static void export_trace(struct lambda_api *api, str trace_id)
{
    struct buf text;
    buf_wrap(&text, api->trace, sizeof api->trace - 1);
    buf_add(&text, STR("_X_AMZN_TRACE_ID="));
    buf_add(&text, trace_id);
    if (!trace_id.len || text.failed) {
        (void)unsetenv("_X_AMZN_TRACE_ID");
        return;
    }
    api->trace[text.len] = 0;
    (void)putenv(api->trace);
}

/* A handler that succeeded with more than the API takes has failed. */
static MUST_USE err handle(const struct lambda_config *config, const struct lambda_invocation *in,
                           struct buf *reply, struct why *why)
{
    buf_clear(reply);
    err handled = config->handler(config->ctx, in, reply, why);
    if (handled.kind) {
        return FAIL(why, handled.kind, "the handler gave no reason");
    }
    if (reply->failed) {
        *why = (struct why){0};
        err_code(why, STR("Function.ResponseSizeTooLarge"));
        return FAIL(why, ERR_LIMIT, "the response is past %d bytes", LAMBDA_MAX_RESPONSE_BYTES);
    }
    return OK;
}

static int answer(struct lambda_api *api, const struct lambda_config *config,
                  const struct lambda_invocation *in, struct buf *reply)
{
    struct why why = {0};
    if (!handle(config, in, reply, &why).kind) {
        return lambda_post_response(api, buf_str(reply));
    }
    log_failure(api->log, LOG_ERROR, "invocation failed", &why);
    return lambda_post_error(api, &why);
}

int lambda_serve(struct lambda_api *api, const struct lambda_config *config)
{
    struct arena_block block;
    if (!arena_block_init(&block,
                          config->arena_bytes ? config->arena_bytes : DEFAULT_ARENA_BYTES)) {
        log_message(api->log, LOG_FATAL, "no memory for the arena");
        return LAMBDA_EXIT_MEMORY;
    }
    struct buf reply;
    buf_init(&reply, LAMBDA_MAX_RESPONSE_BYTES);
    int ended = 0;
    while (!ended) {
        struct arena arena = arena_start(&block);
        struct lambda_invocation in = {.arena = &arena};
        ended = lambda_next(api, &in);
        if (!ended) {
            export_trace(api, in.trace_id);
            ended = answer(api, config, &in, &reply);
        }
    }
    buf_close(&reply);
    arena_block_close(&block);
    return ended;
}

/* 0, or the exit code when the API cannot even be tried. */
static int open_api(struct lambda_api *api, const struct lambda_config *config)
{
    struct why why = {0};
    err opened = lambda_api_init(api, config, &why);
    if (!opened.kind) {
        return 0;
    }
    log_failure(api->log, LOG_FATAL, "cannot start", &why);
    lambda_api_close(api);
    return opened.kind == ERR_LIMIT ? LAMBDA_EXIT_MEMORY : LAMBDA_EXIT_CONFIG;
}

int lambda_run(const struct lambda_config *config)
{
    struct lambda_api api;
    int ended = open_api(&api, config);
    if (ended) {
        return ended;
    }
    ended = lambda_serve(&api, config);
    lambda_api_close(&api);
    return ended;
}

int lambda_init_failed(const struct lambda_config *config, const struct why *why)
{
    struct lambda_api api;
    int ended = open_api(&api, config);
    log_failure(api.log, LOG_FATAL, "the function cannot start", why);
    if (ended) {
        return ended;
    }
    ended = lambda_post_init_error(&api, why);
    lambda_api_close(&api);
    return ended ? ended : LAMBDA_EXIT_CONFIG;
}

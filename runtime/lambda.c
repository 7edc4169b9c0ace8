#include "runtime/lambda.h"

#include "base/env.h"
#include "runtime/lambda_extension.h"
#include "runtime/lambda_snapshot.h"
#include "runtime/lambda_stop.h"
#include "runtime/lambda_worker.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONCURRENCY = 1024 };

/* --- What the environment says --- */

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

/* 1 for anything that is not a number of at least 1: a function that starts is worth more than one
 * that is right about a variable. */
static unsigned read_concurrency(const char *const *env)
{
    uint64_t count = 0;
    if (!str_to_u64(env_get(env, STR("AWS_LAMBDA_MAX_CONCURRENCY")), &count) || count < 1) {
        return 1;
    }
    return count < MAX_CONCURRENCY ? (unsigned)count : MAX_CONCURRENCY;
}

struct lambda_function lambda_function(const char *const *env)
{
    struct lambda_function function = {
        .name = env_get(env, STR("AWS_LAMBDA_FUNCTION_NAME")),
        .version = env_get(env, STR("AWS_LAMBDA_FUNCTION_VERSION")),
        .log_group = env_get(env, STR("AWS_LAMBDA_LOG_GROUP_NAME")),
        .log_stream = env_get(env, STR("AWS_LAMBDA_LOG_STREAM_NAME")),
        .initialization_type = env_get(env, STR("AWS_LAMBDA_INITIALIZATION_TYPE")),
        .concurrency = read_concurrency(env),
    };
    (void)str_to_u64(env_get(env, STR("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")), &function.memory_mb);
    return function;
}

int64_t lambda_remaining_ms(const struct lambda_invocation *invocation)
{
    if (invocation->deadline_ms == INT64_MAX) {
        return INT64_MAX;
    }
    int64_t left = invocation->deadline_ms - lambda_now_ms();
    return left > 0 ? left : 0;
}

/* --- The process --- */

struct process {
    struct lambda_shared shared;
    struct lambda_stop stop;
    struct http1 extension;
    struct arena_block block; /* of the workers */
    struct lambda_worker *workers;
};

static MUST_USE err open_stop(struct process *process, struct why *why)
{
    const struct lambda_config *config = process->shared.config;
    if (config->on_shutdown || process->shared.function.concurrency > 1) {
        TRY(lambda_stop_open(&process->stop, why));
        process->shared.stop_fd = process->stop.fd;
    }
    if (config->on_shutdown) {
        lambda_extension_open(&process->extension,
                              env_get(config->env, STR("AWS_LAMBDA_RUNTIME_API")), config->log);
    }
    return OK;
}

static MUST_USE err open_workers(struct process *process, struct why *why)
{
    unsigned count = process->shared.function.concurrency;
    if (!arena_block_init(&process->block, count * sizeof *process->workers)) {
        return FAIL(why, ERR_LIMIT, "no memory for %u workers", count);
    }
    struct arena arena = arena_start(&process->block);
    process->workers = arena_zeroed(&arena, process->block.len, _Alignof(struct lambda_worker));
    for (unsigned i = 0; i < count; i++) {
        TRY(lambda_worker_open(&process->workers[i], &process->shared, i, why));
    }
    return OK;
}

static MUST_USE err open_process(struct process *process, struct why *why)
{
    TRY(open_stop(process, why));
    return open_workers(process, why);
}

static void close_process(struct process *process)
{
    for (unsigned i = 0; process->workers && i < process->shared.function.concurrency; i++) {
        lambda_worker_close(&process->workers[i]);
    }
    arena_block_close(&process->block);
    http1_close(&process->extension);
    lambda_stop_close(&process->stop);
}

static int serve(struct process *process)
{
    const struct lambda_shared *shared = &process->shared;
    int ended = 0;
    if (str_eq(shared->function.initialization_type, STR("snap-start"))) {
        ended = lambda_snapshot(&process->workers[0].api, shared->config);
    }
    ended = ended ? ended : lambda_workers_serve(process->workers, shared->function.concurrency);
    if (ended != LAMBDA_STOPPED) {
        return ended;
    }
    if (shared->config->on_shutdown) {
        shared->config->on_shutdown(shared->config->ctx);
    }
    return 0;
}

int lambda_run(const struct lambda_config *config)
{
    struct log log = config->log ? *config->log : lambda_log(config->env);
    struct lambda_config logged = *config;
    struct process process = {.shared = {&logged, lambda_function(config->env), 0}};
    struct why why = {0};
    logged.log = &log;
    err opened = open_process(&process, &why);
    int ended = opened.kind ? lambda_init_failed(&logged, &why) : serve(&process);
    close_process(&process);
    return ended;
}

static int exit_code(enum err_kind kind)
{
    return kind == ERR_LIMIT ? LAMBDA_EXIT_MEMORY : LAMBDA_EXIT_CONFIG;
}

int lambda_init_failed(const struct lambda_config *config, const struct why *why)
{
    struct lambda_api api;
    struct why none = {0};
    err opened = lambda_api_init(&api, config, &none);
    log_failure(api.log, LOG_FATAL, "the function cannot start", why);
    int ended = opened.kind ? exit_code(opened.kind) : lambda_post_init_error(&api, why);
    lambda_api_close(&api);
    return ended ? ended : exit_code(why->kind);
}

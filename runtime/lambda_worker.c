#include "runtime/lambda_worker.h"

#include "runtime/lambda_crash.h"
#include "runtime/lambda_stop.h"

#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* --- One invocation --- */

/* Found by its address, for a tenth of what putenv takes to compare names. */
static bool is_lent(const char *variable)
{
    char **at = environ;
    while (at && *at && *at != variable) {
        at++;
    }
    return at && *at;
}

/* For the X-Ray tools that look nowhere else. The environment borrows our memory: setenv would keep
 * a copy of each trace id for as long as the process lives. It is one for all threads, so that with
 * several the handler must do with in->trace_id. */
static void export_trace(struct lambda_worker *worker, str trace_id)
{
    struct lambda_api *api = &worker->api;
    struct buf text;
    if (worker->shared->function.concurrency > 1) {
        return;
    }
    buf_wrap(&text, api->trace, sizeof api->trace - 1);
    buf_add(&text, STR("_X_AMZN_TRACE_ID="));
    buf_add(&text, trace_id);
    if (!trace_id.len || text.failed) {
        (void)unsetenv("_X_AMZN_TRACE_ID");
        return;
    }
    api->trace[text.len] = 0;
    if (!is_lent(api->trace)) {
        (void)putenv(api->trace);
    }
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

static int answer(struct lambda_worker *worker, const struct lambda_invocation *in)
{
    struct lambda_api *api = &worker->api;
    struct why why = {0};
    err handled = handle(worker->shared->config, in, &worker->reply, &why);
    if (handled.kind) {
        log_failure(api->log, LOG_ERROR, "invocation failed", &why);
    }
    if (worker->stream.open) {
        return lambda_stream_end(&worker->stream, &why);
    }
    return handled.kind ? lambda_post_error(api, &why)
                        : lambda_post_response(api, buf_str(&worker->reply));
}

/* --- One worker --- */

static MUST_USE err open_own(struct lambda_worker *worker, unsigned number, struct why *why)
{
    const struct lambda_config *config = worker->shared->config;
    struct lambda_crash crash = {0};
    lambda_crash_watch(&crash, &worker->api);
    err opened = config->worker_open(config->ctx, number, &worker->own, why);
    lambda_crash_unwatch(&crash);
    worker->opened = !opened.kind;
    return opened;
}

err lambda_worker_open(struct lambda_worker *worker, const struct lambda_shared *shared,
                       unsigned number, struct why *why)
{
    const struct lambda_config *config = shared->config;
    size_t arena_bytes = config->arena_bytes ? config->arena_bytes : DEFAULT_ARENA_BYTES;
    worker->shared = shared;
    buf_init(&worker->reply, LAMBDA_MAX_RESPONSE_BYTES);
    TRY(lambda_api_init(&worker->api, config, why));
    worker->api.http.stop_fd = shared->stop_fd;
    worker->stream.api = &worker->api;
    if (!arena_block_init(&worker->block, arena_bytes)) {
        return FAIL(why, ERR_LIMIT, "no memory for the arena");
    }
    return config->worker_open ? open_own(worker, number, why) : OK;
}

void lambda_worker_close(struct lambda_worker *worker)
{
    if (!worker->shared) {
        return;
    }
    const struct lambda_config *config = worker->shared->config;
    if (worker->opened && config->worker_close) {
        config->worker_close(config->ctx, worker->own);
    }
    buf_close(&worker->reply);
    arena_block_close(&worker->block);
    lambda_api_close(&worker->api);
    *worker = (struct lambda_worker){0};
}

static int serve(struct lambda_worker *worker)
{
    int ended = 0;
    while (!ended) {
        struct arena arena = arena_start(&worker->block);
        struct lambda_invocation in = {.arena = &arena,
                                       .function = &worker->shared->function,
                                       .worker = worker->own,
                                       .stream = &worker->stream};
        ended = lambda_next(&worker->api, &in);
        if (!ended) {
            export_trace(worker, in.trace_id);
            ended = answer(worker, &in);
        }
    }
    return ended;
}

int lambda_worker_serve(struct lambda_worker *worker)
{
    struct lambda_crash crash = {0};
    lambda_crash_watch(&crash, &worker->api);
    int ended = serve(worker);
    lambda_crash_unwatch(&crash);
    return ended;
}

/* --- Several --- */

static void *serve_thread(void *ctx)
{
    struct lambda_worker *worker = ctx;
    worker->ended = lambda_worker_serve(worker);
    if (worker->ended != LAMBDA_STOPPED) {
        lambda_stop_now();
    }
    return NULL;
}

/* How many could be started. */
static unsigned start_threads(struct lambda_worker *workers, unsigned count)
{
    unsigned started = 0;
    while (started < count &&
           pthread_create(&workers[started].thread, NULL, serve_thread, &workers[started]) == 0) {
        started++;
    }
    if (started < count) {
        log_message(workers[0].api.log, LOG_FATAL, "a worker's thread could not be started");
        lambda_stop_now();
    }
    return started;
}

int lambda_workers_serve(struct lambda_worker *workers, unsigned count)
{
    if (count == 1) {
        return lambda_worker_serve(workers);
    }
    unsigned started = start_threads(workers, count);
    int ended = started < count ? LAMBDA_EXIT_MEMORY : LAMBDA_STOPPED;
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        ended = ended == LAMBDA_STOPPED ? workers[i].ended : ended;
    }
    return ended;
}

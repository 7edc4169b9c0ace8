/* The function: environment -> settings -> AWS -> the Runtime API's loop. The only file that sees
 * every layer.
 */
#include "runtime/config.h"
#include "runtime/lambda.h"
#include "runtime/metrics.h"
#include "runtime/ports.h"
#include "transform/ingest.h"

#include <signal.h>

struct function {
    const char *const *env;
    struct config config;
    struct worker *first;
};

/* What invocations that run at the same time do not share. */
struct worker {
    struct arena_block block; /* it lies in itself */
    bool warm;                /* has had an invocation */
    struct ports ports;
};

static MUST_USE err handle(void *ctx, const struct lambda_invocation *invocation, struct buf *reply,
                           struct why *why)
{
    const struct function *function = ctx;
    struct worker *worker = invocation->worker;
    const struct config *config = &function->config;
    const int64_t now_ms = lambda_now_ms();
    const struct ingest_ports ports = ports_for_ingest(&worker->ports);
    const struct ingest_config ingest_config = {
        .rules = {.phone_region = config->phone_region, .now_ms = now_ms},
        .request_id = invocation->request_id,
        .max_record_bytes = (size_t)config->max_record_bytes,
        .partial_response = config->partial_response,
        .has_rejects = config->rejects_queue_url.len > 0,
    };
    struct ingest ingest = {
        .config = &ingest_config,
        .ports = &ports,
        .arena = invocation->arena,
        .log = invocation->log,
    };
    ports_begin(&worker->ports, invocation->log, invocation->deadline_ms);
    err ingested = ingest_event(&ingest, invocation->event, reply, why);
    metrics_write(&(struct metrics){
        .invocation = invocation,
        .ingest = &ingest,
        .read = &worker->ports.read,
        .dynamodb = dynamodb_take_use(worker->ports.writer),
        .began_ms = now_ms,
        .ended_ms = lambda_now_ms(),
        .cold_start = worker == function->first && !worker->warm,
    });
    worker->warm = true;
    return ingested;
}

static MUST_USE err make_worker(struct function *function, struct worker **worker, struct why *why)
{
    struct arena_block block;
    if (!arena_block_init(&block, sizeof **worker)) {
        return FAIL(why, ERR_LIMIT, "no memory for a worker");
    }
    struct arena arena = arena_start(&block);
    *worker = ARENA_NEW(&arena, struct worker);
    (*worker)->block = block;
    return ports_init(&(*worker)->ports, &function->config, function->env, why);
}

static void close_worker(void *ctx, void *worker)
{
    (void)ctx;
    struct worker *closing = worker;
    struct arena_block block = closing->block;
    ports_close(&closing->ports);
    arena_block_close(&block);
}

static MUST_USE err open_worker(void *ctx, unsigned number, void **worker, struct why *why)
{
    struct function *function = ctx;
    struct worker *made = NULL;
    err opened = make_worker(function, &made, why);
    if (opened.kind && made) {
        close_worker(ctx, made);
    }
    TRY(opened);
    function->first = number == 0 ? made : function->first;
    *worker = made;
    return OK;
}

/* Connections, keys and the seed of the random numbers are the snapshot's: begin anew. Of the first
 * worker alone: environments that serve several invocations at once come from no snapshot. */
static MUST_USE err begin_anew(void *ctx, struct why *why)
{
    struct function *function = ctx;
    struct ports *ports = &function->first->ports;
    ports_close(ports);
    return ports_init(ports, &function->config, function->env, why);
}

int main(int argc, char **argv, char **env)
{
    struct function function = {.env = (const char *const *)env};
    struct why why = {0};
    struct log log = lambda_log(function.env);
    const struct lambda_config lambda = {
        .env = function.env,
        .handler = handle,
        .ctx = &function,
        .log = &log,
        .worker_open = open_worker,
        .worker_close = close_worker,
        .after_restore = begin_anew,
    };
    (void)argc;
    (void)argv;
    /* libcurl with CURLOPT_NOSIGNAL leaves it to us that a write to a closed connection is an error
     * and not our end. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (config_read(function.env, &function.config, &why).kind) {
        return lambda_init_failed(&lambda, &why);
    }
    return lambda_run(&lambda);
}

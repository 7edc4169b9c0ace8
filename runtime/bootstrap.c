/* The function: environment -> settings -> AWS -> the Runtime API's loop. The only file that sees
 * every layer.
 */
#include "runtime/config.h"
#include "runtime/lambda.h"
#include "runtime/ports.h"
#include "transform/ingest.h"

#include <signal.h>

struct function {
    struct config config;
    struct ports ports;
};

static MUST_USE err handle(void *ctx, const struct lambda_invocation *invocation, struct buf *reply,
                           struct why *why)
{
    struct function *function = ctx;
    const struct config *config = &function->config;
    const struct ingest_ports ports = ports_for_ingest(&function->ports);
    const struct ingest_config ingest_config = {
        .rules = {.phone_region = config->phone_region, .now_ms = lambda_now_ms()},
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
    ports_begin(&function->ports, invocation->log, invocation->deadline_ms);
    return ingest_event(&ingest, invocation->event, reply, why);
}

int main(int argc, char **argv, char **env)
{
    const char *const *settings = (const char *const *)env;
    struct function function = {0};
    struct why why = {0};
    struct log log = lambda_log(settings);
    struct lambda_config lambda = {
        .env = settings,
        .handler = handle,
        .ctx = &function,
        .log = &log,
    };
    (void)argc;
    (void)argv;
    /* libcurl with CURLOPT_NOSIGNAL leaves it to us that a write to a closed connection is an error
     * and not our end. */
    (void)signal(SIGPIPE, SIG_IGN);
    err ready = config_read(settings, &function.config, &why);
    if (!ready.kind) {
        ready = ports_init(&function.ports, &function.config, settings, &why);
    }
    int code = ready.kind ? lambda_init_failed(&lambda, &why) : lambda_run(&lambda);
    ports_close(&function.ports);
    return code;
}

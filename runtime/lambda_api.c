#include "runtime/lambda_api.h"

#include "base/env.h"

#include <stdlib.h>
#include <time.h>

enum { MAX_ANSWER_BYTES = 64 * 1024 };

static void sleep_for(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&left, NULL);
}

err lambda_api_init(struct lambda_api *api, const struct lambda_config *config, struct why *why)
{
    *api = (struct lambda_api){.http = {.fd = -1}, .sleep_ms = sleep_for};
    api->own_log = config->log ? *config->log : lambda_log(config->env);
    api->log = &api->own_log;
    buf_init(&api->event, LAMBDA_MAX_EVENT_BYTES);
    buf_init(&api->answer, MAX_ANSWER_BYTES);
    str address = env_get(config->env, STR("AWS_LAMBDA_RUNTIME_API"));
    if (!address.len) {
        return FAIL(why, ERR_BUG, "AWS_LAMBDA_RUNTIME_API is not set");
    }
    return http1_init(&api->http, address, why);
}

void lambda_api_close(struct lambda_api *api)
{
    if (api->trace[0]) {
        (void)unsetenv("_X_AMZN_TRACE_ID");
    }
    http1_close(&api->http);
    buf_close(&api->event);
    buf_close(&api->answer);
}

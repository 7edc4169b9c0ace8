#include "aws/client.h"

#include "aws/call.h"
#include "base/env.h"

#include <string.h>

enum { MAX_ATTEMPTS = 100 };

static MUST_USE err read_region(struct client *client, const char *const *env, struct why *why)
{
    str region = env_get(env, STR("AWS_REGION"));
    region = region.len ? region : env_get(env, STR("AWS_DEFAULT_REGION"));
    if (!region.len) {
        return FAIL(why, ERR_BUG, "AWS_REGION is not set");
    }
    if (!str_to_c(region, client->region, sizeof client->region)) {
        return FAIL(why, ERR_BUG, "AWS_REGION is too long");
    }
    return OK;
}

static MUST_USE err read_max_attempts(struct client *client, const char *const *env,
                                      struct why *why)
{
    str text = env_get(env, STR("AWS_MAX_ATTEMPTS"));
    uint64_t number = 0;
    if (!text.len) {
        return OK;
    }
    if (!str_to_u64(text, &number) || number < 1 || number > MAX_ATTEMPTS) {
        return FAIL(why, ERR_BUG, "AWS_MAX_ATTEMPTS is not a number from 1 to %d", MAX_ATTEMPTS);
    }
    client->max_attempts = (unsigned)number;
    return OK;
}

static MUST_USE err read_env(struct client *client, const char *const *env, struct why *why)
{
    TRY(credentials_from_env(env, &client->credentials, why));
    TRY(read_region(client, env, why));
    TRY(read_max_attempts(client, env, why));
    for (int i = 0; i < SERVICE_COUNT; i++) {
        TRY(endpoint_resolve((enum service)i, str_from(client->region), env, &client->endpoints[i],
                             why));
    }
    const struct trust_config trust = {.ca_bundle = env_get(env, STR("AWS_CA_BUNDLE"))};
    return http_init(&client->http, &trust, why);
}

err client_init(struct client *client, const struct client_config *config, struct why *why)
{
    *client = (struct client){.now_ms = config->now_ms, .chance = config->seed};
    retry_quota_init(&client->quota);
    return read_env(client, config->env, why);
}

void client_close(struct client *client)
{
    http_close(client->http);
    for (int i = 0; i < SERVICE_COUNT; i++) {
        sigv4_forget(&client->keys[i]);
    }
    *client = (struct client){0};
}

void client_set_deadline(struct client *client, int64_t deadline_ms)
{
    client->deadline_ms = deadline_ms;
}

void client_pump(struct client *client, int64_t wait_ms)
{
    http_pump(client->http, call_run_due(client, wait_ms));
}

#include "aws/client.h"

#include "aws/call.h"

enum { MAX_ATTEMPTS = 100 };

static MUST_USE err read_region(struct client *client, struct why *why)
{
    str region = settings_get(client->settings, STR("AWS_REGION"));
    if (!region.len) {
        return FAIL(why, ERR_BUG, "AWS_REGION is not set");
    }
    if (!str_to_c(region, client->region, sizeof client->region)) {
        return FAIL(why, ERR_BUG, "AWS_REGION is too long");
    }
    return OK;
}

static MUST_USE err read_max_attempts(struct client *client, struct why *why)
{
    str text = settings_get(client->settings, STR("AWS_MAX_ATTEMPTS"));
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

/* All three mean the standard mode: "legacy" is what came before it, and what "adaptive" adds to
 * it, a limit on the rate while throttled, the DynamoDB writer does in its own way. */
static MUST_USE err check_retry_mode(const struct client *client, struct why *why)
{
    static const char *const modes[] = {"standard", "adaptive", "legacy"};
    str mode = settings_get(client->settings, STR("AWS_RETRY_MODE"));
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!mode.len || str_eq_nocase(mode, str_from(modes[i]))) {
            return OK;
        }
    }
    return FAIL(why, ERR_BUG, "AWS_RETRY_MODE is not standard, adaptive or legacy");
}

static MUST_USE err read_settings(struct client *client, struct why *why)
{
    TRY(read_region(client, why));
    TRY(read_max_attempts(client, why));
    TRY(check_retry_mode(client, why));
    client->skew_ignored =
        settings_is_on(client->settings, STR("AWS_DISABLE_CLOCK_SKEW_CORRECTION"));
    for (int i = 0; i < SERVICE_COUNT; i++) {
        TRY(endpoint_resolve((enum service)i, str_from(client->region), client->settings,
                             &client->endpoints[i], why));
    }
    return OK;
}

static MUST_USE err open_provider(struct client *client, struct why *why)
{
    const struct provider_config config = {
        .settings = client->settings,
        .http = client->http,
        .now_ms = client->now_ms,
    };
    return provider_open(&client->provider, &config, why);
}

err client_init(struct client *client, const struct client_config *config, struct why *why)
{
    *client = (struct client){.now_ms = config->now_ms, .chance = config->seed};
    retry_quota_init(&client->quota);
    TRY(settings_open(&client->settings, config->env, why));
    TRY(read_settings(client, why));
    const struct trust_config trust = {
        .ca_bundle = settings_get(client->settings, STR("AWS_CA_BUNDLE")),
    };
    TRY(http_init(&client->http, &trust, why));
    return open_provider(client, why);
}

void client_close(struct client *client)
{
    provider_close(client->provider);
    http_close(client->http);
    settings_close(client->settings);
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

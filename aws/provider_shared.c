/* Keys that do not change while the process runs: of the environment, and of the shared files. */
#include "aws/provider_source.h"

#include "base/env.h"

/* --- The environment --- */

/* One alone is a slip that must not lead to another account's keys. */
static bool env_is_set(const struct settings *settings)
{
    const char *const *env = settings_env(settings);
    return env_get(env, STR("AWS_ACCESS_KEY_ID")).len ||
           env_get(env, STR("AWS_SECRET_ACCESS_KEY")).len;
}

static MUST_USE err check_env(const struct settings *settings, struct why *why)
{
    struct credentials ignored;
    return credentials_from_env(settings_env(settings), &ignored, why);
}

static MUST_USE err fetch_env(struct provider_work *work, struct credentials *out, struct why *why)
{
    return credentials_from_env(settings_env(work->settings), out, why);
}

const struct provider_source provider_env = {
    .is_set = env_is_set,
    .check = check_env,
    .fetch = fetch_env,
};

/* --- The shared files --- */

static str key_of(const struct settings *settings, const char *key)
{
    return settings_key(settings, settings_profile(settings), str_from(key));
}

static bool shared_is_set(const struct settings *settings)
{
    return key_of(settings, "aws_access_key_id").len ||
           key_of(settings, "aws_secret_access_key").len;
}

static MUST_USE err read_shared(const struct settings *settings, struct credentials *out,
                                struct why *why)
{
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
                                        "aws_session_token", "aws_account_id"};
    *out = (struct credentials){
        .access_key_id = key_of(settings, names[0]),
        .secret_access_key = key_of(settings, names[1]),
        .session_token = key_of(settings, names[2]),
        .account_id = key_of(settings, names[3]),
        .expires_ms = INT64_MAX,
    };
    return credentials_check(out, names, why);
}

static MUST_USE err check_shared(const struct settings *settings, struct why *why)
{
    struct credentials ignored;
    return read_shared(settings, &ignored, why);
}

static MUST_USE err fetch_shared(struct provider_work *work, struct credentials *out,
                                 struct why *why)
{
    return read_shared(work->settings, out, why);
}

const struct provider_source provider_shared = {
    .is_set = shared_is_set,
    .check = check_shared,
    .fetch = fetch_shared,
};

#include "aws/provider.h"

#include "aws/provider_source.h"

#include <openssl/crypto.h>
#include <string.h>

enum {
    ADVISORY_MS = 15 * 60 * 1000,
    MANDATORY_MS = 10 * 60 * 1000,
    AGAIN_MS = 60 * 1000,   /* between fetches that are not mandatory */
    GIVEN_UP_MS = 5 * 1000, /* after a failed fetch, which took seconds: all calls fail with it */
    RENEW_MS = 1000,      /* the least age of keys that are fetched anew for being called expired */
    LIMIT_MS = 60 * 1000, /* of a fetch */
    ADVISED_LIMIT_MS = 10 * 1000,
    ATTEMPTS = 3,
    KEYS_ROOM = 128 * 1024,
    SCRATCH_ROOM = 1024 * 1024, /* address space: it costs memory only where it is used */
};

struct provider {
    struct provider_config config;
    const struct provider_source *source;
    struct arena_block block; /* this struct and the scratch memory */
    struct arena scratch;
    struct credentials keys; /* in `memory`; without an id: none yet */
    int64_t fetched_ms;      /* when they were asked for */
    int64_t quiet_ms;        /* until then nobody is asked who need not be */
    bool renewing;
    struct why failure; /* of the last fetch that had to be, and when it was over */
    int64_t failed_ms;
    size_t used; /* bytes of `memory` */
    char memory[KEYS_ROOM];
};

/* --- Which source --- */

static const struct provider_source *const sources[] = {
    &provider_env,     &provider_web_identity, &provider_shared,
    &provider_process, &provider_container,    &provider_instance,
};

/* What a profile asks for and we do not have. Going on to the next source could mean another
 * account. */
static MUST_USE err check_profile(const struct settings *settings, struct why *why)
{
    static const char *const keys[] = {"source_profile", "credential_source", "sso_session",
                                       "sso_start_url", "login_session"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (settings_key(settings, settings_profile(settings), str_from(keys[i])).len) {
            return FAIL(why, ERR_DENIED, "the profile has %s, which is not supported here",
                        keys[i]);
        }
    }
    return OK;
}

static MUST_USE err choose(struct provider *p, struct why *why)
{
    const struct settings *settings = p->config.settings;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (sources[i] != &provider_env) {
            TRY(check_profile(settings, why));
        }
        if (sources[i]->is_set(settings)) {
            p->source = sources[i];
            return p->source->check(settings, why);
        }
    }
    return FAIL(why, ERR_DENIED,
                "AWS_ACCESS_KEY_ID is not set, nor is there another source of credentials");
}

/* --- Opening and closing --- */

err provider_open(struct provider **out, const struct provider_config *config, struct why *why)
{
    struct arena_block block;
    if (!arena_block_init(&block, sizeof(struct provider) + SCRATCH_ROOM)) {
        return FAIL(why, ERR_LIMIT, "no memory for credentials");
    }
    struct arena arena = arena_start(&block);
    struct provider *p = arena_alloc(&arena, sizeof *p, _Alignof(struct provider));
    p->config = *config; /* the rest is zero: the block is new */
    p->block = block;
    p->scratch = arena;
    err chosen = choose(p, why);
    if (chosen.kind) {
        provider_close(p);
        return chosen;
    }
    *out = p;
    return OK;
}

static void forget(struct provider *p)
{
    OPENSSL_cleanse(p->memory, p->used);
    p->used = 0;
    p->keys = (struct credentials){0};
}

void provider_close(struct provider *provider)
{
    if (!provider) {
        return;
    }
    forget(provider);
    struct arena_block block = provider->block;
    arena_block_close(&block);
}

/* --- Fetching --- */

static str keep(struct provider *p, str value)
{
    char *into = p->memory + p->used;
    if (value.len) {
        memcpy(into, value.at, value.len);
    }
    p->used += value.len;
    return (str){into, value.len};
}

static MUST_USE err store(struct provider *p, const struct credentials *keys, int64_t now_ms,
                          struct why *why)
{
    size_t len = keys->access_key_id.len + keys->secret_access_key.len + keys->session_token.len +
                 keys->account_id.len;
    if (len > sizeof p->memory) {
        return FAIL(why, ERR_DENIED, "credentials of more than %d bytes", KEYS_ROOM);
    }
    if (keys->expires_ms <= now_ms && !p->source->outlive) {
        return FAIL(why, ERR_DENIED, "the source of credentials gave some that have expired");
    }
    forget(p);
    p->keys = (struct credentials){
        .access_key_id = keep(p, keys->access_key_id),
        .secret_access_key = keep(p, keys->secret_access_key),
        .session_token = keep(p, keys->session_token),
        .account_id = keep(p, keys->account_id),
        .expires_ms = keys->expires_ms,
    };
    p->fetched_ms = now_ms;
    p->quiet_ms = now_ms + AGAIN_MS;
    p->renewing = false;
    return OK;
}

static int64_t limit(int64_t deadline_ms, int64_t own_ms)
{
    return deadline_ms && deadline_ms < own_ms ? deadline_ms : own_ms;
}

static MUST_USE err fetch_and_store(struct provider *p, struct provider_work *work, struct why *why)
{
    struct credentials keys = {.expires_ms = INT64_MAX};
    TRY(p->source->fetch(work, &keys, why));
    return store(p, &keys, p->config.now_ms(), why);
}

/* With keys to `spare` it is tried once and not for long. */
static MUST_USE err fetch(struct provider *p, bool spare, int64_t deadline_ms, struct why *why)
{
    int64_t now_ms = p->config.now_ms();
    struct provider_work work = {
        .settings = p->config.settings,
        .now_ms = p->config.now_ms,
        .deadline_ms = limit(deadline_ms, now_ms + (spare ? ADVISED_LIMIT_MS : LIMIT_MS)),
        .attempts = spare ? 1 : ATTEMPTS,
        .http = p->config.http,
        .scratch = p->scratch,
    };
    err fetched = fetch_and_store(p, &work, why);
    OPENSSL_cleanse(p->scratch.at, (size_t)(work.scratch.at - p->scratch.at));
    return fetched;
}

/* --- When --- */

enum need { NEED_NOTHING, NEED_ADVISED, NEED_NOW };

static enum need judge(const struct provider *p, int64_t now_ms)
{
    if (!p->keys.access_key_id.len || p->renewing) {
        return NEED_NOW;
    }
    int64_t left_ms = p->keys.expires_ms == INT64_MAX ? INT64_MAX : p->keys.expires_ms - now_ms;
    bool usable = left_ms > 0 || p->source->outlive;
    if (left_ms > ADVISORY_MS || (usable && now_ms < p->quiet_ms)) {
        return NEED_NOTHING;
    }
    return left_ms > MANDATORY_MS ? NEED_ADVISED : NEED_NOW;
}

/* Whether the keys at hand do when a fetch brings no others. */
static bool can_spare(const struct provider *p, enum need need)
{
    bool outlive = p->source->outlive && p->keys.access_key_id.len && !p->renewing;
    return need == NEED_ADVISED || outlive;
}

/* A source that does not answer takes seconds to fail, for each of a thousand calls. One that had
 * too little time says nothing of the source. */
static void remember(struct provider *p, const struct why *failure, int64_t deadline_ms)
{
    int64_t now_ms = p->config.now_ms();
    bool in_time = failure->kind != ERR_DEADLINE && (!deadline_ms || now_ms < deadline_ms);
    p->failure = in_time ? *failure : (struct why){0};
    p->failed_ms = now_ms;
}

static bool has_just_failed(const struct provider *p, int64_t now_ms)
{
    return p->failure.kind && now_ms >= p->failed_ms && now_ms - p->failed_ms < GIVEN_UP_MS;
}

static MUST_USE err fetch_needed(struct provider *p, int64_t deadline_ms, struct why *why)
{
    struct why failure = p->failure;
    err failed = {failure.kind};
    if (!has_just_failed(p, p->config.now_ms())) {
        failure = (struct why){0};
        failed = fetch(p, false, deadline_ms, &failure);
        remember(p, &failure, deadline_ms);
    }
    if (why->kind == ERR_NONE) {
        *why = failure;
    }
    return failed;
}

err provider_get(struct provider *provider, int64_t deadline_ms, const struct credentials **out,
                 struct why *why)
{
    int64_t now_ms = provider->config.now_ms();
    enum need need = judge(provider, now_ms);
    if (need != NEED_NOTHING) {
        struct why unheard = {0};
        err fetched = can_spare(provider, need) ? fetch(provider, true, deadline_ms, &unheard)
                                                : fetch_needed(provider, deadline_ms, why);
        if (fetched.kind && !unheard.kind) {
            return fetched;
        }
        provider->quiet_ms = provider->config.now_ms() + AGAIN_MS;
    }
    *out = &provider->keys;
    return OK;
}

bool provider_renew(struct provider *provider, int64_t signed_ms)
{
    if (!provider->source->renews) {
        return false;
    }
    bool newer = signed_ms < provider->fetched_ms;
    bool recent = provider->config.now_ms() - provider->fetched_ms < RENEW_MS;
    provider->renewing = provider->renewing || (!newer && !recent);
    return newer || provider->renewing;
}

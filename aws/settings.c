#include "aws/settings.h"

#include "aws/file.h"
#include "aws/profile.h"
#include "base/env.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>

/* Of a line of two characters an entry takes many times as much, so not all of FILE_MAX may be
 * such lines. Only what is touched costs memory. */
enum { FILE_MAX = 256 * 1024, ENTRIES_ROOM = 4 * 1024 * 1024 };

struct settings {
    const char *const *env;
    struct profile_entries entries;
    str profile;
    struct arena_block block; /* this struct, the files' text and their entries */
    struct arena arena;
};

/* The variables that a profile's key stands behind. */
static const struct {
    str variable, older, key;
} table[] = {
    {STR_INIT("AWS_ACCOUNT_ID_ENDPOINT_MODE"), {0}, STR_INIT("account_id_endpoint_mode")},
    {STR_INIT("AWS_CA_BUNDLE"), {0}, STR_INIT("ca_bundle")},
    {STR_INIT("AWS_DISABLE_CLOCK_SKEW_CORRECTION"), {0}, STR_INIT("disable_clock_skew_correction")},
    {STR_INIT("AWS_EC2_METADATA_SERVICE_ENDPOINT"), {0}, STR_INIT("ec2_metadata_service_endpoint")},
    {STR_INIT("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
     {0},
     STR_INIT("ec2_metadata_service_endpoint_mode")},
    {STR_INIT("AWS_ENDPOINT_URL"), {0}, STR_INIT("endpoint_url")},
    {STR_INIT("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
     {0},
     STR_INIT("ignore_configured_endpoint_urls")},
    {STR_INIT("AWS_MAX_ATTEMPTS"), {0}, STR_INIT("max_attempts")},
    {STR_INIT("AWS_REGION"), STR_INIT("AWS_DEFAULT_REGION"), STR_INIT("region")},
    {STR_INIT("AWS_RESPONSE_CHECKSUM_VALIDATION"), {0}, STR_INIT("response_checksum_validation")},
    {STR_INIT("AWS_RETRY_MODE"), {0}, STR_INIT("retry_mode")},
    {STR_INIT("AWS_ROLE_ARN"), {0}, STR_INIT("role_arn")},
    {STR_INIT("AWS_ROLE_SESSION_NAME"), {0}, STR_INIT("role_session_name")},
    {STR_INIT("AWS_USE_DUALSTACK_ENDPOINT"), {0}, STR_INIT("use_dualstack_endpoint")},
    {STR_INIT("AWS_USE_FIPS_ENDPOINT"), {0}, STR_INIT("use_fips_endpoint")},
    {STR_INIT("AWS_WEB_IDENTITY_TOKEN_FILE"), {0}, STR_INIT("web_identity_token_file")},
};

/* --- The files --- */

struct source {
    enum profile_file file;
    const char *variable, *usual; /* where it is named, and its place under HOME */
};

/* "~/x" is under HOME. False when there is no such path. */
static bool write_path(const struct settings *s, const struct source *source, struct buf *path)
{
    str home = env_get(s->env, STR("HOME"));
    str given = env_get(s->env, str_from(source->variable));
    bool in_home = !given.len || str_starts(given, STR("~/"));
    if (in_home && !home.len) {
        return false;
    }
    if (in_home) {
        buf_add(path, home);
        buf_add(path, given.len ? str_drop(given, 1) : str_from(source->usual));
    } else {
        buf_add(path, given);
    }
    buf_char(path, 0);
    return !path->failed;
}

/* A file that is not there is none; neither is one that nobody named in a place that is closed to
 * us: in Lambda HOME may be anything. */
static bool is_absence(int error, bool named)
{
    return error == ENOENT || error == ENOTDIR || (!named && (error == EACCES || error == EPERM));
}

static MUST_USE err read_source(struct settings *s, const struct source *source, struct why *why)
{
    char memory[PATH_MAX];
    struct buf path, text;
    buf_wrap(&path, memory, sizeof memory);
    size_t left = (size_t)(s->arena.end - s->arena.at);
    buf_wrap(&text, s->arena.at, left < FILE_MAX ? left : FILE_MAX);
    if (!write_path(s, source, &path)) {
        return OK;
    }
    int failed = file_read(path.at, &text);
    s->arena.at += text.len;
    if (is_absence(failed, env_get(s->env, str_from(source->variable)).len > 0)) {
        return OK;
    }
    if (failed) {
        return FAIL(why, ERR_BUG, "the file of %s cannot be read, errno %d", source->variable,
                    failed);
    }
    return profile_read(&s->entries, source->file, &text, &s->arena, why);
}

/* The credentials file comes last: its keys win. */
static MUST_USE err read_files(struct settings *s, struct why *why)
{
    static const struct source sources[] = {
        {PROFILE_CONFIG, "AWS_CONFIG_FILE", "/.aws/config"},
        {PROFILE_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"},
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        TRY(read_source(s, &sources[i], why));
    }
    return OK;
}

static MUST_USE err check(const struct settings *s, struct why *why)
{
    bool chosen = env_get(s->env, STR("AWS_PROFILE")).len > 0;
    if (chosen && !profile_exists(&s->entries, PROFILE_SECTION, s->profile)) {
        return FAIL(why, ERR_BUG, "AWS_PROFILE is in neither the config nor the credentials file");
    }
    str services = settings_key(s, s->profile, STR("services"));
    if (services.len && !profile_exists(&s->entries, PROFILE_SERVICES, services)) {
        return FAIL(why, ERR_BUG, "the profile's services section is not in the config file");
    }
    return OK;
}

static MUST_USE err fill(struct settings *s, struct why *why)
{
    str profile = env_get(s->env, STR("AWS_PROFILE"));
    s->profile = profile.len ? profile : STR("default");
    TRY(read_files(s, why));
    return check(s, why);
}

err settings_open(struct settings **out, const char *const *env, struct why *why)
{
    struct arena_block block;
    if (!arena_block_init(&block, sizeof(struct settings) + 2 * FILE_MAX + ENTRIES_ROOM)) {
        return FAIL(why, ERR_LIMIT, "no memory for the settings");
    }
    struct arena arena = arena_start(&block);
    struct settings *s = ARENA_NEW(&arena, struct settings);
    *s = (struct settings){.env = env, .block = block, .arena = arena};
    err filled = fill(s, why);
    if (filled.kind) {
        settings_close(s);
        return filled;
    }
    *out = s;
    return OK;
}

void settings_close(struct settings *settings)
{
    if (!settings) {
        return;
    }
    struct arena_block block = settings->block;
    OPENSSL_cleanse(block.at, (size_t)(settings->arena.at - block.at));
    arena_block_close(&block);
}

/* --- Looking up --- */

static str find(const struct settings *s, str variable, bool in_files)
{
    str value = env_get(s->env, variable);
    for (size_t i = 0; !value.len && i < sizeof table / sizeof table[0]; i++) {
        if (!str_eq(table[i].variable, variable)) {
            continue;
        }
        value = table[i].older.len ? env_get(s->env, table[i].older) : value;
        return value.len || !in_files ? value : settings_key(s, s->profile, table[i].key);
    }
    return value;
}

str settings_get(const struct settings *settings, str variable)
{
    return find(settings, variable, true);
}

bool settings_is_on(const struct settings *settings, str variable)
{
    return str_eq_nocase(settings_get(settings, variable), STR("true"));
}

str settings_key(const struct settings *settings, str profile, str key)
{
    return profile_get(&settings->entries, PROFILE_SECTION, profile, key);
}

str settings_profile(const struct settings *settings)
{
    return settings->profile;
}

static str env_endpoint_url(const struct settings *s, str service)
{
    char memory[64];
    struct buf variable;
    buf_wrap(&variable, memory, sizeof memory);
    buf_add(&variable, STR("AWS_ENDPOINT_URL_"));
    buf_add(&variable, service);
    str url = variable.failed ? STR("") : env_get(s->env, buf_str(&variable));
    return url.len ? url : env_get(s->env, STR("AWS_ENDPOINT_URL"));
}

str settings_endpoint_url(const struct settings *settings, str service)
{
    if (settings_is_on(settings, STR("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
        return STR("");
    }
    str url = env_endpoint_url(settings, service);
    if (url.len) {
        return url;
    }
    str section = settings_key(settings, settings->profile, STR("services"));
    str keys = profile_get(&settings->entries, PROFILE_SERVICES, section, service);
    url = profile_nested(keys, STR("endpoint_url"));
    return url.len ? url : settings_get(settings, STR("AWS_ENDPOINT_URL"));
}

const char *const *settings_env(const struct settings *settings)
{
    return settings->env;
}

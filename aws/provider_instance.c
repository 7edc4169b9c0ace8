/* The metadata of an EC2 instance, version 2 alone: a session's token first, then the role's name,
 * then the role's credentials.
 * Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
#include "aws/provider_source.h"
#include "aws/uri.h"
#include "base/ascii.h"
#include "base/env.h"

enum { URL_ROOM = 1024, BASE_MAX = 512, TOKEN_MAX = 1024, ROLE_MAX = 128, ATTEMPT_MS = 1000 };

/* The last source: whoever sees its failure has most likely set up none of the others. */
static const char whom[] = "the instance's metadata (no other source of credentials is set up)";
static const char endpoint_name[] = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
static const char mode_name[] = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
static const char roles_path[] = "/latest/meta-data/iam/security-credentials/";

/* In Lambda there is none, and asking would only cost time. */
static bool is_set(const struct settings *settings)
{
    return !settings_is_on(settings, STR("AWS_EC2_METADATA_DISABLED")) &&
           !env_get(settings_env(settings), STR("AWS_LAMBDA_RUNTIME_API")).len;
}

/* Without a slash at its end. */
static str base_of(const struct settings *settings)
{
    str base = settings_get(settings, str_from(endpoint_name));
    str mode = settings_get(settings, str_from(mode_name));
    if (!base.len) {
        return str_eq_nocase(mode, STR("IPv6")) ? STR("http://[fd00:ec2::254]")
                                                : STR("http://169.254.169.254");
    }
    while (str_ends(base, STR("/"))) {
        base.len--;
    }
    return base;
}

static MUST_USE err check(const struct settings *settings, struct why *why)
{
    str base = base_of(settings);
    str mode = settings_get(settings, str_from(mode_name));
    bool http = str_starts(base, STR("http://")) || str_starts(base, STR("https://"));
    if (!http || !ascii_all_visible(base) || base.len > BASE_MAX) {
        return FAIL(why, ERR_DENIED, "%s is not a URL", endpoint_name);
    }
    if (mode.len && !str_eq_nocase(mode, STR("IPv4")) && !str_eq_nocase(mode, STR("IPv6"))) {
        return FAIL(why, ERR_DENIED, "%s is neither IPv4 nor IPv6", mode_name);
    }
    return OK;
}

/* `role` is percent-encoded; the answer is in work->reply. */
static MUST_USE err ask(struct provider_work *work, const struct http_request *request,
                        const char *path, str role, struct why *why)
{
    char memory[URL_ROOM];
    struct buf url;
    buf_wrap(&url, memory, sizeof memory);
    buf_add(&url, base_of(work->settings));
    buf_add(&url, str_from(path));
    uri_add_encoded(&url, role);
    if (url.failed) {
        return FAIL(why, ERR_DENIED, "%s: the URL is too long", whom);
    }
    struct provider_question question = {
        .whom = whom, .request = *request, .attempt_ms = ATTEMPT_MS};
    question.request.url = buf_str(&url);
    return provider_ask(work, &question, why);
}

/* The reply as a word that outlives it: a token, a name. */
static MUST_USE err keep_word(struct provider_work *work, size_t max, str *out, struct why *why)
{
    str word = str_trim(str_cut(str_trim(buf_str(&work->reply)), '\n').head);
    *out = arena_copy(&work->scratch, word);
    if (!word.len || word.len > max || !ascii_all_visible(word) || !out->at) {
        return FAIL(why, ERR_DENIED, "%s: neither a token nor a role's name", whom);
    }
    return OK;
}

static MUST_USE err get(struct provider_work *work, str token, str role, struct why *why)
{
    const struct header header = {STR("x-aws-ec2-metadata-token"), token};
    const struct http_request request = {.method = HTTP_GET, .headers = &header, .header_count = 1};
    return ask(work, &request, roles_path, role, why);
}

static MUST_USE err get_token(struct provider_work *work, str *token, struct why *why)
{
    static const struct header header = {STR_INIT("x-aws-ec2-metadata-token-ttl-seconds"),
                                         STR_INIT("21600")};
    const struct http_request request = {.method = HTTP_PUT, .headers = &header, .header_count = 1};
    TRY(ask(work, &request, "/latest/api/token", STR(""), why));
    return keep_word(work, TOKEN_MAX, token, why);
}

static MUST_USE err read_document(struct provider_work *work, struct credentials *out,
                                  struct why *why)
{
    static const struct provider_names names = {whom, "AccessKeyId", "SecretAccessKey", "Token",
                                                true};
    str text = buf_str(&work->reply);
    str code = provider_json_member(work, text, "Code");
    if (code.len && !str_eq(code, STR("Success"))) {
        err_code(why, code);
        return FAIL(why, ERR_DENIED, "%s: the instance's role gives no credentials", whom);
    }
    return provider_read_json(work, text, &names, out, why);
}

static MUST_USE err fetch(struct provider_work *work, struct credentials *out, struct why *why)
{
    str token, role;
    TRY(get_token(work, &token, why));
    TRY(get(work, token, STR(""), why));
    TRY(keep_word(work, ROLE_MAX, &role, why));
    TRY(get(work, token, role, why));
    return read_document(work, out, why);
}

const struct provider_source provider_instance = {
    .is_set = is_set,
    .check = check,
    .fetch = fetch,
    .renews = true,
    .outlive = true,
};

/* Web identity: a token of somebody whom a role trusts, in a file, is exchanged for the role's
 * credentials. The request is not signed; the token is what proves it.
 * Source: docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
#include "aws/endpoint.h"
#include "aws/fault.h"
#include "aws/provider_source.h"
#include "aws/uri.h"
#include "base/ascii.h"
#include "base/date.h"

#include <string.h>

enum {
    TOKEN_MAX = 20000, /* as STS has it */
    FORM_ROOM = 3 * TOKEN_MAX + 16 * 1024,
    URL_ROOM = 1024,
    ATTEMPT_MS = 5000,
};

static const char whom[] = "STS";
static const char token_file[] = "AWS_WEB_IDENTITY_TOKEN_FILE";

static bool is_set(const struct settings *settings)
{
    return settings_get(settings, str_from(token_file)).len > 0;
}

static MUST_USE err check(const struct settings *settings, struct why *why)
{
    struct endpoint ignored;
    str role = settings_get(settings, STR("AWS_ROLE_ARN"));
    if (!role.len || !ascii_all_visible(role)) {
        return FAIL(why, ERR_DENIED, "AWS_ROLE_ARN is %s",
                    role.len ? "not an ARN" : "not set, but AWS_WEB_IDENTITY_TOKEN_FILE is");
    }
    return endpoint_resolve(SERVICE_STS, settings_get(settings, STR("AWS_REGION")), settings,
                            &ignored, why);
}

/* --- The question --- */

static void add_field(struct buf *form, const char *name, str value)
{
    buf_add(form, str_from(name));
    uri_add_encoded(form, value);
}

/* A name for the session in the service's own log; the time tells sessions apart. */
static void add_session_name(struct buf *form, const struct provider_work *work)
{
    str name = settings_get(work->settings, STR("AWS_ROLE_SESSION_NAME"));
    add_field(form, "&RoleSessionName=", name.len ? name : STR("session-"));
    if (!name.len) {
        buf_i64(form, work->now_ms());
    }
}

static MUST_USE err write_form(struct provider_work *work, struct buf *form, struct why *why)
{
    str token;
    TRY(provider_read_file(work, settings_get(work->settings, str_from(token_file)), token_file,
                           TOKEN_MAX, &token, why));
    char *room = arena_alloc(&work->scratch, FORM_ROOM, 1);
    buf_wrap(form, room, room ? FORM_ROOM : 0);
    add_field(form, "Action=", STR("AssumeRoleWithWebIdentity"));
    add_field(form, "&Version=", STR("2011-06-15"));
    add_field(form, "&RoleArn=", settings_get(work->settings, STR("AWS_ROLE_ARN")));
    add_session_name(form, work);
    add_field(form, "&WebIdentityToken=", str_trim(token));
    return form->failed ? FAIL(why, ERR_LIMIT, "the request to STS is too long") : OK;
}

static MUST_USE err write_url(const struct provider_work *work, struct buf *url, struct why *why)
{
    struct endpoint sts;
    str region = settings_get(work->settings, STR("AWS_REGION"));
    TRY(endpoint_resolve(SERVICE_STS, region, work->settings, &sts, why));
    buf_add(url, str_from(sts.scheme));
    buf_add(url, STR("://"));
    buf_add(url, str_from(sts.host));
    buf_add(url, str_from(sts.prefix));
    buf_char(url, '/');
    return url->failed ? FAIL(why, ERR_LIMIT, "the URL of STS is too long") : OK;
}

/* The provider of the token could not be reached by STS: it says itself to try again. */
static bool may_pass(int status, str body)
{
    char code[FAULT_CODE_ROOM];
    const struct fault_reply reply = {.body = body};
    str found = fault_code(&reply, code);
    return str_eq(found, STR("IDPCommunicationError")) || fault_kind(status, found) == ERR_BUSY;
}

/* --- The answer --- */

/* What stands in the first element of that name; empty when there is none. Values hold no entities:
 * what does is refused as no key. */
static str element(str xml, const char *name)
{
    char tag[32];
    struct buf b;
    buf_wrap(&b, tag, sizeof tag);
    buf_char(&b, '<');
    buf_add(&b, str_from(name));
    buf_char(&b, '>');
    const char *start = memmem(xml.at, xml.len, tag, b.len);
    if (!start) {
        return STR("");
    }
    str inside = str_span(start + b.len, xml.at + xml.len);
    buf_clear(&b);
    buf_add(&b, STR("</"));
    buf_add(&b, str_from(name));
    buf_char(&b, '>');
    const char *end = memmem(inside.at, inside.len, tag, b.len);
    return end ? str_span(inside.at, end) : STR("");
}

/* "arn:aws:sts::123456789012:assumed-role/..." gives the number. */
static str account_of(str arn)
{
    for (int part = 0; part < 4; part++) {
        arn = str_cut(arn, ':').tail;
    }
    return str_cut(arn, ':').head;
}

err provider_identity_read(str xml, struct credentials *out, struct why *why)
{
    static const char *const names[] = {"STS: AccessKeyId", "STS: SecretAccessKey",
                                        "STS: SessionToken", "STS: the account"};
    str keys = element(xml, "Credentials");
    *out = (struct credentials){
        .access_key_id = str_trim(element(keys, "AccessKeyId")),
        .secret_access_key = str_trim(element(keys, "SecretAccessKey")),
        .session_token = str_trim(element(keys, "SessionToken")),
        .account_id = account_of(element(element(xml, "AssumedRoleUser"), "Arn")),
    };
    TRY(credentials_check(out, names, why));
    if (!out->session_token.len) {
        return FAIL(why, ERR_DENIED, "%s is not set", names[2]);
    }
    bool dated = date_parse_rfc3339(str_trim(element(keys, "Expiration")), &out->expires_ms);
    return dated ? OK : FAIL(why, ERR_DENIED, "%s: Expiration is not a time", whom);
}

static MUST_USE err fetch(struct provider_work *work, struct credentials *out, struct why *why)
{
    static const struct header headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/x-www-form-urlencoded")},
    };
    char memory[URL_ROOM];
    struct buf url, form;
    buf_wrap(&url, memory, sizeof memory);
    TRY(write_url(work, &url, why));
    TRY(write_form(work, &form, why));
    const struct provider_question question = {
        .whom = whom,
        .request =
            {
                .method = HTTP_POST,
                .url = buf_str(&url),
                .headers = headers,
                .header_count = sizeof headers / sizeof headers[0],
                .body = buf_str(&form),
            },
        .attempt_ms = ATTEMPT_MS,
        .may_pass = may_pass,
    };
    TRY(provider_ask(work, &question, why));
    return provider_identity_read(buf_str(&work->reply), out, why);
}

const struct provider_source provider_web_identity = {
    .is_set = is_set,
    .check = check,
    .fetch = fetch,
    .renews = true,
};

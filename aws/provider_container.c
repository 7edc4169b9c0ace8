/* The container's credentials endpoint: of ECS, of EKS Pod Identity, of Lambda with SnapStart.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
#include "aws/provider_source.h"

#include "base/ascii.h"
#include "base/env.h"

#include <arpa/inet.h>
#include <string.h>

enum { URL_ROOM = 2048, TOKEN_MAX = 32 * 1024, ATTEMPT_MS = 2000 };

static const char whom[] = "the container's credentials endpoint";
static const char relative_uri[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
static const char full_uri[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
static const char token_name[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
static const char token_file[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

static str variable(const struct settings *settings, const char *name)
{
    return env_get(settings_env(settings), str_from(name));
}

static bool is_set(const struct settings *settings)
{
    return variable(settings, relative_uri).len || variable(settings, full_uri).len;
}

/* --- Where it is --- */

static bool is_host_char(char c)
{
    return ascii_is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
}

static bool is_name(str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.at[i])) {
            return false;
        }
    }
    return host.len > 0;
}

static bool is_trusted_ipv4(str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr a;
    if (!str_to_c(host, text, sizeof text) || inet_pton(AF_INET, text, &a) != 1) {
        return false;
    }
    uint32_t address = ntohl(a.s_addr);
    return address >> 24 == 127 ||   /* loopback */
           address == 0xA9FEAA02U || /* 169.254.170.2, of ECS */
           address == 0xA9FEAA17U;   /* 169.254.170.23, of EKS */
}

static bool is_trusted_ipv6(str host)
{
    static const struct in6_addr eks = {.s6_addr = {0xfd, 0, 0x0e, 0xc2, [15] = 0x23}};
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;
    if (!str_to_c(host, text, sizeof text) || inet_pton(AF_INET6, text, &a) != 1) {
        return false;
    }
    return IN6_IS_ADDR_LOOPBACK(&a) || memcmp(&a, &eks, sizeof a) == 0;
}

/* libcurl knows this name without asking anybody. */
static bool is_localhost(str host)
{
    return str_eq_nocase(host, STR("localhost"));
}

static bool is_port(str s)
{
    uint64_t port = 0;
    return !s.len || (s.at[0] == ':' && str_to_u64(str_drop(s, 1), &port) && port <= UINT16_MAX);
}

/* A token and keys in plain text go to such hosts alone as are on this machine or its link. What
 * counts is the address as parsed: a name may begin like one. */
static bool may_ask(str scheme, str authority)
{
    bool secure = str_eq_nocase(scheme, STR("https"));
    if (!secure && !str_eq_nocase(scheme, STR("http"))) {
        return false;
    }
    if (str_starts(authority, STR("["))) {
        struct str_halves cut = str_cut(str_drop(authority, 1), ']');
        char text[INET6_ADDRSTRLEN];
        struct in6_addr ignored;
        bool address = cut.found && str_to_c(cut.head, text, sizeof text) &&
                       inet_pton(AF_INET6, text, &ignored) == 1;
        return address && is_port(cut.tail) && (secure || is_trusted_ipv6(cut.head));
    }
    str host = str_cut(authority, ':').head;
    return is_name(host) && is_port(str_drop(authority, host.len)) &&
           (secure || is_trusted_ipv4(host) || is_localhost(host));
}

static size_t authority_len(str rest)
{
    size_t len = 0;
    while (len < rest.len && !memchr("/?#", rest.at[len], 3)) {
        len++;
    }
    return len;
}

err provider_container_url(const struct settings *settings, struct buf *url, struct why *why)
{
    str relative = variable(settings, relative_uri);
    str full = variable(settings, full_uri);
    const char *name = relative.len ? relative_uri : full_uri;
    if (relative.len && !str_starts(relative, STR("/"))) {
        return FAIL(why, ERR_DENIED, "%s does not begin with '/'", name);
    }
    buf_add(url, relative.len ? STR("http://169.254.170.2") : STR(""));
    buf_add(url, relative.len ? relative : full);
    str text = buf_str(url);
    struct str_halves cut = str_cut(text, ':');
    if (url->failed || !ascii_all_visible(text) || !str_starts(cut.tail, STR("//"))) {
        return FAIL(why, ERR_DENIED, "%s is not a URL", name);
    }
    str rest = str_drop(cut.tail, 2);
    if (!may_ask(cut.head, str_take(rest, authority_len(rest)))) {
        return FAIL(why, ERR_DENIED,
                    "%s is neither https nor a loopback, ECS or EKS address over http", name);
    }
    return OK;
}

/* --- The question --- */

/* The file wins, and is read each time: it changes. */
static MUST_USE err read_token(struct provider_work *work, str *token, struct why *why)
{
    str file = variable(work->settings, token_file);
    const char *name = file.len ? token_file : token_name;
    *token = variable(work->settings, token_name);
    if (file.len) {
        TRY(provider_read_file(work, file, token_file, TOKEN_MAX, token, why));
    }
    bool broken =
        token->len && (memchr(token->at, '\r', token->len) || memchr(token->at, '\n', token->len));
    return broken ? FAIL(why, ERR_DENIED, "the token of %s holds a line's end", name) : OK;
}

static MUST_USE err check(const struct settings *settings, struct why *why)
{
    char memory[URL_ROOM];
    struct buf url;
    buf_wrap(&url, memory, sizeof memory);
    return provider_container_url(settings, &url, why);
}

static MUST_USE err fetch(struct provider_work *work, struct credentials *out, struct why *why)
{
    static const struct provider_names names = {whom, "AccessKeyId", "SecretAccessKey", "Token",
                                                false};
    char memory[URL_ROOM];
    struct buf url;
    struct header headers[] = {{STR("accept"), STR("application/json")},
                               {STR("authorization"), STR("")}};
    buf_wrap(&url, memory, sizeof memory);
    TRY(provider_container_url(work->settings, &url, why));
    TRY(read_token(work, &headers[1].value, why));
    const struct provider_question question = {
        .whom = whom,
        .request =
            {
                .method = HTTP_GET,
                .url = buf_str(&url),
                .headers = headers,
                .header_count = headers[1].value.len ? 2 : 1,
            },
        .attempt_ms = ATTEMPT_MS,
    };
    TRY(provider_ask(work, &question, why));
    return provider_read_json(work, buf_str(&work->reply), &names, out, why);
}

const struct provider_source provider_container = {
    .is_set = is_set,
    .check = check,
    .fetch = fetch,
    .renews = true,
};

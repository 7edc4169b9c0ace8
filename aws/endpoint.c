#include "aws/endpoint.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/env.h"

#include <arpa/inet.h>
#include <string.h>

enum { REGION_MAX = 63, LABEL_MAX = 63, PORT_MAX = 65535, HTTP_PORT = 80, HTTPS_PORT = 443 };

static const struct {
    const char *name, *variable;
} services[SERVICE_COUNT] = {
    [SERVICE_S3] = {"s3", "AWS_ENDPOINT_URL_S3"},
    [SERVICE_DYNAMODB] = {"dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"},
    [SERVICE_SQS] = {"sqs", "AWS_ENDPOINT_URL_SQS"},
    [SERVICE_KINESIS] = {"kinesis", "AWS_ENDPOINT_URL_KINESIS"},
};

/* The regions that are not on amazonaws.com. */
static const struct {
    const char *prefix, *domain;
} partitions[] = {
    {"cn-", "amazonaws.com.cn"},   {"eusc-", "amazonaws.eu"},      {"us-iso-", "c2s.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov"}, {"us-isof-", "csp.hci.ic.gov"}, {"eu-isoe-", "cloud.adc-e.uk"},
};

str endpoint_service_name(enum service service)
{
    return str_from(services[service].name);
}

static bool is_region_char(char c)
{
    return ascii_is_lower(c) || ascii_is_digit(c) || c == '-';
}

/* '_' is not DNS, but containers are named so. */
static bool is_host_char(char c)
{
    return is_region_char(c) || ascii_is_upper(c) || c == '_';
}

/* What a path has unencoded; '%' is left out, as a signature would have to encode it again. */
static bool is_path_char(char c)
{
    return is_host_char(c) || (c != 0 && strchr("/.~!$&'()*+,;=:@", c));
}

static bool has_only(str s, bool (*is_allowed)(char c))
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_allowed(s.at[i])) {
            return false;
        }
    }
    return true;
}

/* It becomes a label of the host name. */
static bool is_region(str s)
{
    return s.len && s.len <= REGION_MAX && has_only(s, is_region_char) && s.at[0] != '-' &&
           s.at[s.len - 1] != '-';
}

static str domain_of(str region)
{
    for (size_t i = 0; i < sizeof partitions / sizeof partitions[0]; i++) {
        if (str_starts(region, str_from(partitions[i].prefix))) {
            return str_from(partitions[i].domain);
        }
    }
    return STR("amazonaws.com");
}

static void set_scheme(struct endpoint *out, str scheme)
{
    memcpy(out->scheme, scheme.at, scheme.len);
}

static void use_region(enum service service, str region, struct endpoint *out)
{
    struct buf host;
    buf_wrap(&host, out->host, sizeof out->host - 1);
    buf_add(&host, endpoint_service_name(service));
    buf_char(&host, '.');
    buf_add(&host, region);
    buf_char(&host, '.');
    buf_add(&host, domain_of(region));
    set_scheme(out, STR("https"));
}

static bool is_ipv6(str address)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr ignored;
    return str_to_c(address, text, sizeof text) && inet_pton(AF_INET6, text, &ignored) == 1;
}

/* Labels with dots between them: a name, or an IPv4 address. */
static bool is_name(str host)
{
    bool more = true;
    while (more) {
        struct str_halves cut = str_cut(host, '.');
        if (!cut.head.len || cut.head.len > LABEL_MAX || !has_only(cut.head, is_host_char)) {
            return false;
        }
        host = cut.tail;
        more = cut.found;
    }
    return true;
}

static bool is_host(str host)
{
    if (!str_starts(host, STR("["))) {
        return is_name(host);
    }
    return str_ends(host, STR("]")) && is_ipv6(str_take(str_drop(host, 1), host.len - 2));
}

/* "" or ":8000"; no port is 0. */
static bool parse_port(str s, uint64_t *port)
{
    *port = 0;
    return !s.len ||
           (s.at[0] == ':' && str_to_u64(str_drop(s, 1), port) && *port >= 1 && *port <= PORT_MAX);
}

static bool parse_authority(str authority, uint64_t default_port, struct endpoint *out)
{
    bool bracketed = str_starts(authority, STR("["));
    size_t host_len = str_cut(authority, bracketed ? ']' : ':').head.len + bracketed;
    str host = str_take(authority, host_len);
    uint64_t port = 0;
    if (!is_host(host) || !parse_port(str_drop(authority, host_len), &port)) {
        return false;
    }
    struct buf b;
    buf_wrap(&b, out->host, sizeof out->host - 1);
    buf_add(&b, host);
    if (port && port != default_port) {
        buf_char(&b, ':');
        buf_u64(&b, port);
    }
    return !b.failed;
}

static bool parse_path(str path, struct endpoint *out)
{
    while (str_ends(path, STR("/"))) {
        path.len--;
    }
    return has_only(path, is_path_char) && str_to_c(path, out->prefix, sizeof out->prefix);
}

/* scheme://host[:port][/path]: no user, no query, no fragment. */
static bool parse_url(str url, struct endpoint *out)
{
    struct str_halves cut = str_cut(url, ':');
    bool https = str_eq_nocase(cut.head, STR("https"));
    if ((!https && !str_eq_nocase(cut.head, STR("http"))) || !str_starts(cut.tail, STR("//"))) {
        return false;
    }
    set_scheme(out, https ? STR("https") : STR("http"));
    str rest = str_drop(cut.tail, 2);
    str authority = str_cut(rest, '/').head;
    return parse_authority(authority, https ? HTTPS_PORT : HTTP_PORT, out) &&
           parse_path(str_drop(rest, authority.len), out);
}

/* The variable that places the service, or NULL when none does. */
static const char *find_variable(enum service service, const char *const *env)
{
    if (str_eq_nocase(env_get(env, STR("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")), STR("true"))) {
        return NULL;
    }
    if (env_get(env, str_from(services[service].variable)).len) {
        return services[service].variable;
    }
    return env_get(env, STR("AWS_ENDPOINT_URL")).len ? "AWS_ENDPOINT_URL" : NULL;
}

err endpoint_resolve(enum service service, str region, const char *const *env, struct endpoint *out,
                     struct why *why)
{
    *out = (struct endpoint){0};
    if (!is_region(region)) {
        return FAIL(why, ERR_BUG, "AWS_REGION is not a region: a-z, 0-9 and '-' are allowed");
    }
    const char *variable = find_variable(service, env);
    if (!variable) {
        use_region(service, region, out);
        return OK;
    }
    out->custom = true;
    if (!parse_url(env_get(env, str_from(variable)), out)) {
        return FAIL(why, ERR_BUG, "%s is not http[s]://host[:port][/path]", variable);
    }
    return OK;
}

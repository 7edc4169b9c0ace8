#include "aws/endpoint.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <string.h>

enum { LABEL_MAX = 63, PORT_MAX = 65535, HTTP_PORT = 80, HTTPS_PORT = 443 };

/* '_' is not DNS, but containers are named so. */
static bool is_host_char(char c)
{
    return ascii_is_letter_or_digit(c) || c == '-' || c == '_';
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

bool endpoint_parse_url(str url, struct endpoint *out)
{
    struct str_halves cut = str_cut(url, ':');
    bool https = str_eq_nocase(cut.head, STR("https"));
    if ((!https && !str_eq_nocase(cut.head, STR("http"))) || !str_starts(cut.tail, STR("//"))) {
        return false;
    }
    memcpy(out->scheme, https ? "https" : "http", https ? sizeof "https" : sizeof "http");
    str rest = str_drop(cut.tail, 2);
    str authority = str_cut(rest, '/').head;
    return parse_authority(authority, https ? HTTPS_PORT : HTTP_PORT, out) &&
           parse_path(str_drop(rest, authority.len), out);
}

#include "aws/http_easy.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 3100,
    MAX_LINES_BYTES = 64 * 1024, /* session tokens are long */
    MAX_URL_BYTES = 16 * 1024,
};

/* libcurl would add these headers on its own. */
static const char *const unwanted[] = {"Accept:", "Expect:"};
enum { UNWANTED_COUNT = sizeof unwanted / sizeof unwanted[0] };

struct http_easy {
    CURL *curl;
    struct buf lines; /* the request's header lines, each ended by NUL */
    struct curl_slist nodes[HTTP_MAX_HEADERS + UNWANTED_COUNT];
    struct buf url;
};

/* --- Set once --- */

static bool set_fixed(CURL *curl)
{
    static const struct {
        CURLoption option;
        long value;
    } options[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_PATH_AS_IS, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_HTTP_CONTENT_DECODING, 0},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS},
#if LIBCURL_VERSION_NUM < 0x075500
        {CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS},
#endif
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (curl_easy_setopt(curl, options[i].option, options[i].value)) {
            return false;
        }
    }
#if LIBCURL_VERSION_NUM >= 0x075500
    return !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return true;
#endif
}

static bool set_callbacks(CURL *curl, http_easy_take *on_head, http_easy_take *on_body, void *ctx)
{
    return !curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head) &&
           !curl_easy_setopt(curl, CURLOPT_HEADERDATA, ctx) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, ctx) &&
           !curl_easy_setopt(curl, CURLOPT_PRIVATE, ctx);
}

struct http_easy *http_easy_new(struct trust *trust, http_easy_take *on_head,
                                http_easy_take *on_body, void *ctx)
{
    struct http_easy *easy = calloc(1, sizeof *easy);
    if (!easy) {
        return NULL;
    }
    buf_init_secret(&easy->lines, MAX_LINES_BYTES); /* tokens are among them */
    buf_init(&easy->url, MAX_URL_BYTES);
    easy->curl = curl_easy_init();
    if (!easy->curl || !set_fixed(easy->curl) || !trust_apply(trust, easy->curl) ||
        !set_callbacks(easy->curl, on_head, on_body, ctx)) {
        http_easy_free(easy);
        return NULL;
    }
    return easy;
}

void http_easy_free(struct http_easy *easy)
{
    curl_easy_cleanup(easy->curl);
    buf_close(&easy->lines);
    buf_close(&easy->url);
    free(easy);
}

void *http_easy_handle(const struct http_easy *easy)
{
    return easy->curl;
}

/* --- Set for each request --- */

static bool has_control(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static MUST_USE err check(const struct http_request *request, struct why *why)
{
    bool bad = has_control(request->url);
    for (size_t i = 0; i < request->header_count; i++) {
        bad =
            bad || has_control(request->headers[i].name) || has_control(request->headers[i].value);
    }
    if (bad) {
        return FAIL(why, ERR_INPUT, "a control character in a request's URL or headers");
    }
    if (request->header_count > HTTP_MAX_HEADERS) {
        return FAIL(why, ERR_LIMIT, "a request has more than %d headers", HTTP_MAX_HEADERS);
    }
    return OK;
}

static void add_line(struct buf *lines, str name, str value)
{
    buf_add(lines, name);
    buf_add(lines, value.len ? STR(": ") : STR(";")); /* libcurl's way to say "empty" */
    buf_add(lines, value);
    buf_char(lines, 0);
}

/* libcurl borrows the list, so its nodes can point into `lines`, which is complete by now. */
static struct curl_slist *list_lines(struct http_easy *easy)
{
    size_t count = 0;
    for (size_t at = 0; at < easy->lines.len; count++) {
        easy->nodes[count] = (struct curl_slist){.data = easy->lines.at + at};
        if (count > 0) {
            easy->nodes[count - 1].next = &easy->nodes[count];
        }
        at += str_from(easy->nodes[count].data).len + 1;
    }
    return easy->nodes;
}

static bool set_headers(struct http_easy *easy, const struct http_request *request)
{
    buf_clear(&easy->lines);
    for (size_t i = 0; i < UNWANTED_COUNT; i++) {
        buf_add(&easy->lines, str_from(unwanted[i]));
        buf_char(&easy->lines, 0);
    }
    for (size_t i = 0; i < request->header_count; i++) {
        add_line(&easy->lines, request->headers[i].name, request->headers[i].value);
    }
    return !easy->lines.failed &&
           !curl_easy_setopt(easy->curl, CURLOPT_HTTPHEADER, list_lines(easy));
}

static bool is_local_ipv4(str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr a;
    if (!str_to_c(host, text, sizeof text) || inet_pton(AF_INET, text, &a) != 1) {
        return false;
    }
    uint32_t address = ntohl(a.s_addr);
    return address >> 24 == 127 || address >> 16 == 0xA9FE; /* 169.254.0.0/16 */
}

/* Such an address has many spellings, so it is the parsed one that counts. */
static bool is_local_ipv6(str host)
{
    static const unsigned char aws[] = {0xfd, 0, 0x0e, 0xc2}; /* fd00:ec2::/32 */
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;
    if (!str_to_c(host, text, sizeof text) || inet_pton(AF_INET6, text, &a) != 1) {
        return false;
    }
    return IN6_IS_ADDR_LOOPBACK(&a) || memcmp(&a, aws, sizeof aws) == 0;
}

/* On this machine, or on its link as the endpoints for credentials are: a proxy would find another
 * there, or learn a token. */
static bool is_local(str url)
{
    str rest = str_drop(str_cut(url, ':').tail, 2);
    if (str_starts(rest, STR("["))) {
        return is_local_ipv6(str_cut(str_drop(rest, 1), ']').head);
    }
    str host = str_cut(str_cut(rest, '/').head, ':').head;
    return str_eq_nocase(host, STR("localhost")) || is_local_ipv4(host);
}

static bool set_url(struct http_easy *easy, str url)
{
    buf_clear(&easy->url);
    buf_add(&easy->url, url);
    buf_char(&easy->url, 0);
    /* An empty proxy means none; NULL leaves it to the environment. */
    const char *proxy = is_local(url) ? "" : NULL;
    return !easy->url.failed && !curl_easy_setopt(easy->curl, CURLOPT_URL, easy->url.at) &&
           !curl_easy_setopt(easy->curl, CURLOPT_PROXY, proxy);
}

static bool set_method(CURL *curl, const struct http_request *request)
{
    /* First, as it undoes whatever the handle's last request needed. */
    if (curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) ||
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method == HTTP_PUT ? "PUT" : NULL)) {
        return false;
    }
    if (request->method == HTTP_GET) {
        return true;
    }
    if (request->method == HTTP_HEAD) {
        return !curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    const char *body = request->body.len ? request->body.at : "";
    return !curl_easy_setopt(curl, CURLOPT_POST, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) &&
           !curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
}

static long to_long(int64_t value)
{
    return value > INT_MAX ? INT_MAX : (long)value;
}

static bool set_times(CURL *curl, const struct http_request *request)
{
    long stall_s = to_long((request->stall_ms + 999) / 1000);
    return !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, to_long(request->timeout_ms)) &&
           !curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, stall_s ? 1L : 0L) &&
           !curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s) &&
           !curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
}

err http_easy_set(struct http_easy *easy, const struct http_request *request, struct why *why)
{
    TRY(check(request, why));
    if (!set_headers(easy, request) || !set_url(easy, request->url) ||
        !set_method(easy->curl, request) || !set_times(easy->curl, request)) {
        return FAIL(why, ERR_LIMIT, "an HTTP request does not fit, or there is no memory");
    }
    return OK;
}

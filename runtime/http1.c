#include "runtime/http1.h"

#include "runtime/http1_reply.h"
#include "runtime/http1_socket.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { REQUEST_HEAD_BYTES = 8 * 1024 };

/* "127.0.0.1" or "localhost": the Runtime API is never anywhere that needs a name looked up. */
static bool parse_host(str host, uint32_t *address)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr parsed = {.s_addr = htonl(INADDR_LOOPBACK)};
    if (!str_eq_nocase(host, STR("localhost")) &&
        (!str_to_c(host, text, sizeof text) || inet_pton(AF_INET, text, &parsed) != 1)) {
        return false;
    }
    *address = parsed.s_addr;
    return true;
}

err http1_init(struct http1 *http, str address, struct why *why)
{
    *http = (struct http1){.fd = -1};
    struct str_halves cut = str_cut(address, ':');
    uint64_t port = 0;
    if (!str_to_c(address, http->host, sizeof http->host) ||
        !parse_host(cut.head, &http->address) || !str_to_u64(cut.tail, &port) || port < 1 ||
        port > UINT16_MAX) {
        return FAIL(why, ERR_BUG, "the address is not an IPv4 address and a port");
    }
    http->port = htons((uint16_t)port);
    http->in = malloc(HTTP1_IN_BYTES);
    return http->in ? OK : FAIL(why, ERR_LIMIT, "no memory for a connection");
}

void http1_close(struct http1 *http)
{
    if (http->in) {
        http1_socket_close(http);
        free(http->in);
    }
    *http = (struct http1){.fd = -1};
}

/* A line break in a value would let it write headers of its own, or a second request. */
static bool is_clean(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static void add_header(struct buf *head, str name, str value)
{
    buf_add(head, name);
    buf_add(head, STR(": "));
    buf_add(head, value);
    buf_add(head, STR("\r\n"));
}

static void add_request_line(struct buf *head, const struct http1_request *request)
{
    buf_add(head, request->method);
    buf_char(head, ' ');
    buf_add(head, request->path);
    buf_add(head, STR(" HTTP/1.1\r\n"));
}

static void add_length(struct buf *head, size_t len)
{
    buf_add(head, STR("Content-Length: "));
    buf_u64(head, len);
    buf_add(head, STR("\r\n"));
}

static MUST_USE err write_head(const struct http1 *http, const struct http1_request *request,
                               struct buf *head, struct why *why)
{
    add_request_line(head, request);
    add_header(head, STR("Host"), str_from(http->host));
    bool clean = is_clean(request->path) && !memchr(request->path.at, ' ', request->path.len);
    for (size_t i = 0; i < request->header_count; i++) {
        clean = clean && is_clean(request->headers[i].value);
        add_header(head, request->headers[i].name, request->headers[i].value);
    }
    if (!str_eq(request->method, STR("GET"))) {
        add_length(head, request->body.len);
    }
    buf_add(head, STR("\r\n"));
    if (!clean) {
        return FAIL(why, ERR_BUG, "a control character in the path or a header of a request");
    }
    return head->failed ? FAIL(why, ERR_LIMIT, "a request head past %d bytes", REQUEST_HEAD_BYTES)
                        : OK;
}

/* Where sending broke off, the other side may have said why before it stopped listening ("413, and
 * I close"): its answer is read all the same. Half-closed, so that it cannot wait for the rest. */
static MUST_USE err exchange(struct http1 *http, str head, str payload, struct http1_reply *reply,
                             struct buf *body, struct why *why)
{
    struct http1_framing framing = {0};
    http->in_head = http->in_at = http->in_len = 0;
    bool sent = http1_socket_send(http, head, payload);
    if (!sent) {
        (void)shutdown(http->fd, SHUT_WR);
    }
    TRY(http1_reply_head(http, reply, &framing, why));
    TRY(http1_reply_body(http, &framing, body, why));
    if (!sent || !framing.keep || http->in_at != http->in_len) {
        http1_socket_close(http);
    }
    return OK;
}

static bool died_unanswered(const struct http1 *http, err result)
{
    return result.kind == ERR_BUSY && http->in_len == 0 && !http->timed_out;
}

err http1_send(struct http1 *http, const struct http1_request *request, bool repeatable,
               struct http1_reply *reply, struct buf *body, struct why *why)
{
    char memory[REQUEST_HEAD_BYTES];
    struct buf head;
    buf_wrap(&head, memory, sizeof memory);
    reply->status = 0;
    reply->header_count = 0;
    buf_clear(body);
    TRY(write_head(http, request, &head, why));
    bool reused = http->fd >= 0 && http1_socket_is_idle(http);
    if (!reused) {
        TRY(http1_socket_open(http, why));
    }
    struct why before = *why;
    err result = exchange(http, buf_str(&head), request->body, reply, body, why);
    if (reused && repeatable && died_unanswered(http, result)) {
        *why = before;
        TRY(http1_socket_open(http, why));
        result = exchange(http, buf_str(&head), request->body, reply, body, why);
    }
    if (result.kind) {
        http1_socket_close(http);
    }
    return result;
}

str http1_header(const struct http1_reply *reply, str name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_eq_nocase(reply->headers[i].name, name)) {
            return reply->headers[i].value;
        }
    }
    return STR("");
}

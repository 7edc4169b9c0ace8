#include "runtime/http1.h"

#include "runtime/http1_reply.h"
#include "runtime/http1_request.h"
#include "runtime/http1_socket.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

static MUST_USE err exchange(struct http1 *http, str head, str payload, struct http1_reply *reply,
                             struct buf *body, struct why *why)
{
    const str parts[] = {head, payload};
    bool sent = http1_socket_send(http, parts, 2);
    return http1_reply_read(http, sent, reply, body, why);
}

static bool died_unanswered(const struct http1 *http, err result)
{
    return result.kind == ERR_BUSY && http->in_len == 0 && !http->timed_out;
}

err http1_send(struct http1 *http, const struct http1_request *request, bool repeatable,
               struct http1_reply *reply, struct buf *body, struct why *why)
{
    char memory[HTTP1_REQUEST_HEAD_BYTES];
    struct buf head;
    buf_wrap(&head, memory, sizeof memory);
    reply->status = 0;
    reply->header_count = 0;
    buf_clear(body);
    TRY(http1_request_head(http, request, HTTP1_REQUEST_WHOLE, &head, why));
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

#include "deploy/local/api_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, HEAD_ROOM = 4096 };

static MUST_USE err listen_on_loopback(int fd, uint16_t *port, struct why *why)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof address;
    if (bind(fd, (const struct sockaddr *)&address, len) != 0 ||
        listen(fd, API_SERVER_CONNECTIONS) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return FAIL(why, ERR_BUG, "cannot listen on 127.0.0.1: %s", strerror(errno));
    }
    *port = ntohs(address.sin_port);
    return OK;
}

err api_server_open(struct api_server *server, size_t max_body_bytes, size_t max_answer_bytes,
                    struct why *why)
{
    *server = (struct api_server){
        .open = true,
        .max_body_bytes = max_body_bytes,
        .max_answer_bytes = max_answer_bytes,
    };
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        server->connections[i].fd = -1;
    }
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listener < 0) {
        return FAIL(why, ERR_BUG, "cannot open a socket: %s", strerror(errno));
    }
    return listen_on_loopback(server->listener, &server->port, why);
}

static void drop(struct api_connection *c)
{
    if (c->fd >= 0) {
        (void)close(c->fd);
    }
    api_request_close(&c->request);
    buf_close(&c->out);
    *c = (struct api_connection){.fd = -1};
}

static int accept_one(const struct api_server *server)
{
    return accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void drop_accepted(struct api_server *server)
{
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        drop(&server->connections[i]);
    }
}

void api_server_drop_all(struct api_server *server)
{
    drop_accepted(server);
    for (int fd = accept_one(server); fd >= 0; fd = accept_one(server)) {
        (void)close(fd);
    }
}

void api_server_close(struct api_server *server)
{
    if (!server->open) {
        return;
    }
    drop_accepted(server);
    if (server->listener >= 0) {
        (void)close(server->listener);
    }
    server->open = false;
}

static struct api_connection *find_free(struct api_server *server)
{
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        if (server->connections[i].fd < 0) {
            return &server->connections[i];
        }
    }
    return NULL;
}

static void accept_into(struct api_server *server, struct api_connection *c)
{
    int fd = accept_one(server);
    if (fd < 0) {
        return;
    }
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    buf_init(&c->out, server->max_answer_bytes + HEAD_ROOM);
    if (!api_request_init(&c->request, server->max_body_bytes)) {
        drop(c);
    }
}

static bool would_block(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void send_out(struct api_connection *c)
{
    while (c->out_at < c->out.len) {
        ssize_t n = send(c->fd, c->out.at + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL);
        if (would_block(n)) {
            return;
        }
        if (n < 0) {
            drop(c);
            return;
        }
        c->out_at += (size_t)n;
    }
    if (c->request.last) {
        drop(c);
        return;
    }
    buf_clear(&c->out);
    c->out_at = 0;
    c->given = c->continued = false;
    api_request_clear(&c->request);
}

static void add_head(struct buf *out, const struct api_answer *answer)
{
    buf_add(out, STR("HTTP/1.1 "));
    buf_u64(out, (uint64_t)answer->status);
    buf_add(out, answer->status < 300 ? STR(" OK") : STR(" Refused"));
    buf_add(out, STR("\r\nContent-Type: application/json\r\n"));
    buf_add(out, answer->headers);
    if (answer->chunked) {
        buf_add(out, STR("Transfer-Encoding: chunked\r\n\r\n"));
        return;
    }
    buf_add(out, STR("Content-Length: "));
    buf_u64(out, answer->body.len);
    buf_add(out, STR("\r\n\r\n"));
}

static void add_chunk_size(struct buf *out, size_t size)
{
    char digits[16];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[size % 16];
        size /= 16;
    } while (size);
    buf_add(out, (str){digits + at, sizeof digits - at});
    buf_add(out, STR("\r\n"));
}

void api_server_answer(struct api_connection *connection, const struct api_answer *answer)
{
    struct buf *out = &connection->out;
    add_head(out, answer);
    if (answer->chunked && answer->body.len) {
        add_chunk_size(out, answer->body.len);
        buf_add(out, answer->body);
        buf_add(out, STR("\r\n"));
    }
    buf_add(out, answer->chunked ? STR("0\r\n\r\n") : answer->body);
    if (out->failed) {
        drop(connection);
        return;
    }
    send_out(connection);
}

static void refuse(struct api_connection *c)
{
    c->request.last = true;
    api_server_answer(c, &(struct api_answer){
                             .status = 400,
                             .body = STR("{\"errorMessage\":\"Request cannot be read\","
                                         "\"errorType\":\"InvalidRequest\"}\n"),
                         });
}

/* curl asks before it sends a large body. */
static void send_continue(struct api_connection *c)
{
    bool reading = c->request.state > API_REQUEST_HEAD && c->request.state < API_REQUEST_DONE;
    str expect = api_request_header(&c->request, STR("Expect"));
    if (reading && !c->continued && str_eq_nocase(expect, STR("100-continue"))) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        (void)send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
        c->continued = true;
    }
}

/* Bytes are looked at first and taken afterwards, so that those of a next request stay in the
 * socket until it is their turn. */
static void receive(struct api_connection *c)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_PEEK);
    if (would_block(n)) {
        return;
    }
    if (n <= 0) {
        drop(c);
        return;
    }
    size_t fed = api_request_feed(&c->request, (str){bytes, (size_t)n});
    (void)recv(c->fd, bytes, fed, 0);
    send_continue(c);
    if (c->request.state == API_REQUEST_BAD) {
        refuse(c);
    }
}

static bool is_sending(const struct api_connection *c)
{
    return c->out_at < c->out.len;
}

static struct pollfd to_wait_for(const struct api_connection *c)
{
    bool complete = c->request.state == API_REQUEST_DONE;
    int events = is_sending(c) ? POLLOUT : complete ? POLLRDHUP : POLLIN;
    return (struct pollfd){.fd = c->fd, .events = (short)events};
}

static void move(struct api_connection *c, int events)
{
    if (is_sending(c)) {
        send_out(c);
    } else if (c->request.state < API_REQUEST_DONE) {
        receive(c);
    } else if (events & (POLLRDHUP | POLLHUP | POLLERR)) {
        drop(c); /* who waited for an event is gone */
    }
}

unsigned api_server_wait(struct api_server *server, const int *others, size_t other_count,
                         int64_t wait_ms)
{
    struct pollfd fds[API_SERVER_CONNECTIONS + 1 + API_SERVER_MAX_OTHERS];
    struct pollfd *listener = fds + API_SERVER_CONNECTIONS, *first_other = listener + 1;
    struct api_connection *unused = find_free(server);
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        fds[i] = to_wait_for(&server->connections[i]);
    }
    *listener = (struct pollfd){.fd = unused ? server->listener : -1, .events = POLLIN};
    for (size_t i = 0; i < other_count; i++) {
        first_other[i] = (struct pollfd){.fd = others[i], .events = POLLIN};
    }
    int wait = wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms;
    if (poll(fds, API_SERVER_CONNECTIONS + 1 + other_count, wait) <= 0) {
        return 0;
    }
    unsigned ready = 0;
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        if (fds[i].revents) {
            move(&server->connections[i], fds[i].revents);
            ready |= API_SERVER_MOVED;
        }
    }
    if (listener->revents) {
        accept_into(server, unused);
        ready |= API_SERVER_MOVED;
    }
    for (size_t i = 0; i < other_count; i++) {
        ready |= first_other[i].revents ? 1u << i : 0;
    }
    return ready;
}

struct api_connection *api_server_next(struct api_server *server)
{
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        struct api_connection *c = &server->connections[i];
        if (c->fd >= 0 && !c->given && c->request.state == API_REQUEST_DONE) {
            c->given = true;
            return c;
        }
    }
    return NULL;
}

struct api_connection *api_server_held(struct api_server *server)
{
    for (size_t i = 0; i < API_SERVER_CONNECTIONS; i++) {
        struct api_connection *c = &server->connections[i];
        if (c->fd >= 0 && c->given && !is_sending(c)) {
            return c;
        }
    }
    return NULL;
}

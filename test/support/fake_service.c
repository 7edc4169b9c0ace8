#include "test/support/fake_service.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_REQUEST = 32 * 1024 * 1024, MAX_REPLY = 64 * 1024 * 1024, CHUNK = 64 * 1024 };

struct connection {
    int fd; /* -1: free */
    unsigned number;
    struct buf in;
    struct fake_reply reply;
    size_t sent;
    int64_t due_ms; /* when the reply is to be sent; 0: none is waiting */
};

struct server {
    struct fake_service *service;
    struct connection connections[FAKE_MAX_CONNECTIONS];
    struct pollfd polled[FAKE_MAX_CONNECTIONS + 2];
};

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- Requests --- */

static str find_header(str head, str name)
{
    while (head.len) {
        struct str_halves line = str_cut(head, '\n');
        struct str_halves pair = str_cut(line.head, ':');
        if (pair.found && str_eq_nocase(pair.head, name)) {
            return str_trim(pair.tail);
        }
        head = line.tail;
    }
    return STR("");
}

str fake_header(const struct fake_request *request, const char *name)
{
    return find_header(request->head, str_from(name));
}

/* The length of the whole request at the start of `in`, 0 while it is not complete. */
static size_t request_len(str in, size_t *head_len)
{
    const char *end = memmem(in.at, in.len, "\r\n\r\n", 4);
    if (!end) {
        return 0;
    }
    *head_len = (size_t)(end - in.at) + 4;
    uint64_t body_len = 0;
    (void)str_to_u64(find_header(str_take(in, *head_len), STR("content-length")), &body_len);
    return in.len - *head_len >= body_len ? *head_len + (size_t)body_len : 0;
}

void fake_reply_with(struct fake_reply *reply, int status, const char *headers, str body)
{
    buf_add(&reply->bytes, STR("HTTP/1.1 "));
    buf_i64(&reply->bytes, status);
    buf_add(&reply->bytes, STR(" X\r\n"));
    buf_add(&reply->bytes, str_from(headers));
    buf_add(&reply->bytes, STR("Content-Length: "));
    buf_u64(&reply->bytes, body.len);
    buf_add(&reply->bytes, STR("\r\n\r\n"));
    buf_add(&reply->bytes, body);
}

/* --- Connections --- */

static void drop(struct connection *c, bool reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (reset) {
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    (void)close(c->fd);
    c->fd = -1;
    buf_close(&c->in);
    buf_close(&c->reply.bytes);
}

static void handle(struct server *server, struct connection *c)
{
    struct fake_service *service = server->service;
    size_t head_len = 0;
    size_t len = c->due_ms ? 0 : request_len(buf_str(&c->in), &head_len);
    if (!len) {
        return;
    }
    str text = str_take(buf_str(&c->in), len);
    str head = str_take(text, head_len);
    struct fake_request request = {
        .number = service->requests++,
        .connection = c->number,
        .head = head,
        .target = str_cut(str_cut(head, ' ').tail, ' ').head,
        .body = str_drop(text, head_len),
    };
    buf_clear(&c->reply.bytes);
    c->reply.delay_ms = 0;
    c->reply.close = c->reply.reset = false;
    c->sent = 0;
    service->handler(service->ctx, &request, &c->reply);
    c->due_ms = now_ms() + c->reply.delay_ms;
    memmove(c->in.at, c->in.at + len, c->in.len - len);
    c->in.len -= len;
}

static void receive(struct server *server, struct connection *c)
{
    char *into = buf_reserve(&c->in, CHUNK);
    assert_non_null(into);
    ssize_t got = recv(c->fd, into, CHUNK, MSG_DONTWAIT);
    if (got > 0) {
        c->in.len += (size_t)got;
        handle(server, c);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        drop(c, false);
    }
}

static void transmit(struct server *server, struct connection *c)
{
    str left = str_drop(buf_str(&c->reply.bytes), c->sent);
    ssize_t sent = send(c->fd, left.at, left.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        drop(c, false);
        return;
    }
    c->sent += sent > 0 ? (size_t)sent : 0;
    if (c->sent < c->reply.bytes.len) {
        return;
    }
    c->due_ms = 0;
    if (c->reply.close || c->reply.reset) {
        drop(c, c->reply.reset);
        return;
    }
    handle(server, c);
}

static void accept_one(struct server *server)
{
    int fd = accept(server->service->listener, NULL, NULL);
    for (size_t i = 0; fd >= 0 && i < FAKE_MAX_CONNECTIONS; i++) {
        struct connection *c = &server->connections[i];
        if (c->fd < 0) {
            *c = (struct connection){.fd = fd, .number = server->service->connections++};
            buf_init(&c->in, MAX_REQUEST);
            buf_init(&c->reply.bytes, MAX_REPLY);
            return;
        }
    }
    (void)close(fd);
}

/* Fills `polled`; gives how long may be waited. */
static int prepare(struct server *server)
{
    int64_t now = now_ms();
    int64_t wait = 1000;
    server->polled[0] = (struct pollfd){.fd = server->service->wake[0], .events = POLLIN};
    server->polled[1] = (struct pollfd){.fd = server->service->listener, .events = POLLIN};
    for (size_t i = 0; i < FAKE_MAX_CONNECTIONS; i++) {
        struct connection *c = &server->connections[i];
        bool ready = c->due_ms && c->due_ms <= now;
        server->polled[i + 2] =
            (struct pollfd){.fd = c->fd, .events = ready ? POLLIN | POLLOUT : POLLIN};
        if (c->fd >= 0 && c->due_ms > now && c->due_ms - now < wait) {
            wait = c->due_ms - now;
        }
    }
    return (int)wait;
}

static void serve_connections(struct server *server)
{
    for (size_t i = 0; i < FAKE_MAX_CONNECTIONS; i++) {
        struct connection *c = &server->connections[i];
        short events = server->polled[i + 2].revents;
        if (c->fd >= 0 && (events & POLLOUT)) {
            transmit(server, c);
        }
        if (c->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR))) {
            receive(server, c);
        }
    }
}

static void *serve(void *arg)
{
    static _Thread_local struct server server; /* too large for some stacks */
    server.service = arg;
    for (size_t i = 0; i < FAKE_MAX_CONNECTIONS; i++) {
        server.connections[i].fd = -1;
    }
    for (;;) {
        int wait = prepare(&server);
        (void)poll(server.polled, FAKE_MAX_CONNECTIONS + 2, wait);
        if (server.polled[0].revents) {
            break;
        }
        serve_connections(&server);
        if (server.polled[1].revents & POLLIN) {
            accept_one(&server);
        }
    }
    for (size_t i = 0; i < FAKE_MAX_CONNECTIONS; i++) {
        if (server.connections[i].fd >= 0) {
            drop(&server.connections[i], false);
        }
    }
    return NULL;
}

void fake_service_start(struct fake_service *service, fake_handler *handler, void *ctx)
{
    *service = (struct fake_service){.handler = handler, .ctx = ctx};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    service->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(service->listener >= 0);
    assert_int_equal(bind(service->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(service->listener, FAKE_MAX_CONNECTIONS), 0);
    assert_int_equal(getsockname(service->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pipe(service->wake), 0);
    service->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&service->thread, NULL, serve, service), 0);
}

void fake_service_stop(struct fake_service *service)
{
    assert_int_equal(write(service->wake[1], "x", 1), 1);
    assert_int_equal(pthread_join(service->thread, NULL), 0);
    (void)close(service->listener);
    (void)close(service->wake[0]);
    (void)close(service->wake[1]);
}

#include "test/support/many_server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_REQUEST_BYTES = 8 * 1024 * 1024, MAX_RECEIVED_BYTES = 64 * 1024 * 1024 };

/* --- One connection --- */

/* Bytes of the request that `text` begins with, 0 while it is not whole. */
static size_t request_len(str text)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *blank = text.len ? memmem(text.at, text.len, "\r\n\r\n", 4) : NULL;
    if (!blank) {
        return 0;
    }
    str head = str_span(text.at, blank + 2);
    const char *field = memmem(head.at, head.len, name, sizeof name - 1);
    uint64_t length = 0;
    if (field) {
        str value = str_span(field + sizeof name - 1, head.at + head.len);
        (void)str_to_u64(str_cut(value, '\r').head, &length);
    }
    size_t whole = head.len + 2 + (size_t)length;
    return text.len >= whole ? whole : 0;
}

static bool receive_request(int fd, struct buf *in)
{
    while (!request_len(buf_str(in))) {
        char some[4096];
        ssize_t got = recv(fd, some, sizeof some, 0);
        if (got <= 0) {
            return false;
        }
        buf_add(in, (str){some, (size_t)got});
        if (in->failed) {
            return false;
        }
    }
    return true;
}

static bool send_reply(int fd, str reply)
{
    while (reply.len) {
        ssize_t sent = send(fd, reply.at, reply.len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        reply = str_drop(reply, (size_t)sent);
    }
    return true;
}

static enum many_then serve_one(struct many_server *server, int fd, struct buf *in)
{
    struct buf reply;
    buf_init(&reply, MAX_REQUEST_BYTES);
    (void)pthread_mutex_lock(&server->lock);
    buf_add(&server->received, buf_str(in));
    enum many_then then = server->answer(server->ctx, server, buf_str(in), &reply);
    (void)pthread_mutex_unlock(&server->lock);
    if (!send_reply(fd, buf_str(&reply))) {
        then = MANY_CLOSE;
    }
    buf_close(&reply);
    return then;
}

static void hang_up(struct many_connection *connection, enum many_then how)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (how == MANY_RESET) {
        (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    (void)pthread_mutex_lock(&connection->server->lock);
    (void)close(connection->fd);
    connection->fd = -1;
    (void)pthread_mutex_unlock(&connection->server->lock);
}

static void *serve(void *arg)
{
    struct many_connection *connection = arg;
    enum many_then then = MANY_KEEP;
    struct buf in;
    buf_init(&in, MAX_REQUEST_BYTES);
    while (then == MANY_KEEP && receive_request(connection->fd, &in)) {
        then = serve_one(connection->server, connection->fd, &in);
        buf_clear(&in);
    }
    buf_close(&in);
    hang_up(connection, then);
    return NULL;
}

/* --- All of them --- */

static void start_connection(struct many_server *server, int fd)
{
    (void)pthread_mutex_lock(&server->lock);
    struct many_connection *connection = &server->connections[server->count];
    bool started = server->count < MANY_SERVER_CONNECTIONS;
    if (started) {
        *connection = (struct many_connection){.server = server, .fd = fd};
        started = pthread_create(&connection->thread, NULL, serve, connection) == 0;
    }
    server->count += started;
    (void)pthread_mutex_unlock(&server->lock);
    if (!started) {
        (void)close(fd);
    }
}

static void *accept_all(void *arg)
{
    struct many_server *server = arg;
    for (;;) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            return NULL;
        }
        start_connection(server, fd);
    }
}

void many_server_listen(struct many_server *server, many_answer *answer, void *ctx)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof at;
    *server = (struct many_server){.answer = answer, .ctx = ctx};
    buf_init(&server->received, MAX_RECEIVED_BYTES);
    assert_int_equal(pthread_mutex_init(&server->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&server->moved, NULL), 0);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server->listener, MANY_SERVER_CONNECTIONS), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&at, &at_len), 0);
    server->port = ntohs(at.sin_port);
}

/* A SIGTERM to the process is for the code under test. */
void many_server_start(struct many_server *server)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_int_equal(pthread_create(&server->thread, NULL, accept_all, server), 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void many_server_move(struct many_server *server)
{
    (void)pthread_cond_broadcast(&server->moved);
}

bool many_server_wait(struct many_server *server)
{
    if (!server->stopping) {
        (void)pthread_cond_wait(&server->moved, &server->lock);
    }
    return !server->stopping;
}

void many_server_stop(struct many_server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
    (void)pthread_mutex_lock(&server->lock);
    server->stopping = true;
    for (size_t i = 0; i < server->count; i++) {
        if (server->connections[i].fd >= 0) {
            (void)shutdown(server->connections[i].fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
    many_server_move(server);
    for (size_t i = 0; i < server->count; i++) {
        (void)pthread_join(server->connections[i].thread, NULL);
    }
}

void many_server_free(struct many_server *server)
{
    buf_close(&server->received);
    (void)pthread_cond_destroy(&server->moved);
    (void)pthread_mutex_destroy(&server->lock);
}

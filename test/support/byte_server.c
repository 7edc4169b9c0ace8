#include "test/support/byte_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    MAX_RECEIVED_BYTES = 64 * 1024 * 1024,
    MAX_CHUNKED_BYTES = 8 * 1024 * 1024,
    READ_BYTES = 64 * 1024,
    BACKLOG = 16,
};

/* One connection of the script; fd is -1 when none is open. */
struct play {
    struct byte_server *server;
    int fd;
};

/* Waits for `events` on `fd`. The listener is the stop signal as well: once it is shut down every
 * wait ends, whatever it waits for. False then. */
static bool wait_for(const struct byte_server *server, int fd, short events, int timeout_ms)
{
    struct pollfd fds[2] = {
        {.fd = server->listener, .events = 0},
        {.fd = fd, .events = events},
    };
    while (poll(fds, 2, timeout_ms) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return !(fds[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void hang_up(struct play *play)
{
    if (play->fd >= 0) {
        close(play->fd);
    }
    play->fd = -1;
}

static void reset(struct play *play)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(play->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    hang_up(play);
}

static bool accept_one(struct play *play)
{
    if (play->fd >= 0) {
        return true;
    }
    while (play->fd < 0) {
        if (!wait_for(play->server, play->server->listener, POLLIN, -1)) {
            return false;
        }
        play->fd = accept4(play->server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    (void)setsockopt(play->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    play->server->accepted++;
    return true;
}

/* 1: bytes were added; 0: the client closed; -1: the test wants to end. */
static int read_some(struct play *play)
{
    struct buf *received = &play->server->received;
    for (;;) {
        if (!wait_for(play->server, play->fd, POLLIN, -1)) {
            return -1;
        }
        char *into = buf_reserve(received, READ_BYTES);
        if (!into) {
            return -1;
        }
        ssize_t got = recv(play->fd, into, READ_BYTES, 0);
        if (got > 0) {
            received->len += (size_t)got;
            return 1;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            return 0;
        }
    }
}

static str header_value(str head, const char *name)
{
    for (struct str_halves line = str_cut(head, '\n'); line.head.len;
         line = str_cut(line.tail, '\n')) {
        struct str_halves field = str_cut(line.head, ':');
        if (field.found && str_eq_nocase(field.head, str_from(name))) {
            return str_trim(field.tail);
        }
    }
    return STR("");
}

/* Where in `text` the blank line ends that `left`, what follows the last chunk, begins with or has
 * after its trailers; 0 while it has not come. */
static size_t trailers_end(str left, str text)
{
    if (str_starts(left, STR("\r\n"))) {
        return (size_t)(left.at + 2 - text.at);
    }
    const char *blank = left.len ? memmem(left.at, left.len, "\r\n\r\n", 4) : NULL;
    return blank ? (size_t)(blank + 4 - text.at) : 0;
}

/* The bytes that a chunked body takes in `text`; 0 while its last chunk has not come. */
static size_t chunked_len(str text)
{
    str left = text;
    for (;;) {
        struct str_halves line = str_cut(left, '\n');
        char digits[20];
        if (!line.found || !str_to_c(str_take(line.head, 16), digits, sizeof digits)) {
            return 0;
        }
        size_t size = strtoul(digits, NULL, 16);
        if (size > MAX_CHUNKED_BYTES) {
            return text.len;
        }
        left = line.tail;
        if (size == 0) {
            return trailers_end(left, text);
        }
        if (left.len < size + 2) {
            return 0;
        }
        left = str_drop(left, size + 2);
    }
}

/* The bytes of the request that `text` starts with; 0 while it is not whole. */
static size_t request_len(str text)
{
    const char *blank = text.len ? memmem(text.at, text.len, "\r\n\r\n", 4) : NULL;
    if (!blank) {
        return 0;
    }
    str head = str_span(text.at, blank + 2);
    str rest = str_drop(text, head.len + 2);
    size_t body_len = 0;
    uint64_t length = 0;
    if (str_eq_nocase(header_value(head, "transfer-encoding"), STR("chunked"))) {
        body_len = chunked_len(rest);
        if (!body_len) {
            return 0;
        }
    } else if (str_to_u64(header_value(head, "content-length"), &length)) {
        body_len = length;
    }
    return rest.len >= body_len ? head.len + 2 + body_len : 0;
}

static bool has_come(str text, bool head_only)
{
    return head_only ? text.len && memmem(text.at, text.len, "\r\n\r\n", 4) : request_len(text) > 0;
}

/* A connection that the client closed before it sent a byte is not one to wait on: the next one
 * is. A request that breaks off ends the step, with what came of it. */
static bool receive_request(struct play *play, bool head_only)
{
    size_t start = play->server->received.len;
    while (!has_come(str_drop(buf_str(&play->server->received), start), head_only)) {
        int more = read_some(play);
        if (more < 0) {
            return false;
        }
        if (more == 0) {
            hang_up(play);
            if (play->server->received.len > start) {
                return true;
            }
            if (!accept_one(play)) {
                return false;
            }
        }
    }
    return true;
}

/* A client that hangs up in the middle is no reason to end the script. False only when the test
 * wants to end. */
static bool send_bytes(struct play *play, str bytes)
{
    while (bytes.len && play->fd >= 0) {
        ssize_t sent = send(play->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes = str_drop(bytes, (size_t)sent);
        } else if (errno == EAGAIN) {
            if (!wait_for(play->server, play->fd, POLLOUT, -1)) {
                return false;
            }
        } else if (errno != EINTR) {
            hang_up(play);
        }
    }
    return true;
}

static bool send_each(struct play *play, str bytes)
{
    for (; bytes.len; bytes = str_drop(bytes, 1)) {
        if (!send_bytes(play, str_take(bytes, 1))) {
            return false;
        }
    }
    return true;
}

/* Only a receive or an accept opens a connection: what comes after a client has hung up is skipped,
 * not played to the next one. */
static bool take_step(struct play *play, const struct byte_step *step)
{
    switch (step->kind) {
    case STEP_RECEIVE:
        return accept_one(play) && receive_request(play, false);
    case STEP_RECEIVE_HEAD:
        return accept_one(play) && receive_request(play, true);
    case STEP_ACCEPT:
        return accept_one(play);
    case STEP_SEND:
        return send_bytes(play, step->bytes);
    case STEP_SEND_EACH:
        return send_each(play, step->bytes);
    case STEP_PAUSE:
        return wait_for(play->server, -1, 0, step->ms);
    case STEP_CLOSE:
        hang_up(play);
        return true;
    case STEP_RESET:
        reset(play);
        return true;
    }
    return false;
}

/* After the last step connections are refused, so that a client that asks for more than the script
 * has sees an error at once instead of waiting. */
static void *run(void *arg)
{
    struct byte_server *server = arg;
    struct play play = {.server = server, .fd = -1};
    size_t done = 0;
    while (done < server->step_count && take_step(&play, &server->steps[done])) {
        done++;
    }
    server->played = done == server->step_count;
    shutdown(server->listener, SHUT_RDWR);
    hang_up(&play);
    return NULL;
}

static void listen_on(struct byte_server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof at;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server->listener, BACKLOG), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&at, &at_len), 0);
    server->port = ntohs(at.sin_port);
}

void byte_server_start(struct byte_server *server, const struct byte_step *steps, size_t count)
{
    *server = (struct byte_server){.steps = steps, .step_count = count};
    buf_init(&server->received, MAX_RECEIVED_BYTES);
    listen_on(server);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void byte_server_stop(struct byte_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->listener);
    server->listener = -1;
}

void byte_server_free(struct byte_server *server)
{
    buf_close(&server->received);
}

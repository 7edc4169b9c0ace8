#include "runtime/http1_socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* False when nothing happened within timeout_ms, or when told to stop. An error of the socket
 * counts as happening: the call that comes next tells it. */
static bool wait_for(struct http1 *http, short events)
{
    bool stoppable = http->stop_fd && events == POLLIN;
    struct pollfd waiting[] = {{.fd = http->fd, .events = events},
                               {.fd = stoppable ? http->stop_fd : -1, .events = POLLIN}};
    int limit = -1;
    if (http->timeout_ms > 0) {
        limit = http->timeout_ms < INT_MAX ? (int)http->timeout_ms : INT_MAX;
    }
    int ready = 0;
    do {
        ready = poll(waiting, 2, limit);
    } while (ready < 0 && errno == EINTR);
    http->timed_out = ready == 0;
    http->stopped = ready > 0 && !waiting[0].revents;
    return ready != 0 && !http->stopped;
}

/* Zero, or the errno of the failure. */
static int start_connection(struct http1 *http)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = http->address, .sin_port = http->port};
    (void)setsockopt(http->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(http->fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!wait_for(http, POLLOUT)) {
        return ETIMEDOUT;
    }
    int failure = 0;
    socklen_t len = sizeof failure;
    return getsockopt(http->fd, SOL_SOCKET, SO_ERROR, &failure, &len) == 0 ? failure : errno;
}

err http1_socket_open(struct http1 *http, struct why *why)
{
    http1_socket_close(http);
    http->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (http->fd < 0) {
        return FAIL(why, ERR_BUSY, "no socket: %s", strerrorname_np(errno));
    }
    int failure = start_connection(http);
    if (failure) {
        http1_socket_close(http);
        return FAIL(why, ERR_BUSY, "no connection: %s", strerrorname_np(failure));
    }
    http->connects++;
    return OK;
}

void http1_socket_close(struct http1 *http)
{
    if (http->fd >= 0) {
        (void)close(http->fd);
    }
    http->fd = -1;
}

bool http1_socket_is_idle(const struct http1 *http)
{
    struct pollfd now = {.fd = http->fd, .events = POLLIN};
    return poll(&now, 1, 0) == 0;
}

/* Moves the parts past the bytes that were sent. */
static void advance(struct iovec parts[2], size_t sent)
{
    for (int i = 0; i < 2; i++) {
        size_t step = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        parts[i].iov_base = (char *)parts[i].iov_base + step;
        parts[i].iov_len -= step;
        sent -= step;
    }
}

bool http1_socket_send(struct http1 *http, str head, str body)
{
    /* iovec has no const: the system only reads what it is given to send. */
    struct iovec parts[2] = {{(void *)(uintptr_t)head.at, head.len},
                             {(void *)(uintptr_t)(body.len ? body.at : head.at), body.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    while (parts[0].iov_len || parts[1].iov_len) {
        ssize_t sent = sendmsg(http->fd, &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            advance(parts, (size_t)sent);
        } else if (errno == EAGAIN) {
            if (!wait_for(http, POLLOUT)) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

err http1_socket_receive(struct http1 *http, char *into, size_t room, size_t *got, struct why *why)
{
    for (;;) {
        if (!wait_for(http, POLLIN)) {
            return http->stopped ? FAIL(why, ERR_DEADLINE, "told to stop")
                                 : FAIL(why, ERR_BUSY, "no answer within %lld ms",
                                        (long long)http->timeout_ms);
        }
        ssize_t received = recv(http->fd, into, room, 0);
        if (received >= 0) {
            *got = (size_t)received;
            return OK;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return FAIL(why, ERR_BUSY, "connection lost: %s", strerrorname_np(errno));
        }
    }
}

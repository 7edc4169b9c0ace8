#include "runtime/http1_socket.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What happened on the socket; 0 when nothing did within timeout_ms, or when told to stop, which
 * ends only a wait without a limit, and only before its reply has begun: an invocation that has
 * come is served. An error of the socket counts as happening: the call that comes next tells it. */
static short wait_for(struct http1 *http, short events)
{
    bool stoppable = http->stop_fd && !http->timeout_ms && events == POLLIN && !http->in_len;
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
    return waiting[0].revents;
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

/* Moves the message past the bytes that were sent, and past parts that are empty. */
static void advance(struct msghdr *message, size_t sent)
{
    while (message->msg_iovlen && sent >= message->msg_iov->iov_len) {
        sent -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen) {
        message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
        message->msg_iov->iov_len -= sent;
    }
}

/* False when there is no use in trying again. */
static bool may_send_on(struct http1 *http, int failure)
{
    if (failure == EAGAIN) {
        return wait_for(http, POLLOUT | POLLIN) & POLLOUT;
    }
    return failure == EINTR;
}

bool http1_socket_send(struct http1 *http, const str *parts, size_t count)
{
    struct iovec left[HTTP1_MAX_PARTS];
    assert(count <= HTTP1_MAX_PARTS);
    for (size_t i = 0; i < count; i++) {
        /* iovec has no const: the system only reads what it is given to send. */
        left[i] = (struct iovec){(void *)(uintptr_t)parts[i].at, parts[i].len};
    }
    struct msghdr message = {.msg_iov = left, .msg_iovlen = count};
    advance(&message, 0);
    while (message.msg_iovlen) {
        ssize_t sent = sendmsg(http->fd, &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            advance(&message, (size_t)sent);
        } else if (!may_send_on(http, errno)) {
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

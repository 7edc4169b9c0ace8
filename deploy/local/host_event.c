#include "deploy/local/host_event.h"
#include "deploy/local/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Waits until there is something to read; false when the host shall stop. */
static bool wait_for(int fd, int stop_fd)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    return !fds[1].revents;
}

static MUST_USE err read_all(int fd, int stop_fd, struct buf *event, struct why *why)
{
    enum { PIECE = 64 * 1024 };
    char piece[PIECE];
    ssize_t got = 0;
    do {
        if (!wait_for(fd, stop_fd)) {
            return FAIL(why, ERR_BUSY, "interrupted");
        }
        got = read(fd, piece, sizeof piece);
        bool again = got < 0 && (errno == EAGAIN || errno == EINTR);
        if (got < 0 && !again) {
            return FAIL(why, ERR_BUG, "the event cannot be read: %s", strerror(errno));
        }
        buf_add(event, (str){piece, again ? 0 : (size_t)got});
    } while (got && !event->failed);
    if (event->failed) {
        return FAIL(why, ERR_LIMIT, "the event is larger than %d bytes",
                    (int)RUNTIME_API_MAX_EVENT_BYTES);
    }
    return OK;
}

static MUST_USE err read_event(const char *path, int stop_fd, struct buf *event, struct why *why)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, stop_fd, event, why);
    }
    /* O_NONBLOCK: a FIFO is opened before anybody writes to it, so that we can be stopped. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return FAIL(why, ERR_BUG, "cannot open the event: %s", strerror(errno));
    }
    err done = read_all(fd, stop_fd, event, why);
    (void)close(fd);
    return done;
}

static MUST_USE err print_answer(const struct buf *body, struct why *why)
{
    if (fwrite(body->at, 1, body->len, stdout) != body->len || putchar('\n') == EOF ||
        fflush(stdout) != 0) {
        return FAIL(why, ERR_BUG, "the answer cannot be written");
    }
    return OK;
}

static MUST_USE err invoke(struct function *function, struct report *report, str event, int *code,
                           struct why *why)
{
    struct runtime_api_result result;
    TRY(function_invoke(function, event, &result, why));
    bool good = result.outcome == RUNTIME_API_RESPONSE;
    *code = good ? HOST_EXIT_OK : HOST_EXIT_FUNCTION;
    report_invocation(report, "event", 1, good ? 0 : 1, &result);
    err printed = result.outcome == RUNTIME_API_STOPPED ? FAIL(why, ERR_BUSY, "interrupted")
                                                        : print_answer(&result.body, why);
    buf_close(&result.body);
    return printed;
}

err host_event(struct function *function, struct report *report, const char *path, int *code,
               struct why *why)
{
    struct buf event;
    buf_init(&event, RUNTIME_API_MAX_EVENT_BYTES);
    err done = read_event(path, function->config.stop_fd, &event, why);
    if (!done.kind) {
        done = invoke(function, report, buf_str(&event), code, why);
    }
    buf_close(&event);
    return done;
}

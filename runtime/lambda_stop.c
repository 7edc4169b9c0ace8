#include "runtime/lambda_stop.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t only_term(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    return set;
}

err lambda_stop_open(struct lambda_stop *stop, struct why *why)
{
    sigset_t set = only_term();
    stop->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (stop->fd < 0) {
        stop->fd = 0;
        return FAIL(why, ERR_BUSY, "no descriptor for SIGTERM: %s", strerrorname_np(errno));
    }
    (void)pthread_sigmask(SIG_BLOCK, &set, &stop->before);
    return OK;
}

void lambda_stop_now(void)
{
    (void)kill(getpid(), SIGTERM);
}

void lambda_stop_close(struct lambda_stop *stop)
{
    if (!stop->fd) {
        return;
    }
    /* One that is left pending would end the process when it is no longer blocked. */
    struct signalfd_siginfo come;
    while (read(stop->fd, &come, sizeof come) == sizeof come) {
    }
    (void)close(stop->fd);
    (void)pthread_sigmask(SIG_SETMASK, &stop->before, NULL);
    stop->fd = 0;
}

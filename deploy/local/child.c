#include "deploy/local/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct launch {
    char *program;
    const char *folder;
    const char *const *env;
    pid_t parent;
    int report; /* the errno of a failure is written here */
};

static void connect_output(void)
{
    int nothing = open("/dev/null", O_RDONLY);
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO); /* our standard output is for answers */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* In the new process. Comes back only when the program cannot be run. */
static void become(const struct launch *launch)
{
    (void)setpgid(0, 0);
    /* Should we be killed, it goes too. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch->parent) {
        return;
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    connect_output();
    if (chdir(launch->folder) == 0) {
        /* execve takes the strings without const, and does not write them. */
        union {
            const char *const *given;
            char *const *taken;
        } env = {.given = launch->env};
        char *const arguments[] = {launch->program, NULL};
        (void)execve(launch->program, arguments, env.taken);
    }
}

static pid_t run(const struct launch *launch)
{
    pid_t pid = fork();
    if (pid == 0) {
        become(launch);
        int cause = errno;
        (void)!write(launch->report, &cause, sizeof cause);
        _exit(127);
    }
    return pid;
}

/* 0 when the program runs: the pipe then closes without a word. */
static int read_report(int fd)
{
    int cause = 0;
    ssize_t n;
    do {
        n = read(fd, &cause, sizeof cause);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof cause ? cause : 0;
}

err child_start(struct child *child, char *program, const char *folder, const char *const *env,
                struct why *why)
{
    int report[2];
    *child = (struct child){.death_fd = -1};
    if (pipe2(report, O_CLOEXEC) != 0) {
        return FAIL(why, ERR_BUG, "cannot make a pipe: %s", strerror(errno));
    }
    const struct launch launch = {program, folder, env, getpid(), report[1]};
    pid_t pid = run(&launch);
    int cause = pid < 0 ? errno : 0;
    (void)close(report[1]);
    if (pid > 0) {
        cause = read_report(report[0]);
        child->pid = pid;
        /* The call itself: glibc has a function for it from 2.36 on only. */
        child->death_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    }
    (void)close(report[0]);
    if (cause) {
        (void)child_end(child, false);
        return FAIL(why, ERR_BUG, "cannot run the bootstrap: %s", strerror(cause));
    }
    if (child->death_fd < 0) {
        cause = errno;
        (void)child_end(child, false);
        return FAIL(why, ERR_BUG, "cannot watch a process: %s", strerror(cause));
    }
    return OK;
}

/* VmHWM of /proc: unlike ru_maxrss it begins with the program, not with our fork. */
static long read_peak_kb(pid_t pid)
{
    char path[64], line[128];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    long peak = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            peak = strtol(line + 6, NULL, 10);
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return peak;
}

bool child_ended(const struct child *child, int wait_ms)
{
    struct pollfd fd = {.fd = child->death_fd, .events = POLLIN};
    return poll(&fd, 1, wait_ms) > 0;
}

struct child_end child_end(struct child *child, bool gently)
{
    struct child_end end = {0};
    if (!child->pid) {
        return end;
    }
    end.peak_rss_kb = read_peak_kb(child->pid);
    if (gently) {
        (void)kill(child->pid, SIGTERM);
        (void)child_ended(child, CHILD_GRACE_MS);
    }
    /* The group before the reaping: until then the number cannot be another's. */
    (void)kill(-child->pid, SIGKILL);
    (void)kill(child->pid, SIGKILL);
    struct rusage usage = {0};
    while (wait4(child->pid, &end.status, 0, &usage) < 0 && errno == EINTR) {
    }
    if (!end.peak_rss_kb) {
        end.peak_rss_kb = usage.ru_maxrss;
    }
    if (child->death_fd >= 0) {
        (void)close(child->death_fd);
    }
    *child = (struct child){.death_fd = -1};
    return end;
}

void child_describe(int status, char *into, size_t room)
{
    if (WIFSIGNALED(status)) {
        (void)snprintf(into, room, "signal: %d", WTERMSIG(status));
    } else {
        (void)snprintf(into, room, "exit status %d", WEXITSTATUS(status));
    }
}

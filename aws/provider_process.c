/* A profile's credential_process: a program that prints credentials. It is run without a shell.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
#include "aws/provider_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, COMMAND_MAX = 8192, TICK_MS = 50 };

static const char whom[] = "credential_process";

/* --- The command --- */

struct command {
    char *words[WORDS_MAX + 1]; /* ends with NULL */
    char memory[COMMAND_MAX];
};

static str line_of(const struct settings *settings)
{
    return settings_key(settings, settings_profile(settings), str_from(whom));
}

static bool is_set(const struct settings *settings)
{
    return line_of(settings).len > 0;
}

static MUST_USE err parse(const struct settings *settings, struct command *command, struct why *why)
{
    struct buf text;
    size_t count = 0;
    buf_wrap(&text, command->memory, sizeof command->memory);
    if (!provider_split(line_of(settings), &text, &count) || !count || count > WORDS_MAX) {
        return FAIL(why, ERR_DENIED, "%s is not a command: a quote is open, or it is too long",
                    whom);
    }
    char *at = command->memory;
    for (size_t i = 0; i < count; i++) {
        command->words[i] = at;
        at += strlen(at) + 1;
    }
    command->words[count] = NULL;
    return OK;
}

static MUST_USE err check(const struct settings *settings, struct why *why)
{
    struct command command;
    return parse(settings, &command, why);
}

/* --- The process --- */

struct process {
    pid_t pid;
    int output; /* what it prints */
};

/* Its errors go nowhere, as they may quote what no log may hold. It gets none of our connections:
 * what it leaves running would keep them open. */
static bool set_files(posix_spawn_file_actions_t *files, int output)
{
    return !posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) &&
           !posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO) &&
           !posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) &&
           !posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

/* A group of its own, so that all it starts can be ended; and no signal blocked or ignored that we
 * have blocked or ignored. */
static bool set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    return !posix_spawnattr_setpgroup(attributes, 0) &&
           !posix_spawnattr_setsigmask(attributes, &none) &&
           !posix_spawnattr_setsigdefault(attributes, &all) &&
           !posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF);
}

/* 0, or the errno. */
static int spawn(struct command *command, const char *const *env, int output, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    /* posix_spawnp takes the strings without const, and does not write them. */
    union {
        const char *const *given;
        char *const *taken;
    } variables = {.given = env};
    int failed = posix_spawn_file_actions_init(&files);
    if (failed) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = set_files(&files, output) && set_attributes(&attributes)
                     ? posix_spawnp(pid, command->words[0], &files, &attributes, command->words,
                                    variables.taken)
                     : ENOMEM;
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

static MUST_USE err start(struct process *process, struct command *command, const char *const *env,
                          struct why *why)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        return FAIL(why, ERR_BUSY, "no pipe for %s, errno %d", whom, errno);
    }
    int failed = spawn(command, env, ends[1], &process->pid);
    (void)close(ends[1]);
    process->output = ends[0];
    if (failed) {
        (void)close(ends[0]);
        return FAIL(why, ERR_DENIED, "%s cannot be run, errno %d", whom, failed);
    }
    return OK;
}

/* Ends it, should it still run, with all that it has started; its exit status as of wait(2). */
static int finish(const struct process *process, bool killed)
{
    int status = 0;
    if (killed) {
        (void)kill(-process->pid, SIGKILL); /* its group: the number is ours until the wait */
    }
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR) {
    }
    (void)close(process->output);
    return status;
}

/* --- Its output --- */

static bool has_ended(const struct process *process)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process->pid;
}

/* What is there now. False at the end, and when there is no more room. */
static bool read_some(const struct process *process, struct buf *text)
{
    char *into = buf_reserve(text, 1);
    if (!into) {
        return false;
    }
    ssize_t got = read(process->output, into, text->max - text->len);
    if (got < 0) {
        return errno == EINTR;
    }
    text->len += (size_t)got;
    return got > 0;
}

/* Until it has closed its output and ended. What it has started may keep the output open beyond
 * that: then nothing more is waited for. False when time ran out or the output is too large. */
static bool collect(struct provider_work *work, const struct process *process)
{
    bool open = true;
    while (work->now_ms() < work->deadline_ms) {
        bool ended = has_ended(process);
        http_pump(work->http, 0); /* what else is under way goes on */
        if (ended && !open) {
            return true;
        }
        struct pollfd fd = {.fd = open ? process->output : -1, .events = POLLIN};
        int ready = poll(&fd, 1, ended ? 0 : TICK_MS);
        if (ready > 0) {
            open = read_some(process, &work->reply);
        } else if (ended) {
            return true;
        }
        if (work->reply.failed) {
            return false;
        }
    }
    return false;
}

static MUST_USE err run(struct provider_work *work, struct command *command, struct why *why)
{
    struct process process = {0};
    if (!provider_make_room(work)) {
        return FAIL(why, ERR_LIMIT, "no memory for the output of %s", whom);
    }
    TRY(start(&process, command, settings_env(work->settings), why));
    bool whole = collect(work, &process);
    int status = finish(&process, !whole);
    if (work->reply.failed) {
        return FAIL(why, ERR_DENIED, "%s prints more than %d bytes", whom, PROVIDER_REPLY_MAX);
    }
    if (!whole) {
        return FAIL(why, ERR_BUSY, "%s did not end in time", whom);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        return FAIL(why, ERR_DENIED, "%s failed with %s %d", whom,
                    WIFEXITED(status) ? "exit status" : "signal",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    }
    return OK;
}

static MUST_USE err fetch(struct provider_work *work, struct credentials *out, struct why *why)
{
    static const struct provider_names names = {whom, "AccessKeyId", "SecretAccessKey",
                                                "SessionToken", false};
    struct command command;
    TRY(parse(work->settings, &command, why));
    TRY(run(work, &command, why));
    str text = buf_str(&work->reply);
    if (!str_eq(provider_json_number(work, text, "Version"), STR("1"))) {
        return FAIL(why, ERR_DENIED, "%s does not print JSON of Version 1", whom);
    }
    TRY(provider_read_json(work, text, &names, out, why));
    if (!out->account_id.len) {
        out->account_id =
            settings_key(work->settings, settings_profile(work->settings), STR("aws_account_id"));
    }
    return OK;
}

const struct provider_source provider_process = {
    .is_set = is_set,
    .check = check,
    .fetch = fetch,
    .renews = true,
};

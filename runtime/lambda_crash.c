#include "runtime/lambda_crash.h"

#include "base/json_write.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    STACK_BYTES = 128 * 1024,
    MAX_BODY_BYTES = LAMBDA_BACKTRACE_TEXT + 1024,
    MAX_HEAD_BYTES = 2048,
    WAIT_S = 1, /* for each step of the report */
};

static const struct {
    int number;
    const char *name, *type, *message;
} signals[] = {
    {SIGSEGV, "SIGSEGV", "Function.SegmentationFault", "the function crashed: SIGSEGV"},
    {SIGBUS, "SIGBUS", "Function.BusError", "the function crashed: SIGBUS"},
    {SIGFPE, "SIGFPE", "Function.ArithmeticError", "the function crashed: SIGFPE"},
    {SIGILL, "SIGILL", "Function.IllegalInstruction", "the function crashed: SIGILL"},
    {SIGABRT, "SIGABRT", "Function.Aborted", "the function crashed: SIGABRT"},
};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* A signal handler is given nothing: this is how it finds what it needs. */
static _Thread_local const struct lambda_crash *watched;

/* --- The report --- */

static void add_trace(struct buf *out, const struct lambda_backtrace *trace, str between)
{
    for (size_t i = 0; i < trace->count; i++) {
        buf_add(out, i ? between : STR(""));
        lambda_backtrace_add(out, trace->at[i]);
    }
}

static void add_body(struct buf *body, size_t which, const struct lambda_backtrace *trace)
{
    buf_add(body, STR("{\"errorMessage\":"));
    json_add_string(body, str_from(signals[which].message));
    buf_add(body, STR(",\"errorType\":"));
    json_add_string(body, str_from(signals[which].type));
    buf_add(body, STR(",\"stackTrace\":[\""));
    add_trace(body, trace, STR("\",\""));
    buf_add(body, STR("\"]}"));
}

static void add_header(struct buf *head, str name, str value)
{
    buf_add(head, name);
    buf_add(head, STR(": "));
    buf_add(head, value);
    buf_add(head, STR("\r\n"));
}

/* Both ids were checked when they came. */
static void add_head(struct buf *head, const struct lambda_api *api, size_t which, size_t body_len)
{
    buf_add(head, STR("POST /2018-06-01/runtime/"));
    if (api->request_id.len) {
        buf_add(head, STR("invocation/"));
        buf_add(head, api->request_id);
        buf_add(head, STR("/error"));
    } else {
        buf_add(head, STR("init/error"));
    }
    buf_add(head, STR(" HTTP/1.1\r\n"));
    add_header(head, STR("Host"), str_from(api->http.host));
    add_header(head, STR("User-Agent"), STR(LAMBDA_USER_AGENT));
    add_header(head, STR("Content-Type"), STR("application/json"));
    add_header(head, STR("Connection"), STR("close"));
    add_header(head, STR("Lambda-Runtime-Function-Error-Type"), str_from(signals[which].type));
    if (api->invocation_id.len) {
        add_header(head, STR("Lambda-Runtime-Invocation-Id"), api->invocation_id);
    }
    buf_add(head, STR("Content-Length: "));
    buf_u64(head, body_len);
    buf_add(head, STR("\r\n\r\n"));
}

static bool send_whole(int fd, str bytes)
{
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        bytes = str_drop(bytes, sent > 0 ? (size_t)sent : 0);
    }
    return true;
}

/* On a connection of its own: the usual one may be in the middle of something. Waits for the
 * answer, as the API need not look at a connection whose other end has gone. */
static void post(const struct http1 *http, str head, str body)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = http->address, .sin_port = http->port};
    const struct timeval wait = {.tv_sec = WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 && send_whole(fd, head) &&
        send_whole(fd, body)) {
        char answer[512];
        (void)recv(fd, answer, sizeof answer, 0);
    }
    (void)close(fd);
}

static void report(const struct lambda_api *api, size_t which, const struct lambda_backtrace *trace)
{
    char body_memory[MAX_BODY_BYTES], head_memory[MAX_HEAD_BYTES];
    struct buf body, head;
    buf_wrap(&body, body_memory, sizeof body_memory);
    buf_wrap(&head, head_memory, sizeof head_memory);
    add_body(&body, which, trace);
    add_head(&head, api, which, body.len);
    if (!body.failed && !head.failed) {
        post(&api->http, buf_str(&head), buf_str(&body));
    }
}

static void log_crash(const struct log *log, size_t which, const struct lambda_backtrace *trace)
{
    char memory[LAMBDA_BACKTRACE_TEXT];
    struct buf stack;
    struct log_line line;
    if (!log_start(log, &line, LOG_FATAL, "the function crashed")) {
        return;
    }
    buf_wrap(&stack, memory, sizeof memory);
    add_trace(&stack, trace, STR(" "));
    log_str(&line, "signal", str_from(signals[which].name));
    log_str(&line, "stack", buf_str(&stack));
    log_end(&line);
}

/* Another thread may crash while this one reports: the default action, which ends them all, is put
 * back at the end. */
static void crashed(int number, siginfo_t *info, void *context)
{
    const struct lambda_crash *crash = watched;
    watched = NULL; /* a crash in here is not reported */
    size_t which = 0;
    while (which < SIGNALS - 1 && signals[which].number != number) {
        which++;
    }
    if (crash) {
        struct lambda_backtrace trace = lambda_backtrace(&crash->stack, info, context);
        bool between = crash->api->asked && !crash->api->request_id.len;
        log_crash(crash->api->log, which, &trace);
        if (!between) {
            report(crash->api, which, &trace);
        }
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* --- Watching --- */

void lambda_crash_watch(struct lambda_crash *crash, const struct lambda_api *api)
{
    if (!arena_block_init(&crash->own, STACK_BYTES)) {
        return;
    }
    const stack_t own = {.ss_sp = crash->own.at, .ss_size = crash->own.len};
    if (sigaltstack(&own, &crash->before)) {
        arena_block_close(&crash->own);
        return;
    }
    crash->api = api;
    crash->stack = lambda_backtrace_stack();
    watched = crash;
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_sigaction = crashed,
                                   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        (void)sigemptyset(&action.sa_mask);
        (void)sigaction(signals[i].number, &action, NULL);
    }
}

void lambda_crash_unwatch(struct lambda_crash *crash)
{
    if (!crash->own.at) {
        return;
    }
    watched = NULL;
    (void)sigaltstack(&crash->before, NULL);
    arena_block_close(&crash->own);
}

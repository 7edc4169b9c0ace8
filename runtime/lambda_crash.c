#include "runtime/lambda_crash.h"

#include "base/json_write.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    STACK_BYTES = 128 * 1024,
    MAX_FRAMES = 32,
    MAX_BODY_BYTES = 2048,
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

/* --- Where it happened --- */

struct place {
    uintptr_t pc, frame, stack;
};

static struct place place_of(const ucontext_t *context)
{
#if defined __x86_64__
    const greg_t *at = context->uc_mcontext.gregs;
    return (struct place){(uintptr_t)at[REG_RIP], (uintptr_t)at[REG_RBP], (uintptr_t)at[REG_RSP]};
#elif defined __aarch64__
    const mcontext_t *at = &context->uc_mcontext;
    return (struct place){at->pc, at->regs[29], at->sp};
#else
    (void)context;
    return (struct place){0};
#endif
}

/* What addr2line wants: the address in the file where the program may lie anywhere, as it is where
 * it lies where it was linked. */
static uintptr_t in_file(uintptr_t address)
{
    extern const char __executable_start[];
    const ElfW(Ehdr) *header = (const void *)__executable_start;
    return header->e_type == ET_DYN ? address - (uintptr_t)header : address;
}

static void add_hex(struct buf *out, uintptr_t value)
{
    buf_add(out, STR("0x"));
    for (int shift = 8 * (int)sizeof value - 4; shift >= 0; shift -= 4) {
        if (value >> shift || shift == 0) {
            buf_char(out, "0123456789abcdef"[(value >> shift) & 15]);
        }
    }
}

/* The addresses, innermost first, each in quotes. Frames are linked by the frame pointer; a link
 * that does not lead up the stack is the end. */
static void add_frames(struct buf *out, const struct place *place, uintptr_t stack_end)
{
    uintptr_t pc = place->pc, frame = place->frame, below = place->stack;
    for (int i = 0; i < MAX_FRAMES && pc; i++) {
        buf_add(out, i ? STR(",\"") : STR("\""));
        add_hex(out, in_file(pc));
        buf_char(out, '"');
        bool sound = frame >= below && frame % sizeof(uintptr_t) == 0 && frame < stack_end &&
                     stack_end - frame >= 2 * sizeof(uintptr_t);
        if (!sound) {
            return;
        }
        const uintptr_t *link = (const void *)frame;
        below = frame + sizeof(uintptr_t);
        frame = link[0];
        pc = link[1];
    }
}

/* --- The report --- */

static void add_body(struct buf *body, size_t which, str frames)
{
    buf_add(body, STR("{\"errorMessage\":"));
    json_add_string(body, str_from(signals[which].message));
    buf_add(body, STR(",\"errorType\":"));
    json_add_string(body, str_from(signals[which].type));
    buf_add(body, STR(",\"stackTrace\":["));
    buf_add(body, frames);
    buf_add(body, STR("]}"));
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
    char answer[512];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 && send_whole(fd, head) &&
        send_whole(fd, body)) {
        (void)recv(fd, answer, sizeof answer, 0);
    }
    (void)close(fd);
}

static void tell(const struct lambda_api *api, size_t which, str frames)
{
    char body_memory[MAX_BODY_BYTES], head_memory[MAX_HEAD_BYTES];
    struct buf body, head;
    buf_wrap(&body, body_memory, sizeof body_memory);
    buf_wrap(&head, head_memory, sizeof head_memory);
    add_body(&body, which, frames);
    add_head(&head, api, which, body.len);
    if (!body.failed && !head.failed && (api->request_id.len || !api->asked)) {
        post(&api->http, buf_str(&head), buf_str(&body));
    }
    struct log_line line;
    if (log_start(api->log, &line, LOG_FATAL, "the function crashed")) {
        log_str(&line, "signal", str_from(signals[which].name));
        log_str(&line, "stack", frames);
        log_end(&line);
    }
}

static void crashed(int number, siginfo_t *info, void *context)
{
    (void)info;
    const struct lambda_crash *crash = watched;
    watched = NULL; /* a crash in here is not reported */
    size_t which = 0;
    while (which < SIGNALS - 1 && signals[which].number != number) {
        which++;
    }
    if (crash) {
        char memory[MAX_FRAMES * 24];
        struct buf frames;
        struct place place = place_of(context);
        buf_wrap(&frames, memory, sizeof memory);
        add_frames(&frames, &place, crash->stack_end);
        tell(crash->api, which, buf_str(&frames));
    }
    (void)raise(number); /* the default action is back in place: SA_RESETHAND */
}

/* --- Watching --- */

/* Where this thread's stack ends, highest address. */
static uintptr_t find_stack_end(void)
{
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes)) {
        return 0;
    }
    (void)pthread_attr_getstack(&attributes, &lowest, &size);
    (void)pthread_attr_destroy(&attributes);
    return (uintptr_t)lowest + size;
}

void lambda_crash_watch(struct lambda_crash *crash, const struct lambda_api *api)
{
    if (!arena_block_init(&crash->stack, STACK_BYTES)) {
        return;
    }
    const stack_t stack = {.ss_sp = crash->stack.at, .ss_size = crash->stack.len};
    if (sigaltstack(&stack, NULL)) {
        arena_block_close(&crash->stack);
        return;
    }
    crash->api = api;
    crash->stack_end = find_stack_end();
    watched = crash;
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_sigaction = crashed,
                                   .sa_flags =
                                       (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
        (void)sigemptyset(&action.sa_mask);
        (void)sigaction(signals[i].number, &action, NULL);
    }
}

void lambda_crash_unwatch(struct lambda_crash *crash)
{
    if (!crash->stack.at) {
        return;
    }
    const stack_t none = {.ss_flags = SS_DISABLE};
    watched = NULL;
    (void)sigaltstack(&none, NULL);
    arena_block_close(&crash->stack);
}

/* For the tests of crash reports: ways to crash, a child that does, and what the Runtime API must
 * have been told of it.
 */
#ifndef TEST_UNIT_RUNTIME_CRASH_WAYS_H
#define TEST_UNIT_RUNTIME_CRASH_WAYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "runtime/lambda_backtrace.h"
#include "test/unit/runtime/worker_api.h"

#include <assert.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { PATIENCE_MS = 30 * 1000, NEAR_BYTES = 1024 };

static struct worker_api api;

/* --- Ways to crash, each in a function of its own --- */

/* Nothing, and no tool can tell. */
static inline unsigned long nothing(void)
{
    return strtoul("0", NULL, 10);
}

#define CRASHING __attribute__((noinline, no_sanitize("undefined"))) static void
#define KEEP     __asm__ volatile("" ::: "memory") /* no tail call: the frame stays */

CRASHING read_null(void)
{
    *(volatile int *)nothing() = 1;
    KEEP;
}

CRASHING read_past_a_file(void)
{
    int fd = memfd_create("short", MFD_CLOEXEC);
    volatile char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    (void)*mapped;
    KEEP;
}

CRASHING divide(void)
{
    volatile int result = 1000 / (int)nothing();
    (void)result;
    KEEP;
}

CRASHING run_nonsense(void)
{
    __builtin_trap();
}

CRASHING give_up(void)
{
    abort();
}

CRASHING expect_wrongly(void)
{
    assert(nothing() == 1);
    KEEP;
}

CRASHING copy_to_null(void)
{
    memset((void *)nothing(), 1, 100 + nothing());
    KEEP;
}

CRASHING call_null(void)
{
    ((void (*)(void))nothing())();
    KEEP;
}

static volatile unsigned depth; /* seen by nobody: keeps the recursion from being undone */

CRASHING never_return(void)
{
    volatile char frame[4096];   /* no longer than the guard below a thread's stack */
    frame[sizeof frame / 2] = 1; /* above the top of the stack, which is not there either */
    depth++;
    if (depth) {
        never_return();
    }
    frame[0] = 1;
    KEEP;
}

static const struct way {
    const char *what;
    void (*crash)(void);
    int signal;
    const char *name, *type;
} ways[] = {
    {"a null pointer", read_null, SIGSEGV, "SIGSEGV", "SegmentationFault"},
    {"a mapping past its file", read_past_a_file, SIGBUS, "SIGBUS", "BusError"},
    {"a division by zero", divide, SIGFPE, "SIGFPE", "ArithmeticError"},
    {"no instruction", run_nonsense, SIGILL, "SIGILL", "IllegalInstruction"},
    {"abort", give_up, SIGABRT, "SIGABRT", "Aborted"},
    {"assert", expect_wrongly, SIGABRT, "SIGABRT", "Aborted"},
    {"in a function of libc", copy_to_null, SIGSEGV, "SIGSEGV", "SegmentationFault"},
    {"a call of nothing", call_null, SIGSEGV, "SIGSEGV", "SegmentationFault"},
    {"a stack that overflows", never_return, SIGSEGV, "SIGSEGV", "SegmentationFault"},
};

static inline err crash(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                        struct why *why)
{
    const struct way *way = ctx;
    (void)in;
    (void)reply;
    (void)why;
    way->crash();
    return OK;
}

/* --- A child that is allowed to --- */

/* What it says on standard error, also through the sanitizers, is of no interest. It ends with the
 * test, however that ends. */
static inline pid_t start_child(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(nowhere, STDERR_FILENO);
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    }
    return child;
}

/* The signal that ended it, 0 for none. */
static inline int end_of(pid_t child)
{
    int status = 0;
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if (waitpid(child, &status, WNOHANG) == child) {
            return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        }
        (void)usleep(1000);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    fail_msg("the child did not end");
    return 0;
}

/* lambda_run in a child; the signal that ended it. */
static inline int run_in_child(void)
{
    worker_api_listen(&api);
    pid_t child = start_child();
    if (child == 0) {
        _exit(lambda_run(&api.config));
    }
    many_server_start(&api.server);
    int ended = end_of(child);
    many_server_stop(&api.server);
    return ended;
}

/* --- What was posted --- */

/* The function among those that can crash that an address in the file lies in, or NULL. A program
 * that may lie anywhere begins at 0 in its file. */
static inline void (*function_at(uintptr_t address))(void)
{
    Dl_info info;
    assert_int_equal(dladdr((void *)(uintptr_t)ways[0].crash, &info), 1);
    const ElfW(Ehdr) *header = info.dli_fbase;
    uintptr_t here = address + (header->e_type == ET_DYN ? (uintptr_t)header : 0);
    uintptr_t nearest = NEAR_BYTES;
    void (*found)(void) = NULL;
    for (size_t i = 0; i < COUNT(ways); i++) {
        uintptr_t start = (uintptr_t)ways[i].crash;
        if (here >= start && here - start < nearest) {
            nearest = here - start;
            found = ways[i].crash;
        }
    }
    return found;
}

static inline bool trace_has(str trace, const struct way *way)
{
    for (struct str_halves cut = str_cut(trace, ','); cut.head.len; cut = str_cut(cut.tail, ',')) {
        char word[64];
        assert_true(str_to_c(cut.head, word, sizeof word));
        assert_memory_equal(word, "\"0x", 3);
        assert_int_equal(word[strlen(word) - 1], '"');
        if (function_at(strtoul(word + 1, NULL, 16)) == way->crash) {
            return true;
        }
    }
    return false;
}

/* The one post that was received, byte by byte; gives what is between [ and ] of the trace. */
static inline str assert_posted(const char *path, const char *invocation_id, const struct way *way)
{
    char head[1000], body[300];
    str received = buf_str(&api.server.received);
    const char *post = memmem(received.at, received.len, "POST ", 5);
    assert_non_null(post);
    str request = str_span(post, received.at + received.len);
    const char *blank = memmem(request.at, request.len, "\r\n\r\n", 4);
    assert_non_null(blank);
    str text = str_drop(request, (size_t)(blank - request.at) + 4);
    int len = snprintf(head, sizeof head,
                       "POST /2018-06-01/runtime/%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                       "User-Agent: serverless-user-management/1.0\r\n"
                       "Content-Type: application/json\r\nConnection: close\r\n"
                       "Lambda-Runtime-Function-Error-Type: Function.%s\r\n%s"
                       "Content-Length: %zu\r\n\r\n",
                       path, api.server.port, way->type, invocation_id, text.len);
    assert_int_equal(request.len - text.len, len);
    assert_memory_equal(request.at, head, (size_t)len);
    len = snprintf(body, sizeof body,
                   "{\"errorMessage\":\"the function crashed: %s\",\"errorType\":\"Function.%s\","
                   "\"stackTrace\":[",
                   way->name, way->type);
    assert_true(text.len > (size_t)len);
    assert_memory_equal(text.at, body, (size_t)len);
    assert_true(str_ends(text, STR("]}")));
    struct json json = json_read(text, true);
    assert_int_equal(json_next(&json), JSON_OBJECT);
    assert_int_equal(json_skip(&json), JSON_CLOSE);
    assert_true(json_ends(&json));
    return str_take(str_drop(text, (size_t)len), text.len - (size_t)len - 2);
}

#endif

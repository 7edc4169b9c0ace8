#include "base/env.h"
#include "deploy/local/function.h"
#include "test/unit/local/raw_client.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* --- The bootstrap: this very program, when TEST_BOOTSTRAP is set --- */

struct bootstrap {
    const char *mode;
    const char *const *env;
    int fd;
    int events;
};

static bool is(const struct bootstrap *b, const char *mode)
{
    return strcmp(b->mode, mode) == 0;
}

static void add_env(const struct bootstrap *b, struct buf *answer)
{
    for (size_t i = 0; b->env[i]; i++) {
        buf_add(answer, str_from(b->env[i]));
        buf_char(answer, '\n');
    }
}

static void add_grandchild(struct buf *answer)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    buf_u64(answer, (uint64_t)pid);
}

static void meet_event(struct bootstrap *b, const struct raw_reply *next)
{
    struct buf answer;
    buf_init(&answer, 1024 * 1024);
    if (is(b, "exit")) {
        _exit(3);
    }
    if (is(b, "kill")) {
        (void)kill(getpid(), SIGKILL);
    }
    if (is(b, "hang")) {
        (void)pause();
    }
    if (is(b, "env")) {
        add_env(b, &answer);
    } else if (is(b, "family")) {
        add_grandchild(&answer);
    } else if (is(b, "pid")) {
        buf_u64(&answer, (uint64_t)getpid());
    } else {
        buf_add(&answer, buf_str(&next->body));
    }
    (void)raw_answer(b->fd, next, "response", "", buf_str(&answer));
    buf_close(&answer);
    if (is(b, "once")) {
        _exit(0);
    }
}

static int run_bootstrap(const char *mode, const char *const *env)
{
    struct bootstrap b = {.mode = mode, .env = env};
    uint64_t port = 0;
    str address = env_get(env, STR("AWS_LAMBDA_RUNTIME_API"));
    (void)str_to_u64(str_cut(address, ':').tail, &port);
    if (is(&b, "dead")) {
        return 1;
    }
    if (is(&b, "stubborn")) {
        (void)signal(SIGTERM, SIG_IGN);
    }
    b.fd = raw_connect((uint16_t)port);
    if (is(&b, "init")) {
        struct raw_reply reply;
        raw_post(b.fd, "init/error", "Lambda-Runtime-Function-Error-Type: Runtime.NoTable\r\n",
                 STR("{}"));
        raw_receive(b.fd, &reply);
        return 1;
    }
    for (;;) {
        struct raw_reply next;
        raw_next(b.fd, &next);
        if (next.status != 200) {
            return 2;
        }
        meet_event(&b, &next);
        buf_close(&next.body);
    }
}

/* --- The tests --- */

struct stage {
    struct function_config config;
    struct function function;
    struct runtime_api_result result;
    struct why why;
    const char *env[8], *extra[4];
    char mode[64];
};

static int set_up(void **state)
{
    struct stage *s = test_calloc(1, sizeof *s);
    *state = s;
    s->env[0] = "AWS_REGION=eu-west-1";
    s->env[1] = "AWS_LAMBDA_RUNTIME_API=of-another-host";
    s->env[2] = "TABLE_NAME=inherited";
    s->extra[0] = s->mode;
    s->config = (struct function_config){
        .path = "/proc/self/exe",
        .env = s->env,
        .extra_env = s->extra,
        .memory_mb = 256,
        .timeout_ms = 20000,
        .stop_fd = -1,
    };
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    function_close(&s->function);
    buf_close(&s->result.body);
    /* Nothing of ours may be left, not even a zombie. */
    bool alone = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
    test_free(s);
    return alone ? 0 : -1;
}

static void open_as(struct stage *s, const char *mode)
{
    (void)snprintf(s->mode, sizeof s->mode, "TEST_BOOTSTRAP=%s", mode);
    assert_int_equal(function_open(&s->function, &s->config, &s->why).kind, ERR_NONE);
}

static void invoke(struct stage *s, enum runtime_api_outcome wanted)
{
    buf_close(&s->result.body);
    err done = function_invoke(&s->function, STR("{\"n\":1}"), &s->result, &s->why);
    assert_string_equal(s->why.text, "");
    assert_int_equal(done.kind, ERR_NONE);
    assert_int_equal(s->result.outcome, wanted);
}

static bool has(const struct stage *s, const char *text)
{
    return memmem(s->result.body.at, s->result.body.len, text, strlen(text)) != NULL;
}

static pid_t answered_pid(const struct stage *s)
{
    uint64_t pid = 0;
    assert_true(str_to_u64(buf_str(&s->result.body), &pid));
    return (pid_t)pid;
}

/* Ended and reaped, or waiting for init to reap it. */
static bool is_gone(pid_t pid)
{
    char path[64], text[256] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 200; i++) {
        FILE *file = fopen(path, "re");
        size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
        if (file) {
            (void)fclose(file);
        }
        text[len] = 0;
        if (!len || strstr(text, ") Z ")) {
            return true;
        }
        (void)usleep(10000);
    }
    return false;
}

static void one_process_serves_many_events(void **state)
{
    struct stage *s = *state;
    open_as(s, "pid");
    invoke(s, RUNTIME_API_RESPONSE);
    pid_t first = answered_pid(s);
    invoke(s, RUNTIME_API_RESPONSE);
    assert_int_equal(answered_pid(s), first);
    assert_int_equal(s->function.starts, 1);
}

static void the_function_sees_lambdas_environment(void **state)
{
    struct stage *s = *state;
    s->extra[1] = "TABLE_NAME=wished";
    open_as(s, "env");
    invoke(s, RUNTIME_API_RESPONSE);
    static const char *const lines[] = {
        "AWS_LAMBDA_RUNTIME_API=127.0.0.1:",
        "AWS_LAMBDA_FUNCTION_NAME=lambda-local\n",
        "AWS_LAMBDA_FUNCTION_VERSION=$LATEST\n",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256\n",
        "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/lambda-local\n",
        "AWS_LAMBDA_LOG_STREAM_NAME=",
        "AWS_REGION=eu-west-1\n",
        "AWS_DEFAULT_REGION=eu-west-1\n",
        "LAMBDA_TASK_ROOT=/",
        "_HANDLER=bootstrap\n",
        "TABLE_NAME=wished\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!has(s, lines[i])) {
            fail_msg("missing %s", lines[i]);
        }
    }
    assert_false(has(s, "of-another-host"));
    assert_false(has(s, "inherited"));
}

static void a_crash_is_told_and_the_next_event_gets_a_new_process(void **state)
{
    static const struct {
        const char *mode, *cause;
    } rows[] = {{"exit", "exit status 3"}, {"kill", "signal: 9"}};
    for (size_t i = 0; i < 2; i++) {
        struct stage *s = *state;
        open_as(s, rows[i].mode);
        for (unsigned n = 1; n <= 2; n++) {
            invoke(s, RUNTIME_API_DEATH);
            assert_string_equal(s->result.error_type, "Runtime.ExitError");
            assert_true(has(s, rows[i].cause));
            assert_int_equal(s->function.starts, n);
            assert_int_equal(s->function.child.pid, 0);
        }
        function_close(&s->function);
    }
}

static void a_process_that_ends_between_events_is_replaced_unseen(void **state)
{
    struct stage *s = *state;
    open_as(s, "once");
    for (unsigned n = 1; n <= 5; n++) {
        invoke(s, RUNTIME_API_RESPONSE);
        assert_true(has(s, "{\"n\":1}"));
        assert_int_equal(s->function.starts, n);
    }
}

static void a_process_that_never_gets_ready_is_a_crash(void **state)
{
    struct stage *s = *state;
    open_as(s, "dead");
    invoke(s, RUNTIME_API_DEATH);
    assert_int_equal(s->function.starts, 1);
    assert_true(has(s, "exit status 1"));
}

static void an_init_error_is_told_and_the_process_is_gone(void **state)
{
    struct stage *s = *state;
    open_as(s, "init");
    invoke(s, RUNTIME_API_INIT_ERROR);
    assert_string_equal(s->result.error_type, "Runtime.NoTable");
    assert_int_equal(s->function.child.pid, 0);
}

static void a_timeout_kills_the_process_and_the_next_event_gets_a_new_one(void **state)
{
    struct stage *s = *state;
    s->config.timeout_ms = 50;
    open_as(s, "hang");
    invoke(s, RUNTIME_API_TIMEOUT);
    assert_int_equal(s->function.child.pid, 0);
    invoke(s, RUNTIME_API_TIMEOUT);
    assert_int_equal(s->function.starts, 2);
}

static void closing_ends_what_the_function_has_started_too(void **state)
{
    struct stage *s = *state;
    open_as(s, "family");
    invoke(s, RUNTIME_API_RESPONSE);
    pid_t grandchild = answered_pid(s), child = s->function.child.pid;
    assert_int_equal(kill(grandchild, 0), 0);
    function_close(&s->function);
    assert_true(is_gone(child));
    assert_true(is_gone(grandchild));
}

static void closing_ends_a_process_that_ignores_term(void **state)
{
    struct stage *s = *state;
    open_as(s, "stubborn");
    invoke(s, RUNTIME_API_RESPONSE);
    pid_t child = s->function.child.pid;
    function_close(&s->function);
    assert_true(is_gone(child));
}

static void the_peak_memory_is_the_functions_own(void **state)
{
    enum { OURS = 96 * 1024 * 1024 };
    struct stage *s = *state;
    char *ours = malloc(OURS);
    assert_non_null(ours);
    memset(ours, 1, OURS);
    open_as(s, "echo");
    invoke(s, RUNTIME_API_RESPONSE);
    function_close(&s->function);
    assert_true(s->function.peak_rss_kb > 100);
    assert_true(s->function.peak_rss_kb < OURS / 1024);
    free(ours);
}

static void its_output_goes_to_standard_error(void **state)
{
    struct stage *s = *state;
    char script[] = "/tmp/test-function-XXXXXX", text[64] = "";
    int file = mkostemp(script, O_CLOEXEC), saved = dup(STDERR_FILENO), ends[2];
    assert_int_equal(write(file, "#!/bin/sh\necho out; echo err >&2\n", 33), 33);
    assert_int_equal(fchmod(file, 0700), 0);
    (void)close(file);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    s->config.path = script;
    open_as(s, "");
    (void)dup2(ends[1], STDERR_FILENO);
    err done = function_invoke(&s->function, STR("{}"), &s->result, &s->why);
    (void)dup2(saved, STDERR_FILENO);
    assert_int_equal(done.kind, ERR_NONE);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "out\nerr\n");
    (void)close(saved);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)unlink(script);
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    const char *mode = getenv("TEST_BOOTSTRAP");
    if (mode) {
        return run_bootstrap(mode, (const char *const *)env);
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_process_serves_many_events),
        TEST(the_function_sees_lambdas_environment),
        TEST(a_crash_is_told_and_the_next_event_gets_a_new_process),
        TEST(a_process_that_ends_between_events_is_replaced_unseen),
        TEST(a_process_that_never_gets_ready_is_a_crash),
        TEST(an_init_error_is_told_and_the_process_is_gone),
        TEST(a_timeout_kills_the_process_and_the_next_event_gets_a_new_one),
        TEST(closing_ends_what_the_function_has_started_too),
        TEST(closing_ends_a_process_that_ignores_term),
        TEST(the_peak_memory_is_the_functions_own),
        TEST(its_output_goes_to_standard_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

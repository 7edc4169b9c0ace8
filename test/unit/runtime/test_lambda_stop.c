#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/worker_api.h"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define REGISTER "POST /2020-01-01/extension/register "
#define EVENT    "GET /2020-01-01/extension/event/next "

static struct worker_api api;

/* --- What must be as it was after each test --- */

struct before {
    sigset_t mask;
    unsigned fds, threads;
};

static unsigned count_entries(const char *folder)
{
    unsigned count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    while (readdir(open)) {
        count++;
    }
    (void)closedir(open);
    return count;
}

static struct before look(void)
{
    struct before now = {.fds = count_entries("/proc/self/fd"),
                         .threads = count_entries("/proc/self/task")};
    (void)pthread_sigmask(SIG_SETMASK, NULL, &now.mask);
    return now;
}

static int note_before(void **state)
{
    static struct before before;
    before = look();
    *state = &before;
    return 0;
}

static int nothing_is_left(void **state)
{
    const struct before *before = *state;
    struct before after = look();
    sigset_t pending;
    (void)sigpending(&pending);
    assert_false(sigismember(&pending, SIGTERM));
    assert_int_equal(sigismember(&after.mask, SIGTERM), sigismember(&before->mask, SIGTERM));
    assert_int_equal(after.fds, before->fds);
    assert_int_equal(after.threads, before->threads);
    return 0;
}

/* --- */

static err answer_number(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                         struct why *why)
{
    (void)ctx;
    (void)why;
    buf_add(reply, in->event);
    return OK;
}

static void count_shutdown(void *ctx)
{
    unsigned *shutdowns = ctx;
    ++*shutdowns;
}

static void open_with_hook(const char *concurrency, lambda_handler *handler, unsigned *shutdowns)
{
    *shutdowns = 0;
    worker_api_open(&api, concurrency, handler, shutdowns);
    api.config.on_shutdown = count_shutdown;
    api.end = WORKER_API_SILENT;
    api.park = 1;
}

static void at_sigterm_between_invocations_the_hook_is_called_once(void **state)
{
    (void)state;
    unsigned shutdowns = 0;
    open_with_hook("1", answer_number, &shutdowns);
    api.invocations = 3;
    api.terminate = true;
    assert_int_equal(worker_api_run(&api), 0);
    assert_int_equal(shutdowns, 1);
    assert_int_equal(api.responses[3], 1);
    worker_api_close(&api);
}

static void an_extension_is_registered_before_the_first_invocation_is_asked_for(void **state)
{
    (void)state;
    unsigned shutdowns = 0;
    char expected[500];
    open_with_hook("1", answer_number, &shutdowns);
    api.invocations = 1;
    api.terminate = true;
    assert_int_equal(worker_api_run(&api), 0);
    int len = snprintf(expected, sizeof expected,
                       REGISTER "HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nLambda-Extension-Name: runtime"
                                "\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
                                "{\"events\":[]}",
                       api.server.port);
    assert_true(api.server.received.len > (size_t)len);
    assert_memory_equal(api.server.received.at, expected, (size_t)len);
    assert_int_equal(worker_api_received(&api, EVENT), 1);
    assert_int_equal(worker_api_received(&api, "Lambda-Extension-Identifier: ext-1\r\n"), 1);
    assert_int_equal(api.server.count, 2); /* its own connection, and the worker's */
    worker_api_close(&api);
}

static err be_terminated(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                         struct why *why)
{
    unsigned *shutdowns = ctx;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    if (str_eq(in->event, STR("2")) || *shutdowns) {
        return FAIL(why, ERR_BUG, "called after the end");
    }
    buf_add(reply, STR("\"said before the end\""));
    return OK;
}

static void what_is_under_way_at_sigterm_is_answered_first(void **state)
{
    (void)state;
    unsigned shutdowns = 0;
    open_with_hook("1", be_terminated, &shutdowns);
    api.invocations = 1;
    assert_int_equal(worker_api_run(&api), 0);
    assert_int_equal(shutdowns, 1);
    assert_int_equal(api.responses[1], 1);
    assert_int_equal(worker_api_received(&api, "\r\n\r\n\"said before the end\""), 1);
    char *logged = worker_api_logged(&api);
    assert_int_equal(strlen(logged), 0); /* its answer was waited for */
    free(logged);
    worker_api_close(&api);
}

static void without_extensions_all_goes_on(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int status;
    } rows[] = {
        {"the API knows none", 404},
        {"registration is closed", 403},
        {"it is broken", 500},
        {"it gives no identifier", WORKER_API_NAMELESS},
        {"it hangs up", WORKER_API_RESET},
        {"it does not answer", WORKER_API_MUTE},
    };
    for (size_t row = 0; row < COUNT(rows); row++) {
        unsigned shutdowns = 0;
        print_message("%s\n", rows[row].what);
        open_with_hook("1", answer_number, &shutdowns);
        api.register_status = rows[row].status;
        api.invocations = 1;
        api.terminate = true;
        api.log.level = LOG_DEBUG;
        assert_int_equal(worker_api_run(&api), 0);
        assert_int_equal(shutdowns, 1);
        assert_int_equal(api.responses[1], 1);
        assert_int_equal(worker_api_received(&api, EVENT), 0);
        char *logged = worker_api_logged(&api);
        assert_non_null(strstr(logged, "SIGKILL comes without SIGTERM"));
        free(logged);
        worker_api_close(&api);
    }
}

static void without_the_hook_sigterm_ends_the_process_as_ever(void **state)
{
    (void)state;
    int status = 0;
    worker_api_open(&api, "1", answer_number, NULL);
    api.end = WORKER_API_SILENT;
    api.park = 1;
    api.invocations = 1;
    worker_api_listen(&api);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where this test fails */
        _exit(lambda_run(&api.config) ? 1 : 2);
    }
    many_server_start(&api.server);
    (void)pthread_mutex_lock(&api.server.lock);
    while (api.answered < 1 || api.waiting < 1) {
        (void)pthread_cond_wait(&api.server.moved, &api.server.lock);
    }
    (void)pthread_mutex_unlock(&api.server.lock);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    many_server_stop(&api.server);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(worker_api_received(&api, REGISTER), 0);
    worker_api_close(&api);
}

static void several_workers_end_together(void **state)
{
    (void)state;
    unsigned shutdowns = 0;
    open_with_hook("8", answer_number, &shutdowns);
    api.park = 8;
    api.invocations = 24;
    api.terminate = true;
    assert_int_equal(worker_api_run(&api), 0);
    assert_int_equal(shutdowns, 1);
    assert_int_equal(api.answered, 24);
    worker_api_close(&api);
}

static err fail_to_open(void *ctx, unsigned number, void **worker, struct why *why)
{
    (void)ctx;
    (void)number;
    (void)worker;
    return FAIL(why, ERR_BUG, "no");
}

static void a_start_that_failed_does_not_call_the_hook(void **state)
{
    (void)state;
    unsigned shutdowns = 0;
    open_with_hook("1", answer_number, &shutdowns);
    api.config.worker_open = fail_to_open;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_CONFIG);
    assert_int_equal(shutdowns, 0);
    worker_api_close(&api);
}

static void an_api_that_ends_the_process_does_not_call_the_hook(void **state)
{
    (void)state;
    unsigned shutdowns = 0;
    open_with_hook("1", answer_number, &shutdowns);
    api.end = WORKER_API_BROKEN;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    assert_int_equal(shutdowns, 0);
    worker_api_close(&api);
}

static void *do_nothing(void *ctx)
{
    return ctx;
}

/* With the first thread the thread sanitizer starts one of its own, which stays. */
static int start_first_thread(void **state)
{
    pthread_t thread;
    (void)state;
    return pthread_create(&thread, NULL, do_nothing, NULL) || pthread_join(thread, NULL);
}

#define CLEAN_TEST(test) cmocka_unit_test_setup_teardown(test, note_before, nothing_is_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(at_sigterm_between_invocations_the_hook_is_called_once),
        CLEAN_TEST(an_extension_is_registered_before_the_first_invocation_is_asked_for),
        CLEAN_TEST(what_is_under_way_at_sigterm_is_answered_first),
        CLEAN_TEST(without_extensions_all_goes_on),
        CLEAN_TEST(without_the_hook_sigterm_ends_the_process_as_ever),
        CLEAN_TEST(several_workers_end_together),
        CLEAN_TEST(a_start_that_failed_does_not_call_the_hook),
        CLEAN_TEST(an_api_that_ends_the_process_does_not_call_the_hook),
    };
    return cmocka_run_group_tests(tests, start_first_thread, NULL);
}

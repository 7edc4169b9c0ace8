#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/crash_ways.h"

static void a_crash_in_the_handler_is_reported_and_ends_the_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        const struct way *way = &ways[i];
        char expected[200];
        print_message("%s\n", way->what);
        worker_api_open(&api, "1", crash, (void *)(uintptr_t)way);
        api.invocations = 1;
        assert_int_equal(run_in_child(), way->signal);
        str trace =
            assert_posted("invocation/id-1/error", "Lambda-Runtime-Invocation-Id: inv-1\r\n", way);
        assert_true(trace_has(trace, way));
        assert_true(way->crash != never_return || trace.len > LAMBDA_BACKTRACE_MAX * 4);
        (void)snprintf(expected, sizeof expected,
                       "\"level\":\"FATAL\",\"message\":\"the function crashed\",\"requestId\":"
                       "\"id-1\",\"tenantId\":\"tenant-1\",\"traceId\":\"trace-1\",\"signal\":\"%"
                       "s\",\"stack\":\"0x",
                       way->name);
        char *logged = worker_api_logged(&api);
        assert_non_null(strstr(logged, expected));
        free(logged);
        worker_api_close(&api);
    }
}

static err crash_at_start(void *ctx, unsigned number, void **worker, struct why *why)
{
    const struct way *way = ctx;
    (void)worker;
    (void)why;
    if (number == 1) {
        way->crash();
    }
    return OK;
}

static void a_crash_at_the_start_is_an_init_error(void **state)
{
    (void)state;
    worker_api_open(&api, "2", crash, (void *)(uintptr_t)&ways[0]);
    api.config.worker_open = crash_at_start;
    assert_int_equal(run_in_child(), SIGSEGV);
    (void)assert_posted("init/error", "", &ways[0]);
    assert_int_equal(worker_api_received(&api, NEXT), 0);
    worker_api_close(&api);
}

static err answer_number(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                         struct why *why)
{
    (void)ctx;
    (void)why;
    buf_add(reply, in->event);
    return OK;
}

static void wait_until_it_waits(void)
{
    (void)pthread_mutex_lock(&api.server.lock);
    while (api.answered < api.invocations || api.waiting < 1) {
        (void)pthread_cond_wait(&api.server.moved, &api.server.lock);
    }
    (void)pthread_mutex_unlock(&api.server.lock);
}

static void a_crash_between_invocations_is_of_none(void **state)
{
    (void)state;
    worker_api_open(&api, "1", answer_number, NULL);
    api.end = WORKER_API_SILENT;
    api.invocations = 1;
    worker_api_listen(&api);
    pid_t child = start_child();
    if (child == 0) {
        _exit(lambda_run(&api.config));
    }
    many_server_start(&api.server);
    wait_until_it_waits();
    assert_int_equal(kill(child, SIGSEGV), 0);
    assert_int_equal(end_of(child), SIGSEGV);
    many_server_stop(&api.server);
    assert_int_equal(worker_api_received(&api, "/error "), 0);
    char *logged = worker_api_logged(&api);
    assert_non_null(strstr(logged, "\"message\":\"the function crashed\",\"signal\":\"SIGSEGV\""));
    free(logged);
    worker_api_close(&api);
}

static err crash_at_three(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                          struct why *why)
{
    const struct way *way = ctx;
    (void)reply;
    (void)why;
    if (str_eq(in->event, STR("3"))) {
        way->crash();
    }
    while (pause()) {
    }
    return OK;
}

static void of_several_workers_the_one_that_crashed_is_told(void **state)
{
    (void)state;
    static const size_t rows[] = {0, COUNT(ways) - 1}; /* also where a thread's stack overflows */
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct way *way = &ways[rows[i]];
        worker_api_open(&api, "4", crash_at_three, (void *)(uintptr_t)way);
        api.park = api.invocations = 4;
        assert_int_equal(run_in_child(), way->signal);
        assert_true(trace_has(
            assert_posted("invocation/id-3/error", "Lambda-Runtime-Invocation-Id: inv-3\r\n", way),
            way));
        assert_int_equal(worker_api_received(&api, "POST "), 1);
        worker_api_close(&api);
    }
}

static void an_api_that_does_not_answer_delays_the_end_only(void **state)
{
    (void)state;
    worker_api_open(&api, "1", crash, (void *)(uintptr_t)&ways[0]);
    api.invocations = 1;
    api.status[1] = WORKER_API_MUTE;
    assert_int_equal(run_in_child(), SIGSEGV);
    assert_int_equal(api.errors[1], 1);
    worker_api_close(&api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_in_the_handler_is_reported_and_ends_the_process),
        cmocka_unit_test(a_crash_at_the_start_is_an_init_error),
        cmocka_unit_test(a_crash_between_invocations_is_of_none),
        cmocka_unit_test(of_several_workers_the_one_that_crashed_is_told),
        cmocka_unit_test(an_api_that_does_not_answer_delays_the_end_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/meeting.h"
#include "test/unit/runtime/worker_api.h"

enum { WORKERS = 4 };

static struct worker_api api;

static err log_number(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                      struct why *why)
{
    (void)why;
    join_in(ctx);
    for (int i = 0; i < 20; i++) {
        struct log_line line;
        if (log_start(in->log, &line, LOG_INFO, "here")) {
            log_str(&line, "number", in->event);
            log_end(&line);
        }
    }
    buf_add(reply, in->event);
    return OK;
}

static void a_line_of_the_log_has_the_ids_of_its_invocation(void **state)
{
    (void)state;
    struct meeting meeting;
    meet(&meeting, WORKERS);
    worker_api_open(&api, "4", log_number, &meeting);
    api.park = WORKERS;
    api.invocations = 3 * WORKERS;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    char *logged = worker_api_logged(&api);
    unsigned lines = 0;
    struct str_halves cut = str_cut(str_from(logged), '\n');
    for (; cut.head.len; cut = str_cut(cut.tail, '\n')) {
        char line[300];
        assert_true(str_to_c(cut.head, line, sizeof line));
        const char *number = strstr(line, "\"number\":\"");
        if (number) {
            char expected[100];
            int n = (int)strtol(number + strlen("\"number\":\""), NULL, 10);
            (void)snprintf(
                expected, sizeof expected,
                "\"message\":\"here\",\"requestId\":\"id-%d\",\"tenantId\":\"tenant-%d\"", n, n);
            assert_non_null(strstr(line, expected));
            lines++;
        }
    }
    assert_int_equal(lines, 20 * api.invocations);
    free(logged);
    part(&meeting);
    worker_api_close(&api);
}

static err look_at_the_trace(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                             struct why *why)
{
    (void)why;
    const char *const *expected = ctx;
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    const char *wanted = *expected ? *expected : in->trace_id.at;
    buf_add(reply, STR("1"));
    return trace && str_starts(str_from(wanted), str_from(trace)) && in->trace_id.len
               ? OK
               : FAIL(why, ERR_BUG, "another trace");
}

static void the_trace_is_exported_only_where_there_is_one_worker(void **state)
{
    (void)state;
    static const struct {
        const char *concurrency, *expected;
    } rows[] = {{"1", NULL}, {"4", "of nobody"}};
    for (size_t row = 0; row < COUNT(rows); row++) {
        const char *expected = rows[row].expected;
        assert_int_equal(setenv("_X_AMZN_TRACE_ID", "of nobody", 1), 0);
        worker_api_open(&api, rows[row].concurrency, look_at_the_trace, &expected);
        api.invocations = 8;
        assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
        for (unsigned i = 1; i <= api.invocations; i++) {
            assert_int_equal(api.responses[i], 1);
        }
        const char *after = getenv("_X_AMZN_TRACE_ID");
        assert_true(rows[row].expected ? after && strcmp(after, "of nobody") == 0 : !after);
        worker_api_close(&api);
    }
    (void)unsetenv("_X_AMZN_TRACE_ID");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_the_log_has_the_ids_of_its_invocation),
        cmocka_unit_test(the_trace_is_exported_only_where_there_is_one_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

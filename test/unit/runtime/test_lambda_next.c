#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/lambda_script.h"

static struct script script;
static unsigned calls;

static void open_script(void)
{
    calls = 0;
    script_open(&script, pong, &calls);
}

/* An invocation that goes well, then the end. */
static void run_to_the_end(void)
{
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
}

static void a_500_on_next_ends_the_process(void **state)
{
    (void)state;
    static const char *const rows[] = {BROKEN, "HTTP/1.0 500 Oh\r\n\r\n",
                                       "HTTP/1.1 500 Oh\r\nContent-Length: 12\r\n\r\n{\"cut\":"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_script();
        script_answer(&script, rows[i]);
        script_step(&script, STEP_CLOSE, STR(""));
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_int_equal(calls, 0);
        assert_int_equal(pauses.count, 0);
        assert_int_equal(script_logged(&script, "\"FATAL\""), 1);
        script_close(&script);
    }
}

static void any_other_status_is_asked_again(void **state)
{
    (void)state;
    for (int status = 201; status <= 599; status++) {
        if (status != 500) {
            open_script();
            script_status(&script, status);
            run_to_the_end();
            assert_int_equal(calls, 1);
            assert_int_equal(pauses.count, 1);
            assert_int_equal(script_logged(&script, "asking again"), 1);
            script_close(&script);
        }
    }
}

static void the_pauses_double_up_to_two_seconds_and_begin_anew(void **state)
{
    (void)state;
    static const int64_t expected[] = {50, 100, 200, 400, 800, 1600, 2000, 2000, 50, 100};
    open_script();
    for (int i = 0; i < 8; i++) {
        script_status(&script, 503);
    }
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_status(&script, 403);
    script_status(&script, 404);
    run_to_the_end();
    assert_int_equal(calls, 2);
    assert_int_equal(pauses.count, COUNT(expected));
    assert_memory_equal(pauses.ms, expected, sizeof expected);
    assert_int_equal(script.connects, 1);
    script_close(&script);
}

static int64_t sum_of_pauses(void)
{
    int64_t sum = 0;
    for (size_t i = 0; i < pauses.count; i++) {
        sum += pauses.ms[i];
    }
    return sum;
}

static void an_api_that_is_gone_for_long_ends_the_process(void **state)
{
    (void)state;
    open_script();
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 1);
    assert_in_range(sum_of_pauses(), 30000, 32000);
    assert_int_equal(script_logged(&script, "\"FATAL\""), 1);
    script_close(&script);
}

static void an_api_that_refuses_for_long_ends_the_process(void **state)
{
    (void)state;
    open_script();
    for (int i = 0; i < 30; i++) {
        script_status(&script, 503);
    }
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_in_range(sum_of_pauses(), 30000, 32000);
    script_close(&script);
}

static void a_connection_that_breaks_is_opened_anew(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *part;
        enum byte_step_kind end;
    } rows[] = {
        {"closed", "", STEP_CLOSE},
        {"reset", "", STEP_RESET},
        {"cut off in the status line", "HTTP/1.1 2", STEP_CLOSE},
        {"cut off in the headers", "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws", STEP_RESET},
        {"not HTTP", "hello\r\n\r\n", STEP_CLOSE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        open_script();
        script_answer(&script, rows[i].part);
        script_step(&script, rows[i].end, STR(""));
        run_to_the_end();
        assert_int_equal(calls, 1);
        assert_int_equal(pauses.count, 1);
        assert_int_equal(script_received(&script, "/error"), 0);
        script_close(&script);
    }
}

static void an_idle_connection_that_was_closed_costs_no_pause(void **state)
{
    (void)state;
    open_script();
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_step(&script, STEP_RECEIVE, STR(""));
    script_step(&script, STEP_CLOSE, STR(""));
    run_to_the_end();
    assert_int_equal(calls, 2);
    assert_int_equal(script.connects, 2);
    assert_int_equal(pauses.count, 0);
    script_close(&script);
}

static void an_invocation_without_a_usable_request_id_is_passed_over(void **state)
{
    (void)state;
    char large[400] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLambda-Runtime-Aws-Request-Id: ";
    size_t len = strlen(large);
    memset(large + len, 'x', 130);
    memcpy(large + len + 130, "\r\n\r\n", 5);
    const char *const rows[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id:\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a b\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: \xc3\xa9\r\nContent-Length: 2\r\n\r\n{}",
        large,
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_script();
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, rows[i]);
        run_to_the_end();
        assert_int_equal(calls, 2);
        assert_int_equal(pauses.count, 1);
        assert_int_equal(script_received(&script, "POST "), 2);
        assert_int_equal(script_logged(&script, "without a usable request id"), 1);
        script_close(&script);
    }
}

/* Whoever waits for that invocation is told, and it is not taken for another. */
static void an_invocation_whose_event_is_lost_is_answered_with_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *rest;
    } rows[] = {
        {"cut off", "Content-Length: 9\r\n\r\n{\"a\""},
        {"cut off in a chunk", "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"a\""},
        {"bad chunk", "Transfer-Encoding: chunked\r\n\r\n-9\r\n{\"a\""},
        {"past the bound", "Content-Length: 6356993\r\n\r\n{"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        char reply[300];
        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: lost-1\r\n"
                       "Lambda-Runtime-Invocation-Id: inv-9\r\n%s",
                       rows[i].rest);
        open_script();
        script_answer(&script, reply);
        script_step(&script, STEP_CLOSE, STR(""));
        script_answer(&script, ACCEPTED);
        run_to_the_end();
        assert_int_equal(calls, 1);
        assert_int_equal(script_received(&script, "/invocation/lost-1/error"), 1);
        assert_int_equal(script_received(&script, "Error-Type: Runtime.EventNotRead"), 1);
        assert_int_equal(script_received(&script, "Invocation-Id: inv-9"), 1);
        assert_int_equal(script_logged(&script, "\"requestId\":\"lost-1\""), 1);
        assert_int_equal(pauses.count, 1);
        script_close(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_500_on_next_ends_the_process),
        cmocka_unit_test(any_other_status_is_asked_again),
        cmocka_unit_test(the_pauses_double_up_to_two_seconds_and_begin_anew),
        cmocka_unit_test(an_api_that_is_gone_for_long_ends_the_process),
        cmocka_unit_test(an_api_that_refuses_for_long_ends_the_process),
        cmocka_unit_test(a_connection_that_breaks_is_opened_anew),
        cmocka_unit_test(an_idle_connection_that_was_closed_costs_no_pause),
        cmocka_unit_test(an_invocation_without_a_usable_request_id_is_passed_over),
        cmocka_unit_test(an_invocation_whose_event_is_lost_is_answered_with_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

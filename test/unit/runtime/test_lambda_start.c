#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/lambda_script.h"

#include <fcntl.h>

static struct script script;

static void without_an_address_the_configuration_is_wrong(void **state)
{
    (void)state;
    static const char *const rows[] = {NULL,
                                       "AWS_LAMBDA_RUNTIME_API=", "AWS_LAMBDA_RUNTIME_API=nowhere",
                                       "AWS_LAMBDA_RUNTIME_API=example.com:80"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        script_open(&script, NULL, NULL);
        script.env[0] = rows[i];
        assert_int_equal(lambda_run(&script.config), LAMBDA_EXIT_CONFIG);
        struct why why = {.kind = ERR_BUG};
        assert_int_equal(lambda_init_failed(&script.config, &why), LAMBDA_EXIT_CONFIG);
        byte_server_start(&script.server, script.steps, 0);
        script_stop(&script);
        assert_int_equal(script_logged(&script, "\"FATAL\""), 2);
        script_close(&script);
    }
}

static void lambda_run_serves_until_the_api_ends_it(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    script_start(&script);
    assert_int_equal(lambda_run(&script.config), LAMBDA_EXIT_API);
    script_stop(&script);
    assert_int_equal(calls, 1);
    script_close(&script);
}

static void an_arena_that_the_system_refuses_ends_the_process(void **state)
{
    (void)state;
    script_open(&script, pong, NULL);
    script_answer(&script, BROKEN);
    script.config.arena_bytes = SIZE_MAX / 2;
    assert_int_equal(script_run(&script), LAMBDA_EXIT_MEMORY);
    script_close(&script);
}

static void the_log_is_as_the_environment_says(void **state)
{
    (void)state;
    static const struct {
        const char *level, *format;
        enum log_level expected;
        bool text;
    } rows[] = {
        {"AWS_LAMBDA_LOG_LEVEL=DEBUG", "AWS_LAMBDA_LOG_FORMAT=JSON", LOG_DEBUG, false},
        {"AWS_LAMBDA_LOG_LEVEL=fatal", "AWS_LAMBDA_LOG_FORMAT=Text", LOG_FATAL, true},
        {"AWS_LAMBDA_LOG_LEVEL=loud", "AWS_LAMBDA_LOG_FORMAT=XML", LOG_INFO, false},
        {"OTHER=1", "ANOTHER=2", LOG_INFO, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *env[] = {rows[i].level, rows[i].format, NULL};
        struct log log = lambda_log(env);
        assert_int_equal(log.level, rows[i].expected);
        assert_int_equal(log.text, rows[i].text);
        assert_int_equal(log.fd, STDERR_FILENO);
        assert_true(log.now_ms() > 1700000000000);
    }
}

static void the_telemetry_descriptor_is_taken_once(void **state)
{
    (void)state;
    int ends[2];
    char variable[64];
    assert_int_equal(pipe(ends), 0);
    (void)snprintf(variable, sizeof variable, "%d", ends[1]);
    assert_int_equal(setenv("_LAMBDA_TELEMETRY_LOG_FD", variable, 1), 0);
    struct log log = lambda_log((const char *const *)environ);
    assert_true(log.framed);
    assert_int_equal(log.fd, ends[1]);
    assert_int_equal(fcntl(log.fd, F_GETFD), FD_CLOEXEC);
    assert_null(getenv("_LAMBDA_TELEMETRY_LOG_FD"));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_telemetry_descriptor_that_is_none_is_left_alone(void **state)
{
    (void)state;
    static const char *const values[] = {"",  "x",   "-1",  "0",          "1",
                                         "2", "999", "1e1", "4294967299", "18446744073709551619"};
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_int_equal(setenv("_LAMBDA_TELEMETRY_LOG_FD", values[i], 1), 0);
        struct log log = lambda_log((const char *const *)environ);
        assert_false(log.framed);
        assert_int_equal(log.fd, STDERR_FILENO);
    }
    (void)unsetenv("_LAMBDA_TELEMETRY_LOG_FD");
}

static int fail_to_start(const char *reply, const struct why *why)
{
    script_open(&script, NULL, NULL);
    if (reply) {
        script_answer(&script, reply);
    }
    script_start(&script);
    int code = lambda_init_failed(&script.config, why);
    script_stop(&script);
    return code;
}

static void a_function_that_cannot_start_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *code, *type;
    } rows[] = {
        {"Runtime.InvalidConfiguration", "Runtime.InvalidConfiguration"},
        {"", "Runtime.InitError"},
        {"AccessDenied", "Runtime.InitError"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {.kind = ERR_BUG, .text = "TABLE_NAME is empty"};
        err_code(&why, str_from(rows[i].code));
        char type[100];
        char body[200];
        (void)snprintf(type, sizeof type, "\r\nLambda-Runtime-Function-Error-Type: %s\r\n",
                       rows[i].type);
        (void)snprintf(body, sizeof body,
                       "\r\n\r\n{\"errorMessage\":\"TABLE_NAME is empty\",\"errorType\":\"%s\","
                       "\"stackTrace\":[]}",
                       rows[i].type);
        assert_int_equal(fail_to_start(ACCEPTED, &why), LAMBDA_EXIT_CONFIG);
        assert_int_equal(script_received(&script, "POST /2018-06-01/runtime/init/error HTTP/1.1"),
                         1);
        assert_int_equal(script_received(&script, type), 1);
        assert_true(str_ends(buf_str(&script.server.received), str_from(body)));
        assert_int_equal(script_logged(&script, "TABLE_NAME is empty"), 1);
        script_close(&script);
    }
}

static void a_failed_start_ends_the_same_way_whatever_the_api_says(void **state)
{
    (void)state;
    struct why why = {.kind = ERR_BUG, .text = "no"};
    assert_int_equal(fail_to_start("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", &why),
                     LAMBDA_EXIT_CONFIG);
    script_close(&script);
    assert_int_equal(fail_to_start(BROKEN, &why), LAMBDA_EXIT_API);
    script_close(&script);
    assert_int_equal(fail_to_start(NULL, &why), LAMBDA_EXIT_CONFIG);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_address_the_configuration_is_wrong),
        cmocka_unit_test(lambda_run_serves_until_the_api_ends_it),
        cmocka_unit_test(an_arena_that_the_system_refuses_ends_the_process),
        cmocka_unit_test(the_log_is_as_the_environment_says),
        cmocka_unit_test(the_telemetry_descriptor_is_taken_once),
        cmocka_unit_test(a_telemetry_descriptor_that_is_none_is_left_alone),
        cmocka_unit_test(a_function_that_cannot_start_says_so),
        cmocka_unit_test(a_failed_start_ends_the_same_way_whatever_the_api_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/lambda.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void the_function_is_as_its_environment_says(void **state)
{
    (void)state;
    const char *env[] = {"AWS_LAMBDA_FUNCTION_NAME=users",
                         "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
                         "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
                         "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/users",
                         "AWS_LAMBDA_LOG_STREAM_NAME=2026/08/30/[$LATEST]0a",
                         "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
                         "AWS_LAMBDA_MAX_CONCURRENCY=16",
                         NULL};
    struct lambda_function function = lambda_function(env);
    assert_true(str_eq(function.name, STR("users")));
    assert_true(str_eq(function.version, STR("$LATEST")));
    assert_int_equal(function.memory_mb, 512);
    assert_true(str_eq(function.log_group, STR("/aws/lambda/users")));
    assert_true(str_eq(function.log_stream, STR("2026/08/30/[$LATEST]0a")));
    assert_true(str_eq(function.initialization_type, STR("on-demand")));
    assert_int_equal(function.concurrency, 16);
}

static void what_the_environment_does_not_say_is_empty(void **state)
{
    (void)state;
    const char *env[] = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=much", NULL};
    struct lambda_function function = lambda_function(env);
    assert_int_equal(function.name.len + function.version.len + function.log_group.len +
                         function.log_stream.len + function.initialization_type.len,
                     0);
    assert_int_equal(function.memory_mb, 0);
    assert_int_equal(function.concurrency, 1);
}

static void a_concurrency_that_is_no_number_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *variable;
        unsigned expected;
    } rows[] = {
        {"AWS_LAMBDA_MAX_CONCURRENCY=", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=0", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=-1", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=+4", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY= 4", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=4.0", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=abc", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=1e3", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=0x10", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=99999999999999999999", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=1", 1},
        {"AWS_LAMBDA_MAX_CONCURRENCY=007", 7},
        {"AWS_LAMBDA_MAX_CONCURRENCY=1024", 1024},
        {"AWS_LAMBDA_MAX_CONCURRENCY=2000", 1024},
        {"AWS_LAMBDA_MAX_CONCURRENCY=4294967297", 1024},
        {"AWS_LAMBDA_MAX_CONCURRENCY=18446744073709551615", 1024},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *env[] = {rows[i].variable, NULL};
        assert_int_equal(lambda_function(env).concurrency, rows[i].expected);
    }
}

static void the_time_left_is_never_below_nothing(void **state)
{
    (void)state;
    static const struct {
        int64_t from_now, least, most;
    } rows[] = {
        {60 * 1000, 1, 60 * 1000},
        {0, 0, 0},
        {-5000, 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct lambda_invocation in = {.deadline_ms = lambda_now_ms() + rows[i].from_now};
        assert_in_range(lambda_remaining_ms(&in), rows[i].least, rows[i].most);
    }
    const struct lambda_invocation past = {.deadline_ms = 0};
    const struct lambda_invocation endless = {.deadline_ms = INT64_MAX};
    assert_int_equal(lambda_remaining_ms(&past), 0);
    assert_true(lambda_remaining_ms(&endless) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_function_is_as_its_environment_says),
        cmocka_unit_test(what_the_environment_does_not_say_is_empty),
        cmocka_unit_test(a_concurrency_that_is_no_number_is_one),
        cmocka_unit_test(the_time_left_is_never_below_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Settings as NAME=value strings. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/env.h"

static const char *const env[] = {"AWS_REGION=eu-central-1",
                                  "EMPTY=",
                                  "URL=http://h/?a=b",
                                  "NO_EQUALS",
                                  "NO_EQUALS=x",
                                  "TWICE=one",
                                  "TWICE=two",
                                  NULL};

static void a_setting_is_found_by_its_whole_name(void **state)
{
    (void)state;
    assert_true(str_eq(env_get(env, STR("AWS_REGION")), STR("eu-central-1")));
    assert_int_equal(env_get(env, STR("AWS")).len, 0);
    assert_int_equal(env_get(env, STR("AWS_REGION_X")).len, 0);
    assert_int_equal(env_get(env, STR("aws_region")).len, 0);
    assert_int_equal(env_get(env, STR("")).len, 0);
}

static void a_value_may_hold_equals_signs(void **state)
{
    (void)state;
    assert_true(str_eq(env_get(env, STR("URL")), STR("http://h/?a=b")));
}

static void what_is_no_setting_is_passed_over(void **state)
{
    (void)state;
    assert_true(str_eq(env_get(env, STR("NO_EQUALS")), STR("x")));
}

static void what_is_set_to_nothing_or_not_set_is_empty(void **state)
{
    static const char *const none[] = {NULL};
    (void)state;
    assert_int_equal(env_get(env, STR("EMPTY")).len, 0);
    assert_int_equal(env_get(none, STR("EMPTY")).len, 0);
}

static void the_first_of_two_wins_as_in_getenv(void **state)
{
    (void)state;
    assert_true(str_eq(env_get(env, STR("TWICE")), STR("one")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_is_found_by_its_whole_name),
        cmocka_unit_test(a_value_may_hold_equals_signs),
        cmocka_unit_test(what_is_no_setting_is_passed_over),
        cmocka_unit_test(what_is_set_to_nothing_or_not_set_is_empty),
        cmocka_unit_test(the_first_of_two_wins_as_in_getenv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

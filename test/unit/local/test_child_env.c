#include "deploy/local/child_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_first_of_a_name_wins(void **state)
{
    (void)state;
    _Alignas(16) char memory[1024];
    struct arena arena = {memory, memory + sizeof memory};
    struct child_env env;
    child_env_init(&env, &arena, 8);
    child_env_set(&env, STR("A"), STR("1"));
    child_env_add(&env, "A=2");
    child_env_add(&env, "AB=3");
    child_env_add_all(&env, (const char *const[]){"AB=4", "C=", "no equals sign", NULL});
    child_env_add_all(&env, NULL);
    assert_false(env.failed);
    assert_string_equal(env.at[0], "A=1");
    assert_string_equal(env.at[1], "AB=3");
    assert_string_equal(env.at[2], "C=");
    assert_string_equal(env.at[3], "no equals sign");
    assert_null(env.at[4]);
}

static void too_many_variables_are_a_failure(void **state)
{
    (void)state;
    _Alignas(16) char memory[64];
    struct arena arena = {memory, memory + sizeof memory};
    struct child_env env;
    child_env_init(&env, &arena, 1);
    child_env_add(&env, "A=1");
    assert_false(env.failed);
    child_env_add(&env, "A=2");
    assert_false(env.failed);
    child_env_add(&env, "B=1");
    assert_true(env.failed);
    assert_null(env.at[1]);
}

static void no_room_for_a_value_is_a_failure(void **state)
{
    (void)state;
    _Alignas(16) char memory[32];
    struct arena arena = {memory, memory + sizeof memory};
    struct child_env env;
    child_env_init(&env, &arena, 2);
    child_env_set(&env, STR("A"), STR("123456"));
    assert_true(env.failed);
    child_env_init(&env, &arena, 1000);
    assert_true(env.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_a_name_wins),
        cmocka_unit_test(too_many_variables_are_a_failure),
        cmocka_unit_test(no_room_for_a_value_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

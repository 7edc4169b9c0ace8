/* A byte as "%XX". */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/percent.h"
#include "test/support/guard.h"

#include <stdio.h>

static void each_byte_is_written_in_upper_case_and_read_again(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char memory[8];
        char expected[8];
        struct buf b;
        buf_wrap(&b, memory, sizeof memory);
        percent_add(&b, (char)byte);
        (void)snprintf(expected, sizeof expected, "%%%02X", (unsigned)byte);
        assert_true(str_eq(buf_str(&b), str_from(expected)));
        assert_int_equal(percent_byte(buf_str(&b)), byte);
    }
}

static void it_is_read_at_the_start_in_either_case(void **state)
{
    static const struct {
        const char *text;
        int byte;
    } cases[] = {
        {"%2f", '/'}, {"%2F", '/'}, {"%fF", 0xFF}, {"%00", 0},  {"%41BC", 'A'},
        {"%4g", -1},  {"%g4", -1},  {"% 4", -1},   {"%-1", -1}, {"%%41", -1},
        {"41", -1},   {"x%41", -1}, {"x41", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(percent_byte(str_from(cases[i].text)), cases[i].byte);
    }
}

static void one_that_is_cut_short_is_none(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, 3);
    for (size_t len = 0; len < 3; len++) {
        assert_int_equal(percent_byte(guard_lay(&guard, str_take(STR("%41"), len))), -1);
    }
    guard_close(&guard);
    assert_int_equal(percent_byte((str){NULL, 0}), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_is_written_in_upper_case_and_read_again),
        cmocka_unit_test(it_is_read_at_the_start_in_either_case),
        cmocka_unit_test(one_that_is_cut_short_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Failures and what they say; and the source over a text, which can have none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/source.h"

#include <string.h>

static void the_first_failure_is_the_one_told(void **state)
{
    struct why why = {0};
    (void)state;
    assert_int_equal(FAIL(&why, ERR_LIMIT, "past %d bytes", 7).kind, ERR_LIMIT);
    int line = why.line;
    assert_int_equal(FAIL(&why, ERR_BUG, "later").kind, ERR_BUG);
    assert_int_equal(why.kind, ERR_LIMIT);
    assert_string_equal(why.text, "past 7 bytes");
    assert_int_equal(why.line, line);
    assert_non_null(strstr(why.file, "test_err.c"));
}

static MUST_USE err pass_up(err result, bool *went_on)
{
    TRY(result);
    *went_on = true;
    return OK;
}

static void try_passes_a_failure_up_and_success_on(void **state)
{
    bool went_on = false;
    (void)state;
    assert_int_equal(pass_up((err){ERR_BUSY}, &went_on).kind, ERR_BUSY);
    assert_false(went_on);
    assert_int_equal(pass_up(OK, &went_on).kind, ERR_NONE);
    assert_true(went_on);
}

static void a_long_text_is_cut(void **state)
{
    struct why why = {0};
    (void)state;
    assert_int_equal(FAIL(&why, ERR_INPUT, "%0500d", 1).kind, ERR_INPUT);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
}

static void a_code_keeps_only_what_codes_are_made_of(void **state)
{
    struct why why = {0};
    (void)state;
    err_code(&why, STR("com.x#Throttling\r\n Exc\0\"eption_1.2:3-4\xFF"));
    assert_string_equal(why.code, "com.xThrottlingException_1.2:3-4");
    err_code(&why, STR("Later"));
    assert_string_equal(why.code, "com.xThrottlingException_1.2:3-4");
}

static void a_long_code_is_cut(void **state)
{
    struct why why = {0};
    char code[200];
    (void)state;
    memset(code, 'a', sizeof code);
    err_code(&why, (str){code, sizeof code});
    assert_int_equal(strlen(why.code), sizeof why.code - 1);
}

static void every_kind_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(err_kind_name(ERR_NONE), "NONE");
    assert_string_equal(err_kind_name(ERR_INPUT), "INPUT");
    assert_string_equal(err_kind_name(ERR_LIMIT), "LIMIT");
    assert_string_equal(err_kind_name(ERR_MISSING), "MISSING");
    assert_string_equal(err_kind_name(ERR_DENIED), "DENIED");
    assert_string_equal(err_kind_name(ERR_BUSY), "BUSY");
    assert_string_equal(err_kind_name(ERR_DEADLINE), "DEADLINE");
    assert_string_equal(err_kind_name(ERR_BUG), "BUG");
}

static void a_text_is_pulled_in_pieces_to_its_end(void **state)
{
    (void)state;
    for (size_t room = 1; room < 9; room++) {
        str left = STR("abcdefg");
        struct source source = source_of_text(&left);
        struct why why = {0};
        char pulled[16];
        size_t len = 0;
        for (size_t got = 1; got > 0; len += got) {
            assert_int_equal(source.read(source.ctx, pulled + len, room, &got, &why).kind,
                             ERR_NONE);
            assert_true(got <= room);
        }
        assert_true(str_eq((str){pulled, len}, STR("abcdefg")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_failure_is_the_one_told),
        cmocka_unit_test(try_passes_a_failure_up_and_success_on),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_code_keeps_only_what_codes_are_made_of),
        cmocka_unit_test(a_long_code_is_cut),
        cmocka_unit_test(every_kind_has_its_name),
        cmocka_unit_test(a_text_is_pulled_in_pieces_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

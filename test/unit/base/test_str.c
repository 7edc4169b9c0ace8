/* Text as pointer and length. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/str.h"
#include "test/support/guard.h"

#include <string.h>

static const str nothing = {NULL, 0};

static void assert_str(str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_true(str_eq(s, str_from(expected)));
}

static void a_null_pointer_is_the_empty_text(void **state)
{
    (void)state;
    assert_int_equal(str_from(NULL).len, 0);
    assert_non_null(str_from(NULL).at);
}

static void the_empty_text_at_null_goes_through_everything(void **state)
{
    uint64_t number = 0;
    char c[1];
    (void)state;
    assert_true(str_eq(nothing, STR("")));
    assert_true(str_eq_nocase(nothing, STR("")));
    assert_true(str_starts(nothing, nothing) && str_ends(nothing, nothing));
    assert_int_equal(str_take(nothing, 3).len, 0);
    assert_int_equal(str_drop(nothing, 3).len, 0);
    assert_false(str_cut(nothing, 'x').found);
    assert_int_equal(str_trim(nothing).len, 0);
    assert_int_equal(str_compare(nothing, STR("")), 0);
    assert_false(str_to_u64(nothing, &number));
    assert_true(str_to_c(nothing, c, sizeof c));
}

static void texts_are_equal_byte_by_byte(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_false(str_eq(STR("a"), STR("A")));
}

static void no_case_is_of_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(str_eq_nocase(STR("Content-Length"), STR("cONTENT-lENGTH")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));
    assert_false(str_eq_nocase(STR("["), STR("{")));
    assert_false(str_eq_nocase(STR("\xC3\x89"), STR("\xC3\xA9")));
    assert_false(str_eq_nocase(STR("ab"), STR("abc")));
}

static void beginnings_and_ends_are_found(void **state)
{
    (void)state;
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("abc"), STR("abcd")));
    assert_false(str_starts(STR("abc"), STR("bc")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_true(str_ends(STR("abc"), STR("")));
    assert_false(str_ends(STR("abc"), STR("xabc")));
    assert_false(str_ends(STR("abc"), STR("ab")));
}

static void taking_and_dropping_stay_inside(void **state)
{
    str s = STR("abc");
    (void)state;
    assert_str(str_take(s, 2), "ab");
    assert_str(str_take(s, 9), "abc");
    assert_str(str_drop(s, 2), "c");
    assert_str(str_drop(s, 0), "abc");
    assert_str(str_drop(s, SIZE_MAX), "");
    assert_ptr_equal(str_drop(s, 9).at, s.at + 3);
}

static void a_text_is_cut_at_the_first_separator(void **state)
{
    static const struct {
        const char *text, *head, *tail;
        bool found;
    } rows[] = {
        {"a=b=c", "a", "b=c", true}, {"=b", "", "b", true}, {"a=", "a", "", true},
        {"=", "", "", true},         {"a", "a", "", false}, {"", "", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str_halves halves = str_cut(str_from(rows[i].text), '=');
        assert_str(halves.head, rows[i].head);
        assert_str(halves.tail, rows[i].tail);
        assert_int_equal(halves.found, rows[i].found);
    }
}

static void blanks_are_trimmed_at_both_ends_only(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t\r\na b\n\r\t ")), "a b");
    assert_str(str_trim(STR(" \n ")), "");
    assert_str(str_trim(STR("\v\f")), "\v\f");
    assert_str(str_trim(STR("\xC2\xA0")), "\xC2\xA0");
}

static void order_is_of_unsigned_bytes_and_the_shorter_first(void **state)
{
    (void)state;
    assert_int_equal(str_compare(STR("ab"), STR("ab")), 0);
    assert_true(str_compare(STR("ab"), STR("abc")) < 0);
    assert_true(str_compare(STR("abc"), STR("ab")) > 0);
    assert_true(str_compare(STR("b"), STR("abc")) > 0);
    assert_true(str_compare(STR("\x80"), STR("z")) > 0);
    assert_true(str_compare(STR(""), STR("a")) < 0);
}

static void a_number_is_digits_up_to_two_to_the_64th(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"00018446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"18446744073709551620", false, 0},
        {"99999999999999999999", false, 0},
        {"184467440737095516150", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1a", false, 0},
        {"/", false, 0},
        {":", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 0;
        bool good = str_to_u64(str_from(rows[i].text), &value);
        if (good != rows[i].good || (good && value != rows[i].value)) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void a_c_string_needs_room_for_its_end(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, 16);
    assert_true(str_to_c(STR("abc"), guard_room(&guard, 4), 4));
    assert_string_equal(guard_room(&guard, 4), "abc");
    assert_false(str_to_c(STR("abc"), guard_room(&guard, 3), 3));
    assert_false(str_to_c(STR(""), guard_room(&guard, 0), 0));
    assert_false(str_to_c(STR("a\0b"), guard_room(&guard, 8), 8));
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_null_pointer_is_the_empty_text),
        cmocka_unit_test(the_empty_text_at_null_goes_through_everything),
        cmocka_unit_test(texts_are_equal_byte_by_byte),
        cmocka_unit_test(no_case_is_of_ascii_letters_only),
        cmocka_unit_test(beginnings_and_ends_are_found),
        cmocka_unit_test(taking_and_dropping_stay_inside),
        cmocka_unit_test(a_text_is_cut_at_the_first_separator),
        cmocka_unit_test(blanks_are_trimmed_at_both_ends_only),
        cmocka_unit_test(order_is_of_unsigned_bytes_and_the_shorter_first),
        cmocka_unit_test(a_number_is_digits_up_to_two_to_the_64th),
        cmocka_unit_test(a_c_string_needs_room_for_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

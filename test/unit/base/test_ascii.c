/* The kinds of ASCII's characters: each of the 256 bytes against a definition by listing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/ascii.h"

#include <string.h>

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MARKS  "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

/* Where `c` stands in `list`, or -1. */
static int place_in(const char *list, char c)
{
    const char *found = c ? strchr(list, c) : NULL;
    return found ? (int)(found - list) : -1;
}

static void each_byte_is_of_the_kinds_that_list_it(void **state)
{
    static const struct {
        bool (*is)(char c);
        const char *list;
    } kinds[] = {
        {ascii_is_digit, DIGITS},
        {ascii_is_lower, LOWER},
        {ascii_is_upper, UPPER},
        {ascii_is_letter, LOWER UPPER},
        {ascii_is_letter_or_digit, LOWER UPPER DIGITS},
        {ascii_is_blank, " \t\r\n"},
    };
    (void)state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (int byte = 0; byte < 256; byte++) {
            bool expected = place_in(kinds[kind].list, (char)byte) >= 0;
            if (kinds[kind].is((char)byte) != expected) {
                fail_msg("byte 0x%02x is%s one of %s", (unsigned)byte, expected ? "" : " not",
                         kinds[kind].list);
            }
        }
    }
}

static void only_upper_case_letters_change_in_lower_case(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        int place = place_in(UPPER, (char)byte);
        assert_int_equal(ascii_lower((char)byte), place < 0 ? (char)byte : LOWER[place]);
    }
}

static void a_hexadecimal_digit_has_its_value_in_either_case(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        int lower = place_in("0123456789abcdef", (char)byte);
        int upper = place_in("0123456789ABCDEF", (char)byte);
        assert_int_equal(ascii_hex_value((char)byte), lower < 0 ? upper : lower);
    }
}

static void one_byte_that_is_not_visible_is_seen_anywhere(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool visible = place_in(DIGITS LOWER UPPER MARKS, (char)byte) >= 0;
        for (size_t at = 0; at < 3; at++) {
            char text[] = {'!', 'x', '~'};
            text[at] = (char)byte;
            assert_int_equal(ascii_all_visible((str){text, sizeof text}), visible);
        }
    }
}

static void the_empty_text_is_visible(void **state)
{
    (void)state;
    assert_true(ascii_all_visible((str){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_is_of_the_kinds_that_list_it),
        cmocka_unit_test(only_upper_case_letters_change_in_lower_case),
        cmocka_unit_test(a_hexadecimal_digit_has_its_value_in_either_case),
        cmocka_unit_test(one_byte_that_is_not_visible_is_seen_anywhere),
        cmocka_unit_test(the_empty_text_is_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

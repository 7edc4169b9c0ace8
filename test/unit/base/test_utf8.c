/* UTF-8 against a second reading of its definition. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "test/support/guard.h"

static bool is_scalar(uint32_t c)
{
    return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

/* RFC 3629's table, written out plainly: the bytes of `c`. */
static size_t encode(uint32_t c, unsigned char out[4])
{
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (unsigned char)(0xC0 + c / 64);
        out[1] = (unsigned char)(0x80 + c % 64);
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (unsigned char)(0xE0 + c / 4096);
        out[1] = (unsigned char)(0x80 + c / 64 % 64);
        out[2] = (unsigned char)(0x80 + c % 64);
        return 3;
    }
    out[0] = (unsigned char)(0xF0 + c / 262144);
    out[1] = (unsigned char)(0x80 + c / 4096 % 64);
    out[2] = (unsigned char)(0x80 + c / 64 % 64);
    out[3] = (unsigned char)(0x80 + c % 64);
    return 4;
}

static void every_character_is_written_and_read(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        unsigned char bytes[4];
        char memory[4];
        struct buf b;
        size_t len = 0;
        str expected = {(const char *)bytes, encode(c, bytes)};
        if (!is_scalar(c)) {
            assert_int_equal(utf8_valid_len(expected), 0);
            assert_int_equal(utf8_decode(expected, &len), 0xFFFD);
            assert_int_equal(len, 1);
            continue;
        }
        buf_wrap(&b, memory, sizeof memory);
        utf8_add(&b, c);
        assert_true(str_eq(buf_str(&b), expected));
        assert_int_equal(utf8_decode(expected, &len), c);
        assert_int_equal(len, expected.len);
        assert_int_equal(utf8_valid_len(expected), expected.len);
    }
}

static void all_beginnings_of_three_bytes_are_sorted_rightly(void **state)
{
    static bool is_beginning[1 << 24]; /* of a character of four bytes */
    static bool is_whole[1 << 24];     /* a character of three bytes */
    (void)state;
    for (uint32_t c = 0x800; c <= 0x10FFFF; c++) {
        unsigned char b[4];
        size_t len = encode(c, b);
        bool *table = len == 4 ? is_beginning : is_whole;
        if (is_scalar(c)) {
            table[b[0] << 16 | b[1] << 8 | b[2]] = true;
        }
    }
    for (uint32_t bits = 0xC00000; bits < 1U << 24; bits++) {
        char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        bool cut = false;
        size_t len = utf8_char_len((str){bytes, 3}, &cut);
        assert_int_equal(cut, is_beginning[bits]);
        assert_int_equal(len == 3, is_whole[bits]);
    }
}

static void what_is_not_utf_8_is_found_where_it_stands(void **state)
{
    static const struct {
        const char *text;
        size_t valid;
    } rows[] = {
        {"plain", 5},
        {"ab\x80", 2},
        {"ab\xC0\x80", 2},
        {"a\xC3\xA9\xC3", 3},
        {"\xE2\x82", 0},
        {"\xE0\x80\x80", 0},
        {"\xED\xA0\x80", 0},
        {"\xF4\x90\x80\x80", 0},
        {"\xF0\x80\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xEF\xBF\xBD", 3},
        {"\xFE\xFF", 0},
        {"\xC3z", 0},
        {"\xF0\x9F\x98z", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (utf8_valid_len(str_from(rows[i].text)) != rows[i].valid) {
            fail_msg("row %zu", i);
        }
    }
}

static void a_bad_byte_is_replaced_and_passed_alone(void **state)
{
    size_t len = 0;
    (void)state;
    assert_int_equal(utf8_decode(STR("\xE2\x82z"), &len), 0xFFFD);
    assert_int_equal(len, 1);
    assert_int_equal(utf8_decode(STR("\xEF\xBF\xBD"), &len), 0xFFFD);
    assert_int_equal(len, 3);
}

static void nothing_past_the_text_is_read(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, 16);
    for (unsigned lead = 0; lead < 256; lead++) {
        for (size_t tails = 0; tails < 4; tails++) {
            char bytes[4] = {(char)(unsigned char)lead, '\x90', '\x90', '\x90'};
            str text = guard_lay(&guard, (str){bytes, 1 + tails});
            size_t len = 0;
            (void)utf8_decode(text, &len);
            assert_true(len <= text.len);
            assert_true(utf8_valid_len(text) <= text.len);
        }
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_written_and_read),
        cmocka_unit_test(all_beginnings_of_three_bytes_are_sorted_rightly),
        cmocka_unit_test(what_is_not_utf_8_is_found_where_it_stands),
        cmocka_unit_test(a_bad_byte_is_replaced_and_passed_alone),
        cmocka_unit_test(nothing_past_the_text_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

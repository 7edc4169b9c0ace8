/* Outputs with a maximum and a sticky failure. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/buf.h"
#include "test/support/guard.h"

#include <stdio.h>
#include <string.h>

static void assert_holds(const struct buf *b, const char *expected)
{
    assert_true(str_eq(buf_str(b), str_from(expected)));
}

static void an_output_grows_up_to_its_maximum(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100000);
    for (int i = 0; i < 100000; i++) {
        buf_char(&b, (char)('a' + i % 26));
    }
    assert_false(b.failed);
    assert_int_equal(b.len, 100000);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(b.at[i], 'a' + i % 26);
    }
    buf_char(&b, 'x');
    assert_true(b.failed);
    assert_int_equal(b.len, 100000);
    buf_close(&b);
}

static void after_a_failure_nothing_is_appended(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4);
    buf_add(&b, STR("abc"));
    buf_add(&b, STR("de"));
    assert_true(b.failed);
    buf_add(&b, STR("f"));
    buf_char(&b, 'g');
    buf_u64(&b, 1);
    assert_null(buf_reserve(&b, 1));
    assert_holds(&b, "abc");
    buf_clear(&b);
    buf_add(&b, STR("defg"));
    assert_false(b.failed);
    assert_holds(&b, "defg");
    buf_close(&b);
}

static void memory_of_the_caller_is_filled_to_its_last_byte(void **state)
{
    struct guard guard;
    struct buf b;
    (void)state;
    guard_init(&guard, 8);
    buf_wrap(&b, guard_room(&guard, 5), 5);
    buf_add(&b, STR("abcde"));
    assert_false(b.failed);
    assert_holds(&b, "abcde");
    buf_char(&b, 'f');
    assert_true(b.failed);
    buf_close(&b);
    guard_close(&guard);
}

static void what_was_reserved_counts_once_it_is_confirmed(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    char *at = buf_reserve(&b, 600);
    assert_non_null(at);
    assert_int_equal(buf_str(&b).len, 0);
    memcpy(at, "xyz", 3);
    b.len += 3;
    assert_holds(&b, "xyz");
    assert_null(buf_reserve(&b, 998));
    assert_true(b.failed);
    buf_close(&b);
}

static void room_for_nothing_is_not_a_failure(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 10);
    assert_non_null(buf_reserve(&b, 0));
    buf_add(&b, STR(""));
    buf_add(&b, (str){NULL, 0});
    assert_false(b.failed);
    assert_int_equal(buf_str(&b).len, 0);
    buf_close(&b);
}

static void a_size_near_the_largest_fails_without_overflow(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, SIZE_MAX);
    buf_char(&b, 'a');
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    buf_close(&b);
}

static void an_output_that_is_all_zero_takes_nothing_and_closes(void **state)
{
    struct buf b = {0};
    (void)state;
    buf_char(&b, 'a');
    assert_true(b.failed);
    assert_int_equal(buf_str(&b).len, 0);
    buf_close(&b);
    buf_close(&b);
}

static void numbers_are_written_as_printf_writes_them(void **state)
{
    static const uint64_t rows[] = {0, 1, 9, 10, 99, 100, 4294967295, 4294967296, UINT64_MAX};
    static const int64_t signed_rows[] = {0, -1, 1, -10, INT64_MIN, INT64_MAX};
    char memory[64];
    char expected[64];
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_wrap(&b, memory, sizeof memory);
        buf_u64(&b, rows[i]);
        (void)snprintf(expected, sizeof expected, "%ju", (uintmax_t)rows[i]);
        assert_holds(&b, expected);
    }
    for (size_t i = 0; i < sizeof signed_rows / sizeof *signed_rows; i++) {
        buf_wrap(&b, memory, sizeof memory);
        buf_i64(&b, signed_rows[i]);
        (void)snprintf(expected, sizeof expected, "%jd", (intmax_t)signed_rows[i]);
        assert_holds(&b, expected);
    }
}

static void padding_is_a_least_width(void **state)
{
    char memory[64];
    struct buf b;
    (void)state;
    buf_wrap(&b, memory, sizeof memory);
    buf_u64_padded(&b, 7, 3);
    buf_char(&b, ' ');
    buf_u64_padded(&b, 1234, 3);
    buf_char(&b, ' ');
    buf_u64_padded(&b, 5, 0);
    assert_holds(&b, "007 1234 5");
}

/* Stands in for libc's, and remembers. */
static struct {
    const void *at;
    size_t len;
} wiped;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) libc's names are its own */
void explicit_bzero(void *at, size_t len)
{
    memset(at, 0, len);
    wiped.at = at;
    wiped.len = len;
}

static void a_secret_is_wiped_when_it_moves_and_when_it_closes(void **state)
{
    struct buf b;
    (void)state;
    buf_init_secret(&b, 4096);
    buf_add(&b, STR("secret"));
    const char *first = b.at;
    size_t room = b.room;
    wiped.at = NULL;
    while (b.room == room) {
        buf_char(&b, 'x');
    }
    assert_true(str_starts(buf_str(&b), STR("secretxxx")));
    assert_ptr_equal(wiped.at, first);
    assert_int_equal(wiped.len, room);
    const char *second = b.at;
    room = b.room;
    buf_close(&b);
    assert_ptr_equal(wiped.at, second);
    assert_int_equal(wiped.len, room);
    buf_close(&b);
}

static void what_is_no_secret_is_not_wiped(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4096);
    wiped.at = NULL;
    for (int i = 0; i < 1000; i++) {
        buf_char(&b, 'x');
    }
    buf_close(&b);
    assert_null(wiped.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_output_grows_up_to_its_maximum),
        cmocka_unit_test(after_a_failure_nothing_is_appended),
        cmocka_unit_test(memory_of_the_caller_is_filled_to_its_last_byte),
        cmocka_unit_test(what_was_reserved_counts_once_it_is_confirmed),
        cmocka_unit_test(room_for_nothing_is_not_a_failure),
        cmocka_unit_test(a_size_near_the_largest_fails_without_overflow),
        cmocka_unit_test(an_output_that_is_all_zero_takes_nothing_and_closes),
        cmocka_unit_test(numbers_are_written_as_printf_writes_them),
        cmocka_unit_test(padding_is_a_least_width),
        cmocka_unit_test(a_secret_is_wiped_when_it_moves_and_when_it_closes),
        cmocka_unit_test(what_is_no_secret_is_not_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The service's clock against ours. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/skew.h"
#include "test/support/guard.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MINUTE   (60 * INT64_C(1000))

/* Sun, 06 Nov 1994 08:49:37 GMT. */
static const int64_t then = INT64_C(784111777000);

static void the_skew_is_taken_at_the_middle_of_the_exchange(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int64_t sent, received;
        const char *date;
        int64_t skew;
    } rows[] = {
        {"none", 0, 2000, "Thu, 01 Jan 1970 00:00:01 GMT", 0},
        {"at once", 0, 0, "Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"ahead of us", 0, 2000, "Thu, 01 Jan 1970 00:20:01 GMT", 20 * MINUTE},
        {"behind us", 60 * MINUTE, 60 * MINUTE, "Thu, 01 Jan 1970 00:00:00 GMT", -60 * MINUTE},
        {"odd trip", 0, 3, "Thu, 01 Jan 1970 00:00:00 GMT", -1},
        {"longest trip", 0, 15 * MINUTE, "Thu, 01 Jan 1970 00:07:30 GMT", 0},
        {"far ahead", 0, 0, "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799000)},
        {"before 1970", 0, 0, "Wed, 31 Dec 1969 23:59:59 GMT", -1000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct skew_sample sample = {
            .sent_ms = rows[i].sent,
            .received_ms = rows[i].received,
            .date = str_from(rows[i].date),
        };
        int64_t skew = 12345;
        if (!skew_measure(&sample, &skew) || skew != rows[i].skew) {
            fail_msg("%s: %lld", rows[i].word, (long long)skew);
        }
    }
}

static void a_reply_that_does_not_tell_the_time_is_ignored(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int64_t sent, received;
        const char *date, *age;
    } rows[] = {
        {"no date", 0, 0, "", ""},
        {"from a cache", 0, 0, "Sun, 06 Nov 1994 08:49:37 GMT", "0"},
        {"an odd age", 0, 0, "Sun, 06 Nov 1994 08:49:37 GMT", "x"},
        {"too long a trip", 0, 15 * MINUTE + 1, "Sun, 06 Nov 1994 08:49:37 GMT", ""},
        {"clock set back", 1, 0, "Sun, 06 Nov 1994 08:49:37 GMT", ""},
        {"RFC 850", 0, 0, "Sunday, 06-Nov-94 08:49:37 GMT", ""},
        {"asctime", 0, 0, "Sun Nov  6 08:49:37 1994", ""},
        {"ISO", 0, 0, "1994-11-06T08:49:37Z", ""},
        {"another zone", 0, 0, "Sun, 06 Nov 1994 08:49:37 CET", ""},
        {"offset", 0, 0, "Sun, 06 Nov 1994 08:49:37 +0000", ""},
        {"one digit", 0, 0, "Sun, 6 Nov 1994 08:49:37 GMT", ""},
        {"no such day", 0, 0, "Sun, 31 Nov 1994 08:49:37 GMT", ""},
        {"no such hour", 0, 0, "Sun, 06 Nov 1994 24:49:37 GMT", ""},
        {"month in lower case", 0, 0, "Sun, 06 nov 1994 08:49:37 GMT", ""},
        {"more behind it", 0, 0, "Sun, 06 Nov 1994 08:49:37 GMT,", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct skew_sample sample = {
            .sent_ms = rows[i].sent,
            .received_ms = rows[i].received,
            .date = str_from(rows[i].date),
            .age = str_from(rows[i].age),
        };
        int64_t skew = 12345;
        if (skew_measure(&sample, &skew) || skew != 12345) {
            fail_msg("%s: %lld", rows[i].word, (long long)skew);
        }
    }
}

static void a_date_cut_off_anywhere_is_none(void **state)
{
    (void)state;
    static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    struct guard guard;
    guard_init(&guard, sizeof date);
    for (size_t len = 0; len < sizeof date; len++) {
        const struct skew_sample sample = {
            .sent_ms = then,
            .received_ms = then,
            .date = guard_lay(&guard, (str){date, len}),
        };
        int64_t skew = 0;
        assert_int_equal(skew_measure(&sample, &skew), len == sizeof date - 1);
    }
    guard_close(&guard);
}

static void only_a_large_skew_explains_only_some_refusals(void **state)
{
    (void)state;
    static const struct {
        int64_t off_ms;
        const char *code;
        bool explains;
    } rows[] = {
        {4 * MINUTE, "AccessDeniedException", true},
        {4 * MINUTE, "AuthFailure", true},
        {4 * MINUTE, "InvalidSignatureException", true},
        {4 * MINUTE, "RequestExpired", true},
        {4 * MINUTE, "RequestInTheFuture", true},
        {4 * MINUTE, "RequestTimeTooSkewed", true},
        {4 * MINUTE, "SignatureDoesNotMatch", true},
        {-4 * MINUTE, "SignatureDoesNotMatch", true},
        {INT64_MIN, "SignatureDoesNotMatch", true},
        {4 * MINUTE - 1, "SignatureDoesNotMatch", false},
        {1 - 4 * MINUTE, "SignatureDoesNotMatch", false},
        {0, "RequestTimeTooSkewed", false},
        {4 * MINUTE, "", false},
        {4 * MINUTE, "AccessDenied", false},
        {4 * MINUTE, "ExpiredToken", false},
        {4 * MINUTE, "ValidationException", false},
        {4 * MINUTE, "requesttimetooskewed", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (skew_explains(rows[i].off_ms, str_from(rows[i].code)) != rows[i].explains) {
            fail_msg("%s, %lld", rows[i].code, (long long)rows[i].off_ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_skew_is_taken_at_the_middle_of_the_exchange),
        cmocka_unit_test(a_reply_that_does_not_tell_the_time_is_ignored),
        cmocka_unit_test(a_date_cut_off_anywhere_is_none),
        cmocka_unit_test(only_a_large_skew_explains_only_some_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Instants and their texts, against the C library's calendar. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RANDOM_INSTANTS = 20000 };

#define YEAR_0001 (-62135596800) /* seconds from 1970 to 0001-01-01 */
#define YEAR_9999 253402300799   /* to the last second of 9999 */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005 + 1442695040888963407;
    return *state >> 20;
}

static int64_t random_seconds(uint64_t *state, int64_t from)
{
    uint64_t span = (uint64_t)(YEAR_9999 - from + 1);
    return from + (int64_t)(next_random(state) % span);
}

static struct tm tm_of(int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    assert_non_null(gmtime_r(&t, &tm));
    return tm;
}

static void random_instants_are_written_as_gmtime_has_them(void **state)
{
    uint64_t chance = 1;
    char memory[64];
    char expected[64];
    char seconds_text[32];
    (void)state;
    for (int i = 0; i < RANDOM_INSTANTS; i++) {
        int64_t seconds = random_seconds(&chance, 0);
        unsigned ms = (unsigned)(next_random(&chance) % 1000);
        struct tm tm = tm_of(seconds);
        struct buf b;
        buf_wrap(&b, memory, sizeof memory);
        date_add_rfc3339(&b, seconds * 1000 + ms);
        (void)strftime(seconds_text, sizeof seconds_text, "%Y-%m-%dT%H:%M:%S", &tm);
        (void)snprintf(expected, sizeof expected, "%s.%03uZ", seconds_text, ms);
        assert_true(str_eq(buf_str(&b), str_from(expected)));
        assert_int_equal(b.len, DATE_RFC3339_LEN);
        buf_clear(&b);
        date_add_amz(&b, seconds * 1000 + ms);
        (void)strftime(expected, sizeof expected, "%Y%m%dT%H%M%SZ", &tm);
        assert_true(str_eq(buf_str(&b), str_from(expected)));
        assert_int_equal(b.len, DATE_AMZ_LEN);
    }
}

static void random_dates_are_read_as_timegm_reads_them(void **state)
{
    uint64_t chance = 2;
    (void)state;
    for (int i = 0; i < RANDOM_INSTANTS; i++) {
        int64_t seconds = random_seconds(&chance, YEAR_0001);
        struct tm tm = tm_of(seconds);
        char text[96];
        assert_int_equal(timegm(&tm), seconds);
        (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, i % 1000);
        int64_t ms = 0;
        assert_true(date_parse_rfc3339(str_from(text), &ms));
        assert_int_equal(ms, seconds * 1000 + i % 1000);
    }
}

static void random_http_dates_are_read_as_strftime_writes_them(void **state)
{
    uint64_t chance = 3;
    char text[64];
    (void)state;
    for (int i = 0; i < RANDOM_INSTANTS; i++) {
        int64_t seconds = random_seconds(&chance, 0);
        struct tm tm = tm_of(seconds);
        int64_t ms = 0;
        (void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_true(date_parse_http(str_from(text), &ms));
        assert_int_equal(ms, seconds * 1000);
    }
}

static bool is_real(int year, int month, int day)
{
    static const unsigned char longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 ? day <= 28 + leap : day <= longest[month - 1];
}

/* "yyyy-mm-ddT00:00:00.000Z", without printf: there are millions. */
static str midnight(char text[DATE_RFC3339_LEN], int year, int month, int day)
{
    struct buf b;
    buf_wrap(&b, text, DATE_RFC3339_LEN);
    buf_u64_padded(&b, (uint64_t)year, 4);
    buf_char(&b, '-');
    buf_u64_padded(&b, (uint64_t)month, 2);
    buf_char(&b, '-');
    buf_u64_padded(&b, (uint64_t)day, 2);
    buf_add(&b, STR("T00:00:00.000Z"));
    return buf_str(&b);
}

/* Reads the day back at `expected`, and writes it the same unless it is before 1970. */
static void check_day(str text, int64_t expected)
{
    char memory[DATE_RFC3339_LEN];
    struct buf b;
    int64_t ms = 0;
    assert_true(date_parse_rfc3339(text, &ms));
    assert_int_equal(ms, expected);
    buf_wrap(&b, memory, sizeof memory);
    date_add_rfc3339(&b, ms);
    assert_true(ms < 0 || str_eq(buf_str(&b), text));
}

static void each_day_of_the_calendar_is_followed_by_the_next(void **state)
{
    char memory[DATE_RFC3339_LEN];
    int64_t expected = YEAR_0001 * 1000;
    (void)state;
    for (int day_number = 0; day_number < 9999 * 12 * 31; day_number++) {
        int year = day_number / (12 * 31) + 1;
        int month = day_number / 31 % 12 + 1;
        int day = day_number % 31 + 1;
        str text = midnight(memory, year, month, day);
        int64_t ms = 0;
        if (!is_real(year, month, day)) {
            assert_false(date_parse_rfc3339(text, &ms));
            continue;
        }
        check_day(text, expected);
        expected += 86400000;
    }
    assert_int_equal(expected, (YEAR_9999 + 1) * 1000);
}

static void every_form_of_rfc_3339_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00Z", 0},
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01T00:00:00.05Z", 50},
        {"1970-01-01T00:00:00.123999999999999999999Z", 123},
        {"1970-01-01T00:00:00.000Z", 0},
        {"1970-01-01T02:00:00+02:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T23:59:00+23:59", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2016-12-31T23:59:60Z", 1483228799000},
        {"2016-12-31T23:59:60.25Z", 1483228799250},
        {"2000-02-29T12:00:00Z", 951825600000},
        {"0001-01-01T00:00:00Z", YEAR_0001 * 1000},
        {"9999-12-31T23:59:59.999Z", YEAR_9999 * 1000 + 999},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -12345;
        if (!date_parse_rfc3339(str_from(rows[i].text), &ms) || ms != rows[i].ms) {
            fail_msg("%s: %jd", rows[i].text, (intmax_t)ms);
        }
    }
}

static void what_is_no_rfc_3339_instant_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "2015-08-30",
        "2015-08-30T12:36:00",
        "2015-08-30T12:36Z",
        "2015-08-30X12:36:00Z",
        "2015-08-30T12:36:00Zx",
        "2015-08-30T12:36:00Z ",
        " 2015-08-30T12:36:00Z",
        "2015-08-30T12:36:00.Z",
        "2015-08-30T12:36:00,5Z",
        "2015-08-30T12:36:00+0200",
        "2015-08-30T12:36:00+02",
        "2015-08-30T12:36:00+24:00",
        "2015-08-30T12:36:00+02:60",
        "2015-08-30T12:36:00UTC",
        "2015-08-30T24:00:00Z",
        "2015-08-30T12:60:00Z",
        "2015-08-30T12:36:61Z",
        "2015-13-01T00:00:00Z",
        "2015-00-01T00:00:00Z",
        "2015-01-00T00:00:00Z",
        "2015-01-32T00:00:00Z",
        "2015-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "15-08-30T12:36:00Z",
        "+2015-08-30T12:36:00Z",
        "12015-08-30T12:36:00Z",
        "2015-8-30T12:36:00Z",
        "2015/08/30T12:36:00Z",
        "20150830T123600Z",
        "2015-08-30T12:36:-1Z",
        "2015-08-30T+1:36:00Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = 77;
        if (date_parse_rfc3339(str_from(rows[i]), &ms) || ms != 77) {
            fail_msg("%s: taken", rows[i]);
        }
    }
}

static void what_is_no_http_date_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 NOV 1994 08:49:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = 77;
        if (date_parse_http(str_from(rows[i]), &ms) || ms != 77) {
            fail_msg("%s: taken", rows[i]);
        }
    }
}

static void a_text_cut_at_any_byte_is_refused(void **state)
{
    str date = STR("2026-08-30T12:36:00.5+02:00");
    str http = STR("Sun, 06 Nov 1994 08:49:37 GMT");
    int64_t ms = 0;
    (void)state;
    assert_true(date_parse_rfc3339(date, &ms) && date_parse_http(http, &ms));
    for (size_t len = 0; len < date.len; len++) {
        assert_false(date_parse_rfc3339(str_take(date, len), &ms));
    }
    for (size_t len = 0; len < http.len; len++) {
        assert_false(date_parse_http(str_take(http, len), &ms));
    }
}

static void instants_out_of_range_are_clamped(void **state)
{
    char memory[64];
    struct buf b;
    (void)state;
    buf_wrap(&b, memory, sizeof memory);
    date_add_rfc3339(&b, INT64_MIN);
    assert_true(str_eq(buf_str(&b), STR("1970-01-01T00:00:00.000Z")));
    buf_clear(&b);
    date_add_rfc3339(&b, INT64_MAX);
    assert_true(str_eq(buf_str(&b), STR("9999-12-31T23:59:59.999Z")));
    buf_clear(&b);
    date_add_amz(&b, INT64_MAX);
    assert_true(str_eq(buf_str(&b), STR("99991231T235959Z")));
}

static void an_amz_date_is_read_as_it_is_written_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"20150830T123600Z", 1440938160000},
        {"19700101T000000Z", 0},
        {"20240229T235959Z", 1709251199000},
        {"99991231T235959Z", 253402300799000},
        {"", -1},
        {"20150830T123600", -1},
        {"20150830T123600z", -1},
        {"20150830t123600Z", -1},
        {"20150830T123600ZZ", -1},
        {"20150830 123600Z", -1},
        {"2015-08-30T12:36:00Z", -1},
        {"20150230T000000Z", -1},
        {"20230229T000000Z", -1},
        {"20150001T000000Z", -1},
        {"20151301T000000Z", -1},
        {"20150100T000000Z", -1},
        {"20150830T240000Z", -1},
        {"20150830T126000Z", -1},
        {"20150830T123660Z", -1},
        {"19691231T235959Z", -1},
        {"00000000T000000Z", -1},
        {"+0150830T123600Z", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;
        bool good = date_parse_amz(str_from(rows[i].text), &ms);
        if (good != (rows[i].ms >= 0) || (good && ms != rows[i].ms)) {
            fail_msg("%s: got %d, %jd", rows[i].text, good, (intmax_t)ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_amz_date_is_read_as_it_is_written_or_not_at_all),
        cmocka_unit_test(random_instants_are_written_as_gmtime_has_them),
        cmocka_unit_test(random_dates_are_read_as_timegm_reads_them),
        cmocka_unit_test(random_http_dates_are_read_as_strftime_writes_them),
        cmocka_unit_test(each_day_of_the_calendar_is_followed_by_the_next),
        cmocka_unit_test(every_form_of_rfc_3339_is_read),
        cmocka_unit_test(what_is_no_rfc_3339_instant_is_refused),
        cmocka_unit_test(what_is_no_http_date_is_refused),
        cmocka_unit_test(a_text_cut_at_any_byte_is_refused),
        cmocka_unit_test(instants_out_of_range_are_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/date.h"

#include "base/ascii.h"

enum { MS_PER_SECOND = 1000, SECONDS_PER_DAY = 86400 };

struct civil {
    int64_t year;
    unsigned month, day;
};

/* Days since 1970-01-01 of a date of the Gregorian calendar, counted in eras of 400 years that
 * start on 1 March, so that the leap day is the last of its year. */
static int64_t days_of(struct civil date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = ((int64_t)date.month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + (int64_t)date.day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static struct civil civil_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153;
    unsigned civil_month = (unsigned)(month < 10 ? month + 3 : month - 9);
    return (struct civil){
        .year = year_of_era + era * 400 + (civil_month <= 2),
        .month = civil_month,
        .day = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
    };
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `n` digits off the front of `s`. */
static bool take_digits(str *s, size_t n, unsigned *out)
{
    uint64_t value = 0;
    if (s->len < n || !str_to_u64(str_take(*s, n), &value)) {
        return false;
    }
    *s = str_drop(*s, n);
    *out = (unsigned)value;
    return true;
}

static bool take_char(str *s, char c)
{
    if (!s->len || s->at[0] != c) {
        return false;
    }
    *s = str_drop(*s, 1);
    return true;
}

static bool take_date(str *s, int64_t *days)
{
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (!take_digits(s, 4, &year) || !take_char(s, '-') || !take_digits(s, 2, &month) ||
        !take_char(s, '-') || !take_digits(s, 2, &day)) {
        return false;
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *days = days_of((struct civil){year, month, day});
    return true;
}

static bool take_time(str *s, int64_t *seconds)
{
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    if (!take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute) ||
        !take_char(s, ':') || !take_digits(s, 2, &second)) {
        return false;
    }
    *seconds = (int64_t)hour * 3600 + (int64_t)minute * 60 + (second == 60 ? 59 : second);
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* ".123456" to 123; nothing there is 0. */
static bool take_fraction(str *s, int64_t *ms)
{
    int64_t weight = 100;
    *ms = 0;
    if (!take_char(s, '.')) {
        return true;
    }
    if (!s->len || !ascii_is_digit(s->at[0])) {
        return false;
    }
    for (; s->len && ascii_is_digit(s->at[0]); *s = str_drop(*s, 1)) {
        *ms += (s->at[0] - '0') * weight;
        weight /= 10;
    }
    return true;
}

static bool take_zone(str *s, int64_t *seconds)
{
    unsigned hour = 0;
    unsigned minute = 0;
    *seconds = 0;
    if (take_char(s, 'Z') || take_char(s, 'z')) {
        return true;
    }
    int64_t sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
    if (!sign || !take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute)) {
        return false;
    }
    *seconds = sign * ((int64_t)hour * 3600 + (int64_t)minute * 60);
    return hour <= 23 && minute <= 59;
}

bool date_parse_rfc3339(str s, int64_t *ms)
{
    int64_t days = 0;
    int64_t seconds = 0;
    int64_t fraction = 0;
    int64_t zone = 0;
    if (!take_date(&s, &days)) {
        return false;
    }
    if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' ')) {
        return false;
    }
    if (!take_time(&s, &seconds) || !take_fraction(&s, &fraction) || !take_zone(&s, &zone) ||
        s.len > 0) {
        return false;
    }
    *ms = (days * SECONDS_PER_DAY + seconds - zone) * MS_PER_SECOND + fraction;
    return true;
}

static unsigned month_of_name(str name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (unsigned i = 0; i < 12; i++) {
        if (str_eq(name, (str){names + (size_t)3 * i, 3})) {
            return i + 1;
        }
    }
    return 0;
}

bool date_parse_http(str s, int64_t *ms)
{
    unsigned day = 0;
    unsigned year = 0;
    int64_t seconds = 0;
    s = str_drop(s, 3); /* the weekday says nothing new */
    if (!take_char(&s, ',') || !take_char(&s, ' ') || !take_digits(&s, 2, &day) ||
        !take_char(&s, ' ')) {
        return false;
    }
    unsigned month = month_of_name(str_take(s, 3));
    s = str_drop(s, 3);
    if (!month || !take_char(&s, ' ') || !take_digits(&s, 4, &year) || !take_char(&s, ' ') ||
        !take_time(&s, &seconds) || !str_eq(s, STR(" GMT"))) {
        return false;
    }
    if (year < 1 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *ms = (days_of((struct civil){year, month, day}) * SECONDS_PER_DAY + seconds) * MS_PER_SECOND;
    return true;
}

static int64_t clamp(int64_t ms)
{
    const int64_t last = 253402300799999; /* 9999-12-31T23:59:59.999Z */
    return ms < 0 ? 0 : ms > last ? last : ms;
}

static void add_date(struct buf *b, int64_t ms, str separator)
{
    struct civil date = civil_of(ms / MS_PER_SECOND / SECONDS_PER_DAY);
    buf_u64_padded(b, (uint64_t)date.year, 4);
    buf_add(b, separator);
    buf_u64_padded(b, date.month, 2);
    buf_add(b, separator);
    buf_u64_padded(b, date.day, 2);
    buf_char(b, 'T');
}

static void add_time(struct buf *b, int64_t ms, str separator)
{
    uint64_t second = (uint64_t)(ms / MS_PER_SECOND % SECONDS_PER_DAY);
    buf_u64_padded(b, second / 3600, 2);
    buf_add(b, separator);
    buf_u64_padded(b, second / 60 % 60, 2);
    buf_add(b, separator);
    buf_u64_padded(b, second % 60, 2);
}

void date_add_rfc3339(struct buf *b, int64_t ms)
{
    ms = clamp(ms);
    add_date(b, ms, STR("-"));
    add_time(b, ms, STR(":"));
    buf_char(b, '.');
    buf_u64_padded(b, (uint64_t)(ms % MS_PER_SECOND), 3);
    buf_char(b, 'Z');
}

void date_add_amz(struct buf *b, int64_t ms)
{
    ms = clamp(ms);
    add_date(b, ms, STR(""));
    add_time(b, ms, STR(""));
    buf_char(b, 'Z');
}

bool date_parse_amz(str s, int64_t *ms)
{
    char memory[DATE_AMZ_LEN];
    struct buf again;
    str day = s;
    str time = str_drop(s, 9);
    unsigned year = 0, month = 0, of_month = 0, hour = 0, minute = 0, second = 0;
    bool digits = take_digits(&day, 4, &year) && take_digits(&day, 2, &month) &&
                  take_digits(&day, 2, &of_month) && take_digits(&time, 2, &hour) &&
                  take_digits(&time, 2, &minute) && take_digits(&time, 2, &second);
    if (!digits || month < 1) {
        return false;
    }
    int64_t days = days_of((struct civil){year, month, of_month});
    int64_t seconds = (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    *ms = (days * SECONDS_PER_DAY + seconds) * MS_PER_SECOND;
    buf_wrap(&again, memory, sizeof memory);
    date_add_amz(&again, *ms); /* another text for what the calendar or the day does not have */
    return str_eq(buf_str(&again), s);
}

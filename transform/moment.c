#include "transform/moment.h"

#include <string.h>

#include "base/date.h"

static const int64_t first_ms = -62135596800000; /* 0001-01-01T00:00:00.000Z */
static const int64_t last_ms = 253402300799999;  /* 9999-12-31T23:59:59.999Z */

bool moment_is_date(str s)
{
    static const char midnight[] = "T00:00:00Z";
    enum { DATE_LEN = 10 };
    char whole[DATE_LEN + sizeof midnight - 1];
    int64_t ms = 0;
    if (s.len != DATE_LEN) {
        return false;
    }
    memcpy(whole, s.at, DATE_LEN);
    memcpy(whole + DATE_LEN, midnight, sizeof midnight - 1);
    return date_parse_rfc3339((str){whole, sizeof whole}, &ms);
}

bool moment_from_epoch(str s, int64_t *ms)
{
    uint64_t value = 0;
    if ((s.len != 10 && s.len != 13) || !str_to_u64(s, &value)) {
        return false;
    }
    *ms = (int64_t)(s.len == 10 ? value * 1000 : value);
    return true;
}

bool moment_in_range(int64_t ms)
{
    return ms >= first_ms && ms <= last_ms;
}

/* For a text that was parsed: whether it has the length and the punctuation of our form. Second 60
 * is written 59. */
static bool is_canonical(str s)
{
    return s.len == DATE_RFC3339_LEN && s.at[10] == 'T' && s.at[17] != '6' && s.at[19] == '.' &&
           s.at[23] == 'Z';
}

str moment_text(int64_t ms, str s, struct arena *arena)
{
    /* date_add_rfc3339 writes no year before 1970. The calendar repeats every 400 years: an older
     * time is written 2000 years later, and its year put right. */
    const int64_t cycles_ms = (int64_t)5 * 146097 * 86400 * 1000;
    if (is_canonical(s)) {
        return s;
    }
    char *at = arena_alloc(arena, DATE_RFC3339_LEN, 1);
    if (!at) {
        return (str){NULL, 0};
    }
    struct buf b;
    buf_wrap(&b, at, DATE_RFC3339_LEN);
    date_add_rfc3339(&b, ms < 0 ? ms + cycles_ms : ms);
    uint64_t year = 0;
    if (ms < 0 && str_to_u64((str){at, 4}, &year)) {
        struct buf digits;
        buf_wrap(&digits, at, 4);
        buf_u64_padded(&digits, year - 2000, 4);
    }
    return buf_str(&b);
}

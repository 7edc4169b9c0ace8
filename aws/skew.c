#include "aws/skew.h"

#include "base/date.h"

enum {
    MINUTE_MS = 60 * 1000,
    MAX_ROUND_TRIP_MS = 15 * MINUTE_MS,
    WORTH_A_RETRY_MS = 4 * MINUTE_MS,
};

bool skew_measure(const struct skew_sample *sample, int64_t *skew_ms)
{
    int64_t date_ms = 0;
    int64_t trip_ms = sample->received_ms - sample->sent_ms;
    if (sample->age.len || trip_ms < 0 || trip_ms > MAX_ROUND_TRIP_MS ||
        !date_parse_http(sample->date, &date_ms)) {
        return false;
    }
    *skew_ms = date_ms - (sample->sent_ms + trip_ms / 2);
    return true;
}

/* What services call a signature whose time they do not take; all but the three that say so may
 * have other causes. */
static bool may_be_of_skew(str code)
{
    static const char *const codes[] = {
        "AccessDeniedException", "AuthFailure",        "InvalidSignatureException",
        "RequestExpired",        "RequestInTheFuture", "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (str_eq(code, str_from(codes[i]))) {
            return true;
        }
    }
    return false;
}

bool skew_explains(int64_t off_ms, str code)
{
    return (off_ms >= WORTH_A_RETRY_MS || off_ms <= -WORTH_A_RETRY_MS) && may_be_of_skew(code);
}

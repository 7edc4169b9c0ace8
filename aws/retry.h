/* Whether to try again, and when: the standard mode of AWS's SDKs in its revision of 2026. Pure:
 * time is the caller's, chance comes in as a number.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include "base/err.h"

/* What a failed attempt was. */
enum retry_class {
    RETRY_NEVER,     /* trying again cannot help */
    RETRY_TRANSIENT, /* reset, time-out, 500, 502, 503, 504, another's transaction */
    RETRY_THROTTLED, /* a throttling code, or 429 */
};

/* Whether there is to be another attempt. */
enum retry_verdict {
    RETRY_END,    /* trying again cannot help, or was done as often as it may be */
    RETRY_UNPAID, /* it could help, but the quota is empty */
    RETRY_AGAIN,
};

/* Tokens that retries are paid from, so that a failing service is not stormed: 500, of which one
 * costs 14, or 5 when throttled. One per client. */
struct retry_quota {
    unsigned tokens;
};

struct retry_policy {
    unsigned max_attempts; /* the first one included */
    int64_t transient_ms;  /* base of the back-off */
    int64_t throttled_ms;
    int64_t max_backoff_ms;
};

struct retry_policy retry_policy_standard(void);
struct retry_policy retry_policy_dynamodb(void);
void retry_quota_init(struct retry_quota *quota);

/* By HTTP status (0: no reply came) and the service's error code (may be empty). */
enum retry_class retry_classify(int status, str code);
/* After attempt number `attempts_made` failed. RETRY_AGAIN takes the retry's cost off the quota. */
enum retry_verdict retry_decide(const struct retry_policy *policy, struct retry_quota *quota,
                                enum retry_class failure, unsigned attempts_made);
/* How long to wait after attempt number `attempts_made`: a random part of a bound that doubles each
 * time; but `retry_after_ms`, the reply's x-amz-retry-after (-1 when absent), where that is longer,
 * by up to 5 s. `chance` is uniform over 64 bits. */
int64_t retry_wait_ms(const struct retry_policy *policy, enum retry_class failure,
                      unsigned attempts_made, int64_t retry_after_ms, uint64_t chance);
/* After a success: gives back what the last retry cost (1 when the first attempt succeeded). */
void retry_succeeded(struct retry_quota *quota, enum retry_class last_failure);

#endif

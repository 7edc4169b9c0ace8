#include "aws/retry.h"

enum {
    QUOTA_FULL = 500,
    COST_TRANSIENT = 14,
    COST_THROTTLED = 5,
    GAIN_FIRST_ATTEMPT = 1,
    RETRY_AFTER_MAX_MS = 5000, /* on top of our own back-off */
};

struct retry_policy retry_policy_standard(void)
{
    return (struct retry_policy){
        .max_attempts = 3,
        .transient_ms = 50,
        .throttled_ms = 1000,
        .max_backoff_ms = 20000,
    };
}

struct retry_policy retry_policy_dynamodb(void)
{
    struct retry_policy policy = retry_policy_standard();
    policy.max_attempts = 4;
    policy.transient_ms = 25;
    return policy;
}

void retry_quota_init(struct retry_quota *quota)
{
    quota->tokens = QUOTA_FULL;
}

static bool is_one_of(str code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(code, str_from(codes[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_throttling(str code)
{
    static const char *const codes[] = {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    };
    return is_one_of(code, codes, sizeof codes / sizeof codes[0]);
}

static bool is_transient(str code)
{
    static const char *const codes[] = {
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "RequestTimeoutException",
        "TransactionConflictException",
    };
    return is_one_of(code, codes, sizeof codes / sizeof codes[0]);
}

/* The code is asked first: S3's 503 SlowDown is throttling, and waits like it. */
enum retry_class retry_classify(int status, str code)
{
    if (is_throttling(code) || status == 429) {
        return RETRY_THROTTLED;
    }
    bool transient_status =
        status == 0 || status == 500 || status == 502 || status == 503 || status == 504;
    return transient_status || is_transient(code) ? RETRY_TRANSIENT : RETRY_NEVER;
}

static unsigned cost_of(enum retry_class failure)
{
    return failure == RETRY_THROTTLED ? COST_THROTTLED : COST_TRANSIENT;
}

/* A random part of base * 2^(attempts_made - 1), which is capped first. */
static int64_t backoff_ms(const struct retry_policy *policy, int64_t base_ms,
                          unsigned attempts_made, uint64_t chance)
{
    int64_t most = base_ms;
    for (unsigned i = 1; i < attempts_made && most < policy->max_backoff_ms; i++) {
        most *= 2;
    }
    if (most > policy->max_backoff_ms) {
        most = policy->max_backoff_ms;
    }
    return (int64_t)(((chance >> 32) * (uint64_t)most) >> 32);
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

enum retry_verdict retry_decide(const struct retry_policy *policy, struct retry_quota *quota,
                                enum retry_class failure, unsigned attempts_made)
{
    if (failure == RETRY_NEVER || attempts_made >= policy->max_attempts) {
        return RETRY_END;
    }
    if (quota->tokens < cost_of(failure)) {
        return RETRY_UNPAID;
    }
    quota->tokens -= cost_of(failure);
    return RETRY_AGAIN;
}

int64_t retry_wait_ms(const struct retry_policy *policy, enum retry_class failure,
                      unsigned attempts_made, int64_t retry_after_ms, uint64_t chance)
{
    int64_t base_ms = failure == RETRY_THROTTLED ? policy->throttled_ms : policy->transient_ms;
    int64_t wait_ms = backoff_ms(policy, base_ms, attempts_made, chance);
    return clamp(retry_after_ms, wait_ms, wait_ms + RETRY_AFTER_MAX_MS);
}

void retry_succeeded(struct retry_quota *quota, enum retry_class last_failure)
{
    quota->tokens += last_failure == RETRY_NEVER ? GAIN_FIRST_ATTEMPT : cost_of(last_failure);
    if (quota->tokens > QUOTA_FULL) {
        quota->tokens = QUOTA_FULL;
    }
}

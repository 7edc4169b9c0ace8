/* Whether and when to try again: constants of the standard mode, the quota, the classes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/retry.h"

enum { FULL = 500 };

static const uint64_t middle = UINT64_MAX / 2 + 1;

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void failures_have_their_class(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code;
        enum retry_class wanted;
    } rows[] = {
        {0, "", RETRY_TRANSIENT}, /* no reply: reset, time-out, DNS, TLS */
        {500, "", RETRY_TRANSIENT},
        {500, "InternalServerError", RETRY_TRANSIENT},
        {502, "", RETRY_TRANSIENT},
        {503, "ServiceUnavailable", RETRY_TRANSIENT},
        {504, "", RETRY_TRANSIENT},
        {400, "RequestTimeout", RETRY_TRANSIENT},
        {408, "RequestTimeoutException", RETRY_TRANSIENT},
        {400, "ReplicatedWriteConflictException", RETRY_TRANSIENT},
        {400, "TransactionConflictException", RETRY_TRANSIENT},
        {429, "", RETRY_THROTTLED},
        {429, "Whatever", RETRY_THROTTLED},
        {503, "SlowDown", RETRY_THROTTLED},
        {500, "ThrottlingException", RETRY_THROTTLED},
        {0, "Throttling", RETRY_THROTTLED},
        {400, "Throttling", RETRY_THROTTLED},
        {400, "ThrottlingException", RETRY_THROTTLED},
        {400, "ThrottledException", RETRY_THROTTLED},
        {400, "RequestThrottledException", RETRY_THROTTLED},
        {400, "TooManyRequestsException", RETRY_THROTTLED},
        {400, "ProvisionedThroughputExceededException", RETRY_THROTTLED},
        {400, "TransactionInProgressException", RETRY_THROTTLED},
        {400, "RequestLimitExceeded", RETRY_THROTTLED},
        {400, "BandwidthLimitExceeded", RETRY_THROTTLED},
        {400, "LimitExceededException", RETRY_THROTTLED},
        {400, "RequestThrottled", RETRY_THROTTLED},
        {400, "PriorRequestNotComplete", RETRY_THROTTLED},
        {400, "EC2ThrottledException", RETRY_THROTTLED},
        {200, "SlowDown", RETRY_THROTTLED},
        {200, "", RETRY_NEVER},
        {304, "", RETRY_NEVER},
        {400, "", RETRY_NEVER},
        {400, "ConditionalCheckFailedException", RETRY_NEVER},
        {400, "ValidationException", RETRY_NEVER},
        {400, "ExpiredToken", RETRY_NEVER},
        {400, "throttling", RETRY_NEVER}, /* codes are compared as they are */
        {400, "Throttling ", RETRY_NEVER},
        {400, "KmsThrottled", RETRY_NEVER},
        {400, "OverLimit", RETRY_NEVER},
        {403, "AccessDenied", RETRY_NEVER},
        {404, "NoSuchKey", RETRY_NEVER},
        {408, "", RETRY_NEVER},
        {412, "PreconditionFailed", RETRY_NEVER},
        {501, "NotImplemented", RETRY_NEVER},
        {505, "", RETRY_NEVER},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        if (retry_classify(rows[i].status, str_from(rows[i].code)) != rows[i].wanted) {
            fail_msg("%d %s", rows[i].status, rows[i].code);
        }
    }
}

static struct retry_quota full_quota(void)
{
    struct retry_quota quota;
    retry_quota_init(&quota);
    return quota;
}

static void the_wait_grows_up_to_its_bounds(void **state)
{
    (void)state;
    const struct retry_policy standard = retry_policy_standard();
    const struct retry_policy dynamodb = retry_policy_dynamodb();
    const struct {
        const char *name;
        const struct retry_policy *policy;
        enum retry_class failure;
        unsigned attempts_made;
        uint64_t chance;
        int64_t wanted;
    } rows[] = {
        {"transient, least", &standard, RETRY_TRANSIENT, 1, 0, 0},
        {"transient, middle", &standard, RETRY_TRANSIENT, 1, middle, 25},
        {"transient, most", &standard, RETRY_TRANSIENT, 1, UINT64_MAX, 49},
        {"transient, second", &standard, RETRY_TRANSIENT, 2, middle, 50},
        {"transient, second, most", &standard, RETRY_TRANSIENT, 2, UINT64_MAX, 99},
        {"throttled, least", &standard, RETRY_THROTTLED, 1, 0, 0},
        {"throttled, middle", &standard, RETRY_THROTTLED, 1, middle, 500},
        {"throttled, most", &standard, RETRY_THROTTLED, 1, UINT64_MAX, 999},
        {"throttled, second", &standard, RETRY_THROTTLED, 2, middle, 1000},
        {"DynamoDB, transient", &dynamodb, RETRY_TRANSIENT, 1, middle, 12},
        {"DynamoDB, third retry", &dynamodb, RETRY_TRANSIENT, 3, middle, 50},
        {"DynamoDB, throttled", &dynamodb, RETRY_THROTTLED, 1, middle, 500},
        {"DynamoDB, third throttled", &dynamodb, RETRY_THROTTLED, 3, middle, 2000},
        {"capped before chance", &standard, RETRY_THROTTLED, 6, middle, 10000},
        {"just under the cap", &standard, RETRY_THROTTLED, 5, middle, 8000},
        {"far past the cap", &standard, RETRY_TRANSIENT, UINT32_MAX, UINT64_MAX, 19999},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        int64_t wait = retry_wait_ms(rows[i].policy, rows[i].failure, rows[i].attempts_made, -1,
                                     rows[i].chance);
        if (wait != rows[i].wanted) {
            fail_msg("%s: %d", rows[i].name, (int)wait);
        }
    }
}

/* As if chance were always the largest: within a millisecond of each bound. */
static void all_waits_of_a_call_together_have_their_most(void **state)
{
    (void)state;
    const struct retry_policy standard = retry_policy_standard();
    const struct retry_policy dynamodb = retry_policy_dynamodb();
    const struct {
        const char *name;
        const struct retry_policy *policy;
        enum retry_class failure;
        unsigned waits;
        int64_t most;
    } rows[] = {
        {"3 attempts, transient: 50 + 100", &standard, RETRY_TRANSIENT, 2, 150},
        {"3 attempts, throttled: 1000 + 2000", &standard, RETRY_THROTTLED, 2, 3000},
        {"DynamoDB, 4, transient: 25 + 50 + 100", &dynamodb, RETRY_TRANSIENT, 3, 175},
        {"DynamoDB, 4, throttled: 1000 + 2000 + 4000", &dynamodb, RETRY_THROTTLED, 3, 7000},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct retry_quota quota = full_quota();
        int64_t sum = 0;
        unsigned made = 1;
        for (; retry_decide(rows[i].policy, &quota, rows[i].failure, made) == RETRY_AGAIN; made++) {
            sum += 1 + retry_wait_ms(rows[i].policy, rows[i].failure, made, -1, UINT64_MAX);
        }
        if (made - 1 != rows[i].waits || sum != rows[i].most) {
            fail_msg("%s: %u waits, %d ms", rows[i].name, made - 1, (int)sum);
        }
    }
}

static void the_services_own_wait_is_taken_within_bounds(void **state)
{
    (void)state;
    const struct retry_policy policy = retry_policy_standard();
    static const struct {
        const char *name;
        int64_t retry_after_ms, wanted;
    } rows[] = {
        {"absent", -1, 500},
        {"negative", INT64_MIN, 500},
        {"none at all", 0, 500},
        {"shorter than ours", 499, 500},
        {"ours", 500, 500},
        {"longer", 501, 501},
        {"longest taken", 5500, 5500},
        {"too long", 5501, 5500},
        {"far too long", INT64_MAX, 5500},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        int64_t delay = retry_wait_ms(&policy, RETRY_THROTTLED, 1, rows[i].retry_after_ms, middle);
        if (delay != rows[i].wanted) {
            fail_msg("%s: %d", rows[i].name, (int)delay);
        }
    }
}

static unsigned retries_paid(struct retry_quota *quota, enum retry_class failure)
{
    const struct retry_policy policy = retry_policy_standard();
    unsigned paid = 0;
    while (retry_decide(&policy, quota, failure, 1) == RETRY_AGAIN) {
        paid++;
    }
    return paid;
}

static void a_full_quota_pays_35_transient_retries(void **state)
{
    (void)state;
    struct retry_quota quota = full_quota();
    assert_int_equal(retries_paid(&quota, RETRY_TRANSIENT), 35);
    assert_int_equal(quota.tokens, 10);
    assert_int_equal(retries_paid(&quota, RETRY_THROTTLED), 2);
}

static void a_full_quota_pays_100_throttling_retries(void **state)
{
    (void)state;
    struct retry_quota quota = full_quota();
    assert_int_equal(retries_paid(&quota, RETRY_THROTTLED), 100);
    assert_int_equal(quota.tokens, 0);
}

static void another_attempt_needs_a_cause_and_a_try_and_tokens(void **state)
{
    (void)state;
    const struct retry_policy standard = retry_policy_standard();
    const struct retry_policy dynamodb = retry_policy_dynamodb();
    static const struct retry_policy single = {.max_attempts = 1};
    const struct {
        const char *name;
        const struct retry_policy *policy;
        enum retry_class failure;
        unsigned attempts_made, tokens;
        enum retry_verdict verdict;
        unsigned left;
    } rows[] = {
        {"transient", &standard, RETRY_TRANSIENT, 1, FULL, RETRY_AGAIN, FULL - 14},
        {"throttled", &standard, RETRY_THROTTLED, 1, FULL, RETRY_AGAIN, FULL - 5},
        {"never", &standard, RETRY_NEVER, 1, FULL, RETRY_END, FULL},
        {"second", &standard, RETRY_TRANSIENT, 2, FULL, RETRY_AGAIN, FULL - 14},
        {"used up", &standard, RETRY_TRANSIENT, 3, FULL, RETRY_END, FULL},
        {"used up, throttled", &standard, RETRY_THROTTLED, 3, FULL, RETRY_END, FULL},
        {"DynamoDB, third", &dynamodb, RETRY_TRANSIENT, 3, FULL, RETRY_AGAIN, FULL - 14},
        {"DynamoDB, used up", &dynamodb, RETRY_TRANSIENT, 4, FULL, RETRY_END, FULL},
        {"a single one", &single, RETRY_TRANSIENT, 1, FULL, RETRY_END, FULL},
        {"just enough", &standard, RETRY_TRANSIENT, 1, 14, RETRY_AGAIN, 0},
        {"not enough", &standard, RETRY_TRANSIENT, 1, 13, RETRY_UNPAID, 13},
        {"just enough, throttled", &standard, RETRY_THROTTLED, 1, 5, RETRY_AGAIN, 0},
        {"not enough, throttled", &standard, RETRY_THROTTLED, 1, 4, RETRY_UNPAID, 4},
        {"empty, and used up", &standard, RETRY_TRANSIENT, 3, 0, RETRY_END, 0},
        {"empty, and never", &standard, RETRY_NEVER, 1, 0, RETRY_END, 0},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct retry_quota quota = {rows[i].tokens};
        enum retry_verdict verdict =
            retry_decide(rows[i].policy, &quota, rows[i].failure, rows[i].attempts_made);
        if (verdict != rows[i].verdict || quota.tokens != rows[i].left) {
            fail_msg("%s: %d, %u tokens", rows[i].name, (int)verdict, quota.tokens);
        }
    }
}

static void a_success_gives_back_what_the_last_retry_cost(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned before;
        enum retry_class last_failure;
        unsigned after;
    } rows[] = {
        {"first attempt", 0, RETRY_NEVER, 1},
        {"after a transient failure", 0, RETRY_TRANSIENT, 14},
        {"after throttling", 0, RETRY_THROTTLED, 5},
        {"full", FULL, RETRY_NEVER, FULL},
        {"nearly full", FULL - 1, RETRY_TRANSIENT, FULL},
        {"nearly full, throttled", FULL - 5, RETRY_THROTTLED, FULL},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct retry_quota quota = {rows[i].before};
        retry_succeeded(&quota, rows[i].last_failure);
        if (quota.tokens != rows[i].after) {
            fail_msg("%s: %u", rows[i].name, quota.tokens);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_have_their_class),
        cmocka_unit_test(the_wait_grows_up_to_its_bounds),
        cmocka_unit_test(all_waits_of_a_call_together_have_their_most),
        cmocka_unit_test(the_services_own_wait_is_taken_within_bounds),
        cmocka_unit_test(a_full_quota_pays_35_transient_retries),
        cmocka_unit_test(a_full_quota_pays_100_throttling_retries),
        cmocka_unit_test(another_attempt_needs_a_cause_and_a_try_and_tokens),
        cmocka_unit_test(a_success_gives_back_what_the_last_retry_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

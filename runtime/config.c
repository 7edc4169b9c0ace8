#include "runtime/config.h"

#include "base/env.h"
#include "transform/user.h"

#include <stdio.h>
#include <string.h>

enum {
    MIN_RECORD_BYTES = 1024,
    MAX_RECORD_BYTES = 16 * 1024 * 1024,
    MAX_URL_LEN = 2048,
};

static MUST_USE err refuse(str variable, const char *wanted, struct why *why)
{
    err_code(why, STR("Runtime.InvalidConfiguration"));
    return FAIL(why, ERR_BUG, "%.*s must be %s", (int)variable.len, variable.at, wanted);
}

/* One of two words; absent is the first. */
static MUST_USE err read_choice(const char *const *env, str variable, const char *const words[2],
                                bool *second, struct why *why)
{
    str value = env_get(env, variable);
    char wanted[64];
    *second = str_eq(value, str_from(words[1]));
    if (!value.len || *second || str_eq(value, str_from(words[0]))) {
        return OK;
    }
    (void)snprintf(wanted, sizeof wanted, "\"%s\" or \"%s\"", words[0], words[1]);
    return refuse(variable, wanted, why);
}

static MUST_USE err read_size(const char *const *env, str variable, uint64_t smallest,
                              uint64_t largest, uint64_t *size, struct why *why)
{
    str value = env_get(env, variable);
    char wanted[64];
    if (!value.len || (str_to_u64(value, size) && *size >= smallest && *size <= largest)) {
        return OK;
    }
    (void)snprintf(wanted, sizeof wanted, "a number of bytes, %llu to %llu",
                   (unsigned long long)smallest, (unsigned long long)largest);
    return refuse(variable, wanted, why);
}

static bool is_all_in(str s, const char *allowed)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!s.at[i] || !strchr(allowed, s.at[i])) {
            return false;
        }
    }
    return true;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

/* docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html;
 * an ARN is a table's name too. */
static MUST_USE err read_table(const char *const *env, str *table, struct why *why)
{
    str variable = STR("TABLE_NAME");
    str value = env_get(env, variable);
    if (!value.len) {
        return OK;
    }
    bool is_arn = str_starts(value, STR("arn:")) && is_all_in(value, LETTERS DIGITS "_.-:/");
    bool is_name = value.len >= 3 && value.len <= 255 && is_all_in(value, LETTERS DIGITS "_.-");
    if (!is_arn && !is_name) {
        return refuse(variable, "a table's name (3 to 255 of A-Z a-z 0-9 _ . -) or ARN", why);
    }
    *table = value;
    return OK;
}

static MUST_USE err read_queue(const char *const *env, str variable, str *url, struct why *why)
{
    str value = env_get(env, variable);
    bool is_url = str_starts(value, STR("https://")) || str_starts(value, STR("http://"));
    bool is_plain = value.len <= MAX_URL_LEN && is_all_in(value, LETTERS DIGITS "-._~:/?&=%[]");
    if (value.len && !(is_url && is_plain)) {
        return refuse(variable, "a queue's URL, http:// or https://", why);
    }
    if (str_ends(value, STR(".fifo"))) { /* each message would need a group */
        return refuse(variable, "a standard queue, not a FIFO one", why);
    }
    *url = value;
    return OK;
}

static MUST_USE err read_region(const char *const *env, str *region, struct why *why)
{
    str variable = STR("PHONE_REGION");
    *region = env_get(env, variable);
    if (region->len && !user_knows_region(*region)) {
        return refuse(variable, "an ISO 3166 alpha-2 code such as DE", why);
    }
    return OK;
}

err config_read(const char *const *env, struct config *out, struct why *why)
{
    static const char *const write_modes[2] = {"newest", "batch"};
    static const char *const switches[2] = {"off", "on"};
    *out = (struct config){
        .table_name = STR("user-data-table"),
        .max_record_bytes = (uint64_t)1024 * 1024,
        .fanout_min = (uint64_t)64 * 1024 * 1024,
    };
    TRY(read_table(env, &out->table_name, why));
    TRY(read_choice(env, STR("WRITE_MODE"), write_modes, &out->batch, why));
    TRY(read_choice(env, STR("PARTIAL_RESPONSE"), switches, &out->partial_response, why));
    TRY(read_queue(env, STR("WORK_QUEUE_URL"), &out->work_queue_url, why));
    TRY(read_queue(env, STR("REJECTS_QUEUE_URL"), &out->rejects_queue_url, why));
    if (out->work_queue_url.len && str_eq(out->work_queue_url, out->rejects_queue_url)) {
        return refuse(STR("REJECTS_QUEUE_URL"),
                      "another queue than WORK_QUEUE_URL: rejects would "
                      "come back as data",
                      why);
    }
    TRY(read_region(env, &out->phone_region, why));
    TRY(read_size(env, STR("MAX_RECORD_BYTES"), MIN_RECORD_BYTES, MAX_RECORD_BYTES,
                  &out->max_record_bytes, why));
    return read_size(env, STR("FANOUT_MIN"), 1, UINT64_MAX, &out->fanout_min, why);
}

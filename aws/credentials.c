#include "aws/credentials.h"

#include "base/ascii.h"
#include "base/env.h"

enum { ACCOUNT_DIGITS = 12 };

/* Keys are visible ASCII. Anything else is a slip (a line end, a blank, a quote of some other
 * alphabet), and would break the header that the value ends up in. */
static MUST_USE err check_value(str value, const char *name, struct why *why)
{
    if (!ascii_all_visible(value)) {
        return FAIL(why, ERR_DENIED, "%s holds a blank, a control or a non-ASCII character", name);
    }
    return OK;
}

static MUST_USE err check_needed(str value, const char *name, struct why *why)
{
    TRY(check_value(value, name, why));
    return value.len ? OK : FAIL(why, ERR_DENIED, "%s is not set", name);
}

/* It may become a label of a host name. */
static MUST_USE err check_account(str id, const char *name, struct why *why)
{
    bool good = id.len == 0 || id.len == ACCOUNT_DIGITS;
    for (size_t i = 0; i < id.len; i++) {
        good = good && ascii_is_digit(id.at[i]);
    }
    return good ? OK : FAIL(why, ERR_DENIED, "%s is not %d digits", name, ACCOUNT_DIGITS);
}

err credentials_check(const struct credentials *credentials, const char *const names[4],
                      struct why *why)
{
    str id = credentials->access_key_id;
    TRY(check_needed(id, names[0], why));
    /* Either would end the key in "Credential=<key>/<date>/..., SignedHeaders=...". */
    if (str_cut(id, '/').found || str_cut(id, ',').found) {
        return FAIL(why, ERR_DENIED, "%s holds a '/' or a ','", names[0]);
    }
    TRY(check_needed(credentials->secret_access_key, names[1], why));
    TRY(check_value(credentials->session_token, names[2], why));
    return check_account(credentials->account_id, names[3], why);
}

err credentials_from_env(const char *const *env, struct credentials *out, struct why *why)
{
    static const char *const names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN", "AWS_ACCOUNT_ID"};
    *out = (struct credentials){
        .access_key_id = env_get(env, str_from(names[0])),
        .secret_access_key = env_get(env, str_from(names[1])),
        .session_token = env_get(env, str_from(names[2])),
        .account_id = env_get(env, str_from(names[3])),
        .expires_ms = INT64_MAX,
    };
    return credentials_check(out, names, why);
}

#include "aws/credentials.h"

#include "base/ascii.h"
#include "base/env.h"

/* Keys are visible ASCII. Anything else is a slip (a line end, a blank, a quote of some other
 * alphabet), and would break the header that the value ends up in. */
static MUST_USE err read_value(const char *const *env, const char *name, str *out, struct why *why)
{
    *out = env_get(env, str_from(name));
    if (!ascii_all_visible(*out)) {
        return FAIL(why, ERR_DENIED, "%s holds a blank, a control or a non-ASCII character", name);
    }
    return OK;
}

static MUST_USE err read_needed(const char *const *env, const char *name, str *out, struct why *why)
{
    TRY(read_value(env, name, out, why));
    return out->len ? OK : FAIL(why, ERR_DENIED, "%s is not set", name);
}

err credentials_from_env(const char *const *env, struct credentials *out, struct why *why)
{
    static const char id_name[] = "AWS_ACCESS_KEY_ID";
    TRY(read_needed(env, id_name, &out->access_key_id, why));
    /* Either would end the key in "Credential=<key>/<date>/..., SignedHeaders=...". */
    if (str_cut(out->access_key_id, '/').found || str_cut(out->access_key_id, ',').found) {
        return FAIL(why, ERR_DENIED, "%s holds a '/' or a ','", id_name);
    }
    TRY(read_needed(env, "AWS_SECRET_ACCESS_KEY", &out->secret_access_key, why));
    return read_value(env, "AWS_SESSION_TOKEN", &out->session_token, why);
}

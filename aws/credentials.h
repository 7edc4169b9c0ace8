/* The keys that requests are signed with.
 *
 * Temporary ones have a session token and a time when they end. They never reach a log, an error
 * text or a child's arguments, and are wiped from memory once they are replaced.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "base/err.h"

struct credentials {
    str access_key_id;
    str secret_access_key;
    str session_token;  /* empty for long-term keys */
    str account_id;     /* 12 digits of the account they belong to; empty when not known */
    int64_t expires_ms; /* wall clock; INT64_MAX: never */
};

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_ACCOUNT_ID, borrowed from
 * `env`. ERR_DENIED naming the variable that is missing or that credentials_check refuses. */
err credentials_from_env(const char *const *env, struct credentials *out, struct why *why) MUST_USE;
/* ERR_DENIED when id or secret is empty, or a value holds a character no key has: one that is not
 * visible ASCII, in the key id a '/' or ',', in the account id anything but digits. `names` are the
 * four values' names, in the struct's order, for the failure's text. */
err credentials_check(const struct credentials *credentials, const char *const names[4],
                      struct why *why) MUST_USE;

#endif

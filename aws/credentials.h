/* The keys that requests are signed with.
 *
 * Read from the environment as Lambda sets it: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for
 * temporary keys, AWS_SESSION_TOKEN. They never reach a log, an error text or a child's arguments.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "base/err.h"

struct credentials {
    str access_key_id;
    str secret_access_key;
    str session_token; /* empty for long-term keys */
};

/* Borrowed from `env`. ERR_DENIED naming the variable that is missing or that holds a character no
 * key has: one that is not visible ASCII, and in the key id a '/' or ','. */
err credentials_from_env(const char *const *env, struct credentials *out, struct why *why) MUST_USE;

#endif

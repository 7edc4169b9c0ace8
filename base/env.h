/* Settings as "NAME=value" strings, ended by NULL: the process environment as main() gets it, or a
 * test's array. No code below main() calls getenv(), so that nothing hides what it depends on.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/str.h"

/* The value of `name`; empty when it is not set or set to nothing. Borrowed from `env`. */
str env_get(const char *const *env, str name);

#endif

/* The environment of a function, put together as Lambda does: a list of "NAME=value" strings where
 * the first of a name wins. Lives in an arena.
 */
#ifndef DEPLOY_LOCAL_CHILD_ENV_H
#define DEPLOY_LOCAL_CHILD_ENV_H

#include "base/arena.h"

struct child_env {
    struct arena *arena;
    const char **at; /* ends with NULL */
    size_t count, room;
    bool failed; /* sticky: too many variables or no room */
};

void child_env_init(struct child_env *env, struct arena *arena, size_t room);
/* Adds a string that outlives the environment, unless its name is there already. */
void child_env_add(struct child_env *env, const char *pair);
/* The same from its two parts; copied. */
void child_env_set(struct child_env *env, str name, str value);
void child_env_add_all(struct child_env *env, const char *const *pairs);

#endif

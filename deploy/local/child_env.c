#include "deploy/local/child_env.h"

#include <string.h>

void child_env_init(struct child_env *env, struct arena *arena, size_t room)
{
    *env = (struct child_env){.arena = arena, .room = room};
    env->at = arena_zeroed(arena, (room + 1) * sizeof *env->at, _Alignof(const char *));
    env->failed = !env->at;
}

static bool is_set(const struct child_env *env, str name)
{
    for (size_t i = 0; i < env->count; i++) {
        if (str_eq(str_cut(str_from(env->at[i]), '=').head, name)) {
            return true;
        }
    }
    return false;
}

void child_env_add(struct child_env *env, const char *pair)
{
    str name = str_cut(str_from(pair), '=').head;
    if (env->failed || is_set(env, name)) {
        return;
    }
    if (env->count == env->room) {
        env->failed = true;
        return;
    }
    env->at[env->count++] = pair;
}

void child_env_set(struct child_env *env, str name, str value)
{
    char *pair = arena_alloc(env->arena, name.len + value.len + 2, 1);
    if (!pair) {
        env->failed = true;
        return;
    }
    memcpy(pair, name.at, name.len);
    pair[name.len] = '=';
    if (value.len) {
        memcpy(pair + name.len + 1, value.at, value.len);
    }
    pair[name.len + 1 + value.len] = 0;
    child_env_add(env, pair);
}

void child_env_add_all(struct child_env *env, const char *const *pairs)
{
    for (size_t i = 0; pairs && pairs[i]; i++) {
        child_env_add(env, pairs[i]);
    }
}

#include "base/env.h"

str env_get(const char *const *env, str name)
{
    for (; *env; env++) {
        struct str_halves pair = str_cut(str_from(*env), '=');
        if (pair.found && str_eq(pair.head, name)) {
            return pair.tail;
        }
    }
    return STR("");
}

/* What is to be run: a bootstrap as it is, or one taken out of a function's zip into a temporary
 * folder.
 */
#ifndef DEPLOY_LOCAL_PACKAGE_H
#define DEPLOY_LOCAL_PACKAGE_H

#include "base/err.h"

#include <limits.h>

struct package {
    char folder[PATH_MAX];  /* LAMBDA_TASK_ROOT */
    char program[PATH_MAX]; /* the bootstrap, absolute */
    bool unpacked;          /* `folder` is ours to remove */
};

/* A `path` that ends in ".zip" is unpacked by unzip(1) into a folder of `tmp` ("/tmp" when empty).
 * ERR_MISSING when there is no such file or
 * the zip holds no bootstrap; ERR_BUG when it is not executable or cannot be unpacked. */
err package_open(struct package *package, const char *path, str tmp, struct why *why) MUST_USE;
/* Removes what was unpacked. Safe on zeroed memory and twice. */
void package_close(struct package *package);

#endif

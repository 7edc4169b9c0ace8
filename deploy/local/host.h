/* The host's work: one event, or the sources' turns until it is told to stop or all is idle. */
#ifndef DEPLOY_LOCAL_HOST_H
#define DEPLOY_LOCAL_HOST_H

#include "deploy/local/options.h"

/* Exit codes of lambda-local. */
enum { HOST_EXIT_OK = 0, HOST_EXIT_FUNCTION = 1, HOST_EXIT_HOST = 2 };

/* `env` is the process's, and the function's. `stop_fd` is readable once the host shall stop.
 * Whatever happens, no process and no temporary folder stays behind. Returns an exit code. */
int host_run(const struct options *options, const char *const *env, int stop_fd);

#endif

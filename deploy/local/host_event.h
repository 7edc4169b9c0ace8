/* --event: one invocation with the event of a file, its answer on standard output. */
#ifndef DEPLOY_LOCAL_HOST_EVENT_H
#define DEPLOY_LOCAL_HOST_EVENT_H

#include "deploy/local/function.h"
#include "deploy/local/report.h"

/* `code` becomes the exit code that the answer asks for. "-" is standard input. ERR_LIMIT for an
 * event past RUNTIME_API_MAX_EVENT_BYTES, ERR_BUSY when the function's stop_fd ends it. */
err host_event(struct function *function, struct report *report, const char *path, int *code,
               struct why *why) MUST_USE;

#endif

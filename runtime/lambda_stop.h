/* SIGTERM as something to wait for: Lambda's word that the environment is about to end.
 *
 * The signal is blocked and read from a descriptor that stays readable once it has come, so that
 * every worker's wait for an invocation sees it; nothing under way is interrupted.
 */
#ifndef RUNTIME_LAMBDA_STOP_H
#define RUNTIME_LAMBDA_STOP_H

#include "base/err.h"

#include <signal.h>

struct lambda_stop {
    int fd; /* 0: closed */
    sigset_t before;
};

/* Before any thread is started: they inherit that the signal is blocked. ERR_BUSY without a
 * descriptor. */
err lambda_stop_open(struct lambda_stop *stop, struct why *why) MUST_USE;
/* As if the signal had come. */
void lambda_stop_now(void);
/* Swallows a signal that has come. Safe on zeroed memory and twice. */
void lambda_stop_close(struct lambda_stop *stop);

#endif

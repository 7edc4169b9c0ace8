/* The last words of a function that crashes: SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT in the
 * handler are posted to the Runtime API as an error with the addresses that led there, then the
 * signal takes its course. Without this Lambda only knows that the process has ended.
 *
 * The report is made with calls that are safe in a signal handler alone, on a stack of its own, so
 * that an overflow of the usual one is reported too. `addr2line -e` makes lines of the addresses.
 * Source: man 7 signal-safety
 */
#ifndef RUNTIME_LAMBDA_CRASH_H
#define RUNTIME_LAMBDA_CRASH_H

#include "runtime/lambda_api.h"
#include "runtime/lambda_backtrace.h"

/* One for each thread, where it stays. */
struct lambda_crash {
    const struct lambda_api *api;
    struct arena_block own;    /* the signal handler's stack */
    stack_t before;            /* what was there for signal handlers */
    struct lambda_stack stack; /* this thread's */
};

/* Watches this thread from now on; handlers that were there for these signals are replaced. Without
 * memory for the stack there is no report, and no failure. */
void lambda_crash_watch(struct lambda_crash *crash, const struct lambda_api *api);
/* Safe on zeroed memory and twice. The signals' handlers stay, and report nothing of this thread.
 */
void lambda_crash_unwatch(struct lambda_crash *crash);

#endif

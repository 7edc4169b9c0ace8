/* Where a crash happened: the address of the instruction and those that called it, found in a
 * signal handler with nothing but reads of the crashed stack.
 *
 * Our own code keeps frame pointers (-fno-omit-frame-pointer), so that its callers are a chain.
 * Libraries keep none: where one has lost the chain, as abort() does, all on the stack that looks
 * like a return address is listed, and some of it may be left from calls that have ended.
 */
#ifndef RUNTIME_LAMBDA_BACKTRACE_H
#define RUNTIME_LAMBDA_BACKTRACE_H

#include "base/buf.h"

#include <signal.h>
#include <ucontext.h>

enum { LAMBDA_BACKTRACE_MAX = 32, LAMBDA_BACKTRACE_TEXT = LAMBDA_BACKTRACE_MAX * 32 };

/* Of a thread. */
struct lambda_stack {
    uintptr_t lowest, end;
};

struct lambda_backtrace {
    uintptr_t at[LAMBDA_BACKTRACE_MAX]; /* innermost first */
    size_t count;
};

/* Of the calling thread. Not for signal handlers. All zero where the system does not know. */
struct lambda_stack lambda_backtrace_stack(void);
/* In a signal handler, with what it was given. */
struct lambda_backtrace lambda_backtrace(const struct lambda_stack *stack, const siginfo_t *info,
                                         const ucontext_t *context);
/* "0x11b9": as addr2line -e wants it, wherever the program was loaded; a caller's lies inside its
 * call. "0x8 (outside the program)": a library's, or a jump into nowhere. */
void lambda_backtrace_add(struct buf *out, uintptr_t address);

#endif

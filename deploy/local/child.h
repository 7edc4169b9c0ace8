/* One process of ours: started in a process group of its own, watched through a pidfd, ended with
 * all it has started itself, and always reaped.
 */
#ifndef DEPLOY_LOCAL_CHILD_H
#define DEPLOY_LOCAL_CHILD_H

#include "base/err.h"

#include <sys/types.h>

enum { CHILD_GRACE_MS = 500 }; /* between TERM and KILL */

struct child {
    pid_t pid;    /* 0: not running */
    int death_fd; /* readable once it has ended; -1 when not running */
};

struct child_end {
    int status; /* as of wait(2) */
    /* The most memory it ever had in RAM, of /proc while it lived, else of wait4(2). The latter
     * counts what the fork inherited from us, so it is an upper bound only. */
    long peak_rss_kb;
};

/* Runs `program` (an absolute path, not written to) in `folder`, its output on our standard error,
 * its input empty. `env` ends with NULL. ERR_BUG with the system's words when it cannot be run. */
err child_start(struct child *child, char *program, const char *folder, const char *const *env,
                struct why *why) MUST_USE;
/* True once it has ended; waits for that at most `wait_ms`. */
bool child_ended(const struct child *child, int wait_ms);
/* Ends it, if it has not ended already, and its group: by TERM and a grace when `gently`, else by
 * KILL at once. Nothing happens when it is not running; then all is 0. */
struct child_end child_end(struct child *child, bool gently);
/* "exit status 1" or "signal: 9" as Lambda writes it. */
void child_describe(int status, char *into, size_t room);

#endif

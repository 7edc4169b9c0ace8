/* A Lambda function on this machine: one process at a time, started when there is work, started
 * anew after a crash or a time-out, with Lambda's environment and its Runtime API.
 */
#ifndef DEPLOY_LOCAL_FUNCTION_H
#define DEPLOY_LOCAL_FUNCTION_H

#include "base/arena.h"
#include "deploy/local/child.h"
#include "deploy/local/package.h"
#include "deploy/local/runtime_api.h"

struct function_config {
    const char *path;             /* a bootstrap or a .zip */
    const char *const *env;       /* what the function inherits; ends with NULL */
    const char *const *extra_env; /* "NAME=value", stronger than that; ends with NULL, or NULL */
    unsigned memory_mb;           /* only told to the function */
    int64_t timeout_ms;           /* of one invocation */
    int stop_fd;                  /* readable once the host shall stop, or -1 */
};

struct function {
    struct function_config config;
    struct package package;
    struct runtime_api api;
    struct arena_block memory; /* of the environment */
    const char *const *env;    /* of the process */
    struct child child;
    char arn[160];
    bool served;      /* the running process has had an event */
    long peak_rss_kb; /* of all processes that have ended */
    unsigned starts;  /* processes so far */
};

/* Nothing is started yet. `config` and what it points at outlive the function. */
err function_open(struct function *function, const struct function_config *config,
                  struct why *why) MUST_USE;
/* One invocation. What goes wrong with the function is in `result`, a failure is the host's own.
 * After RUNTIME_API_STOPPED nothing is known of the invocation. */
err function_invoke(struct function *function, str event, struct runtime_api_result *result,
                    struct why *why) MUST_USE;
/* Ends the process by TERM, then KILL; peak_rss_kb is final then. Safe on zeroed memory and twice.
 */
void function_close(struct function *function);

#endif

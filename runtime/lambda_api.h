/* The inside of lambda_run, for its own files and its tests: the connection to the Runtime API and
 * what of the current invocation outlives the request that brought it.
 *
 * Where a function returns int: 0 to go on, or the exit code to end with, or LAMBDA_STOPPED.
 */
#ifndef RUNTIME_LAMBDA_API_H
#define RUNTIME_LAMBDA_API_H

#include "runtime/http1.h"
#include "runtime/lambda.h"

#define LAMBDA_USER_AGENT "serverless-user-management/1.0"

enum {
    LAMBDA_POST_TIMEOUT_MS = 30 * 1000, /* for each wait; /next alone waits for ever */
    LAMBDA_FIRST_PAUSE_MS = 50,         /* between two tries of /next, doubled each time */
    LAMBDA_LONGEST_PAUSE_MS = 2000,
    LAMBDA_GIVE_UP_MS = 30 * 1000, /* pauses in a row that end the process */
};

enum { LAMBDA_STOPPED = -1 }; /* SIGTERM */

struct lambda_api {
    struct http1 http;
    struct log *log; /* our own: a copy, as the ids in it are the invocation's */
    struct log own_log;
    void (*sleep_ms)(int64_t ms);   /* a test's own, so that it need not wait */
    struct buf event;               /* of the current invocation */
    struct buf answer;              /* what the API says to a post */
    str request_id, invocation_id;  /* of the current invocation, in the memory below: a post */
    char request_id_memory[129];    /* may overwrite the reply that brought them and yet need */
    char invocation_id_memory[513]; /* them for a second try */
    char tenant_id_memory[257];
    char trace_id_memory[257];
    bool asked;      /* for an invocation: the start is over */
    char trace[600]; /* lent to the environment: "_X_AMZN_TRACE_ID=..." */
};

/* ERR_BUG for a bad configuration, ERR_LIMIT without memory. api->log is good in any case. */
err lambda_api_init(struct lambda_api *api, const struct lambda_config *config,
                    struct why *why) MUST_USE;
/* Takes back what it lent to the environment. */
void lambda_api_close(struct lambda_api *api);

/* Fills all but `arena`. Asks again, with pauses, until an invocation comes. */
int lambda_next(struct lambda_api *api, struct lambda_invocation *in);

enum { LAMBDA_POST_MAX_PATH = 256 }; /* room for the longest request id */

/* The path of the current invocation's "/response" or "/error", in `memory`. */
str lambda_post_path(const struct lambda_api *api, str end, char memory[LAMBDA_POST_MAX_PATH]);
/* Logs a status that is no success. */
int lambda_post_judge(const struct lambda_api *api, int status);
/* Each post is tried twice at the most; only a 500 ends the process. */
int lambda_post_response(struct lambda_api *api, str response);
int lambda_post_error(struct lambda_api *api, const struct why *why);
int lambda_post_init_error(struct lambda_api *api, const struct why *why);
int lambda_post_snapshot_error(struct lambda_api *api, const struct why *why);
int lambda_post_restore_error(struct lambda_api *api, const struct why *why);

#endif

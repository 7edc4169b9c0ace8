/* What every command of replay needs: the command line, the AWS client, whether to stop.
 */
#ifndef DEPLOY_REPLAY_SESSION_H
#define DEPLOY_REPLAY_SESSION_H

#include "aws/client.h"
#include "deploy/local/child_env.h"
#include "deploy/replay/replay_options.h"

struct session {
    const struct replay_options *options;
    struct arena_block memory; /* of `env` */
    struct child_env env;
    struct client client;
};

/* Reads `own_env` and the .env file, and makes the client of them. From here on SIGINT, SIGTERM and
 * SIGHUP no longer end the process: session_is_stopped tells of them. ERR_DENIED and ERR_BUG name
 * the variable that is missing or bad, ERR_BUG the line of the .env file. */
err session_open(struct session *session, const struct replay_options *options,
                 const char *const *own_env, struct why *why) MUST_USE;
/* Safe on zeroed memory, after a failed open, and twice. */
void session_close(struct session *session);
/* Has somebody asked for the end? Work under way is finished, none is begun. */
bool session_is_stopped(void);
/* One line on standard error: "replay: about: why"; about may be empty. */
void session_complain(str about, const struct why *why);

#endif

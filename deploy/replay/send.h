/* replay send: mended files to the function's queue.
 */
#ifndef DEPLOY_REPLAY_SEND_H
#define DEPLOY_REPLAY_SEND_H

#include "deploy/replay/session.h"

/* Reports to `out`. A file that SQS has taken is moved to sent/; `complete` is false when one is
 * left, which is told on standard error. Fails as SQS and the folder do; a file that was sent and
 * is not moved then is sent once more the next time, which does no harm. */
err send_run(struct session *session, FILE *out, bool *complete, struct why *why) MUST_USE;

#endif

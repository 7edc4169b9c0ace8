/* replay list: what waits in the rejects queue, as a table.
 */
#ifndef DEPLOY_REPLAY_LIST_H
#define DEPLOY_REPLAY_LIST_H

#include "deploy/replay/session.h"

/* Prints to `out`. `complete`: everything could be read. Fails as the calls of SQS do. */
err list_run(struct session *session, FILE *out, bool *complete, struct why *why) MUST_USE;

#endif

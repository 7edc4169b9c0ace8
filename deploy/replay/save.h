/* replay save: rejects out of the queue into files.
 */
#ifndef DEPLOY_REPLAY_SAVE_H
#define DEPLOY_REPLAY_SAVE_H

#include "deploy/replay/session.h"

/* Reports to `out`. A message is deleted once all its rejects are on the disk; one that holds
 * anything else stays in the queue, and `complete` is false then. Fails as SQS and the folder do;
 * whatever is not deleted then is still in the queue. */
err save_run(struct session *session, FILE *out, bool *complete, struct why *why) MUST_USE;

#endif

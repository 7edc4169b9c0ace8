/* SnapStart: the hooks around the snapshot that environments are restored from.
 * Source: docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
 */
#ifndef RUNTIME_LAMBDA_SNAPSHOT_H
#define RUNTIME_LAMBDA_SNAPSHOT_H

#include "runtime/lambda_api.h"

/* Calls before_snapshot, waits for the restore, calls after_restore. 0 to go on; else the exit
 * code. */
int lambda_snapshot(struct lambda_api *api, const struct lambda_config *config);

#endif

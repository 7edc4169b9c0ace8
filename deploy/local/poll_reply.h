/* What a function answers to a batch: {"batchItemFailures":[{"itemIdentifier":"..."}]}.
 *
 * Read as AWS documents it: null, {}, no list and an empty list mean that all is done (a wrong
 * outer name too); what is not such an object, or names an id that is missing, empty, null, of a
 * wrong name or not in the batch, makes the whole batch a failure.
 * Source: docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
#ifndef DEPLOY_LOCAL_POLL_REPLY_H
#define DEPLOY_LOCAL_POLL_REPLY_H

#include "base/str.h"

/* Sets failed[i] for each record, `ids` being theirs. False: the reply fails the whole batch, all
 * of `failed` is true then. */
bool poll_reply_read(str reply, const str *ids, size_t count, bool *failed);

#endif

/* What became of one attempt of a call: its failure, whether another may help, and what the reply
 * tells besides (the service's clock, the region that a bucket is in). For call.c.
 */
#ifndef AWS_CALL_OUTCOME_H
#define AWS_CALL_OUTCOME_H

#include "aws/call.h"

/* The reply has a status of success. */
bool call_outcome_is_good(const struct call *call);
/* Once a reply's head has come, as soon as that is known. */
void call_outcome_head(struct call *call);
/* The attempt has ended: sets `why`, `last`, `free`, `moved_to` and `retry_after_ms`. */
void call_outcome_sort(struct call *call, enum http_end end);

#endif

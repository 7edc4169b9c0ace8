/* Work that cannot be finished here goes on elsewhere: as messages of the work queue.
 *
 * An object that time cut off goes on where it stopped, or at the first record that is not durable
 * (continuation.h); one that was not begun, or that a busy service kept from being stored, goes as
 * an S3 notification. A delivery is handed on as a whole or not at all, and then it is done with.
 */
#ifndef TRANSFORM_HAND_ON_H
#define TRANSFORM_HAND_ON_H

#include "transform/ingest.h"

/* Takes the delivery out of its trouble, of time or of a busy service, when that can be done: not
 * without a work queue, for texts, and where the delivery comes again by itself and nothing would
 * be gained. A failure is systemic: queues that are away, busy or too slow are not, unless the
 * delivery cannot come again alone. */
err hand_on_delivery(struct ingest *ingest, struct delivery *delivery, struct why *why) MUST_USE;
/* Whether it would be tried. */
bool hand_on_can(const struct ingest *ingest, const struct delivery *delivery);

#endif

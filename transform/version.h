/* The version of a user: a text that sorts by when the data was true, so that the newest wins
 * whatever the order of delivery, and a redelivery has the same one.
 *
 * <ms, 15 digits>-<tie-break, 56 characters>-<offset, 16 digits>
 */
#ifndef TRANSFORM_VERSION_H
#define TRANSFORM_VERSION_H

#include "base/buf.h"
#include "transform/ingest.h"

enum { VERSION_LEN = 15 + 1 + 56 + 1 + 16 };

/* Appends VERSION_LEN bytes. `updated_ms` is the record's own time, or negative to take the
 * delivery's. */
void version_add(struct buf *b, int64_t updated_ms, const struct ticket *from);

#endif

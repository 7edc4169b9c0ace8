/* The version of a user: a text that sorts by when the data was true, so that the newest wins
 * whatever the order of delivery, and a redelivery has the same one.
 *
 * <ms, 15 digits>-<event's ms, 15 digits>-<tie-break, 56 characters>-<offset, 16 digits>
 *
 * The first is the record's own updated_at, or else the event's time too: of two records with the
 * same updated_at the one that came later corrects the other.
 */
#ifndef TRANSFORM_VERSION_H
#define TRANSFORM_VERSION_H

#include "base/buf.h"
#include "transform/ingest.h"

enum { VERSION_LEN = 15 + 1 + 15 + 1 + 56 + 1 + 16 };

/* Appends VERSION_LEN bytes. `updated_ms` is negative when the record has none. */
void version_add(struct buf *b, int64_t updated_ms, const struct ticket *from);

#endif

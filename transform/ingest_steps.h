/* The steps of ingest, for ingest.c and ingest_read.c alone. */
#ifndef TRANSFORM_INGEST_STEPS_H
#define TRANSFORM_INGEST_STEPS_H

#include "transform/ingest.h"

/* --- ingest.c --- */

struct ingest_counts *ingest_counts_of(struct ingest *ingest, const struct ticket *from);
/* The first one stands. */
void ingest_trouble(struct delivery *delivery, enum trouble trouble);
/* A delivery that comes again is not worth more writes. */
bool ingest_comes_again(const struct delivery *delivery);
bool ingest_time_is_up(const struct ingest *ingest);
/* Takes a record that is counted as `in` already. A failure is systemic. */
err ingest_reject(struct ingest *ingest, const struct reject *reject, struct why *why) MUST_USE;

/* --- ingest_read.c: an input's records, put or rejected. A failure is systemic. --- */

err ingest_read_object(struct ingest *ingest, struct ticket *from, struct why *why) MUST_USE;
err ingest_read_text(struct ingest *ingest, struct ticket *from, struct why *why) MUST_USE;

#endif

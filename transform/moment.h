/* Dates and times of records, brought to the one form that is stored and sorts as text:
 * YYYY-MM-DD, and RFC 3339 in UTC with milliseconds. Nothing is guessed: no dd/mm, no zone that is
 * not there.
 */
#ifndef TRANSFORM_MOMENT_H
#define TRANSFORM_MOMENT_H

#include "base/arena.h"

/* Exactly YYYY-MM-DD, a day of the real calendar. */
bool moment_is_date(str s);
/* Epoch seconds (10 digits) or milliseconds (13 digits). */
bool moment_from_epoch(str s, int64_t *ms);
/* RFC 3339 of an instant in the years 0001..9999 UTC. `s` is the text that was parsed: given back
 * when it has this form already, else the text is in the arena; `.at` NULL when it is full. */
str moment_text(int64_t ms, str s, struct arena *arena);
/* Whether `ms` lies in these years: a zone can move a time out of them. */
bool moment_in_range(int64_t ms);

#endif

/* Instants as milliseconds since 1970-01-01T00:00:00Z, and their texts. No clock is read here.
 *
 * Sources: RFC 3339; RFC 9110 section 5.6.7 (HTTP dates); SigV4's basic ISO 8601 form.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/buf.h"

enum {
    DATE_AMZ_LEN = 16,     /* 20150830T123600Z */
    DATE_RFC3339_LEN = 24, /* 2015-08-30T12:36:00.000Z */
};

/* RFC 3339 with a zone, of the real calendar, years 0001..9999: "2026-08-30T12:36:00.5+02:00".
 * Digits past the millisecond are cut. A leap second (:60) counts as the second before. False on
 * anything else. */
bool date_parse_rfc3339(str s, int64_t *ms);
/* "Sun, 06 Nov 1994 08:49:37 GMT", the form that servers send. */
bool date_parse_http(str s, int64_t *ms);
/* "20150830T123600Z", of 1970 or later: exactly what date_add_amz writes. */
bool date_parse_amz(str s, int64_t *ms);
/* Only for 0 <= ms < year 10000; other instants are clamped. */
void date_add_rfc3339(struct buf *b, int64_t ms);
void date_add_amz(struct buf *b, int64_t ms);

#endif

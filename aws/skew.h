/* How far our clock is from a service's, learned from every reply's Date header: a signature is
 * refused when it is more than some minutes off. Pure.
 * Source: docs.aws.amazon.com/sdkref/latest/guide (the clock skew rule of 2026)
 */
#ifndef AWS_SKEW_H
#define AWS_SKEW_H

#include "base/str.h"

/* When a request went out and its reply's head came in (our clock), and what the reply says. */
struct skew_sample {
    int64_t sent_ms, received_ms;
    str date; /* the Date header, RFC 9110's IMF-fixdate; may be empty */
    str age;  /* the Age header: from a cache, whose Date says nothing; may be empty */
};

/* Service's clock minus ours. False when the sample says nothing: no readable date, an Age, or more
 * than 15 minutes between request and reply. */
bool skew_measure(const struct skew_sample *sample, int64_t *skew_ms);
/* Whether a failure of this code may come from that skew (4 minutes or more of it), so that it is
 * worth another attempt with the corrected time. */
bool skew_explains(int64_t skew_ms, str code);

#endif

/* How far our clock is from a service's, learned from every reply's Date header: a signature is
 * refused when it is more than some minutes off. Pure.
 * Source: the rule of AWS's SDKs since 2026, docs.aws.amazon.com/sdkref/latest/guide
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

/* The service's clock minus ours, taken at the middle of the exchange: 0 for a request sent at 0 s
 * and answered at 2 s with a Date of 1 s. False when the sample says nothing: no readable date, an
 * Age, our clock set back meanwhile, or more than 15 minutes between request and reply. */
bool skew_measure(const struct skew_sample *sample, int64_t *skew_ms);
/* Whether a refusal with this code may come from a signature whose time was `off_ms` from the
 * service's clock, so that it is worth another attempt at the right time: by 4 minutes or more. */
bool skew_explains(int64_t off_ms, str code);

#endif

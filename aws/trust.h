/* Which certificate authorities a TLS connection trusts, at the least cost for the first one.
 *
 * AWS's endpoints chain to five roots of Amazon Trust Services. Reading a system's bundle of 145
 * certificates takes 15 ms at full speed, and twenty times that on a small Lambda; so these five
 * are compiled in, and each is decoded only when a chain asks for it. All connections share one
 * store. A host that is not AWS's, or AWS_CA_BUNDLE, gets the files instead. Source:
 * www.amazontrust.com/repository
 */
#ifndef AWS_TRUST_H
#define AWS_TRUST_H

#include "base/err.h"

struct trust;

/* `ca_bundle` is a file of certificates to trust instead of all others; may be empty. Reads
 * nothing yet but whether that file can be. ERR_DENIED when it cannot; ERR_LIMIT. */
err trust_open(struct trust **out, str ca_bundle, struct why *why) MUST_USE;
/* NULL is allowed. No connection may be open. */
void trust_close(struct trust *trust);
/* Makes libcurl's easy handle verify by it. The trust must outlive the handle's connections. */
bool trust_apply(struct trust *trust, void *curl);

#endif

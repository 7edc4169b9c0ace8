/* Which certificate authorities a TLS connection trusts, at the least cost for the first one.
 *
 * AWS's endpoints chain to five roots of Amazon Trust Services. Reading a system's bundle of 145
 * certificates takes 15 ms at full speed, and twenty times that on a small Lambda; so these five
 * are compiled in, and one is decoded only when a chain asks for it. When a chain ends in none of
 * them, the system's bundle is read after all, once: trust_widen. All connections share one store.
 * Source: docs.openssl.org/3.0/man3/X509_LOOKUP_meth_new
 */
#ifndef AWS_TRUST_H
#define AWS_TRUST_H

#include "aws/trust_roots.h"
#include "base/err.h"

struct trust;

/* Zeroed: AWS's roots, then the system's. */
struct trust_config {
    str ca_bundle;                  /* a PEM file to trust instead of all others; may be empty */
    const struct trust_root *roots; /* NULL: AWS's */
    size_t root_count;
    const char *system_bundle; /* a PEM file; NULL: the system's own */
};

/* Nothing is read yet. ERR_BUG when libcurl does not use OpenSSL; ERR_LIMIT. The roots and the
 * system bundle's name are borrowed. */
err trust_open(struct trust **out, const struct trust_config *config, struct why *why) MUST_USE;
/* NULL is allowed. No connection may be open. */
void trust_close(struct trust *trust);
/* Makes libcurl's easy handle verify by it. The trust must outlive the handle's connections. */
bool trust_apply(struct trust *trust, void *curl);
/* After a certificate was refused: adds what the system trusts, once. False when nothing could be
 * added, so that the refusal stands. */
bool trust_widen(struct trust *trust);
/* Whether a refusal is final: there is nothing more to add. */
bool trust_is_wide(const struct trust *trust);

#endif

/* The roots of Amazon Trust Services, to which AWS's endpoints chain, as DER. For trust only.
 * Source: www.amazontrust.com/repository
 */
#ifndef AWS_TRUST_ROOTS_H
#define AWS_TRUST_ROOTS_H

#include <stddef.h>

enum { TRUST_AMAZON_ROOTS = 5 };

struct trust_root {
    const unsigned char *der;
    size_t len;
    size_t subject_at, subject_len; /* of the subject's name within it */
};

extern const struct trust_root trust_amazon_roots[TRUST_AMAZON_ROOTS];

#endif

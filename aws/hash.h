/* SHA-256 and HMAC-SHA-256 over OpenSSL's EVP, and hexadecimal. No OpenSSL type shows. */
#ifndef AWS_HASH_H
#define AWS_HASH_H

#include "base/buf.h"

enum { HASH_LEN = 32, HASH_HEX_LEN = 64 };

/* These end the process only when OpenSSL itself cannot run (no SHA-256 provider, no memory for
 * its context), as nothing could be signed then. */
void hash_sha256(str bytes, unsigned char out[HASH_LEN]);
void hash_hmac(str key, str bytes, unsigned char out[HASH_LEN]);
/* Lower case; not NUL-terminated. */
void hash_hex(const unsigned char *bytes, size_t len, char *out);
/* hash_sha256 as hexadecimal. */
void hash_sha256_hex(str bytes, char out[HASH_HEX_LEN]);

#endif

/* The checksums that services send with their replies: CRC-32, CRC-32C and CRC-64/NVME of our own,
 * SHA-1 and SHA-256 of libcrypto. Fed piece by piece, so that they cross resumed downloads.
 * Source: docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
#ifndef AWS_CHECKSUM_H
#define AWS_CHECKSUM_H

#include "base/err.h"

enum checksum_kind {
    CHECKSUM_NONE,
    CHECKSUM_CRC64NVME,
    CHECKSUM_CRC32C,
    CHECKSUM_CRC32,
    CHECKSUM_SHA1,
    CHECKSUM_SHA256,
};

enum { CHECKSUM_MAX_LEN = 32 };

/* A checksum under way. */
struct checksum {
    enum checksum_kind kind;
    uint64_t crc;
    void *sha; /* libcrypto's context */
};

/* ERR_LIMIT when there is no memory. */
err checksum_begin(struct checksum *checksum, enum checksum_kind kind, struct why *why) MUST_USE;
void checksum_add(struct checksum *checksum, str bytes);
/* Whether all that was added has the checksum `base64`, as in an x-amz-checksum-* header. Ends
 * it. */
bool checksum_matches(struct checksum *checksum, str base64);
/* Safe on zeroed memory and twice. */
void checksum_close(struct checksum *checksum);

/* CRC-32 (of zlib, gzip) of `bytes`, going on from `crc`; begin with 0. */
uint32_t checksum_crc32(uint32_t crc, str bytes);

#endif

/* gzip made for tests: of several members, of small blocks, with all that a header may hold. */
#ifndef TEST_SUPPORT_GZIP_H
#define TEST_SUPPORT_GZIP_H

#include "base/buf.h"

struct gzip_how {
    size_t member_bytes; /* of the text in each member; 0: one member */
    size_t flush_bytes;  /* an empty block after so many bytes; 0: none */
    bool small_blocks;   /* of 128 symbols */
    bool stored;         /* not compressed */
    bool full_header;    /* with a name, a comment, extra bytes and a CRC of its own */
    size_t padding;      /* zeros at the end */
};

void gzip_add(struct buf *out, str text, const struct gzip_how *how);

#endif

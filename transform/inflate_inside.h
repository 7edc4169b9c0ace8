/* The inside of inflate.c and inflate_point.c, for them alone. */
#ifndef TRANSFORM_INFLATE_INSIDE_H
#define TRANSFORM_INFLATE_INSIDE_H

#include "transform/inflate.h"

#define ZLIB_CONST
#include <zlib.h>

enum {
    INFLATE_INPUT_BYTES = 16 * 1024, /* a thousand times as much may come out of it */
    INFLATE_POINTS = 4,
    INFLATE_MEMORY_BYTES = 128 * 1024, /* more than zlib needs */
};

enum inflate_place {
    INFLATE_PLAIN,
    INFLATE_AT_BITS, /* of a byte of which some are used already */
    INFLATE_AT_HEADER,
    INFLATE_AT_DATA,
    INFLATE_AT_TRAILER,
    INFLATE_AT_NEXT, /* a member, padding or the end */
    INFLATE_AT_END,
};

struct inflate {
    struct source source;
    z_stream z;
    struct arena memory; /* zlib's */
    unsigned char *input;
    uint64_t read; /* offset of the compressed byte after those read */
    uint64_t out;  /* offset of the next byte that comes out */
    uint64_t skip; /* so many bytes are not wanted */
    bool source_ended;
    enum inflate_place place;
    unsigned bits; /* of struct inflate_point */
    uint32_t crc;  /* of the member so far; of its header in INFLATE_AT_HEADER */
    uint32_t length;
    const char *flaw; /* what is wrong with the data */
    struct inflate_point first, points[INFLATE_POINTS];
    unsigned char *windows; /* of the points, INFLATE_WINDOW_BYTES each */
    size_t point_count;     /* ever noted */
    uint64_t spacing;       /* of points, in bytes that come out */
};

/* zlib's memory from the arena that `opaque` points at. */
voidpf inflate_zalloc(voidpf opaque, uInt items, uInt size);
void inflate_zfree(voidpf opaque, voidpf address);
/* Notes the place where reading stands, when the last one is far enough behind. */
void inflate_note_point(struct inflate *f);

#endif

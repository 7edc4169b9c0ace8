/* gzip as a source over a source: what is read is the data of all its members, one after the other.
 *
 * Whether a source is gzip its first two bytes tell; one that is not is handed through. Each
 * member's length and CRC are checked; zeros after the last member are padding. Constant memory,
 * all of it from the arena, whatever the data turn into.
 *
 * On the way places are noted from which another process can go on in the middle of a member.
 * Source: RFC 1951 and 1952, and the manual of zlib (inflatePrime, inflateSetDictionary).
 */
#ifndef TRANSFORM_INFLATE_H
#define TRANSFORM_INFLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/source.h"

enum { INFLATE_WINDOW_BYTES = 32 * 1024 };

/* A place to go on from. */
struct inflate_point {
    uint64_t in;     /* offset of the compressed byte to read first */
    uint64_t out;    /* offset of the byte that comes out first */
    bool inside;     /* a member's data go on here; else a member begins, and the rest is zero */
    unsigned bits;   /* 1..7: so many high bits of the byte at `in` are still to be read; 0: all */
    uint32_t crc;    /* of the member's bytes before */
    uint32_t length; /* of them, modulo 2^32 */
    str window;      /* what came out before, as far as the data may refer to it */
};

struct inflate; /* lies in the arena */

struct inflate_options {
    const struct inflate_point *from; /* `source` starts at its byte `in`; NULL: at the beginning */
    uint64_t offset;                  /* of the byte to give first, at or after from->out; else 0 */
    size_t lag;                       /* going on may have to begin so far behind what was given */
};

bool inflate_is_gzip(str text);
/* From the beginning of a source this reads its first bytes, and fails as they do. ERR_LIMIT when
 * the arena is full. */
err inflate_open(struct source source, const struct inflate_options *options, struct arena *arena,
                 struct inflate **out, struct why *why) MUST_USE;
/* False when the source is handed through. */
bool inflate_is_packed(const struct inflate *f);
/* ERR_INPUT, when all that came before has been given, for data that are broken or end early;
 * else fails as what it reads from. */
struct source inflate_source(struct inflate *f);
/* Whether it was the data that made reading fail. */
bool inflate_is_broken(const struct inflate *f);

/* --- inflate_point.c --- */

/* The last place noted from which the byte at `offset` can be read again; at worst the one that was
 * begun at. Its window is good as long as `f`. */
struct inflate_point inflate_point_before(const struct inflate *f, uint64_t offset);
/* Appends the window in deflate's own form. False when the arena or the buffer is full. */
bool inflate_pack_window(str window, struct arena scratch, struct buf *out);
/* The other way, into the arena. False when the arena is full or it is not such a window. */
bool inflate_unpack_window(str packed, struct arena *arena, str *window);

#endif

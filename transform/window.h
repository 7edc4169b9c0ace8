/* The bytes of a source that were read and are not consumed yet, in memory of a fixed size.
 *
 * Whoever finds that a record does not end in the window asks for twice the bytes and reads the
 * record again: the work stays linear in the length of the record. What is left moves to the front
 * before each read, so that small records touch little memory however large the window is.
 */
#ifndef TRANSFORM_WINDOW_H
#define TRANSFORM_WINDOW_H

#include "base/arena.h"
#include "base/source.h"

enum { WINDOW_READ_BYTES = 64 * 1024 }; /* asked of the source at a time */

struct window {
    struct source source;
    char *memory;
    size_t room;
    size_t at, end;        /* memory[at..end) is not consumed */
    size_t hold;           /* so many bytes at the front of memory stay where they are */
    bool ended;            /* the source has nothing more */
    struct why failed;     /* the source's failure, once there was one */
    uint64_t offset, line; /* of memory[at] in the source: bytes from 0, lines from 1 */
};

/* A window that can hold a text of `longest` bytes and what is read after it. False when the arena
 * is full. */
bool window_init(struct window *w, struct source source, size_t longest, struct arena *arena);
/* What is there; it moves with window_read and window_hold. */
str window_text(const struct window *w);
/* True when no byte more can be read unless some are consumed. */
bool window_full(const struct window *w);
/* Reads until `want` bytes are there, the window is full or the source has ended. Where the source
 * fails after it gave something, that is OK, and the failure comes with the next call: what came
 * before may complete a record. */
err window_read(struct window *w, size_t want, struct why *why) MUST_USE;
/* Consumes `len` bytes in which `lines` lines end. */
void window_take(struct window *w, size_t len, uint64_t lines);
/* From here on the first `limit` bytes that are consumed stay at hand, until window_release. */
void window_hold(struct window *w, size_t limit);
str window_held(const struct window *w);
void window_release(struct window *w);

#endif

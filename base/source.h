/* Bytes to pull: an S3 object being downloaded, a message body, a test's array.
 *
 * `read` puts 1..room bytes at `into` and says how many in `got`; 0 means the end, and only the
 * true end: a source that breaks off early returns a failure instead. A source is owned by whoever
 * opened it.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include "base/err.h"

struct source {
    err (*read)(void *ctx, char *into, size_t room, size_t *got, struct why *why);
    void *ctx;
};

/* A source over text in memory: `left` is what has not been read yet. */
struct source source_of_text(str *left);

#endif

/* A message of the rejects queue, read: {"rejects":[..]} as the function writes it.
 *
 * Anybody who may send to the queue may have written it. What is given as a reject has an id that
 * is 64 hexadecimal digits and raw bytes that were proper base64; its other texts may hold anything
 * but NUL.
 */
#ifndef DEPLOY_REPLAY_KEPT_H
#define DEPLOY_REPLAY_KEPT_H

#include "base/arena.h"
#include "base/err.h"

#include <jansson.h>

struct kept {
    json_t *root, *rejects;
    size_t count;
};

/* All but `raw` is borrowed from the struct kept. */
struct kept_reject {
    str id, reason, text, field, source;
    uint64_t offset, length, line;
    bool cut; /* `raw` is not all of the record */
    str raw;  /* in the arena */
};

/* ERR_INPUT when the message is not of that form, or has no reject in it. */
err kept_read(struct kept *kept, str body, struct why *why) MUST_USE;
/* Safe on zeroed memory and twice. */
void kept_close(struct kept *kept);
/* The i-th, i < count. ERR_INPUT when a member is missing or of another type; ERR_LIMIT when the
 * arena has no room. */
err kept_reject(const struct kept *kept, size_t i, struct arena *arena, struct kept_reject *out,
                struct why *why) MUST_USE;

#endif

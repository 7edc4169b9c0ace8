/* The message by which an object that does not fit into one invocation is gone on with in the next.
 *
 * {"user-ingest-continuation":{"version":1,"job":"<request id of the first invocation>","hop":1,
 *   "stalled":0,"format":"csv","offset":120,"line":4,"place":1,"wrapped":false,"delimiter":";",
 *   "columns":"user_id,user_name","gzip":{"in":60,"out":0,"inside":true,"bits":3,"crc":1,
 *   "length":2,"window":"<base64 of raw deflate>"},"record":{<an S3 notification's record>}}}
 *
 * "record" has the object with its ETag or version, and the event's time and sequencer, so that a
 * user gets the same `_v` as if the object had been read in one go. "offset" and "line" are those
 * of the first record that is not durable, in what comes out of the gzip if it is one. In "columns"
 * each byte of a name that is no printable ASCII, and '%' and ',', is %XX.
 *
 * Whoever can send to the queue can write one, as he can an S3 notification: what it says is
 * bounded and checked, and can do no more than that or a message of users could.
 */
#ifndef TRANSFORM_CONTINUATION_H
#define TRANSFORM_CONTINUATION_H

#include "transform/event.h"
#include "transform/event_parts.h"
#include "transform/inflate.h"

enum { CONTINUATION_MAX_STALLED = 3, CONTINUATION_MAX_BYTES = 1024 * 1024 };

struct continuation {
    str job;
    uint64_t hop;     /* how many invocations there were before */
    uint64_t stalled; /* how many of them, to the last, did not get past `state.at` */
    struct record_state state;
    bool packed;
    struct inflate_point point; /* when packed */
    /* As they stand in the message, when it was read: decoded by continuation_unpack. */
    str columns, window;
};

/* Appends the message that goes on with `input`, an object with ETag or version. False when the
 * arena or the buffer is full. */
bool continuation_write(struct buf *b, const struct continuation *c, const struct input *input,
                        struct arena scratch);
/* Fills `input`: INPUT_OBJECT with `from`, or INPUT_BAD with E_CONTINUATION, E_KEY or
 * E_EVENT_RECORD. ERR_LIMIT when the arena is full. */
err continuation_read(const struct event_parts *parts, struct arena *arena,
                      struct input *input) MUST_USE;
/* A copy with all of `state` and `point`, which lie in the arena. False when that is full or they
 * are no columns and no window. */
bool continuation_unpack(const struct continuation *c, struct arena *arena,
                         struct continuation *out);

#endif

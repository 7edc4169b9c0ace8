/* The parts of an event's objects that matter, picked out in one pass and in any order.
 *
 * A table says which members of an object are wanted, and which of those have members in their
 * turn. Values stay as they stand in the text; event_parts_text decodes one when it is wanted.
 */
#ifndef TRANSFORM_EVENT_PARTS_H
#define TRANSFORM_EVENT_PARTS_H

#include "base/err.h"
#include "base/json.h"

enum event_part {
    PART_NONE,
    /* of one of "Records" */
    PART_SOURCE,
    PART_ARN,
    PART_EVENT_NAME,
    PART_EVENT_TIME,
    PART_MESSAGE_ID,
    PART_BODY,
    PART_SENT,
    PART_GROUP,
    PART_DATA,
    PART_SEQUENCE,
    PART_ARRIVAL,
    /* of an S3 object */
    PART_BUCKET,
    PART_KEY,
    PART_SIZE,
    PART_ETAG,
    PART_VERSION,
    PART_SEQUENCER,
    /* of what has no "Records" */
    PART_BUS_SOURCE,
    PART_DETAIL_TYPE,
    PART_EVENT,
    PART_TYPE,
    PART_TOPIC,
    PART_MESSAGE,
    PART_DIRECT_RECORDS,
    PART_DIRECT_OBJECT,
    /* of a continuation; see continuation.h */
    PART_CONTINUATION,
    PART_FORM,
    PART_JOB,
    PART_HOP,
    PART_STALLED,
    PART_FORMAT,
    PART_OFFSET,
    PART_LINE,
    PART_PLACE,
    PART_WRAPPED,
    PART_DELIMITER,
    PART_COLUMNS,
    PART_GZIP,
    PART_GZIP_IN,
    PART_GZIP_OUT,
    PART_GZIP_INSIDE,
    PART_GZIP_BITS,
    PART_GZIP_CRC,
    PART_GZIP_LENGTH,
    PART_GZIP_WINDOW,
    PART_COUNT,
};

struct event_parts {
    str json; /* the whole object, set by the caller */
    struct {
        enum json_kind kind; /* JSON_BAD when absent */
        str raw;             /* of strings and numbers */
    } of[PART_COUNT];
};

struct event_member {
    str name;
    enum event_part part;              /* PART_NONE: not wanted itself, but .. */
    const struct event_member *inside; /* .. some of its members are; or NULL */
};

/* Tables of one of "Records", whatever its source, and of the root of all else. Their last row has
 * no name. */
extern const struct event_member event_parts_record[], event_parts_root[];

/* json_next has given `name` and then its value, the last token: takes the value or skips it. */
void event_parts_take(struct json *j, const struct event_member *table, str name,
                      struct event_parts *parts);
/* json_next has opened an object: reads to its close, or to where the text turns out bad. */
void event_parts_read(struct json *j, const struct event_member *table, struct event_parts *parts);

bool event_parts_has_string(const struct event_parts *parts, enum event_part part);
/* A string decoded (into the arena if it holds escapes), empty when there is none. ERR_LIMIT when
 * the arena is full. */
err event_parts_text(const struct event_parts *parts, enum event_part part, struct arena *arena,
                     str *out) MUST_USE;
/* A number of seconds ("1545084650.987", "1.545084650987E9") in milliseconds; 0 when there is none,
 * it is negative or too large. */
int64_t event_parts_ms(const struct event_parts *parts, enum event_part part);

#endif

/* A source of bytes cut into records of named fields: key=value blocks, JSON objects (one, several,
 * NDJSON, in an array, in {"users":[..]} or {"records":[..]}), CSV rows with a header.
 *
 * Only the text's first object may wrap arrays, and a member user_id before them makes it a record
 * instead. All its arrays named so are read, its other members passed over. Names are compared for
 * duplicates in the record itself, not in what it nests.
 *
 * Constant memory: one window that holds the longest record allowed. A bad record comes out as a
 * record too, with its reason, and reading goes on after it. Fields are raw: record_text decodes
 * one when it is wanted.
 */
#ifndef TRANSFORM_RECORD_H
#define TRANSFORM_RECORD_H

#include "base/arena.h"
#include "base/source.h"
#include "transform/reason.h"

enum {
    RECORD_MAX_FIELDS = 1024,
    RECORD_NAMES_BYTES = 64 * 1024, /* for names that outlive their text */
};

enum record_format { FORMAT_UNKNOWN, FORMAT_KV, FORMAT_JSON, FORMAT_CSV };

enum field_type {
    FIELD_STRING,      /* text as it stands */
    FIELD_JSON_STRING, /* text with JSON escapes */
    FIELD_CSV_QUOTED,  /* text with doubled quotes */
    FIELD_NUMBER,
    FIELD_BOOL,
    FIELD_NULL,
    FIELD_NESTED, /* an object or an array */
};

struct field {
    str name; /* decoded; for CSV the canonical name (aliases resolved, lower case) */
    str value;
    enum field_type type;
};

/* Borrowed from the reader: good until the next record_next. */
struct record {
    enum reason bad; /* REASON_NONE, or why it is to be rejected; then there are no fields */
    uint64_t offset; /* of its first byte in the source, from 0 */
    uint64_t length; /* in bytes, of what is rejected or consumed for it */
    uint64_t line;   /* of its first byte, from 1 */
    str raw;         /* its bytes, or the first of them when it is too long for the window */
    struct field *fields;
    size_t field_count;
};

struct record_reader; /* lies in the arena */

/* Where a reader stands between two records. */
struct record_mark {
    uint64_t offset, line;
    unsigned char place; /* the format's own word for it; less than RECORD_PLACES */
};
enum { RECORD_PLACES = 6 };

/* What it takes to read on from a mark in another process. At offset 0 only `at` counts. */
struct record_state {
    struct record_mark at;
    enum record_format format;
    bool wrapped;        /* JSON: arrays are members of an object */
    char delimiter;      /* CSV: between the columns .. */
    const str *columns;  /* .. and their names, .. */
    size_t column_count; /* .. at most RECORD_MAX_FIELDS */
};

struct record_options {
    enum record_format format; /* from record_format_of, or FORMAT_UNKNOWN to look at the bytes */
    size_t max_record_bytes;
    /* The source starts at its mark. Its names must outlive the reader. NULL: at the beginning. */
    const struct record_state *from;
};

/* By content type, then by the key's suffix (".gz" taken off first); FORMAT_UNKNOWN when neither
 * says. */
enum record_format record_format_of(str content_type, str key);
/* Whether content encoding or suffix say that the bytes are not the text itself. */
bool record_is_encoded(str content_encoding, str key);
/* Takes the window and its tables from the arena. ERR_LIMIT when it is full. */
err record_open(struct source source, const struct record_options *options, struct arena *arena,
                struct record_reader **out, struct why *why) MUST_USE;
/* The next record, good or bad, in *out; NULL at the end. A failure is the source's own. */
err record_next(struct record_reader *reader, struct record **out, struct why *why) MUST_USE;
/* Where the next record will be looked for. */
struct record_mark record_where(const struct record_reader *reader);
/* What it takes to go on at `at`, a mark of this reader's. The names are the reader's own, their
 * table comes from the arena; false when that is full. */
bool record_save(const struct record_reader *reader, const struct record_mark *at,
                 struct arena *arena, struct record_state *out);
/* After a failure: what is left in the window of a record that does not end there, as a bad one
 * without a reason. Its `raw` is not longer than what is at hand. */
struct record record_rest(const struct record_reader *reader);
/* The field's text decoded (into the arena if need be); `.at` NULL when the arena is full. For
 * NUMBER its digits; for BOOL, NULL and NESTED its JSON. */
str record_text(const struct field *field, struct arena *arena);

#endif

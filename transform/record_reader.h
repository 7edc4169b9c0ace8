/* The record reader's inside: what record.c and the formats' files share, for them alone.
 *
 * A format reads a record from what the window holds. Does the record not end there, it lets the
 * window read on and starts the record over; nothing is consumed before the record is complete.
 */
#ifndef TRANSFORM_RECORD_READER_H
#define TRANSFORM_RECORD_READER_H

#include "transform/record.h"
#include "transform/record_scan.h"
#include "transform/window.h"

enum { RECORD_KEPT_BYTES = 64 * 1024 }; /* of a record too long for the window */

/* Where reading stands in JSON text. */
enum json_place {
    JSON_AT_START,
    JSON_AT_VALUE,         /* in no array */
    JSON_AT_FIRST_ELEMENT, /* after the array's bracket */
    JSON_AT_ELEMENT,       /* after an element: a comma or the close must come */
    JSON_AT_FIRST_MEMBER,  /* the same in the object around the arrays */
    JSON_AT_MEMBER,
};
_Static_assert((int)JSON_AT_MEMBER < (int)RECORD_PLACES, "marks hold any of them");

struct csv_layout {
    bool ready; /* the header was read */
    char delimiter;
    size_t columns; /* at most RECORD_MAX_FIELDS */
};

struct record_reader {
    struct window window;
    enum record_format format;
    size_t max_record_bytes;
    err failed; /* the source's failure: there is no going on after it */
    bool started;
    struct record record;
    /* To see a name that comes again: a bit for each tag in use, and the tag of each field. */
    uint64_t tags_used;
    unsigned char *tags;
    struct arena names;      /* the memory for names that cannot stay in the window .. */
    struct arena names_left; /* .. and what is left of it */
    enum json_place json_place;
    bool json_wrapped; /* arrays are members of an object */
    struct csv_layout csv;
};

/* A line of the text: without its end, and how many bytes it takes with it. */
struct record_line {
    str text;
    size_t end; /* 0: there is no line, the source has ended */
    bool open;  /* too long: its end is not in the window */
};

/* The formats: the next record into r->record, or not `found` at the end. */
err record_kv_next(struct record_reader *r, bool *found, struct why *why) MUST_USE;
err record_json_next(struct record_reader *r, bool *found, struct why *why) MUST_USE;
err record_csv_next(struct record_reader *r, bool *found, struct why *why) MUST_USE;
/* By the first bytes, which stay where they are except for blank lines. */
err record_format_sniff(struct record_reader *r, enum record_format *out, struct why *why) MUST_USE;

/* A new record, without fields, at the window's first byte. */
void record_reader_begin(struct record_reader *r);
/* Marks the record as bad when its `len` bytes are not UTF-8. */
void record_reader_check_utf8(struct record_reader *r, size_t len);
/* The record is the next `len` bytes; consumes `end` bytes, in which `lines` lines end. */
void record_reader_finish(struct record_reader *r, size_t len, size_t end, uint64_t lines);
/* The field of this name, and whether it was there before; NULL when there is no room. */
struct field *record_reader_field(struct record_reader *r, str name, bool *known);
/* Consumes all that the scan passes over, and makes a bad record of it. */
err record_reader_reject(struct record_reader *r, enum reason reason, struct record_scan *scan,
                         struct why *why) MUST_USE;
uint64_t record_reader_count_newlines(str text);
/* How much of a bad record to keep at hand. */
size_t record_reader_kept_bytes(const struct record_reader *r);

/* The line at the start of the text, ended by LF, CRLF or CR; false when its end cannot be seen yet
 * and the text is not whole. */
bool record_reader_cut_line(str text, bool whole, struct record_line *line);
/* Reads on until the window holds the whole line at its start, or as much as fits. */
err record_reader_line(struct record_reader *r, struct record_line *line, struct why *why) MUST_USE;
/* Consumes the lines at the start that hold nothing but spaces and TABs. */
err record_reader_skip_blank_lines(struct record_reader *r, struct why *why) MUST_USE;

#endif

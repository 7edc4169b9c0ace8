/* How a bad record's end is found without holding the record: text after text goes through a scan
 * of a few bytes of state.
 */
#ifndef TRANSFORM_RECORD_SCAN_H
#define TRANSFORM_RECORD_SCAN_H

#include "base/str.h"

struct record_scan {
    /* The bytes of `text` before the end, which sets `found`; all of them when it is not there. */
    size_t (*step)(struct record_scan *scan, str text);
    bool found;
    bool after_newline;
    bool in_string, escaped;
    uint64_t depth;
};

/* The bytes before the first LF or CR; all when there is none. */
size_t record_scan_line_len(str text);

/* There is no end but the source's. */
struct record_scan record_scan_all(void);
/* Before the next LF. */
struct record_scan record_scan_to_newline(void);
/* Before the next LF or CR. */
struct record_scan record_scan_to_line_end(void);
/* Before the next line that begins with a brace: where a broken object of several lines is most
 * likely over. */
struct record_scan record_scan_to_object_line(void);
/* After the bracket or quote that closes a JSON value, or before the comma or bracket that follows
 * a number or word. `depth` brackets are open already. Only brackets and strings are looked at. */
struct record_scan record_scan_json(uint64_t depth);

#endif

/* Records as text, so that a test can say in a line what it expects: for each record
 *
 *     <offset>+<length>@<line> name=value name:value ...
 *
 * with = for text (decoded, LF as \n) and : for other JSON, or the code of what is wrong with it.
 * What must hold for every input is checked on the way, and ends the process when it does not.
 */
#ifndef TEST_SUPPORT_RECORDS_H
#define TEST_SUPPORT_RECORDS_H

#include "base/buf.h"
#include "transform/record.h"

struct records_reading {
    enum record_format format;
    size_t max_record_bytes; /* 0: 1 MiB */
    size_t chunk;            /* bytes the source gives at a time; 0: all it can */
    uint64_t seed;           /* not 0: 1..chunk bytes at a time, at random */
    bool fails;              /* ERR_BUSY once ..  */
    size_t fails_after;      /* .. after so many bytes */
};

/* Reads all records of `text`, and appends them to `out`, one a line. Returns how it ended. */
enum err_kind records_dump(str text, const struct records_reading *reading, struct buf *out);
/* How much of its memory the reader touched for that, in bytes. */
size_t records_touched(str text, const struct records_reading *reading);

#endif

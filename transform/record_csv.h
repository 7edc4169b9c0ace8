/* Rows of CSV, for record_csv.c and record_csv_header.c alone. */
#ifndef TRANSFORM_RECORD_CSV_H
#define TRANSFORM_RECORD_CSV_H

#include "transform/record_reader.h"

enum record_csv_end {
    RECORD_CSV_WHOLE,
    RECORD_CSV_SHORT, /* the row may go on after the text */
    RECORD_CSV_QUOTE, /* a quote is not closed, or more follows where it is */
};

struct record_csv_row {
    size_t cells;
    size_t len, end; /* bytes, without and with its line end */
    uint64_t lines;  /* that end in it */
    bool quoted;     /* a value is */
    bool blank;      /* nothing stands on the line */
};

/* The row at the start of the text into the reader's fields, but for their names; cells past
 * csv.columns are only counted. */
enum record_csv_end record_csv_read(struct record_reader *r, str text, bool whole,
                                    struct record_csv_row *row);
/* The row at the window's start, which reads on as far as it takes; SHORT when the row does not
 * fit. */
err record_csv_complete(struct record_reader *r, struct record_csv_row *row,
                        enum record_csv_end *how, struct why *why) MUST_USE;

/* Is it a header with a column for user_id, or the line that names the delimiter? */
bool record_csv_header_is(struct record_reader *r, str line);
/* Reads the header into csv and the fields' names. Not `found` at the end; a reason when the rows
 * cannot be read, and then the header is not consumed. */
err record_csv_header_read(struct record_reader *r, bool *found, enum reason *bad,
                           struct why *why) MUST_USE;

#endif

/* Tables of what a text is read as. Each row is tried whole; cut into chunks of every size; cut off
 * at every byte, where no record may come out that the whole text would not begin; and from a
 * source that breaks at every byte, where nothing may come out but what stands complete before.
 */
#ifndef TEST_SUPPORT_RECORDS_EXPECT_H
#define TEST_SUPPORT_RECORDS_EXPECT_H

#include "test/support/records.h"

struct records_row {
    const char *word;     /* what the row is about */
    const char *text;     /* what is read */
    const char *expected; /* as records_dump writes it */
};

#define RECORDS_COUNT(rows) (sizeof(rows) / sizeof *(rows))

void records_expect(enum record_format format, const struct records_row *rows, size_t count);
/* The same for one text that is built, and read whole and in some chunks only. */
void records_expect_text(const char *word, const struct records_reading *reading, str text,
                         str expected);

#endif

/* Memory that ends where a page begins which nobody may touch: one byte read or written past the
 * end kills the test.
 */
#ifndef TEST_SUPPORT_GUARD_H
#define TEST_SUPPORT_GUARD_H

#include "base/str.h"

struct guard {
    char *at;
    size_t len; /* without the guarded page */
};

/* Room for texts of up to `room` bytes. Fails the test when there is no memory. */
void guard_init(struct guard *guard, size_t room);
void guard_close(struct guard *guard);
/* A copy of `s` that ends at the guarded page; good until the next one. */
str guard_lay(struct guard *guard, str s);
/* `len` bytes to write to, which end at the guarded page. */
char *guard_room(struct guard *guard, size_t len);

#endif

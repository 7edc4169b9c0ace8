/* A byte as "%XX": RFC 3986, section 2.1. Which bytes are written so differs from caller to caller.
 */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

#include "base/buf.h"

/* Appends it with upper-case digits. */
void percent_add(struct buf *b, char c);
/* The byte, 0 to 255, that `s` starts with as "%XX"; -1 when it does not start so. */
int percent_byte(str s);

#endif

/* A small file read whole: settings, a token.
 */
#ifndef AWS_FILE_H
#define AWS_FILE_H

#include "base/buf.h"

/* Appends what it holds. 0, or the errno: EFBIG when it does not fit. Of a pipe it takes what is
 * there and does not wait. */
int file_read(const char *path, struct buf *into);

#endif

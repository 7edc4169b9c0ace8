/* What of an object was received and not read yet: a ring of S3_WINDOW_BYTES. */
#ifndef AWS_S3_WINDOW_H
#define AWS_S3_WINDOW_H

#include "aws/s3.h"

/* Zeroed: empty. Its memory need not be. */
struct s3_window {
    size_t start, len;
    char memory[S3_WINDOW_BYTES];
};

/* All of the bytes or, false, none of them: there is no room. */
bool s3_window_put(struct s3_window *window, str bytes);
/* Up to `room` bytes; how many. */
size_t s3_window_get(struct s3_window *window, char *into, size_t room);

#endif

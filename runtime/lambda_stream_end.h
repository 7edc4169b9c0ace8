/* The runtime's side of a response that is sent while it is made. */
#ifndef RUNTIME_LAMBDA_STREAM_END_H
#define RUNTIME_LAMBDA_STREAM_END_H

#include "runtime/lambda_api.h"

struct lambda_stream {
    struct lambda_api *api;
    bool open; /* the handler has begun it: nothing else may be posted */
};

/* After the handler, when it is open: the end, as trailers when why->kind says that it failed. 0 to
 * go on, or the exit code. */
int lambda_stream_end(struct lambda_stream *stream, const struct why *why);

#endif

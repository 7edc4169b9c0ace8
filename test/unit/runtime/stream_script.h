/* For the tests of lambda_stream: a handler that does as it is told, on a scripted Runtime API. */
#ifndef TEST_UNIT_RUNTIME_STREAM_SCRIPT_H
#define TEST_UNIT_RUNTIME_STREAM_SCRIPT_H

#include "runtime/lambda_stream.h"
#include "test/unit/runtime/lambda_script.h"

/* What a handler does, in order; then it fails as `why` says. */
struct act {
    const struct lambda_stream_head *head; /* opens the response with it, when not NULL */
    const char *pieces[4];
    struct why why;
};

static inline err perform(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                          struct why *why)
{
    const struct act *act = ctx;
    buf_add(reply, STR("not to be sent"));
    if (act->head) {
        TRY(lambda_stream_open(in->stream, act->head, why));
    }
    for (size_t i = 0; i < COUNT(act->pieces) && act->pieces[i]; i++) {
        TRY(lambda_stream_write(in->stream, str_from(act->pieces[i]), why));
    }
    *why = act->why;
    return (err){act->why.kind};
}

#endif

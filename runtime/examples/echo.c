/* The smallest function: it answers with the event. */
#include "runtime/lambda.h"

static MUST_USE err echo(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                         struct why *why)
{
    (void)ctx;
    (void)why;
    buf_add(reply, in->event);
    return OK;
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    return lambda_run(&(struct lambda_config){.env = (const char *const *)env, .handler = echo});
}

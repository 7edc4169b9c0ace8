/* A function that fails as its event says: what a host makes of it is what test_rie.py looks at. */
#include "runtime/lambda.h"

#include <signal.h>
#include <stdlib.h>

static err fail(void *ctx, const struct lambda_invocation *in, struct buf *reply, struct why *why)
{
    (void)ctx;
    if (str_eq(in->event, STR("\"segv\""))) {
        (void)raise(SIGSEGV);
    }
    if (str_eq(in->event, STR("\"abort\""))) {
        abort();
    }
    if (str_eq(in->event, STR("\"typed\""))) {
        err_code(why, STR("Function.NoSuchUser"));
        return FAIL(why, ERR_MISSING, "no \"such\" user: \xc3\xa9\x01");
    }
    if (str_eq(in->event, STR("\"large\""))) {
        while (!reply->failed) {
            buf_add(reply, STR("0123456789abcdef"));
        }
        return OK;
    }
    buf_add(reply, STR("{\"deadline\":"));
    buf_i64(reply, lambda_remaining_ms(in));
    buf_add(reply, STR("}"));
    return OK;
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    return lambda_run(&(struct lambda_config){.env = (const char *const *)env, .handler = fail});
}

/* A response that is sent while it is made, for a function URL: the numbers up to the one in the
 * event, a line each. An event that is no number fails; one above half a million fails in the
 * middle of the response.
 */
#include "runtime/lambda_stream.h"

enum { MOST_LINES = 500000, LINES_A_PIECE = 1000 };

static MUST_USE err count(struct lambda_stream *stream, uint64_t last, struct why *why)
{
    char memory[16 * LINES_A_PIECE];
    struct buf piece;
    buf_wrap(&piece, memory, sizeof memory);
    for (uint64_t i = 1; i <= last; i++) {
        if (i > MOST_LINES) {
            return FAIL(why, ERR_LIMIT, "too far to count");
        }
        buf_u64(&piece, i);
        buf_char(&piece, '\n');
        if (i % LINES_A_PIECE == 0) {
            TRY(lambda_stream_write(stream, buf_str(&piece), why));
            buf_clear(&piece);
        }
    }
    return lambda_stream_write(stream, buf_str(&piece), why);
}

static MUST_USE err stream(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                           struct why *why)
{
    (void)ctx;
    (void)reply;
    uint64_t last = 0;
    const struct lambda_stream_head head = {
        .prelude = STR("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"text/plain\"}}")};
    if (!str_to_u64(str_trim(in->event), &last)) {
        return FAIL(why, ERR_INPUT, "the event is not a number");
    }
    TRY(lambda_stream_open(in->stream, &head, why));
    return count(in->stream, last, why);
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    return lambda_run(&(struct lambda_config){.env = (const char *const *)env, .handler = stream});
}

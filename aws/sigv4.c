#include "aws/sigv4.h"

#include "aws/canonical.h"
#include "base/date.h"

#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum {
    DAY_LEN = 8,            /* 20150830 */
    SCRATCH_MAX = 16 << 20, /* far past what any service takes */
};

static void open_scratch(struct sigv4_scratch *scratch)
{
    if (scratch->canonical.max == 0) {
        buf_init(&scratch->canonical, SCRATCH_MAX);
        buf_init(&scratch->text, SCRATCH_MAX);
        buf_init(&scratch->sorted, SCRATCH_MAX);
    }
    buf_clear(&scratch->canonical);
}

/* The texts hold the session token and, for a moment, the secret. */
static void wipe(struct buf *b)
{
    if (b->room) {
        explicit_bzero(b->at, b->room);
    }
    buf_close(b);
}

static void close_scratch(struct sigv4_scratch *scratch)
{
    wipe(&scratch->canonical);
    wipe(&scratch->text);
    wipe(&scratch->sorted);
}

static str add_request(struct sigv4_scratch *scratch, const struct sigv4_request *request,
                       struct why *why, err *result)
{
    str names = canonical_add_request(scratch, request);
    if (scratch->canonical.failed || scratch->text.failed || scratch->sorted.failed) {
        *result = FAIL(why, ERR_LIMIT, "no memory for signing a request");
    }
    return names;
}

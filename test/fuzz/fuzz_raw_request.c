/* Any text as sigv4's input: it is refused, or signed; and the signed request, read and signed
 * again, is the same to the byte.
 *
 * The first byte of an input chooses the options; the rest is the request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/tool/hints.h"
#include "test/fuzz/fuzz_main.h"

enum { ROOM = 1 << 20 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static struct sigv4_options options_of(uint8_t bits)
{
    return (struct sigv4_options){
        .service = bits & 1 ? STR("s3") : STR("sqs"),
        .region = STR("us-east-1"),
        .now_ms = 1440938160000,
        .query = bits & 2,
        .no_normalize = bits & 4,
        .single_encode = bits & 8,
        .sign_body = bits & 16,
        .omit_token = bits & 32,
    };
}

/* Appends the signed request; false when it was refused. */
static bool sign(str text, const struct sigv4_options *options, struct buf *out)
{
    const struct credentials credentials = {
        .access_key_id = STR("AKID"),
        .secret_access_key = STR("secret"),
        .session_token = STR("to/ken"),
    };
    struct raw_request request;
    const struct signing_order order = {&request, options, &credentials, 0};
    struct signing signing;
    struct buf hints;
    struct why why = {0};
    bool good = !raw_request_parse(&request, text, &why).kind;
    if (good) {
        good = !signing_make(&signing, &order, &why).kind;
        if (good) {
            buf_init(&hints, ROOM);
            signing_show(&signing, SIGV4_SHOW_REQUEST, out);
            hints_add(&signing, &hints);
            buf_close(&hints);
        }
        signing_close(&signing);
    }
    CHECK(good || why.kind == ERR_INPUT);
    raw_request_close(&request);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096) {
        return 0;
    }
    const struct sigv4_options options = options_of(data[0]);
    struct buf once;
    struct buf twice;
    buf_init(&once, ROOM);
    buf_init(&twice, ROOM);
    if (sign((str){(const char *)data + 1, size - 1}, &options, &once)) {
        CHECK(sign(buf_str(&once), &options, &twice));
        CHECK(str_eq(buf_str(&once), buf_str(&twice)));
    }
    buf_close(&once);
    buf_close(&twice);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("0GET /a b?c=d HTTP/1.1\nHost: h\n\n"),
        STR("3POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nA: 1\r\n  2\r\n\r\nbody"),
        STR("/PUT ?a&X-Amz-Date=x&X-Amz-Signature=y HTTP/1.0\nHost: h\nX-Amz-Content-Sha256: z\n"),
        STR("?GET //a/../%41 HTTP/1.1\nAuthorization: a, Signature=b\nX-Amz-Date: c\nHost: h\n"),
    };
    const str words[] = {
        STR("\n"),
        STR("\r\n"),
        STR("\r"),
        STR("\n "),
        STR("\n\n"),
        STR("\r\n\r\n"),
        STR(" HTTP/1.1"),
        STR("\nHost: h"),
        STR("Host:"),
        STR(":"),
        STR(" "),
        STR("\t"),
        STR("?"),
        STR("&"),
        STR("="),
        STR("%41"),
        STR("%"),
        STR("/../"),
        STR("//"),
        STR("\0"),
        STR("X-Amz-Date="),
        STR("X-Amz-Expires=9"),
        STR("\nX-Amz-Date: 20150830T123600Z"),
        STR("\xff"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

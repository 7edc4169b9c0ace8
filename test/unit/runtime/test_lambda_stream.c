#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "base/base64.h"
#include "runtime/http1_socket.h"
#include "test/unit/runtime/stream_script.h"

static struct script script;

#define REQUEST_LINE  "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: 127."
#define RESPONSE_HEAD "\r\nUser-Agent: serverless-user-management/1.0\r\n"
#define STREAM_HEADERS                                                                             \
    "Lambda-Runtime-Function-Response-Mode: streaming\r\n"                                         \
    "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"

/* One invocation whose post is accepted, then the end; the headers are those of /next. */
static void run_once(lambda_handler *handler, void *ctx, const char *headers)
{
    script_open(&script, handler, ctx);
    script_invocation(&script, headers, "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
}

static void assert_sent_once(const char *expected)
{
    if (script_received(&script, expected) != 1) {
        fail_msg("not sent: %s\nbut: %.*s", expected, (int)script.server.received.len,
                 script.server.received.at);
    }
}

static void a_response_goes_out_while_it_is_made(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {.content_type = STR("text/plain")};
    struct act act = {.head = &head, .pieces = {"hello", "", ", world!"}};
    run_once(perform, &act, "");
    assert_sent_once(REQUEST_LINE);
    assert_sent_once(RESPONSE_HEAD "Content-Type: text/plain\r\n" STREAM_HEADERS
                                   "Transfer-Encoding: chunked\r\n\r\n"
                                   "5\r\nhello\r\n8\r\n, world!\r\n0\r\n\r\nGET ");
    assert_int_equal(script_received(&script, "not to be sent"), 0);
    assert_int_equal(script_received(&script, "POST "), 1);
    assert_int_equal(script_logged(&script, "\"level\""), 1); /* the end of the script */
    script_close(&script);
}

static void a_response_without_a_type_is_bytes(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {0};
    struct act act = {.head = &head};
    run_once(perform, &act, "");
    assert_sent_once(RESPONSE_HEAD "Content-Type: application/octet-stream\r\n" STREAM_HEADERS
                                   "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ");
    script_close(&script);
}

static void a_prelude_ends_with_eight_nuls(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {.content_type = STR("text/plain"),
                                            .prelude = STR("{\"statusCode\":201}")};
    static const char expected[] = "\r\n\r\n12\r\n{\"statusCode\":201}\r\n"
                                   "8\r\n\0\0\0\0\0\0\0\0\r\n4\r\nbody\r\n0\r\n\r\n";
    struct act act = {.head = &head, .pieces = {"body"}};
    run_once(perform, &act, "");
    assert_sent_once(RESPONSE_HEAD
                     "Content-Type: application/vnd.awslambda.http-integration-response\r\n");
    assert_int_equal(script_received(&script, "text/plain"), 0);
    assert_non_null(memmem(script.server.received.at, script.server.received.len, expected,
                           sizeof expected - 1));
    script_close(&script);
}

static void the_invocation_id_is_echoed(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {0};
    struct act act = {.head = &head};
    run_once(perform, &act, "Lambda-Runtime-Invocation-Id: inv-9\r\n");
    assert_sent_once(STREAM_HEADERS "Lambda-Runtime-Invocation-Id: inv-9\r\n"
                                    "Transfer-Encoding: chunked\r\n\r\n");
    script_close(&script);
}

static void a_failure_in_the_middle_is_told_in_trailers(void **state)
{
    (void)state;
    static const char error[] = "{\"errorMessage\":\"the \\\"rest\\\" is gone\",\"errorType\":"
                                "\"Function.Busy\",\"stackTrace\":[\"aws/s3.c:12\"]}";
    const struct lambda_stream_head head = {.content_type = STR("text/plain")};
    struct act act = {
        .head = &head,
        .pieces = {"half"},
        .why = {.kind = ERR_BUSY, .file = "aws/s3.c", .line = 12, .text = "the \"rest\" is gone"}};
    char expected[1000];
    struct buf wanted;
    buf_wrap(&wanted, expected, sizeof expected - 1);
    buf_add(&wanted, STR("\r\n\r\n4\r\nhalf\r\n0\r\n"
                         "Lambda-Runtime-Function-Error-Type: Function.Busy\r\n"
                         "Lambda-Runtime-Function-Error-Body: "));
    base64_add(&wanted, str_from(error));
    buf_add(&wanted, STR("\r\n\r\nGET "));
    buf_char(&wanted, 0);
    run_once(perform, &act, "");
    assert_sent_once(expected);
    assert_int_equal(script_received(&script, "/error"), 0);
    assert_int_equal(script_received(&script, "POST "), 1);
    assert_int_equal(script_logged(&script, "\"ERROR\""), 1);
    script_close(&script);
}

static void a_failure_of_many_bytes_fits_the_trailers(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {0};
    struct act act = {.head = &head, .why = {.kind = ERR_BUG}};
    memset(act.why.text, 1, sizeof act.why.text - 1);
    run_once(perform, &act, "");
    str received = buf_str(&script.server.received);
    const char *at = memmem(received.at, received.len, "Body: ey", 8);
    assert_non_null(at);
    str encoded = str_cut(str_span(at + 6, received.at + received.len), '\r').head;
    char decoded[3000];
    assert_true(base64_decoded_max(encoded.len) <= sizeof decoded);
    size_t len = 0;
    assert_true(base64_decode(encoded, decoded, &len));
    assert_true(str_ends((str){decoded, len}, STR(",\"stackTrace\":[]}")));
    script_close(&script);
}

static void the_connection_is_closed_after_it(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {0};
    struct act act = {.head = &head, .pieces = {"x"}};
    script_open(&script, perform, &act);
    for (int i = 0; i < 3; i++) {
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
    }
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
    assert_int_equal(script.connects, 4);
    assert_int_equal(script_received(&script, "1\r\nx\r\n0\r\n\r\n"), 3);
    assert_int_equal(pauses.count, 0);
    script_close(&script);
}

static err open_twice(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                      struct why *why)
{
    (void)ctx;
    (void)reply;
    const struct lambda_stream_head head = {0};
    TRY(lambda_stream_open(in->stream, &head, why));
    return lambda_stream_open(in->stream, &head, why);
}

static void it_begins_once(void **state)
{
    (void)state;
    run_once(open_twice, NULL, "");
    assert_int_equal(script_received(&script, "/response"), 1);
    assert_int_equal(script_received(&script, "0\r\nLambda-Runtime-Function-Error-Type: "
                                              "Function.Bug\r\n"),
                     1);
    assert_int_equal(script_logged(&script, "the response has begun already"), 1);
    script_close(&script);
}

static void what_has_not_begun_cannot_be_written(void **state)
{
    (void)state;
    struct act act = {.pieces = {"x"}};
    run_once(perform, &act, "");
    assert_int_equal(script_received(&script, "/id-1/error"), 1);
    assert_int_equal(script_received(&script, "/response"), 0);
    assert_int_equal(script_received(&script, "a response is written that has not begun"), 2);
    script_close(&script);
}

static void a_failure_before_it_begins_is_posted(void **state)
{
    (void)state;
    struct act act = {.why = {.kind = ERR_INPUT, .text = "no such number"}};
    run_once(perform, &act, "");
    assert_int_equal(script_received(&script, "/id-1/error"), 1);
    assert_int_equal(script_received(&script, "Error-Type: Function.Input\r\n"), 1);
    script_close(&script);
}

/* Nothing has gone out then, so that an error can still be posted. */
static void a_type_that_is_no_header_value_is_posted_as_an_error(void **state)
{
    (void)state;
    static char long_type[9000];
    memset(long_type, 't', sizeof long_type);
    const struct {
        const char *type;
        size_t len;
        const char *posted;
    } rows[] = {{"text/plain\r\nX: y", 16, "Error-Type: Function.Bug\r\n"},
                {long_type, sizeof long_type, "Error-Type: Function.Limit\r\n"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct lambda_stream_head head = {.content_type = {rows[i].type, rows[i].len}};
        struct act act = {.head = &head};
        run_once(perform, &act, "");
        assert_int_equal(script_received(&script, "/id-1/error"), 1);
        assert_int_equal(script_received(&script, "/response"), 0);
        assert_int_equal(script_received(&script, rows[i].posted), 1);
        assert_int_equal(script.connects, 1);
        script_close(&script);
    }
}

/* Opens while the API's port is one that nobody listens at. */
static err open_while_refused(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                              struct why *why)
{
    (void)ctx;
    (void)reply;
    struct http1 *http = &in->stream->api->http;
    const struct lambda_stream_head head = {0};
    uint16_t port = http->port;
    http1_socket_close(http);
    http->port = htons(1);
    err opened = lambda_stream_open(in->stream, &head, why);
    http->port = port;
    return opened;
}

static void a_failure_to_begin_it_is_posted(void **state)
{
    (void)state;
    run_once(open_while_refused, NULL, "");
    assert_int_equal(script_received(&script, "/id-1/error"), 1);
    assert_int_equal(script_received(&script, "Error-Type: Function.Busy\r\n"), 1);
    assert_int_equal(script_received(&script, "/response"), 0);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_goes_out_while_it_is_made),
        cmocka_unit_test(a_response_without_a_type_is_bytes),
        cmocka_unit_test(a_prelude_ends_with_eight_nuls),
        cmocka_unit_test(the_invocation_id_is_echoed),
        cmocka_unit_test(a_failure_in_the_middle_is_told_in_trailers),
        cmocka_unit_test(a_failure_of_many_bytes_fits_the_trailers),
        cmocka_unit_test(the_connection_is_closed_after_it),
        cmocka_unit_test(it_begins_once),
        cmocka_unit_test(what_has_not_begun_cannot_be_written),
        cmocka_unit_test(a_failure_before_it_begins_is_posted),
        cmocka_unit_test(a_type_that_is_no_header_value_is_posted_as_an_error),
        cmocka_unit_test(a_failure_to_begin_it_is_posted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

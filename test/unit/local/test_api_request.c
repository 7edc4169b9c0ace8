#include "deploy/local/api_request.h"
#include "test/support/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MAX_BODY = 64 };

static const char length_bytes[] =
    "POST /a/b HTTP/1.1\r\nHost: x\r\nX-One:  1 \r\ncontent-length: 5\r\n\r\nhello";
static const char chunk_bytes[] = "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: t\r\n\r\n";
static const str with_length = {length_bytes, sizeof length_bytes - 1};
static const str in_chunks = {chunk_bytes, sizeof chunk_bytes - 1};

static void assert_str(str got, str wanted)
{
    assert_int_equal(got.len, wanted.len);
    assert_memory_equal(got.at, wanted.at, wanted.len);
}

static void assert_is_hello(const struct api_request *r, str path)
{
    assert_int_equal(r->state, API_REQUEST_DONE);
    assert_str(r->method, STR("POST"));
    assert_str(r->path, path);
    assert_str(buf_str(&r->body), STR("hello"));
}

static void a_body_of_a_stated_length_is_read(void **state)
{
    (void)state;
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    assert_int_equal(api_request_feed(&r, with_length), with_length.len);
    assert_is_hello(&r, STR("/a/b"));
    assert_str(api_request_header(&r, STR("x-one")), STR("1"));
    assert_str(api_request_header(&r, STR("absent")), STR(""));
    assert_false(r.last);
    api_request_close(&r);
}

static void a_body_in_chunks_is_read_with_extensions_and_trailers(void **state)
{
    (void)state;
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    assert_int_equal(api_request_feed(&r, in_chunks), in_chunks.len);
    assert_is_hello(&r, STR("/c"));
    assert_str(api_request_trailer(&r, STR("trailer")), STR("t"));
    assert_str(api_request_trailer(&r, STR("Transfer-Encoding")), STR(""));
    assert_str(api_request_header(&r, STR("Trailer")), STR(""));
    api_request_close(&r);
}

/* Each piece lies against a page that nobody may touch. */
static void feed_in_pieces(struct api_request *r, struct guard *guard, str text, size_t size)
{
    while (text.len) {
        str piece = guard_lay(guard, str_take(text, size));
        assert_int_equal(api_request_feed(r, piece), piece.len);
        text = str_drop(text, size);
    }
}

static void a_request_cut_at_any_size_is_read_whole(void **state)
{
    (void)state;
    struct guard guard;
    struct api_request r;
    guard_init(&guard, 128);
    assert_true(api_request_init(&r, MAX_BODY));
    for (size_t size = 1; size < with_length.len; size++) {
        api_request_clear(&r);
        feed_in_pieces(&r, &guard, with_length, size);
        assert_is_hello(&r, STR("/a/b"));
        api_request_clear(&r);
        feed_in_pieces(&r, &guard, in_chunks, size);
        assert_is_hello(&r, STR("/c"));
    }
    api_request_close(&r);
    guard_close(&guard);
}

static void a_request_is_not_done_before_its_last_byte(void **state)
{
    (void)state;
    const str texts[] = {with_length, in_chunks};
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    for (size_t t = 0; t < 2; t++) {
        for (size_t len = 0; len < texts[t].len; len++) {
            api_request_clear(&r);
            assert_int_equal(api_request_feed(&r, str_take(texts[t], len)), len);
            assert_true(r.state < API_REQUEST_DONE);
        }
    }
    api_request_close(&r);
}

static void bytes_of_the_next_request_are_left_alone(void **state)
{
    (void)state;
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    str two = STR("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    size_t first = api_request_feed(&r, two);
    assert_int_equal(first, two.len / 2);
    assert_str(r.path, STR("/1"));
    assert_int_equal(api_request_feed(&r, str_drop(two, first)), 0);
    api_request_clear(&r);
    assert_int_equal(api_request_feed(&r, str_drop(two, first)), first);
    assert_str(r.path, STR("/2"));
    api_request_close(&r);
}

static void a_body_past_its_maximum_is_read_to_its_end_and_thrown_away(void **state)
{
    (void)state;
    struct api_request r;
    assert_true(api_request_init(&r, 4));
    assert_int_equal(api_request_feed(&r, with_length), with_length.len);
    assert_int_equal(r.state, API_REQUEST_DONE);
    assert_true(r.too_large);
    assert_int_equal(r.body.len, 0);
    api_request_clear(&r);
    assert_int_equal(api_request_feed(&r, in_chunks), in_chunks.len);
    assert_true(r.too_large);
    api_request_clear(&r);
    assert_int_equal(api_request_feed(&r, STR("GET / HTTP/1.1\r\n\r\n")), 18);
    assert_false(r.too_large);
    api_request_close(&r);
}

static void what_is_not_http_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what, *text;
    } rows[] = {
        {"no version", "GET /\r\n\r\n"},
        {"version 2", "GET / HTTP/2.0\r\n\r\n"},
        {"blank in the path", "GET /a b HTTP/1.1\r\n\r\n"},
        {"no path", "GET  HTTP/1.1\r\n\r\n"},
        {"header without colon", "GET / HTTP/1.1\r\nHost\r\n\r\n"},
        {"header without name", "GET / HTTP/1.1\r\n: x\r\n\r\n"},
        {"blank in a name", "GET / HTTP/1.1\r\nHo st: x\r\n\r\n"},
        {"folded header", "GET / HTTP/1.1\r\nA: x\r\n y\r\n\r\n"},
        {"length not a number", "POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n"},
        {"length negative", "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"},
        {"length empty", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n"},
        {"length past 64 bits", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        {"two lengths", "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"},
        {"length and chunks",
         "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"unknown coding", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"},
        {"chunk size empty", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"},
        {"chunk size not hex", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n"},
        {"chunk size too long",
         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n"},
        {"no line break after a chunk",
         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"},
    };
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        api_request_clear(&r);
        (void)api_request_feed(&r, str_from(rows[i].text));
        if (r.state != API_REQUEST_BAD) {
            fail_msg("%s: state %d", rows[i].what, (int)r.state);
        }
    }
    api_request_close(&r);
}

static void a_head_past_its_maximum_is_refused(void **state)
{
    (void)state;
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    (void)api_request_feed(&r, STR("GET / HTTP/1.1\r\nA: "));
    for (size_t i = 0; i < API_REQUEST_MAX_HEAD_BYTES && r.state != API_REQUEST_BAD; i++) {
        (void)api_request_feed(&r, STR("a"));
    }
    assert_int_equal(r.state, API_REQUEST_BAD);
    api_request_clear(&r);
    (void)api_request_feed(&r, STR("GET / HTTP/1.1\r\n"));
    for (size_t i = 0; i <= API_REQUEST_MAX_HEADERS; i++) {
        assert_int_equal(r.state, API_REQUEST_HEAD);
        (void)api_request_feed(&r, STR("A: b\r\n"));
    }
    assert_int_equal(r.state, API_REQUEST_BAD);
    api_request_close(&r);
}

static void the_last_request_of_a_connection_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool last;
    } rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nconnection: Close\r\n\r\n", true},
        {"GET / HTTP/1.1\nConnection: keep-alive\n\n", false},
    };
    struct api_request r;
    assert_true(api_request_init(&r, MAX_BODY));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        api_request_clear(&r);
        (void)api_request_feed(&r, str_from(rows[i].text));
        assert_int_equal(r.state, API_REQUEST_DONE);
        assert_int_equal(r.last, rows[i].last);
    }
    api_request_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_a_stated_length_is_read),
        cmocka_unit_test(a_body_in_chunks_is_read_with_extensions_and_trailers),
        cmocka_unit_test(a_request_cut_at_any_size_is_read_whole),
        cmocka_unit_test(a_request_is_not_done_before_its_last_byte),
        cmocka_unit_test(bytes_of_the_next_request_are_left_alone),
        cmocka_unit_test(a_body_past_its_maximum_is_read_to_its_end_and_thrown_away),
        cmocka_unit_test(what_is_not_http_is_refused),
        cmocka_unit_test(a_head_past_its_maximum_is_refused),
        cmocka_unit_test(the_last_request_of_a_connection_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

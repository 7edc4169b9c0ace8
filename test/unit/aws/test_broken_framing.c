/* Replies that are HTTP in part only: odd status lines, lengths that lie, chunks that are none.
 * What is taken for good is whole, the rest is a failure, and the next request gets its own reply.
 */
#include "test/unit/aws/wire.h"

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK_LINE "Transfer-Encoding: chunked\r\n\r\n"
#define LENGTH2 "Content-Length: 2\r\n\r\n"

/* The first request is answered with `first`, all others well. */
struct odd {
    enum wire_operation what;
    str first;
    bool close;
};

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    const struct odd *odd = ctx;
    if (request->number == 0) {
        buf_add(&reply->bytes, odd->first);
        reply->close = odd->close;
        return;
    }
    wire_serve(odd->what, request, reply);
}

/* With one attempt a call; how the first request ended, once the second ended well. */
static enum err_kind ask(struct odd *odd, const char *word)
{
    struct rig rig;
    struct why why;
    struct why unused;
    rig_start(&rig, serve, odd);
    rig.client.max_attempts = 1;
    enum err_kind kind = wire_run(&rig.client, odd->what, &why);
    if (rig.client.requests > 2) {
        fail_msg("%s: %u requests", word, (unsigned)rig.client.requests);
    }
    if (wire_run(&rig.client, odd->what, &unused) != ERR_NONE) {
        fail_msg("%s: the next request: %s", word, unused.text);
    }
    rig_stop(&rig);
    return kind;
}

struct row {
    const char *word;
    str reply;
    enum err_kind kind;
};

static void check_put_rows(const struct row *rows, size_t count, bool close)
{
    for (size_t i = 0; i < count; i++) {
        struct odd odd = {.what = WIRE_PUT, .first = rows[i].reply, .close = close};
        enum err_kind kind = ask(&odd, rows[i].word);
        if (kind != rows[i].kind) {
            fail_msg("%s: %s", rows[i].word, err_kind_name(kind));
        }
    }
}

static void a_status_line_that_is_none_is_busy(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"garbage", STR_INIT("garbage\r\n\r\n{}"), ERR_BUSY},
        {"the body alone", STR_INIT("{}"), ERR_BUSY},
        {"nothing", STR_INIT(""), ERR_BUSY},
        {"another protocol", STR_INIT("SSH-2.0-OpenSSH_9.2\r\n"), ERR_BUSY},
        {"an empty line before it", STR_INIT("\r\n" OK_LINE LENGTH2 "{}"), ERR_BUSY},
        {"HTTP/3.9", STR_INIT("HTTP/3.9 200 OK\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"status 99", STR_INIT("HTTP/1.1 99 OK\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"status 2000", STR_INIT("HTTP/1.1 2000 OK\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"status -200", STR_INIT("HTTP/1.1 -200 OK\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"status of letters", STR_INIT("HTTP/1.1 abc OK\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"status 000", STR_INIT("HTTP/1.1 000 OK\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"a second one", STR_INIT(OK_LINE "HTTP/1.1 500 no\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"no colon after it", STR_INIT(OK_LINE "nonsense\r\n" LENGTH2 "{}"), ERR_BUSY},
        {"a NUL after it", STR_INIT(OK_LINE "X: a\0b\r\n" LENGTH2 "{}"), ERR_BUSY},
    };
    check_put_rows(rows, COUNT(rows), true);
}

static void interim_replies_are_passed_over(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"100", STR_INIT("HTTP/1.1 100 Continue\r\n\r\n" OK_LINE LENGTH2 "{}"), ERR_NONE},
        {"103 with a length",
         STR_INIT("HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n" OK_LINE LENGTH2 "{}"),
         ERR_NONE},
        {"several",
         STR_INIT(
             "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n" OK_LINE
                 LENGTH2 "{}"),
         ERR_NONE},
    };
    static const struct row ends[] = {
        {"100 and no more", STR_INIT("HTTP/1.1 100 Continue\r\n\r\n"), ERR_BUSY},
        {"101", STR_INIT("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n" OK_LINE LENGTH2 "{}"), ERR_BUSY},
    };
    check_put_rows(rows, COUNT(rows), false);
    check_put_rows(ends, COUNT(ends), true);
}

static void interim_replies_without_end_are_too_large_or_end_at_the_deadline(void **state)
{
    (void)state;
    struct buf flood;
    buf_init(&flood, 32 << 20);
    for (size_t i = 0; i < 200000; i++) {
        buf_add(&flood, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    struct odd odd = {.what = WIRE_PUT, .first = buf_str(&flood), .close = true};
    struct rig rig;
    struct why why;
    rig_start(&rig, serve, &odd);
    rig.client.max_attempts = 1;
    client_set_deadline(&rig.client, rig_now_ms() + 60000);
    assert_int_not_equal(wire_run(&rig.client, WIRE_PUT, &why), ERR_NONE);
    rig_stop(&rig);
    buf_close(&flood);
}

static void a_reply_that_may_have_no_body_is_no_json(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"204", STR_INIT("HTTP/1.1 204 No\r\n\r\n"), ERR_BUG},
        {"204 with a body", STR_INIT("HTTP/1.1 204 No\r\n" LENGTH2 "{}"), ERR_BUG},
        {"304", STR_INIT("HTTP/1.1 304 No\r\n\r\n"), ERR_BUG},
        {"an empty body", STR_INIT(OK_LINE "Content-Length: 0\r\n\r\n"), ERR_BUG},
    };
    check_put_rows(rows, COUNT(rows), false);
}

static void a_length_that_lies_is_never_success(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"too long", STR_INIT(OK_LINE "Content-Length: 3\r\n\r\n{}"), ERR_BUSY},
        {"too short", STR_INIT(OK_LINE "Content-Length: 1\r\n\r\n{}"), ERR_BUG},
        {"two, the last too short",
         STR_INIT(OK_LINE "Content-Length: 2\r\nContent-Length: 1\r\n\r\n{}"), ERR_BUG},
        {"two, the last too long",
         STR_INIT(OK_LINE "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), ERR_BUSY},
        {"negative", STR_INIT(OK_LINE "Content-Length: -2\r\n\r\n{}"), ERR_BUSY},
        {"a word", STR_INIT(OK_LINE "Content-Length: two\r\n\r\n{}"), ERR_BUSY},
        {"empty", STR_INIT(OK_LINE "Content-Length:\r\n\r\n{}"), ERR_BUSY},
        {"hexadecimal", STR_INIT(OK_LINE "Content-Length: 0x2\r\n\r\n{}"), ERR_BUG},
    };
    check_put_rows(rows, COUNT(rows), true);
}

static void whole_replies_of_other_shapes_are_read(void **state)
{
    (void)state;
    static const struct row kept[] = {
        {"no reason", STR_INIT("HTTP/1.1 200\r\n" LENGTH2 "{}"), ERR_NONE},
        {"bare LF", STR_INIT("HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"), ERR_NONE},
        {"two lengths alike", STR_INIT(OK_LINE "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
         ERR_NONE},
        {"chunks, an extension, a trailer",
         STR_INIT(CHUNKED "1\r\n{\r\n1;x=\"y\"\r\n}\r\n000\r\nT: 1\r\n\r\n"), ERR_NONE},
        {"chunks against a length",
         STR_INIT(OK_LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "2\r\n{}\r\n0\r\n\r\n"),
         ERR_NONE},
    };
    static const struct row closed[] = {
        {"until it closes", STR_INIT(OK_LINE "\r\n{}"), ERR_NONE},
        {"HTTP/1.0", STR_INIT("HTTP/1.0 200 OK\r\n\r\n{}"), ERR_NONE},
    };
    check_put_rows(kept, COUNT(kept), false);
    check_put_rows(closed, COUNT(closed), true);
}

static void chunks_that_are_none_are_busy(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"past 64 bits", STR_INIT(CHUNKED "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"of 64 bits", STR_INIT(CHUNKED "ffffffffffffffff\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"of 63 bits", STR_INIT(CHUNKED "7fffffffffffffff\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"negative", STR_INIT(CHUNKED "-2\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"0x", STR_INIT(CHUNKED "0x2\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"no number", STR_INIT(CHUNKED "zz\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"no size", STR_INIT(CHUNKED "\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"no CRLF after it", STR_INIT(CHUNKED "2\r\n{}0\r\n\r\n"), ERR_BUSY},
        {"too long for its size", STR_INIT(CHUNKED "1\r\n{}\r\n0\r\n\r\n"), ERR_BUSY},
        {"no last one", STR_INIT(CHUNKED "2\r\n{}\r\n"), ERR_BUSY},
    };
    check_put_rows(rows, COUNT(rows), true);
}

static void headers_without_end_are_a_failure(void **state)
{
    (void)state;
    for (int lines = 0; lines < 2; lines++) {
        struct buf flood;
        buf_init(&flood, 1 << 20);
        buf_add(&flood, STR(OK_LINE "X: "));
        for (size_t i = 0; i < 30000; i++) {
            buf_add(&flood, lines ? STR("a\r\nX: ") : STR("aaaaa"));
        }
        buf_add(&flood, STR("\r\n" LENGTH2 "{}"));
        struct odd odd = {.what = WIRE_PUT, .first = buf_str(&flood), .close = true};
        enum err_kind kind = ask(&odd, lines ? "many lines" : "a long line");
        assert_true(kind == ERR_BUG || kind == ERR_BUSY);
        buf_close(&flood);
    }
}

/* --- S3: the length is what tells that an object is whole --- */

struct object_row {
    const char *word;
    const char *headers;
    bool chunked;
    bool whole;
};

static void add_object(const struct object_row *row, struct buf *reply)
{
    char size[24];
    str body = STR(WIRE_OBJECT);
    int len = snprintf(size, sizeof size, "%zx\r\n", body.len);
    buf_add(reply, STR(OK_LINE "ETag: \"tag\"\r\n"));
    buf_add(reply, str_from(row->headers));
    buf_add(reply, row->chunked ? STR("Transfer-Encoding: chunked\r\n\r\n") : STR("\r\n"));
    buf_add(reply, row->chunked ? (str){size, (size_t)len} : STR(""));
    buf_add(reply, body);
    buf_add(reply, row->chunked ? STR("\r\n0\r\n\r\n") : STR(""));
}

static void an_object_is_as_long_as_it_says_or_not_read(void **state)
{
    (void)state;
    assert_int_equal(strlen(WIRE_OBJECT), 50);
    static const struct object_row rows[] = {
        {"a length", "Content-Length: 50\r\n", false, true},
        {"twice", "Content-Length: 50\r\nContent-Length: 50\r\n", false, true},
        {"chunks and a length", "Content-Length: 50\r\n", true, true},
        {"too long", "Content-Length: 51\r\n", false, false},
        {"too short, and a checksum", "Content-Length: 49\r\nx-amz-checksum-crc32: AAAAAA==\r\n",
         false, false},
        {"two, the first too short", "Content-Length: 49\r\nContent-Length: 50\r\n", false, false},
        {"two, the first too long", "Content-Length: 51\r\nContent-Length: 50\r\n", false, false},
        {"two, the last too short", "Content-Length: 50\r\nContent-Length: 49\r\n", false, true},
        {"two, the last too long", "Content-Length: 50\r\nContent-Length: 51\r\n", false, true},
        {"chunks past it", "Content-Length: 49\r\n", true, false},
        {"chunks short of it", "Content-Length: 51\r\n", true, false},
        {"none", "", false, false},
        {"chunks and none", "", true, false},
        {"junk after it", "Content-Length: 50 bytes\r\n", false, false},
        {"a plus", "Content-Length: +50\r\n", false, false},
        {"a list", "Content-Length: 50, 50\r\n", false, false},
        {"past 64 bits", "Content-Length: 18446744073709551666\r\n", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf reply;
        buf_init(&reply, 4096);
        add_object(&rows[i], &reply);
        struct odd odd = {.what = WIRE_GET, .first = buf_str(&reply), .close = true};
        struct rig rig;
        struct why why;
        rig_start(&rig, serve, &odd);
        rig.client.max_attempts = 1;
        enum err_kind kind = wire_run(&rig.client, WIRE_GET, &why);
        if ((kind == ERR_NONE) != rows[i].whole || kind == ERR_MISSING) {
            fail_msg("%s: %s", rows[i].word, err_kind_name(kind));
        }
        assert_true(rig.client.requests <= 2);
        rig_stop(&rig);
        buf_close(&reply);
    }
}

static void an_object_is_not_what_an_interim_reply_says(void **state)
{
    (void)state;
    struct buf reply;
    struct rig rig;
    struct why why;
    buf_init(&reply, 4096);
    buf_add(&reply, STR("HTTP/1.1 103 Early\r\nETag: \"other\"\r\nContent-Length: 9\r\n"
                        "Content-Range: bytes 0-8/9\r\n\r\n"));
    wire_add_whole(WIRE_GET, &reply);
    struct odd odd = {.what = WIRE_GET, .first = buf_str(&reply)};
    rig_start(&rig, serve, &odd);
    assert_int_equal(wire_run(&rig.client, WIRE_GET, &why), ERR_NONE);
    assert_int_equal(rig.client.requests, 1);
    rig_stop(&rig);
    buf_close(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_line_that_is_none_is_busy),
        cmocka_unit_test(interim_replies_are_passed_over),
        cmocka_unit_test(interim_replies_without_end_are_too_large_or_end_at_the_deadline),
        cmocka_unit_test(a_reply_that_may_have_no_body_is_no_json),
        cmocka_unit_test(a_length_that_lies_is_never_success),
        cmocka_unit_test(whole_replies_of_other_shapes_are_read),
        cmocka_unit_test(chunks_that_are_none_are_busy),
        cmocka_unit_test(headers_without_end_are_a_failure),
        cmocka_unit_test(an_object_is_as_long_as_it_says_or_not_read),
        cmocka_unit_test(an_object_is_not_what_an_interim_reply_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

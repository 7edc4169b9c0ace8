#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/http1_reply.h"
#include "runtime/http1_socket.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MAX_BODY = 100, PATIENCE_MS = 5000 };

/* Writes `text` in pieces, each only once the one before has been taken from the socket, so that
 * the reader sees exactly these pieces; then closes. */
struct feeder {
    int fds[2]; /* ours, the reader's */
    str text;
    size_t first, then; /* bytes in the first piece and in each later one */
    bool gave_up;
    pthread_t thread;
};

static void wait_until_taken(const struct feeder *f)
{
    int left = 1;
    while (!__atomic_load_n(&f->gave_up, __ATOMIC_ACQUIRE) &&
           ioctl(f->fds[1], FIONREAD, &left) == 0 && left > 0) {
        (void)sched_yield();
    }
}

static void *feed(void *arg)
{
    struct feeder *f = arg;
    size_t piece = f->first;
    while (f->text.len) {
        str now = str_take(f->text, piece);
        if (send(f->fds[0], now.at, now.len, MSG_NOSIGNAL) < 0) {
            break;
        }
        f->text = str_drop(f->text, now.len);
        wait_until_taken(f);
        piece = f->then;
    }
    (void)shutdown(f->fds[0], SHUT_WR);
    return NULL;
}

static char *in;
static struct http1_reply reply;
static struct buf body;
static struct why why;
static size_t left_over;

static err receive(struct http1 *http)
{
    struct http1_framing framing = {0};
    TRY(http1_reply_head(http, &reply, &framing, &why));
    TRY(http1_reply_body(http, &framing, &body, &why));
    left_over = http->in_len - http->in_at;
    return OK;
}

static enum err_kind read_pieces(str text, size_t first, size_t then)
{
    struct feeder f = {.text = text, .first = first, .then = then};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f.fds), 0);
    struct http1 http = {.fd = f.fds[1], .timeout_ms = PATIENCE_MS, .in = in};
    assert_int_equal(pthread_create(&f.thread, NULL, feed, &f), 0);
    reply = (struct http1_reply){0};
    why = (struct why){0};
    buf_clear(&body);
    enum err_kind kind = receive(&http).kind;
    __atomic_store_n(&f.gave_up, true, __ATOMIC_RELEASE);
    (void)shutdown(f.fds[1], SHUT_RDWR);
    assert_int_equal(pthread_join(f.thread, NULL), 0);
    (void)close(f.fds[0]);
    (void)close(f.fds[1]);
    return kind;
}

static enum err_kind read_whole(str text)
{
    return read_pieces(text, text.len, 1);
}

static void assert_body(str expected)
{
    assert_int_equal(body.len, expected.len);
    assert_memory_equal(buf_str(&body).at, expected.at, expected.len);
}

static int open_body(void **state)
{
    (void)state;
    buf_init(&body, MAX_BODY);
    in = malloc(HTTP1_IN_BYTES);
    return in ? 0 : -1;
}

static int close_body(void **state)
{
    (void)state;
    buf_close(&body);
    free(in);
    return 0;
}

#define OK_HEAD      "HTTP/1.1 200 OK\r\n"
#define CHUNKED_HEAD OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* All say "hello, world" and end where the reply says, not where the connection does. */
static const struct {
    const char *word;
    const char *text;
} hellos[] = {
    {"length", OK_HEAD "Content-Type: application/json\r\nContent-Length: 12\r\n\r\nhello, world"},
    {"one chunk", CHUNKED_HEAD "c\r\nhello, world\r\n0\r\n\r\n"},
    {"many chunks", CHUNKED_HEAD "1\r\nh\r\n05\r\nello,\r\n1\r\n \r\n0005\r\nworld\r\n000\r\n\r\n"},
    {"extensions", CHUNKED_HEAD "5;a=b\r\nhello\r\n7 ; q=\"x;y\"\r\n, world\r\n0;last\r\n\r\n"},
    {"trailers", CHUNKED_HEAD "C\r\nhello, world\r\n0\r\nA: b\r\nC: d\r\n\r\n"},
    {"interim replies",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_HEAD
     "Content-Length: 12\r\n\r\nhello, world"},
    {"line feeds", "HTTP/1.1 200 OK\nContent-Length: 12\n\nhello, world"},
    {"length and chunked", OK_HEAD
     "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nhello, world\r\n0\r\n\r\n"},
};

static void assert_hello(enum err_kind kind)
{
    assert_int_equal(kind, ERR_NONE);
    assert_int_equal(reply.status, 200);
    assert_body(STR("hello, world"));
    assert_int_equal(left_over, 0);
}

static void a_reply_cut_in_two_at_every_byte_is_read_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hellos); i++) {
        print_message("  %s\n", hellos[i].word);
        str text = str_from(hellos[i].text);
        for (size_t first = 1; first <= text.len; first++) {
            assert_hello(read_pieces(text, first, text.len));
        }
    }
}

static void a_reply_in_pieces_of_every_size_is_read_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hellos); i++) {
        print_message("  %s\n", hellos[i].word);
        str text = str_from(hellos[i].text);
        for (size_t size = 1; size <= 20; size++) {
            assert_hello(read_pieces(text, size, size));
        }
    }
}

static void a_reply_cut_off_at_every_byte_is_busy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hellos); i++) {
        print_message("  %s\n", hellos[i].word);
        str text = str_from(hellos[i].text);
        for (size_t len = 0; len < text.len; len++) {
            assert_int_equal(read_whole(str_take(text, len)), ERR_BUSY);
        }
    }
}

static void a_body_without_length_ends_with_the_connection(void **state)
{
    (void)state;
    str text = STR("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nhello, world");
    for (size_t size = 1; size <= text.len; size++) {
        assert_hello(read_pieces(text, size, size));
    }
}

static void statuses_without_a_body_leave_what_follows_alone(void **state)
{
    (void)state;
    assert_int_equal(read_whole(STR("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nextra")),
                     0);
    assert_int_equal(body.len, 0);
    assert_int_equal(left_over, 5);
    assert_int_equal(read_whole(STR("HTTP/1.1 204 No Content\r\n\r\n")), 0);
    assert_int_equal(left_over, 0);
}

static void bad_chunks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *text;
        enum err_kind kind;
    } rows[] = {
        {"no size", CHUNKED_HEAD "\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"only an extension", CHUNKED_HEAD ";a\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"not hex", CHUNKED_HEAD "5g\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"negative", CHUNKED_HEAD "-5\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"plus", CHUNKED_HEAD "+5\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"0x", CHUNKED_HEAD "0x5\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"two numbers", CHUNKED_HEAD "5 5\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"17 digits", CHUNKED_HEAD "00000000000000005\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"huge", CHUNKED_HEAD "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", ERR_LIMIT},
        {"data past its size", CHUNKED_HEAD "4\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"data short of its size", CHUNKED_HEAD "6\r\nhello\r\n0\r\n\r\n", ERR_BUG},
        {"line feeds", CHUNKED_HEAD "5\nhello\n0\n\n", ERR_BUG},
        {"a line feed at the end", CHUNKED_HEAD "5\r\nhello\r\n0\r\n\n", ERR_BUG},
        {"a status of 101", "HTTP/1.1 101 Switching Protocols\r\n\r\n" OK_HEAD "\r\n", ERR_BUG},
        {"garbage after 100", "HTTP/1.1 100 Continue\r\n\r\nhello\r\n\r\n", ERR_BUG},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        assert_int_equal(read_whole(str_from(rows[i].text)), rows[i].kind);
    }
}

/* A reply with a body of `len` bytes, framed by its length, one chunk, ten chunks or the close. */
static void frame(struct buf *text, int framing, size_t len)
{
    static const char letters[MAX_BODY + 1] = {0};
    char hex[20];
    buf_clear(text);
    buf_add(text, str_from(framing == 3 ? "HTTP/1.0 200 OK\r\n\r\n"
                           : framing    ? CHUNKED_HEAD
                                        : OK_HEAD));
    if (framing == 0) {
        buf_add(text, STR("Content-Length: "));
        buf_u64(text, len);
        buf_add(text, STR("\r\n\r\n"));
    }
    size_t piece = framing == 2 ? 10 : len;
    for (size_t left = len; left; left -= piece) {
        piece = piece < left ? piece : left;
        if (framing == 1 || framing == 2) {
            (void)snprintf(hex, sizeof hex, "%zx\r\n", piece);
            buf_add(text, str_from(hex));
        }
        buf_add(text, (str){letters, piece});
        if (framing == 1 || framing == 2) {
            buf_add(text, STR("\r\n"));
        }
    }
    buf_add(text, framing == 1 || framing == 2 ? STR("0\r\n\r\n") : STR(""));
}

static void a_body_may_be_as_long_as_its_buffer_and_no_longer(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 4096);
    for (int framing = 0; framing < 4; framing++) {
        frame(&text, framing, MAX_BODY);
        assert_int_equal(read_whole(buf_str(&text)), ERR_NONE);
        assert_int_equal(body.len, MAX_BODY);
        frame(&text, framing, MAX_BODY + 1);
        assert_int_equal(read_whole(buf_str(&text)), ERR_LIMIT);
    }
    assert_int_equal(read_whole(STR(OK_HEAD "Content-Length: 18446744073709551615\r\n\r\n")),
                     ERR_LIMIT);
    buf_close(&text);
}

/* A head that is `len` bytes long, with its blank line. */
static void make_head(struct buf *text, size_t len)
{
    buf_clear(text);
    buf_add(text, STR(OK_HEAD "Content-Length: 0\r\nX: "));
    while (text->len + 4 < len) {
        buf_char(text, 'x');
    }
    buf_add(text, STR("\r\n\r\n"));
}

static void a_head_may_be_as_long_as_the_bound_and_no_longer(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, (size_t)HTTP1_MAX_HEAD_BYTES * 2);
    make_head(&text, HTTP1_MAX_HEAD_BYTES);
    assert_int_equal(read_pieces(buf_str(&text), 1000, 7777), ERR_NONE);
    make_head(&text, HTTP1_MAX_HEAD_BYTES + 1);
    assert_int_equal(read_pieces(buf_str(&text), 1000, 7777), ERR_LIMIT);
    buf_close(&text);
}

static void interim_replies_without_end_are_refused(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, (size_t)HTTP1_MAX_HEAD_BYTES * 2);
    while (text.len < HTTP1_MAX_HEAD_BYTES) {
        buf_add(&text, STR("HTTP/1.1 102 Processing\r\n\r\n"));
    }
    assert_int_equal(read_pieces(buf_str(&text), 5000, 5000), ERR_LIMIT);
    buf_close(&text);
}

static void chunk_lines_and_trailers_are_bounded(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, (size_t)HTTP1_MAX_HEAD_BYTES * 2);
    buf_add(&text, STR(CHUNKED_HEAD "1;"));
    for (int i = 0; i < HTTP1_MAX_LINE_BYTES; i++) {
        buf_char(&text, 'x');
    }
    assert_int_equal(read_pieces(buf_str(&text), 100, 100), ERR_LIMIT);
    buf_clear(&text);
    buf_add(&text, STR(CHUNKED_HEAD "0\r\n"));
    for (int i = 0; i < HTTP1_MAX_HEADERS; i++) {
        buf_add(&text, STR("a: b\r\n"));
    }
    size_t trailers_end = text.len;
    buf_add(&text, STR("\r\n"));
    assert_int_equal(read_whole(buf_str(&text)), ERR_NONE);
    text.len = trailers_end;
    buf_add(&text, STR("a: b\r\n\r\n"));
    assert_int_equal(read_whole(buf_str(&text)), ERR_LIMIT);
    buf_close(&text);
}

/* The head stays where it is while the body is read behind it. */
static void headers_are_still_good_after_a_long_chunked_body(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, (size_t)HTTP1_IN_BYTES * 8);
    buf_add(&text, STR(OK_HEAD "Id: 7\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < MAX_BODY; i++) {
        buf_add(&text, STR("1;"));
        for (int k = 0; k < 2000; k++) {
            buf_char(&text, 'e');
        }
        buf_add(&text, STR("\r\nx\r\n"));
    }
    buf_add(&text, STR("0\r\n\r\n"));
    assert_int_equal(read_pieces(buf_str(&text), 1000, 9000), ERR_NONE);
    assert_int_equal(body.len, MAX_BODY);
    assert_true(str_eq(http1_header(&reply, STR("id")), STR("7")));
    buf_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_cut_in_two_at_every_byte_is_read_whole),
        cmocka_unit_test(a_reply_in_pieces_of_every_size_is_read_whole),
        cmocka_unit_test(a_reply_cut_off_at_every_byte_is_busy),
        cmocka_unit_test(a_body_without_length_ends_with_the_connection),
        cmocka_unit_test(statuses_without_a_body_leave_what_follows_alone),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(a_body_may_be_as_long_as_its_buffer_and_no_longer),
        cmocka_unit_test(a_head_may_be_as_long_as_the_bound_and_no_longer),
        cmocka_unit_test(interim_replies_without_end_are_refused),
        cmocka_unit_test(chunk_lines_and_trailers_are_bounded),
        cmocka_unit_test(headers_are_still_good_after_a_long_chunked_body),
    };
    return cmocka_run_group_tests(tests, open_body, close_body);
}

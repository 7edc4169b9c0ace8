/* Requests in pieces. The server is mostly this test's own end of a connection: what is said when
 * is the test then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/unit/runtime/http1_script.h"

enum { LARGE_BYTES = 8 * 1024 * 1024, BUFFER_BYTES = 4096, MIB = 1024 * 1024 };

static char large[LARGE_BYTES];

static enum err_kind begin(struct test *test)
{
    const struct http1_header headers[] = {{STR("Trailer"), STR("X-End")}};
    const struct http1_request request = {
        .method = STR("POST"), .path = STR("/response"), .headers = headers, .header_count = 1};
    test->why = (struct why){0};
    return http1_begin(&test->http, &request, &test->why).kind;
}

static enum err_kind put(struct test *test, str bytes)
{
    test->why = (struct why){0};
    return http1_write(&test->http, bytes, &test->why).kind;
}

static enum err_kind end(struct test *test, const struct http1_header *trailers, size_t count)
{
    test->why = (struct why){0};
    return http1_end(&test->http, trailers, count, &test->reply, &test->body, &test->why).kind;
}

/* The body as it was sent, behind the head. */
static str sent_body(const struct test *test)
{
    str all = buf_str(&test->server.received);
    const char *blank = memmem(all.at, all.len, "\r\n\r\n", 4);
    assert_non_null(blank);
    return str_span(blank + 4, all.at + all.len);
}

static void the_head_announces_the_pieces(void **state)
{
    (void)state;
    struct test test;
    char expected[300];
    START(&test, RECEIVE, SEND(HELLO));
    assert_int_equal(begin(&test), ERR_NONE);
    assert_hello(&test, end(&test, NULL, 0));
    int len = snprintf(expected, sizeof expected,
                       "POST /response HTTP/1.1\r\nHost: %s\r\nTrailer: X-End\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                       test.http.host);
    assert_true(stop(&test));
    assert_int_equal(test.server.received.len, len);
    assert_memory_equal(test.server.received.at, expected, (size_t)len);
    byte_server_free(&test.server);
}

static void each_piece_is_a_chunk_of_its_size(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *line;
    } rows[] = {{1, "1\r\n"},        {9, "9\r\n"},           {10, "a\r\n"},
                {15, "f\r\n"},       {16, "10\r\n"},         {255, "ff\r\n"},
                {256, "100\r\n"},    {4096, "1000\r\n"},     {65536, "10000\r\n"},
                {MIB, "100000\r\n"}, {MIB + 1, "100001\r\n"}};
    struct test test;
    struct buf expected;
    buf_init(&expected, LARGE_BYTES);
    START(&test, RECEIVE, SEND(HELLO));
    assert_int_equal(begin(&test), ERR_NONE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        memset(large, 'a' + (int)i, rows[i].size);
        str piece = {large, rows[i].size};
        assert_int_equal(put(&test, piece), ERR_NONE);
        buf_add(&expected, str_from(rows[i].line));
        buf_add(&expected, piece);
        buf_add(&expected, STR("\r\n"));
    }
    buf_add(&expected, STR("0\r\n\r\n"));
    assert_hello(&test, end(&test, NULL, 0));
    assert_true(stop(&test));
    assert_true(str_eq(sent_body(&test), buf_str(&expected)));
    byte_server_free(&test.server);
    buf_close(&expected);
}

static void a_piece_of_no_bytes_sends_nothing(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND(HELLO));
    assert_int_equal(begin(&test), ERR_NONE);
    assert_int_equal(put(&test, STR("")), ERR_NONE);
    assert_int_equal(put(&test, STR("x")), ERR_NONE);
    assert_int_equal(put(&test, STR("")), ERR_NONE);
    assert_hello(&test, end(&test, NULL, 0));
    assert_true(stop(&test));
    assert_true(str_eq(sent_body(&test), STR("1\r\nx\r\n0\r\n\r\n")));
    byte_server_free(&test.server);
}

static void trailers_come_after_the_last_chunk(void **state)
{
    (void)state;
    static char long_value[8000];
    memset(long_value, 'v', sizeof long_value);
    const struct http1_header trailers[] = {{STR("X-End"), STR("because")},
                                            {STR("X-Long"), {long_value, sizeof long_value}}};
    struct test test;
    START(&test, RECEIVE, SEND(HELLO));
    assert_int_equal(begin(&test), ERR_NONE);
    assert_int_equal(put(&test, STR("x")), ERR_NONE);
    assert_hello(&test, end(&test, trailers, 2));
    assert_true(stop(&test));
    str body = sent_body(&test);
    str start = STR("1\r\nx\r\n0\r\nX-End: because\r\nX-Long: vvv");
    assert_true(str_starts(body, start));
    assert_true(str_ends(body, STR("vvv\r\n\r\n")));
    assert_int_equal(body.len, start.len - 3 + sizeof long_value + 4);
    byte_server_free(&test.server);
}

static void a_connection_serves_requests_of_both_kinds(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND(HELLO), RECEIVE, SEND(HELLO), RECEIVE, SEND(HELLO));
    assert_hello(&test, get(&test, true));
    assert_int_equal(begin(&test), ERR_NONE);
    assert_int_equal(put(&test, STR("x")), ERR_NONE);
    assert_hello(&test, end(&test, NULL, 0));
    assert_hello(&test, post(&test, STR("y")));
    assert_int_equal(test.http.connects, 1);
    assert_true(stop(&test));
    byte_server_free(&test.server);
}

static void wait_until_readable(const struct http1 *http)
{
    struct pollfd now = {.fd = http->fd, .events = POLLIN};
    assert_int_equal(poll(&now, 1, PATIENCE_MS), 1);
}

/* Nothing was sent on the old one. */
static void a_request_is_begun_anew_where_the_connection_was_closed(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND(HELLO), CLOSE, RECEIVE, SEND(HELLO), RESET, RECEIVE, SEND(HELLO));
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(begin(&test), ERR_NONE);
        assert_int_equal(put(&test, STR("x")), ERR_NONE);
        assert_hello(&test, end(&test, NULL, 0));
        assert_int_equal(test.http.connects, i);
        wait_until_readable(&test.http);
    }
    assert_true(stop(&test));
    byte_server_free(&test.server);
}

static void what_cannot_be_begun_is_busy_and_has_no_end(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE);
    assert_false(stop(&test));
    point_at(&test.http, test.server.port);
    assert_int_equal(begin(&test), ERR_BUSY);
    assert_int_equal(test.http.fd, -1);
    assert_int_equal(put(&test, STR("x")), ERR_BUSY);
    assert_int_equal(end(&test, NULL, 0), ERR_BUSY);
    assert_string_equal(test.why.text, "no connection");
    http1_close(&test.http);
    byte_server_free(&test.server);
}

static void a_head_that_is_no_request_opens_no_connection(void **state)
{
    (void)state;
    struct test test = {0};
    const struct http1_header headers[] = {{STR("X"), STR("a\r\nb: c")}};
    const struct http1_request request = {
        .method = STR("POST"), .path = STR("/"), .headers = headers, .header_count = 1};
    point_at(&test.http, 9);
    assert_int_equal(http1_begin(&test.http, &request, &test.why).kind, ERR_BUG);
    assert_int_equal(test.http.connects, 0);
    http1_close(&test.http);
}

/* --- A peer in this thread --- */

struct peer {
    struct test test;
    int listener, fd;
};

/* With a begun request, of which the head has been taken, and small buffers on the way. */
static void meet(struct peer *peer)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof at;
    char head[1000];
    int small = BUFFER_BYTES;
    *peer = (struct peer){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(peer->listener, 1), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&at, &at_len), 0);
    point_at(&peer->test.http, ntohs(at.sin_port));
    buf_init(&peer->test.body, MAX_BODY);
    assert_int_equal(begin(&peer->test), ERR_NONE);
    assert_int_equal(setsockopt(peer->test.http.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small),
                     0);
    peer->fd = accept(peer->listener, NULL, NULL);
    assert_true(peer->fd >= 0);
    assert_true(recv(peer->fd, head, sizeof head, 0) > 0);
}

static void part(struct peer *peer)
{
    (void)close(peer->fd);
    (void)close(peer->listener);
    http1_close(&peer->test.http);
    buf_close(&peer->test.body);
}

static void say(const struct peer *peer, str bytes)
{
    assert_int_equal(send(peer->fd, bytes.at, bytes.len, MSG_NOSIGNAL), bytes.len);
}

static void a_connection_lost_in_the_middle_is_busy(void **state)
{
    (void)state;
    struct linger at_once = {.l_onoff = 1};
    for (int reset = 0; reset <= 1; reset++) {
        struct peer peer;
        meet(&peer);
        assert_int_equal(put(&peer.test, STR("first")), ERR_NONE);
        if (reset) {
            assert_int_equal(setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once),
                             0);
        }
        assert_int_equal(close(peer.fd), 0);
        wait_until_readable(&peer.test.http);
        assert_int_equal(put(&peer.test, STR("second")), ERR_BUSY);
        assert_int_equal(put(&peer.test, STR("third")), ERR_BUSY);
        assert_int_equal(end(&peer.test, NULL, 0), ERR_BUSY);
        assert_int_equal(peer.test.reply.status, 0);
        assert_int_equal(peer.test.http.fd, -1);
        peer.fd = -1;
        part(&peer);
    }
}

static void an_answer_in_the_middle_ends_the_request_and_is_heard(void **state)
{
    (void)state;
    struct peer peer;
    char taken[100] = {0};
    meet(&peer);
    assert_int_equal(put(&peer.test, STR("first")), ERR_NONE);
    say(&peer, STR("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"));
    wait_until_readable(&peer.test.http);
    assert_int_equal(put(&peer.test, STR("second")), ERR_BUSY);
    assert_int_equal(end(&peer.test, NULL, 0), ERR_NONE);
    assert_int_equal(peer.test.reply.status, 413);
    assert_int_equal(peer.test.http.fd, -1);
    assert_int_equal(recv(peer.fd, taken, sizeof taken, MSG_WAITALL), 10);
    assert_string_equal(taken, "5\r\nfirst\r\n"); /* and no end, which would make it whole */
    part(&peer);
}

/* Once the writer has begun; that it can end is out of the question with its small buffers. */
static void *answer_and_take_nothing(void *arg)
{
    struct peer *peer = arg;
    str answer = STR("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    struct pollfd now = {.fd = peer->fd, .events = POLLIN};
    (void)poll(&now, 1, PATIENCE_MS);
    (void)send(peer->fd, answer.at, answer.len, MSG_NOSIGNAL);
    return NULL;
}

static void an_answer_is_heard_while_nothing_is_taken(void **state)
{
    (void)state;
    struct peer peer;
    pthread_t thread;
    meet(&peer);
    assert_int_equal(pthread_create(&thread, NULL, answer_and_take_nothing, &peer), 0);
    assert_int_equal(put(&peer.test, (str){large, sizeof large}), ERR_BUSY);
    assert_false(peer.test.http.timed_out);
    assert_int_equal(end(&peer.test, NULL, 0), ERR_NONE);
    assert_int_equal(peer.test.reply.status, 403);
    assert_int_equal(pthread_join(thread, NULL), 0);
    part(&peer);
}

static void a_peer_that_takes_nothing_is_busy_in_time(void **state)
{
    (void)state;
    struct peer peer;
    meet(&peer);
    peer.test.http.timeout_ms = 20;
    assert_int_equal(put(&peer.test, (str){large, sizeof large}), ERR_BUSY);
    assert_true(peer.test.http.timed_out);
    assert_int_equal(end(&peer.test, NULL, 0), ERR_BUSY);
    assert_string_equal(peer.test.why.text, "nothing was taken for 20 ms");
    assert_int_equal(peer.test.http.fd, -1);
    part(&peer);
}

struct reader {
    int fd;
    size_t taken; /* atomic */
};

static void *read_all(void *arg)
{
    static char some[64 * 1024];
    struct reader *reader = arg;
    ssize_t got = 0;
    (void)poll(NULL, 0, 20); /* so that the writer has to wait */
    do {
        got = recv(reader->fd, some, sizeof some, 0);
        __atomic_add_fetch(&reader->taken, got > 0 ? (size_t)got : 0, __ATOMIC_SEQ_CST);
    } while (got > 0);
    return NULL;
}

static void writing_waits_until_the_peer_has_taken_it(void **state)
{
    (void)state;
    struct peer peer;
    pthread_t thread;
    meet(&peer);
    struct reader reader = {.fd = peer.fd};
    assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
    assert_int_equal(put(&peer.test, (str){large, sizeof large}), ERR_NONE);
    assert_true(__atomic_load_n(&reader.taken, __ATOMIC_SEQ_CST) > sizeof large - MIB);
    assert_int_equal(shutdown(peer.test.http.fd, SHUT_WR), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.taken, sizeof large + sizeof "800000\r\n\r\n" - 1);
    part(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_announces_the_pieces),
        cmocka_unit_test(each_piece_is_a_chunk_of_its_size),
        cmocka_unit_test(a_piece_of_no_bytes_sends_nothing),
        cmocka_unit_test(trailers_come_after_the_last_chunk),
        cmocka_unit_test(a_connection_serves_requests_of_both_kinds),
        cmocka_unit_test(a_request_is_begun_anew_where_the_connection_was_closed),
        cmocka_unit_test(what_cannot_be_begun_is_busy_and_has_no_end),
        cmocka_unit_test(a_head_that_is_no_request_opens_no_connection),
        cmocka_unit_test(a_connection_lost_in_the_middle_is_busy),
        cmocka_unit_test(an_answer_in_the_middle_ends_the_request_and_is_heard),
        cmocka_unit_test(an_answer_is_heard_while_nothing_is_taken),
        cmocka_unit_test(a_peer_that_takes_nothing_is_busy_in_time),
        cmocka_unit_test(writing_waits_until_the_peer_has_taken_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/unit/runtime/http1_script.h"

static void an_address_is_ipv4_or_localhost_and_a_port(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1:9001", "localhost:1", "LOCALHOST:65535",
                                       "169.254.100.1:9001"};
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        ":9001",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "[::1]:1",
        "host.lan:1",
        "127.0.0.1:+1",
        "127.0.0.1:1 ",
        "127.0.0.256:80",
        "127.0.0.1:80/x",
        "127.0.0.1:0000000000000000000000000000000000000000000000000000000000000009001"};
    struct http1 http;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct why why = {0};
        assert_int_equal(http1_init(&http, str_from(good[i]), &why).kind, ERR_NONE);
        assert_string_equal(http.host, good[i]);
        http1_close(&http);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct why why = {0};
        print_message("  %s\n", bad[i]);
        assert_int_equal(http1_init(&http, str_from(bad[i]), &why).kind, ERR_BUG);
        http1_close(&http);
    }
}

static void closing_is_safe_on_zeroed_memory_and_twice(void **state)
{
    (void)state;
    struct http1 http = {0};
    http1_close(&http);
    http1_close(&http);
    assert_int_not_equal(fcntl(0, F_GETFD), -1); /* the descriptor of zeroed memory is not ours */
}

static void a_request_goes_out_as_it_should(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND(HELLO), RECEIVE, SEND(HELLO), RECEIVE, SEND(HELLO));
    assert_hello(&test, get(&test, true));
    assert_hello(&test, post(&test, STR("{\"a\":1}")));
    assert_hello(&test, post(&test, STR("")));
    char expected[600];
    int len = snprintf(expected, sizeof expected,
                       "GET /next HTTP/1.1\r\nHost: %s\r\n\r\n"
                       "POST /response HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                       "Content-Length: 7\r\n\r\n{\"a\":1}"
                       "POST /response HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                       "Content-Length: 0\r\n\r\n",
                       test.http.host, test.http.host, test.http.host);
    assert_true(stop(&test));
    assert_int_equal(test.server.received.len, len);
    assert_memory_equal(test.server.received.at, expected, (size_t)len);
    byte_server_free(&test.server);
}

static void what_would_break_the_request_apart_is_not_sent(void **state)
{
    (void)state;
    static char long_value[9000];
    memset(long_value, 'x', sizeof long_value);
    const struct {
        const char *word;
        str path, value;
        enum err_kind kind;
    } rows[] = {
        {"line break in the path", STR("/a\r\nb"), STR("v"), ERR_BUG},
        {"space in the path", STR("/a b"), STR("v"), ERR_BUG},
        {"CR in a value", STR("/"), STR("v\rInjected: 1"), ERR_BUG},
        {"LF in a value", STR("/"), STR("v\nInjected: 1"), ERR_BUG},
        {"NUL in a value", STR("/"), STR("v\0"), ERR_BUG},
        {"long value", STR("/"), {long_value, sizeof long_value}, ERR_LIMIT},
    };
    struct test test = {0};
    point_at(&test.http, 9);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        struct why why = {0};
        const struct http1_header headers[] = {{STR("X"), rows[i].value}};
        const struct http1_request request = {STR("GET"), rows[i].path, headers, 1, STR("")};
        err e = http1_send(&test.http, &request, true, &test.reply, &test.body, &why);
        assert_int_equal(e.kind, rows[i].kind);
        assert_int_equal(test.http.connects, 0);
    }
    http1_close(&test.http);
}

static void the_status_is_told_even_where_the_body_fails(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND("HTTP/1.1 200 OK\r\nId: 7\r\nContent-Length: 9000000\r\n\r\nhello"));
    assert_int_equal(get(&test, true), ERR_LIMIT);
    assert_int_equal(test.reply.status, 200);
    assert_true(str_eq(http1_header(&test.reply, STR("ID")), STR("7")));
    assert_int_equal(test.http.fd, -1);
    assert_true(stop(&test));
    byte_server_free(&test.server);
}

/* 6 MiB both ways, with bytes that differ from place to place. */
static void a_large_body_comes_and_goes_unharmed(void **state)
{
    (void)state;
    enum { LEN = 6 * 1024 * 1024 };
    struct buf large;
    buf_init(&large, LEN);
    for (uint32_t i = 0; i < LEN / 4; i++) {
        buf_add(&large, (str){(const char *)&i, 4});
    }
    struct test test;
    START(&test, RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 6291456\r\n\r\n"),
          {STEP_SEND, buf_str(&large), 0}, RECEIVE,
          SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n600000\r\n"),
          {STEP_SEND, buf_str(&large), 0}, SEND("\r\n0\r\n\r\n"), RECEIVE, SEND(HELLO));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(get(&test, true), ERR_NONE);
        assert_true(str_eq(buf_str(&test.body), buf_str(&large)));
    }
    assert_hello(&test, post(&test, buf_str(&large)));
    assert_true(stop(&test));
    assert_true(str_ends(buf_str(&test.server.received), buf_str(&large)));
    byte_server_free(&test.server);
    buf_close(&large);
}

/* Reads a little of the request, refuses it and hangs up: the rest has no room to be sent to. */
static void *refuse_early(void *arg)
{
    const int *listener = arg;
    char some[1000];
    str refusal = STR("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    int fd = accept(*listener, NULL, NULL);
    (void)recv(fd, some, sizeof some, MSG_WAITALL);
    (void)send(fd, refusal.at, refusal.len, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    (void)close(fd);
    return NULL;
}

static void an_answer_given_before_the_request_was_read_is_heard(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int)), 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &at_len), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, refuse_early, &listener), 0);
    struct test test = {0};
    point_at(&test.http, ntohs(at.sin_port));
    static char large[MAX_BODY];
    assert_int_equal(post(&test, (str){large, sizeof large}), ERR_NONE);
    assert_int_equal(test.reply.status, 413);
    assert_int_equal(test.http.fd, -1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(listener);
    http1_close(&test.http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_ipv4_or_localhost_and_a_port),
        cmocka_unit_test(closing_is_safe_on_zeroed_memory_and_twice),
        cmocka_unit_test(a_request_goes_out_as_it_should),
        cmocka_unit_test(what_would_break_the_request_apart_is_not_sent),
        cmocka_unit_test(the_status_is_told_even_where_the_body_fails),
        cmocka_unit_test(a_large_body_comes_and_goes_unharmed),
        cmocka_unit_test(an_answer_given_before_the_request_was_read_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

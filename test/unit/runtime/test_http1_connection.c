#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "test/unit/runtime/http1_script.h"

static void one_connection_serves_many_requests(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE,
          SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
          RECEIVE, SEND(HELLO), RECEIVE, {STEP_SEND_EACH, STR(HELLO), 0}, RECEIVE,
          SEND("HTTP/1.1 204 No Content\r\n\r\n"), RECEIVE, SEND(HELLO));
    assert_hello(&test, get(&test, true));
    assert_hello(&test, post(&test, STR("x")));
    assert_hello(&test, get(&test, true));
    assert_int_equal(get(&test, true), ERR_NONE);
    assert_int_equal(test.reply.status, 204);
    assert_hello(&test, get(&test, true));
    assert_int_equal(test.http.connects, 1);
    assert_true(stop(&test));
    byte_server_free(&test.server);
}

static void a_connection_that_is_not_to_be_trusted_is_not_used_again(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *first;
    } rows[] = {
        {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"},
        {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"bytes past the body", HELLO "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"},
        {"two lengths of body",
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
         "\r\n5\r\nhello\r\n0\r\n\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        struct test test;
        START(&test, RECEIVE, {STEP_SEND, str_from(rows[i].first), 0}, RECEIVE, SEND(HELLO));
        assert_hello(&test, get(&test, true));
        assert_hello(&test, post(&test, STR("x")));
        assert_int_equal(test.http.connects, 2);
        assert_true(stop(&test));
        byte_server_free(&test.server);
    }
}

static void wait_until_closed(const struct http1 *http)
{
    struct pollfd closed = {.fd = http->fd, .events = POLLIN};
    assert_int_equal(poll(&closed, 1, PATIENCE_MS), 1);
}

/* Nothing was sent on the old connection, so that even what must not be repeated may go out. */
static void a_connection_closed_between_requests_is_opened_anew(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND(HELLO), CLOSE, RECEIVE, SEND(HELLO), RESET, RECEIVE, SEND(HELLO));
    for (int i = 0; i < 3; i++) {
        assert_hello(&test, post(&test, STR("once")));
        assert_int_equal(test.http.connects, i + 1);
        wait_until_closed(&test.http);
    }
    assert_true(stop(&test));
    byte_server_free(&test.server);
}

static void a_request_that_dies_unanswered_is_repeated_if_it_may_be(void **state)
{
    (void)state;
    static const enum byte_step_kind deaths[] = {STEP_CLOSE, STEP_RESET};
    for (size_t i = 0; i < COUNT(deaths); i++) {
        struct test test;
        START(&test, RECEIVE, SEND(HELLO), RECEIVE, {deaths[i], STR(""), 0}, RECEIVE, SEND(HELLO));
        assert_hello(&test, get(&test, true));
        assert_hello(&test, get(&test, true));
        assert_int_equal(test.why.kind, ERR_NONE);
        assert_int_equal(test.http.connects, 2);
        assert_true(stop(&test));
        byte_server_free(&test.server);
    }
}

static void a_request_is_not_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool reused, repeatable;
        const char *answer;
    } rows[] = {
        {"on a fresh connection", false, true, ""},
        {"that must not be", true, false, ""},
        {"once its answer has begun", true, true, "H"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        struct test test;
        const struct byte_step steps[] = {
            RECEIVE, SEND(HELLO), RECEIVE,    {STEP_SEND, str_from(rows[i].answer), 0},
            CLOSE,   RECEIVE,     SEND(HELLO)};
        size_t skipped = rows[i].reused ? 0 : 2;
        start(&test, steps + skipped, COUNT(steps) - skipped);
        if (rows[i].reused) {
            assert_hello(&test, get(&test, true));
        }
        assert_int_equal(get(&test, rows[i].repeatable), ERR_BUSY);
        assert_int_equal(test.http.fd, -1);
        assert_int_equal(test.http.connects, 1);
        assert_false(stop(&test));
        byte_server_free(&test.server);
    }
}

static void a_reset_anywhere_in_the_reply_is_busy(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *sent;
    } rows[] = {
        {"before the head", ""},
        {"in the status line", "HTTP/1.1 2"},
        {"in the headers", "HTTP/1.1 200 OK\r\nContent-Len"},
        {"after the headers", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
        {"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"},
        {"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"},
        {"before the last chunk",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
        {"in a body that the close ends", "HTTP/1.0 200 OK\r\n\r\nhel"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        struct test test;
        START(&test, RECEIVE, {STEP_SEND, str_from(rows[i].sent), 0}, RESET);
        assert_int_equal(get(&test, true), ERR_BUSY);
        assert_int_equal(test.http.fd, -1);
        (void)stop(&test);
        byte_server_free(&test.server);
    }
}

static void a_server_that_is_not_there_is_busy(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE);
    assert_false(stop(&test));
    point_at(&test.http, test.server.port);
    assert_int_equal(get(&test, true), ERR_BUSY);
    assert_int_equal(test.reply.status, 0);
    http1_close(&test.http);
    byte_server_free(&test.server);
}

static void an_answer_that_does_not_come_in_time_is_busy_and_not_asked_for_again(void **state)
{
    (void)state;
    struct test test;
    START(&test, RECEIVE, SEND(HELLO), RECEIVE, {STEP_PAUSE, STR(""), 60000});
    assert_hello(&test, get(&test, true));
    test.http.timeout_ms = 20;
    assert_int_equal(get(&test, true), ERR_BUSY);
    assert_int_equal(test.http.connects, 1);
    assert_int_equal(test.http.fd, -1);
    assert_false(stop(&test));
    byte_server_free(&test.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_serves_many_requests),
        cmocka_unit_test(a_connection_that_is_not_to_be_trusted_is_not_used_again),
        cmocka_unit_test(a_connection_closed_between_requests_is_opened_anew),
        cmocka_unit_test(a_request_that_dies_unanswered_is_repeated_if_it_may_be),
        cmocka_unit_test(a_request_is_not_repeated),
        cmocka_unit_test(a_reset_anywhere_in_the_reply_is_busy),
        cmocka_unit_test(a_server_that_is_not_there_is_busy),
        cmocka_unit_test(an_answer_that_does_not_come_in_time_is_busy_and_not_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

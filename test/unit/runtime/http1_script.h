/* For the tests of runtime/http1: a client and a server that plays a script.
 */
#ifndef TEST_UNIT_RUNTIME_HTTP1_SCRIPT_H
#define TEST_UNIT_RUNTIME_HTTP1_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "runtime/http1.h"
#include "test/support/byte_server.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SEND(text)                                                                                 \
    {                                                                                              \
        STEP_SEND, STR(text), 0                                                                    \
    }
#define RECEIVE                                                                                    \
    {                                                                                              \
        STEP_RECEIVE, STR(""), 0                                                                   \
    }
#define CLOSE                                                                                      \
    {                                                                                              \
        STEP_CLOSE, STR(""), 0                                                                     \
    }
#define RESET                                                                                      \
    {                                                                                              \
        STEP_RESET, STR(""), 0                                                                     \
    }
#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define START(test, ...)                                                                           \
    const struct byte_step steps[] = {__VA_ARGS__};                                                \
    start((test), steps, COUNT(steps))

enum { MAX_BODY = 7 * 1024 * 1024, PATIENCE_MS = 5000 };

struct test {
    struct byte_server server;
    struct http1 http;
    struct http1_reply reply;
    struct buf body;
    struct why why;
};

static inline void point_at(struct http1 *http, uint16_t port)
{
    char address[32];
    struct why why = {0};
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
    assert_int_equal(http1_init(http, str_from(address), &why).kind, ERR_NONE);
    http->timeout_ms = PATIENCE_MS;
}

static inline void start(struct test *test, const struct byte_step *steps, size_t count)
{
    *test = (struct test){0};
    byte_server_start(&test->server, steps, count);
    point_at(&test->http, test->server.port);
    buf_init(&test->body, MAX_BODY);
}

/* True when the script was played to its end. What was received is still there. */
static inline bool stop(struct test *test)
{
    byte_server_stop(&test->server);
    http1_close(&test->http);
    buf_close(&test->body);
    return test->server.played;
}

static inline enum err_kind get(struct test *test, bool repeatable)
{
    const struct http1_request request = {.method = STR("GET"), .path = STR("/next")};
    test->why = (struct why){0};
    return http1_send(&test->http, &request, repeatable, &test->reply, &test->body, &test->why)
        .kind;
}

static inline enum err_kind post(struct test *test, str body)
{
    const struct http1_header headers[] = {{STR("Content-Type"), STR("application/json")}};
    const struct http1_request request = {STR("POST"), STR("/response"), headers, 1, body};
    test->why = (struct why){0};
    return http1_send(&test->http, &request, false, &test->reply, &test->body, &test->why).kind;
}

static inline void assert_hello(struct test *test, enum err_kind kind)
{
    assert_int_equal(kind, ERR_NONE);
    assert_int_equal(test->reply.status, 200);
    assert_true(str_eq(buf_str(&test->body), STR("hello")));
}

#endif

/* Requests as they go out, and readers that have no room. */
#include "test/unit/aws/talk.h"

#include <stdlib.h>

/* --- What the reader says --- */

static void a_reader_without_room_gets_the_rest_after_resume(void **state)
{
    (void)state;
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\nhello")},
        {.kind = STEP_PAUSE, .ms = 30000},
    };
    struct talk talk;
    struct why why = {0};
    talk_start(&talk, steps, COUNT(steps));
    talk.answer = HTTP_LATER;
    assert_int_equal(talk_begin(&talk, "/", (struct http_request){0}, &why).kind, ERR_NONE);
    while (!talk.refused) {
        http_pump(talk.http, 1000);
    }
    for (int i = 0; i < 5; i++) {
        http_pump(talk.http, 1);
    }
    assert_int_equal(talk.refused, 1);
    assert_false(talk.ended);
    talk.answer = HTTP_TAKEN;
    http_resume(talk.exchange);
    talk_wait(&talk);
    assert_int_equal(talk.end, HTTP_COMPLETE);
    assert_true(str_eq(buf_str(&talk.body), STR("hello")));
    talk_stop(&talk);
}

static void a_reader_that_stops_while_resumed_ends_the_exchange(void **state)
{
    (void)state;
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhello")},
        {.kind = STEP_PAUSE, .ms = 30000},
    };
    struct talk talk;
    struct why why = {0};
    talk_start(&talk, steps, COUNT(steps));
    talk.answer = HTTP_LATER;
    assert_int_equal(talk_begin(&talk, "/", (struct http_request){0}, &why).kind, ERR_NONE);
    while (!talk.refused) {
        http_pump(talk.http, 1000);
    }
    talk.answer = HTTP_STOP;
    http_resume(talk.exchange);
    talk_wait(&talk);
    assert_int_equal(talk.end, HTTP_STOPPED);
    talk_stop(&talk);
}

/* --- What goes --- */

static void a_request_goes_out_as_it_was_given(void **state)
{
    (void)state;
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")},
    };
    const struct header headers[] = {
        {STR("host"), STR("bucket.example")},
        {STR("content-type"), STR("application/x-amz-json-1.0")},
        {STR("x-empty"), STR("")},
    };
    struct talk talk;
    struct why why = {0};
    talk_start(&talk, steps, COUNT(steps));
    struct http_request request = {.method = HTTP_POST,
                                   .headers = headers,
                                   .header_count = COUNT(headers),
                                   .body = {"a\0b", 3}};
    assert_int_equal(talk_begin(&talk, "//a/./../%2F?x=%20", request, &why).kind, ERR_NONE);
    talk_wait(&talk);
    byte_server_stop(&talk.server);
    static const char wanted[] = "POST //a/./../%2F?x=%20 HTTP/1.1\r\n"
                                 "Host: bucket.example\r\n"
                                 "content-type: application/x-amz-json-1.0\r\n"
                                 "x-empty:\r\n"
                                 "Content-Length: 3\r\n"
                                 "\r\na\0b";
    assert_int_equal(talk.server.received.len, sizeof wanted - 1);
    assert_memory_equal(talk.server.received.at, wanted, sizeof wanted - 1);
    http_close(talk.http);
    byte_server_free(&talk.server);
    buf_close(&talk.body);
}

static void a_control_character_in_a_header_is_refused(void **state)
{
    (void)state;
    static const char bad[] = {'\r', '\n', 0, 0x7f, 0x01};
    struct http *http = NULL;
    struct why why = {0};
    assert_int_equal(http_init(&http, &(struct trust_config){0}, &why).kind, ERR_NONE);
    for (size_t i = 0; i < sizeof bad; i++) {
        char value[] = {'a', bad[i], 'b'};
        const struct header header = {STR("x"), {value, sizeof value}};
        struct http_exchange *x = NULL;
        struct http_request request = {
            .url = STR("http://127.0.0.1:1/"), .headers = &header, .header_count = 1};
        assert_int_equal(http_start(http, &request, &x, &why).kind, ERR_INPUT);
        request = (struct http_request){.url = {value, sizeof value}};
        assert_int_equal(http_start(http, &request, &x, &why).kind, ERR_INPUT);
    }
    http_close(http);
}

static void connections_are_kept(void **state)
{
    (void)state;
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\na")},
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 503 X\r\nContent-Length: 1\r\n\r\nb")},
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\nc")},
    };
    struct talk talk;
    talk_start(&talk, steps, COUNT(steps));
    for (int i = 0; i < 3; i++) {
        talk_get(&talk, (struct http_request){.timeout_ms = 5000});
        assert_int_equal(talk.end, HTTP_COMPLETE);
    }
    byte_server_stop(&talk.server);
    assert_int_equal(talk.server.accepted, 1);
    assert_true(str_eq(buf_str(&talk.body), STR("abc")));
    http_close(talk.http);
    byte_server_free(&talk.server);
    buf_close(&talk.body);
}

/* However its address is spelled. */
static void nothing_local_is_asked_through_a_proxy(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool local;
    } rows[] = {
        {"127.0.0.1", true},         {"127.9.9.9", true},          {"localhost", true},
        {"LocalHost", true},         {"169.254.170.2", true},      {"[::1]", true},
        {"[0:0:0:0:0:0:0:1]", true}, {"[fd00:ec2::23]", true},     {"[FD00:EC2::23]", true},
        {"[fd00:0ec2::254]", true},  {"127.0.0.1.example", false}, {"[fd00:ec3::23]", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const struct byte_step steps[] = {
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = STR_INIT("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n")},
        };
        struct talk talk;
        struct why why = {0};
        char url[64], proxy[64];
        talk_start(&talk, steps, COUNT(steps));
        (void)snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", talk.server.port);
        (void)snprintf(url, sizeof url, "http://%s:9/", rows[i].host);
        assert_int_equal(setenv("http_proxy", proxy, 1), 0);
        const struct http_request request = {.url = str_from(url),
                                             .timeout_ms = 300,
                                             .on_body = talk_take,
                                             .on_end = talk_ended,
                                             .ctx = &talk};
        assert_int_equal(http_start(talk.http, &request, &talk.exchange, &why).kind, ERR_NONE);
        talk_wait(&talk);
        assert_int_equal(unsetenv("http_proxy"), 0);
        byte_server_stop(&talk.server);
        if ((talk.server.accepted == 0) != rows[i].local) {
            fail_msg("%s: %u connections to the proxy", rows[i].host, talk.server.accepted);
        }
        http_close(talk.http);
        byte_server_free(&talk.server);
        buf_close(&talk.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_without_room_gets_the_rest_after_resume),
        cmocka_unit_test(a_reader_that_stops_while_resumed_ends_the_exchange),
        cmocka_unit_test(a_request_goes_out_as_it_was_given),
        cmocka_unit_test(a_control_character_in_a_header_is_refused),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(nothing_local_is_asked_through_a_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

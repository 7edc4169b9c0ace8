/* Replies, good and broken. */
#include "test/unit/aws/talk.h"

static void a_reply_is_read_whole_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *word, *reply, *body;
    } rows[] = {
        {"length", "HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        {"empty", "HTTP/1.1 200 OK\r\nETAG:x\r\nContent-Length: 0\r\n\r\n", ""},
        {"chunks",
         "HTTP/1.1 200 OK\r\netag:  x \r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
         "hello"},
        {"trailers are left out",
         "HTTP/1.1 200 OK\r\nETag: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n0\r\nX-More: y\r\n\r\n",
         "hello"},
        {"100 first",
         "HTTP/1.1 100 Continue\r\nETag: y\r\n\r\nHTTP/1.1 200 OK\r\nETag: x\r\n"
         "Content-Length: 5\r\n\r\nhello",
         "hello"},
        {"until it closes", "HTTP/1.0 200 OK\r\nETag: x\r\n\r\nhello", "hello"},
        {"gzip is not unpacked",
         "HTTP/1.1 200 OK\r\nETag: x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
         "abc"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int each = 0; each < 2; each++) {
            const struct byte_step steps[] = {
                {.kind = STEP_RECEIVE},
                {.kind = each ? STEP_SEND_EACH : STEP_SEND, .bytes = str_from(rows[i].reply)},
                {.kind = STEP_CLOSE},
            };
            struct talk talk;
            talk_start(&talk, steps, COUNT(steps));
            talk_get(&talk, (struct http_request){0});
            if (talk.end != HTTP_COMPLETE || talk.status != 200 ||
                !str_eq(buf_str(&talk.body), str_from(rows[i].body)) ||
                strcmp(talk.etag, "x") != 0) {
                fail_msg("%s: end %d, status %d", rows[i].word, talk.end, talk.status);
            }
            talk_stop(&talk);
        }
    }
}

static enum http_end end_of(str reply, enum byte_step_kind last)
{
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE}, {.kind = STEP_SEND, .bytes = reply}, {.kind = last}};
    struct talk talk;
    talk_start(&talk, steps, COUNT(steps));
    talk_get(&talk, (struct http_request){0});
    talk_stop(&talk);
    return talk.end;
}

static void a_reply_cut_off_at_any_byte_is_never_complete(void **state)
{
    (void)state;
    /* All of the second body has come before its last LF; libcurl does not wait for that. */
    static const char *const replies[] = {
        "HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r",
    };
    for (size_t r = 0; r < COUNT(replies); r++) {
        for (size_t len = 0; len < strlen(replies[r]); len++) {
            enum http_end closed = end_of((str){replies[r], len}, STEP_CLOSE);
            enum http_end reset = end_of((str){replies[r], len}, STEP_RESET);
            if (closed != HTTP_BROKEN || reset != HTTP_BROKEN) {
                fail_msg("reply %zu cut at %zu: ends %d, %d", r, len, closed, reset);
            }
        }
    }
}

static void what_is_not_http_is_broken(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(replies); i++) {
        const struct byte_step steps[] = {
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = str_from(replies[i])},
            {.kind = STEP_CLOSE},
        };
        struct talk talk;
        talk_start(&talk, steps, COUNT(steps));
        talk_get(&talk, (struct http_request){0});
        if (talk.end != HTTP_BROKEN) {
            fail_msg("reply %zu: end %d", i, talk.end);
        }
        talk_stop(&talk);
    }
}

static void a_head_past_its_bound_ends_the_exchange(void **state)
{
    (void)state;
    static char head[HTTP_MAX_HEAD_BYTES + 4096];
    size_t len = (size_t)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n");
    while (len < HTTP_MAX_HEAD_BYTES + 1000) {
        memcpy(head + len, "X-Filler: 0123456789012345678901234567890123456789\r\n", 52);
        len += 52;
    }
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = {head, len}},
        {.kind = STEP_PAUSE, .ms = 5000},
    };
    struct talk talk;
    talk_start(&talk, steps, COUNT(steps));
    talk_get(&talk, (struct http_request){0});
    assert_int_equal(talk.end, HTTP_TOO_LARGE);
    talk_stop(&talk);
}

static void a_redirect_is_not_followed(void **state)
{
    (void)state;
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND,
         .bytes = STR("HTTP/1.1 301 X\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n")},
        {.kind = STEP_PAUSE, .ms = 5000},
    };
    struct talk talk;
    talk_start(&talk, steps, COUNT(steps));
    talk_get(&talk, (struct http_request){0});
    assert_int_equal(talk.end, HTTP_COMPLETE);
    assert_int_equal(talk.status, 301);
    talk_stop(&talk);
}

static void a_silent_server_times_out(void **state)
{
    (void)state;
    const struct byte_step steps[] = {{.kind = STEP_RECEIVE}, {.kind = STEP_PAUSE, .ms = 30000}};
    struct talk talk;
    talk_start(&talk, steps, COUNT(steps));
    talk_get(&talk, (struct http_request){.timeout_ms = 50});
    assert_int_equal(talk.end, HTTP_TIMED_OUT);
    talk_stop(&talk);
}

static void a_body_that_stalls_times_out(void **state)
{
    (void)state;
    const struct byte_step steps[] = {
        {.kind = STEP_RECEIVE},
        {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nabc")},
        {.kind = STEP_PAUSE, .ms = 30000},
    };
    struct talk talk;
    talk_start(&talk, steps, COUNT(steps));
    talk_get(&talk, (struct http_request){.stall_ms = 1000});
    assert_int_equal(talk.end, HTTP_TIMED_OUT);
    talk_stop(&talk);
}

static void no_listener_is_broken_and_not_stale(void **state)
{
    (void)state;
    struct talk talk;
    const struct byte_step steps[] = {{.kind = STEP_RECEIVE}};
    talk_start(&talk, steps, COUNT(steps));
    byte_server_stop(&talk.server);
    struct why why = {0};
    assert_int_equal(talk_begin(&talk, "/", (struct http_request){0}, &why).kind, ERR_NONE);
    talk_wait(&talk);
    assert_int_equal(talk.end, HTTP_BROKEN);
    assert_false(http_was_stale(talk.exchange));
    http_close(talk.http);
    byte_server_free(&talk.server);
    buf_close(&talk.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_read_whole_in_every_form),
        cmocka_unit_test(a_reply_cut_off_at_any_byte_is_never_complete),
        cmocka_unit_test(what_is_not_http_is_broken),
        cmocka_unit_test(a_head_past_its_bound_ends_the_exchange),
        cmocka_unit_test(a_redirect_is_not_followed),
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(a_body_that_stalls_times_out),
        cmocka_unit_test(no_listener_is_broken_and_not_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

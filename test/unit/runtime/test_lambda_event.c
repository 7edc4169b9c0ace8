/* Events in every form in which the API may send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/lambda_script.h"

static struct script script;

#define HEAD "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n"

static err echo(void *ctx, const struct lambda_invocation *in, struct buf *reply, struct why *why)
{
    (void)ctx;
    (void)why;
    buf_add(reply, in->event);
    return OK;
}

static const struct {
    const char *word, *answer;
    enum byte_step_kind then;
    unsigned connects;
} forms[] = {
    {"length", HEAD "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
     STEP_PAUSE, 1},
    {"no content type", HEAD "Content-Length: 7\r\n\r\n{\"a\":1}", STEP_PAUSE, 1},
    {"names in any case",
     "HTTP/1.1 200 OK\r\nlAMBDA-rUNTIME-aWS-rEQUEST-iD: id-1\r\nCONTENT-length: 7\r\n\r\n{\"a\":1}",
     STEP_PAUSE, 1},
    {"empty headers",
     HEAD
     "Content-Type:\r\nLambda-Runtime-Trace-Id:\r\nX: \t\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
     STEP_PAUSE, 1},
    {"one chunk", HEAD "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n", STEP_PAUSE,
     1},
    {"many chunks",
     HEAD "transfer-encoding: Chunked\r\n\r\n1\r\n{\r\n03\r\n\"a\"\r\n3\r\n:1}\r\n00\r\n\r\n",
     STEP_PAUSE, 1},
    {"extensions and trailers",
     HEAD "Transfer-Encoding: chunked\r\n\r\n7;x=\"y\"\r\n{\"a\":1}\r\n0;z\r\nA: b\r\nC: d\r\n\r\n",
     STEP_PAUSE, 1},
    {"after an interim reply",
     "HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 7\r\n\r\n{\"a\":1}", STEP_PAUSE, 1},
    {"HTTP/1.0 with a length",
     "HTTP/1.0 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
     STEP_PAUSE, 2},
    {"HTTP/1.0 without a length",
     "HTTP/1.0 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n\r\n{\"a\":1}", STEP_CLOSE, 2},
};

static void serve(size_t form, enum byte_step_kind send)
{
    print_message("  %s\n", forms[form].word);
    script_open(&script, echo, NULL);
    script_step(&script, STEP_RECEIVE, STR(""));
    script_step(&script, send, str_from(forms[form].answer));
    script_step(&script, forms[form].then, STR(""));
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
    assert_int_equal(script.connects, forms[form].connects);
    assert_int_equal(script_received(&script, "/id-1/response HTTP/1.1\r\n"), 1);
    assert_int_equal(script_received(&script, "\r\n\r\n{\"a\":1}GET "), 1);
    assert_int_equal(pauses.count, 0);
    script_close(&script);
}

static void an_event_comes_in_any_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        serve(i, STEP_SEND);
        serve(i, STEP_SEND_EACH);
    }
}

/* One that would put a header of its own into our post: the reply is not believed at all. */
static void a_line_break_in_a_header_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        HEAD "Lambda-Runtime-Invocation-Id: a\rX-Evil: b\r\nContent-Length: 2\r\n\r\n{}",
        HEAD "Lambda-Runtime-Invocation-Id: a\n X-Evil: b\r\nContent-Length: 2\r\n\r\n{}",
        HEAD "Lambda-Runtime-Invocation-Id: a\r\n\tX-Evil: b\r\nContent-Length: 2\r\n\r\n{}",
        HEAD "Lambda-Runtime-Invocation-Id: a\r\r\nContent-Length: 2\r\n\r\n{}",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        script_open(&script, echo, NULL);
        script_answer(&script, rows[i]);
        script_step(&script, STEP_CLOSE, STR(""));
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_true(script.server.played);
        assert_int_equal(script_received(&script, "POST "), 1);
        assert_int_equal(script_received(&script, "X-Evil"), 0);
        assert_int_equal(pauses.count, 1);
        script_close(&script);
    }
}

static err tell_length(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                       struct why *why)
{
    (void)ctx;
    (void)why;
    buf_u64(reply, in->event.len);
    return OK;
}

/* Six mebibytes, and the slack that is left for what the API adds; one more is told to whoever
 * waits for the answer. */
static void an_event_may_be_as_large_as_its_bound(void **state)
{
    (void)state;
    static char event[LAMBDA_MAX_EVENT_BYTES + 1];
    static const struct {
        size_t len;
        const char *received;
    } rows[] = {{6 * 1024 * 1024, "\r\n\r\n6291456GET "},
                {LAMBDA_MAX_EVENT_BYTES, "\r\n\r\n6356992GET "},
                {LAMBDA_MAX_EVENT_BYTES + 1, "Error-Type: Runtime.EventNotRead\r\n"}};
    memset(event, 'x', sizeof event);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[100];
        script_open(&script, tell_length, NULL);
        (void)snprintf(line, sizeof line, HEAD "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                       rows[i].len);
        script_step(&script, STEP_RECEIVE, STR(""));
        script_step(&script, STEP_SEND, str_from(line));
        /* Not copied by script_step: it is larger than the script. */
        script.steps[script.count++] = (struct byte_step){STEP_SEND, {event, rows[i].len}, 0};
        script_step(&script, STEP_SEND, STR("\r\n0\r\n\r\n"));
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_int_equal(script_received(&script, rows[i].received), 1);
        script_close(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_comes_in_any_form),
        cmocka_unit_test(a_line_break_in_a_header_is_refused),
        cmocka_unit_test(an_event_may_be_as_large_as_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/lambda_script.h"

static struct script script;

/* One invocation of the handler whose post is accepted, then the end. */
static void run_once(lambda_handler *handler, void *ctx)
{
    script_open(&script, handler, ctx);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
}

static void a_failure_is_posted_with_a_type_that_the_api_takes(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        enum err_kind kind;
        const char *type;
    } rows[] = {
        {"Function.ResponseSizeTooLarge", ERR_LIMIT, "Function.ResponseSizeTooLarge"},
        {"Runtime.InvalidConfiguration", ERR_BUG, "Runtime.InvalidConfiguration"},
        {"", ERR_INPUT, "Function.Input"},
        {"", ERR_DEADLINE, "Function.Deadline"},
        {"ThrottlingException", ERR_BUSY, "Function.Busy"},
        {"Function.", ERR_BUSY, "Function.Busy"},
        {"Function.X", ERR_BUSY, "Function.Busy"},
        {"Function.xy", ERR_BUSY, "Function.Busy"},
        {"Function.Not-This", ERR_DENIED, "Function.Denied"},
        {"Function.A.B", ERR_MISSING, "Function.Missing"},
        {"function.Lower", ERR_BUG, "Function.Bug"},
        {"Sandbox.Timedout", ERR_LIMIT, "Function.Limit"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].code);
        char header[100];
        char body[200];
        struct why why = {.kind = rows[i].kind, .text = "three of 4 failed"};
        err_code(&why, str_from(rows[i].code));
        (void)snprintf(header, sizeof header, "\r\nLambda-Runtime-Function-Error-Type: %s\r\n",
                       rows[i].type);
        (void)snprintf(body, sizeof body,
                       "\r\n\r\n{\"errorMessage\":\"three of 4 failed\",\"errorType\":\"%s\","
                       "\"stackTrace\":[]}GET ",
                       rows[i].type);
        run_once(fail_as, &why);
        assert_int_equal(
            script_received(&script, "POST /2018-06-01/runtime/invocation/id-1/error "), 1);
        assert_int_equal(script_received(&script, header), 1);
        assert_int_equal(script_received(&script, body), 1);
        assert_int_equal(script_received(&script, "half a reply"), 0);
        assert_int_equal(script_received(&script, "/response"), 0);
        script_close(&script);
    }
}

static void an_error_text_of_any_bytes_is_posted_as_json(void **state)
{
    (void)state;
    struct why why = {.kind = ERR_BUG, .text = "a \"b\"\n\\ caf\xc3\xa9 \xff\x01"};
    run_once(fail_as, &why);
    assert_int_equal(script_received(&script, "{\"errorMessage\":\"a \\\"b\\\"\\n\\\\ caf\xc3\xa9 "
                                              "\xef\xbf\xbd\\u0001\",\"errorType\""),
                     1);
    script_close(&script);
    memset(why.text, 1, sizeof why.text - 1);
    run_once(fail_as, &why);
    /* In the body, and in what X-Ray is told. */
    assert_int_equal(script_received(&script, "\\u0001"), 2 * (sizeof why.text - 1));
    assert_int_equal(script_received(&script, "\"stackTrace\":[]}"), 1);
    script_close(&script);
}

static err fail_silently(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                         struct why *why)
{
    (void)ctx;
    (void)in;
    (void)reply;
    (void)why;
    return (err){ERR_BUSY};
}

static void a_failure_without_a_reason_is_posted_too(void **state)
{
    (void)state;
    run_once(fail_silently, NULL);
    assert_int_equal(script_received(&script, "{\"errorMessage\":\"the handler gave no reason\""),
                     1);
    assert_int_equal(script_received(&script, "Error-Type: Function.Busy\r\n"), 1);
    script_close(&script);
}

static void a_failure_is_logged_once_with_its_place(void **state)
{
    (void)state;
    struct why why = {.kind = ERR_BUSY, .file = "aws/s3.c", .line = 12, .text = "slow down"};
    run_once(fail_as, &why);
    assert_int_equal(script_logged(&script, "\"ERROR\""), 1);
    assert_int_equal(script_logged(&script, "\"requestId\":\"id-1\""), 1);
    assert_int_equal(script_logged(&script, "slow down"), 1);
    assert_int_equal(script_logged(&script, "aws/s3.c:12"), 1);
    script_close(&script);
}

static void a_failure_is_posted_with_its_place(void **state)
{
    (void)state;
    struct why why = {.kind = ERR_BUSY, .file = "aws/s3.c", .line = 12, .text = "slow \"down\""};
    char folder[512];
    char cause[2048];
    assert_non_null(getcwd(folder, sizeof folder));
    (void)snprintf(cause, sizeof cause,
                   "\r\nLambda-Runtime-Function-XRay-Error-Cause: {\"working_directory\":\"%s\","
                   "\"exceptions\":[{\"message\":\"slow \\\"down\\\"\",\"type\":\"Function.Busy\","
                   "\"stack\":[{\"path\":\"aws/s3.c\",\"line\":12,\"label\":\"\"}]}],"
                   "\"paths\":[\"aws/s3.c\"]}\r\n",
                   folder);
    run_once(fail_as, &why);
    assert_int_equal(script_received(&script, cause), 1);
    assert_int_equal(script_received(&script, "\"stackTrace\":[\"aws/s3.c:12\"]}"), 1);
    script_close(&script);
}

static err reply_with(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                      struct why *why)
{
    (void)in;
    (void)why;
    size_t len = *(size_t *)ctx;
    char *into = buf_reserve(reply, len);
    if (into) {
        memset(into, 'x', len);
        reply->len += len;
    }
    return OK;
}

static err reply_with_less_each_time(void *ctx, const struct lambda_invocation *in,
                                     struct buf *reply, struct why *why)
{
    err result = reply_with(ctx, in, reply, why);
    --*(size_t *)ctx;
    return result;
}

static void the_largest_response_is_posted(void **state)
{
    (void)state;
    size_t len = LAMBDA_MAX_RESPONSE_BYTES;
    run_once(reply_with, &len);
    assert_int_equal(script_received(&script, "/id-1/response"), 1);
    assert_int_equal(script_received(&script, "Content-Length: 6291556\r\n"), 1);
    assert_int_equal(script_received(&script, "/error"), 0);
    assert_int_equal(script_logged(&script, "WARN"), 0);
    script_close(&script);
}

static void a_response_one_byte_larger_is_posted_as_an_error(void **state)
{
    (void)state;
    size_t len = LAMBDA_MAX_RESPONSE_BYTES + 1;
    run_once(reply_with, &len);
    assert_int_equal(script_received(&script, "/id-1/error"), 1);
    assert_int_equal(script_received(&script, "Error-Type: Function.ResponseSizeTooLarge\r\n"), 1);
    assert_int_equal(
        script_received(&script, "{\"errorMessage\":\"the response is past 6291556 bytes\""), 1);
    assert_int_equal(script_received(&script, "/response"), 0);
    script_close(&script);
}

static void a_response_that_was_too_large_does_not_spoil_the_next(void **state)
{
    (void)state;
    size_t len = LAMBDA_MAX_RESPONSE_BYTES + 1;
    script_open(&script, reply_with_less_each_time, &len);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(script_received(&script, "/id-1/error"), 1);
    assert_int_equal(script_received(&script, "/id-1/response"), 1);
    script_close(&script);
}

/* Each status but 500, once, as the answer to the post of an invocation. */
static void answer_with_every_status(void)
{
    for (int status = 200; status <= 599; status++) {
        if (status != 500) {
            script_invocation(&script, "", "{}");
            script_status(&script, status);
        }
    }
    script_answer(&script, BROKEN);
}

/* 413 is among them: an /error after it would be refused, as the API has given up already. */
static void no_status_but_500_on_a_response_ends_the_loop(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    answer_with_every_status();
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 399);
    assert_int_equal(script_received(&script, "/id-1/response"), 399);
    assert_int_equal(script_received(&script, "/error"), 0);
    assert_int_equal(script_logged(&script, "a post was refused"), 299);
    assert_int_equal(script_logged(&script, "\"status\":413"), 1);
    assert_int_equal(script.connects, 1);
    assert_int_equal(pauses.count, 0);
    script_close(&script);
}

static void no_status_but_500_on_an_error_ends_the_loop(void **state)
{
    (void)state;
    struct why why = {.kind = ERR_INPUT};
    script_open(&script, fail_as, &why);
    answer_with_every_status();
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(script_received(&script, "/id-1/error"), 399);
    assert_int_equal(script_received(&script, "/response"), 0);
    assert_int_equal(script.connects, 1);
    script_close(&script);
}

static void no_status_but_500_on_an_init_error_changes_the_exit_code(void **state)
{
    (void)state;
    const struct why why = {.kind = ERR_BUG, .text = "cannot start"};
    for (int status = 200; status <= 599; status++) {
        script_open(&script, pong, NULL);
        script_status(&script, status);
        script_start(&script);
        assert_int_equal(lambda_init_failed(&script.config, &why),
                         status == 500 ? LAMBDA_EXIT_API : LAMBDA_EXIT_CONFIG);
        script_stop(&script);
        assert_int_equal(script_received(&script, "POST "), 1);
        script_close(&script);
    }
}

static void a_500_on_a_post_ends_the_process(void **state)
{
    (void)state;
    unsigned calls = 0;
    struct why why = {.kind = ERR_INPUT};
    const struct {
        lambda_handler *handler;
        void *ctx;
    } rows[] = {{pong, &calls}, {fail_as, &why}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        script_open(&script, rows[i].handler, rows[i].ctx);
        script_invocation(&script, "", "{}");
        script_answer(&script, BROKEN);
        script_invocation(&script, "", "{}");
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_int_equal(script_received(&script, "GET "), 1);
        assert_int_equal(script_logged(&script, "\"FATAL\""), 1);
        assert_int_equal(script.log.request_id.len, 0);
        script_close(&script);
    }
}

/* The second try, and the next invocation, are on new connections. */
static void a_post_that_is_lost_is_tried_once_more(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *part; /* of the answer that comes before the connection breaks */
        enum byte_step_kind end;
        unsigned posts;
    } rows[] = {
        {"closed", "", STEP_CLOSE, 2},
        {"reset", "", STEP_RESET, 2},
        {"cut off in the head", "HTTP/1.1 202 Acc", STEP_CLOSE, 2},
        {"cut off after an interim reply", "HTTP/1.1 100 Continue\r\n\r\n", STEP_CLOSE, 2},
        {"cut off in the body", "HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{", STEP_CLOSE,
         1},
        {"not HTTP", "hello\r\n\r\n", STEP_CLOSE, 1},
        {"an endless answer", "HTTP/1.1 202 Accepted\r\nContent-Length: 999999999\r\n\r\n",
         STEP_CLOSE, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        unsigned calls = 0;
        script_open(&script, pong, &calls);
        script_invocation(&script, "Lambda-Runtime-Invocation-Id: inv-9\r\n", "{}");
        script_answer(&script, rows[i].part);
        script_step(&script, rows[i].end, STR(""));
        if (rows[i].posts == 2) {
            script_status(&script, 400);
        }
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_true(script.server.played);
        assert_int_equal(calls, 2);
        assert_int_equal(script_received(&script, "/id-1/response"), rows[i].posts + 1);
        assert_int_equal(script_received(&script, "Invocation-Id: inv-9"), rows[i].posts);
        assert_int_equal(script.connects, 2);
        script_close(&script);
    }
}

static void a_post_that_is_lost_twice_is_given_up(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    script_invocation(&script, "", "{}");
    for (int i = 0; i < 2; i++) {
        script_answer(&script, "HTTP/1.1 202");
        script_step(&script, STEP_RESET, STR(""));
    }
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
    assert_int_equal(calls, 2);
    assert_int_equal(script_logged(&script, "a post was lost"), 2);
    assert_int_equal(script_logged(&script, "\"requestId\":\"id-1\""), 2);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_posted_with_a_type_that_the_api_takes),
        cmocka_unit_test(an_error_text_of_any_bytes_is_posted_as_json),
        cmocka_unit_test(a_failure_without_a_reason_is_posted_too),
        cmocka_unit_test(a_failure_is_logged_once_with_its_place),
        cmocka_unit_test(a_failure_is_posted_with_its_place),
        cmocka_unit_test(the_largest_response_is_posted),
        cmocka_unit_test(a_response_one_byte_larger_is_posted_as_an_error),
        cmocka_unit_test(a_response_that_was_too_large_does_not_spoil_the_next),
        cmocka_unit_test(no_status_but_500_on_a_response_ends_the_loop),
        cmocka_unit_test(no_status_but_500_on_an_error_ends_the_loop),
        cmocka_unit_test(no_status_but_500_on_an_init_error_changes_the_exit_code),
        cmocka_unit_test(a_500_on_a_post_ends_the_process),
        cmocka_unit_test(a_post_that_is_lost_is_tried_once_more),
        cmocka_unit_test(a_post_that_is_lost_twice_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

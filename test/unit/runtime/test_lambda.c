#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/lambda_script.h"

static struct script script;

static err see_everything(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                          struct why *why)
{
    (void)ctx;
    (void)reply;
    (void)why;
    assert_true(str_eq(in->event, STR("{\"key\":\"value\"}")));
    assert_true(str_eq(in->request_id, STR("id-1")));
    assert_true(str_eq(in->function_arn, STR("arn:aws:lambda:eu-west-1:1:function:f")));
    assert_true(str_eq(in->trace_id, STR("Root=1-2-3;Parent=4;Sampled=1")));
    assert_true(str_eq(in->client_context, STR("{\"client\":{}}")));
    assert_true(str_eq(in->cognito_identity, STR("{\"cognitoIdentityId\":\"c\"}")));
    assert_true(str_eq(in->tenant_id, STR("blue tenant")));
    assert_true(str_eq(in->invocation_id, STR("inv-9")));
    assert_int_equal(in->deadline_ms, 1700000003000);
    assert_true(str_eq(in->log->request_id, in->request_id));
    assert_true(str_eq(in->log->tenant_id, in->tenant_id));
    assert_true(str_eq(in->log->trace_id, in->trace_id));
    assert_non_null(in->arena);
    return OK;
}

static void an_invocation_has_all_that_the_api_says(void **state)
{
    (void)state;
    script_open(&script, see_everything, NULL);
    script_invocation(
        &script,
        "lambda-runtime-deadline-ms: 1700000003000\r\n"
        "LAMBDA-RUNTIME-INVOKED-FUNCTION-ARN: arn:aws:lambda:eu-west-1:1:function:f\r\n"
        "Lambda-Runtime-Trace-Id: Root=1-2-3;Parent=4;Sampled=1\r\n"
        "Lambda-Runtime-Client-Context: {\"client\":{}}\r\n"
        "Lambda-Runtime-Cognito-Identity: {\"cognitoIdentityId\":\"c\"}\r\n"
        "Lambda-Runtime-Aws-Tenant-Id: blue tenant\r\n"
        "Lambda-Runtime-Invocation-Id: inv-9\r\n",
        "{\"key\":\"value\"}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(script.log.request_id.len, 0);
    assert_int_equal(script.log.tenant_id.len, 0);
    assert_int_equal(script.log.trace_id.len, 0);
    script_close(&script);
}

static err see_nothing(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                       struct why *why)
{
    (void)reply;
    (void)why;
    unsigned *calls = ctx;
    ++*calls;
    assert_int_equal(in->event.len, 0);
    assert_int_equal(in->function_arn.len, 0);
    assert_int_equal(in->trace_id.len, 0);
    assert_int_equal(in->client_context.len, 0);
    assert_int_equal(in->cognito_identity.len, 0);
    assert_int_equal(in->tenant_id.len, 0);
    assert_int_equal(in->invocation_id.len, 0);
    assert_true(in->deadline_ms == INT64_MAX);
    return OK;
}

static void what_the_api_does_not_say_is_empty(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, see_nothing, &calls);
    script_answer(&script, "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\n"
                           "Content-Length: 0\r\n\r\n");
    script_answer(&script, ACCEPTED);
    script_invocation(&script,
                      "Lambda-Runtime-Deadline-Ms:\r\nLambda-Runtime-Invoked-Function-Arn: \r\n"
                      "Lambda-Runtime-Trace-Id:\r\nLambda-Runtime-Client-Context:\r\n"
                      "Lambda-Runtime-Cognito-Identity:\r\nLambda-Runtime-Aws-Tenant-Id:\r\n"
                      "Lambda-Runtime-Invocation-Id:\r\n",
                      "");
    script_answer(&script, ACCEPTED);
    script_invocation(&script, "Lambda-Runtime-Deadline-Ms: -5\r\n", "");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 3);
    assert_int_equal(script_received(&script, "Invocation-Id"), 0);
    script_close(&script);
}

static void the_requests_are_as_the_api_wants_them(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
    const char *host = strchr(script.address, '=') + 1;
    char expected[1000];
    int len = snprintf(expected, sizeof expected,
                       "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n"
                       "User-Agent: serverless-user-management/1.0\r\n\r\n"
                       "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: %s\r\n"
                       "User-Agent: serverless-user-management/1.0\r\n"
                       "Content-Type: application/json\r\nContent-Length: 6\r\n\r\n\"pong\""
                       "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n"
                       "User-Agent: serverless-user-management/1.0\r\n\r\n",
                       host, host, host);
    assert_int_equal(script.server.received.len, len);
    assert_memory_equal(script.server.received.at, expected, (size_t)len);
    script_close(&script);
}

static void the_invocation_id_is_echoed_on_a_response_and_on_an_error(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    script_invocation(&script, "Lambda-Runtime-Invocation-Id: a+b/c==\r\n", "{}");
    script_answer(&script, ACCEPTED);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 2);
    assert_int_equal(script_received(&script, "Lambda-Runtime-Invocation-Id: a+b/c==\r\n"), 1);
    assert_int_equal(script_received(&script, "Invocation-Id"), 1);
    script_close(&script);

    struct why why = {.kind = ERR_INPUT};
    script_open(&script, fail_as, &why);
    script_invocation(&script, "Lambda-Runtime-Invocation-Id: inv-9\r\n", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(script_received(&script, "Lambda-Runtime-Invocation-Id: inv-9\r\n"), 1);
    script_close(&script);
}

static void an_invocation_id_that_is_no_header_value_is_not_echoed(void **state)
{
    (void)state;
    char large[700] = "Lambda-Runtime-Invocation-Id: ";
    memset(large + strlen(large), 'x', 600);
    memcpy(large + 630, "\r\n", 3);
    const char *const rows[] = {"Lambda-Runtime-Invocation-Id: caf\xc3\xa9\r\n",
                                "Lambda-Runtime-Invocation-Id: a b\r\n", large};
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned calls = 0;
        script_open(&script, pong, &calls);
        script_invocation(&script, rows[i], "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_int_equal(calls, 1);
        assert_int_equal(script_received(&script, "/id-1/response"), 1);
        assert_int_equal(script_received(&script, "Invocation-Id"), 0);
        assert_int_equal(script_logged(&script, "cannot be echoed"), 1);
        script_close(&script);
    }
}

static err expect_trace(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                        struct why *why)
{
    (void)in;
    (void)reply;
    (void)why;
    static const char *const expected[] = {"Root=1-2-3", "Root=a", NULL, NULL, "Root=b"};
    unsigned *calls = ctx;
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    const char *wanted = expected[(*calls)++];
    assert_int_equal(trace == NULL, wanted == NULL);
    if (wanted) {
        assert_string_equal(trace, wanted);
    }
    return OK;
}

static void the_trace_id_is_in_the_environment_of_its_own_invocation(void **state)
{
    (void)state;
    char large[900] = "Lambda-Runtime-Trace-Id: ";
    memset(large + strlen(large), 'x', 800);
    memcpy(large + 825, "\r\n", 3);
    unsigned calls = 0;
    script_open(&script, expect_trace, &calls);
    const char *const headers[] = {"Lambda-Runtime-Trace-Id: Root=1-2-3\r\n",
                                   "Lambda-Runtime-Trace-Id: Root=a\r\n", "", large,
                                   "Lambda-Runtime-Trace-Id: Root=b\r\n"};
    for (size_t i = 0; i < COUNT(headers); i++) {
        script_invocation(&script, headers[i], "{}");
        script_answer(&script, ACCEPTED);
    }
    script_answer(&script, BROKEN);
    assert_int_equal(setenv("_X_AMZN_TRACE_ID", "old", 1), 0);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 5);
    assert_null(getenv("_X_AMZN_TRACE_ID"));
    script_close(&script);
}

static err fill_arena(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                      struct why *why)
{
    (void)reply;
    (void)why;
    unsigned *calls = ctx;
    ++*calls;
    assert_int_equal(in->arena->end - in->arena->at, 100000);
    assert_non_null(arena_alloc(in->arena, 99000, 1));
    assert_null(arena_alloc(in->arena, 99000, 1));
    return OK;
}

static void the_arena_is_empty_at_the_start_of_each_invocation(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, fill_arena, &calls);
    script.config.arena_bytes = 100000;
    for (int i = 0; i < 3; i++) {
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
    }
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 3);
    script_close(&script);
}

static void many_invocations_need_one_connection(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    for (int i = 0; i < 1000; i++) {
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
    }
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 1000);
    assert_int_equal(script.connects, 1);
    assert_int_equal(script.server.accepted, 1);
    assert_int_equal(pauses.count, 0);
    script_close(&script);
}

static void only_next_waits_for_ever(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    (void)script_run(&script);
    assert_int_equal(script.last_timeout_ms, 0);
    script_close(&script);
    script_open(&script, pong, &calls);
    script_invocation(&script, "", "{}");
    script_answer(&script, BROKEN);
    (void)script_run(&script);
    assert_int_equal(script.last_timeout_ms, LAMBDA_POST_TIMEOUT_MS);
    script_close(&script);
}

static void a_large_chunked_event_arrives_whole(void **state)
{
    (void)state;
    unsigned calls = 0;
    script_open(&script, pong, &calls);
    script_step(&script, STEP_RECEIVE, STR(""));
    script_step(&script, STEP_SEND,
                STR("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n61a80\r\n"));
    char *zeros = calloc(1, 400000);
    assert_non_null(zeros);
    script_step(&script, STEP_SEND, (str){zeros, 400000});
    free(zeros);
    script_step(&script, STEP_SEND_EACH, STR("\r\n0\r\n\r\n"));
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(calls, 1);
    assert_int_equal(script.connects, 1);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invocation_has_all_that_the_api_says),
        cmocka_unit_test(what_the_api_does_not_say_is_empty),
        cmocka_unit_test(the_requests_are_as_the_api_wants_them),
        cmocka_unit_test(the_invocation_id_is_echoed_on_a_response_and_on_an_error),
        cmocka_unit_test(an_invocation_id_that_is_no_header_value_is_not_echoed),
        cmocka_unit_test(the_trace_id_is_in_the_environment_of_its_own_invocation),
        cmocka_unit_test(the_arena_is_empty_at_the_start_of_each_invocation),
        cmocka_unit_test(many_invocations_need_one_connection),
        cmocka_unit_test(only_next_waits_for_ever),
        cmocka_unit_test(a_large_chunked_event_arrives_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

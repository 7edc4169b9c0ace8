#include "test/unit/local/api_stage.h"

static void post_error(struct actor *a)
{
    actor_next(a);
    a->status[0] = raw_answer(a->fd, &a->next, "error", a->headers, STR("{\"errorType\":\"x\"}"));
}

static void an_event_goes_out_and_its_response_comes_back(void **state)
{
    struct stage *s = *state;
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{\"n\":1}"));
    stage_finish(s);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_str(buf_str(&s->result.body), STR("{\"a\":1}"));
    assert_string_equal(s->result.error_type, "");
    assert_int_equal(s->actor.status[0], 202);
    assert_int_equal(s->actor.next.status, 200);
    assert_str(buf_str(&s->actor.next.body), STR("{\"n\":1}"));
}

static bool is_uuid(str text)
{
    bool good = text.len == 36;
    for (size_t i = 0; i < text.len && good; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        good = dash ? text.at[i] == '-' : strchr("0123456789abcdef", text.at[i]) != NULL;
    }
    return good;
}

static void an_event_carries_lambdas_headers(void **state)
{
    struct stage *s = *state;
    uint64_t deadline = 0;
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    const struct raw_reply *got = &s->actor.next;
    str id = raw_header(got, "Lambda-Runtime-Aws-Request-Id");
    assert_true(is_uuid(id));
    assert_str(str_from(s->result.request_id), id);
    assert_str(raw_header(got, "Lambda-Runtime-Invoked-Function-Arn"), s->context.function_arn);
    assert_str(raw_header(got, "Lambda-Runtime-Trace-Id"), s->context.trace_id);
    assert_true(str_to_u64(raw_header(got, "Lambda-Runtime-Deadline-Ms"), &deadline));
    assert_true(deadline > 1700000000000 && deadline < 10000000000000);
}

static void two_invocations_have_different_ids(void **state)
{
    struct stage *s = *state;
    char first[RUNTIME_API_ID_BYTES];
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    memcpy(first, s->result.request_id, sizeof first);
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_string_not_equal(first, s->result.request_id);
}

static void an_event_above_two_kilobytes_is_sent_in_chunks(void **state)
{
    struct stage *s = *state;
    static char text[RUNTIME_API_MAX_EVENT_BYTES];
    static const struct {
        size_t len;
        bool chunked;
    } rows[] = {{2048, false}, {2049, true}, {RUNTIME_API_MAX_EVENT_BYTES, true}};
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 3; i++) {
        stage_start(s, actor_respond);
        stage_invoke(s, (str){text, rows[i].len});
        stage_finish(s);
        const struct raw_reply *got = &s->actor.next;
        assert_int_equal(raw_header(got, "Transfer-Encoding").len > 0, rows[i].chunked);
        assert_int_equal(raw_header(got, "Content-Length").len > 0, !rows[i].chunked);
        assert_str(buf_str(&got->body), (str){text, rows[i].len});
    }
}

static void an_event_past_the_maximum_is_refused(void **state)
{
    struct stage *s = *state;
    static const char text[RUNTIME_API_MAX_EVENT_BYTES + 1];
    str event = {text, sizeof text};
    assert_int_equal(runtime_api_invoke(&s->api, event, &s->context, &s->result, &s->why).kind,
                     ERR_LIMIT);
}

static void a_posted_error_is_an_error_of_its_type(void **state)
{
    struct stage *s = *state;
    static const struct {
        const char *headers, *type;
    } rows[] = {
        {"Lambda-Runtime-Function-Error-Type: Function.BadInput\r\n", "Function.BadInput"},
        {"lambda-runtime-function-error-type: Runtime.ExitError\r\n", "Runtime.ExitError"},
        {"Lambda-Runtime-Function-Error-Type: Function.lower\r\n", "Function.Unknown"},
        {"Lambda-Runtime-Function-Error-Type: Function.A\r\n", "Function.Unknown"},
        {"Lambda-Runtime-Function-Error-Type: Runtime.Bad1\r\n", "Runtime.Unknown"},
        {"Lambda-Runtime-Function-Error-Type: unhandled\r\n", "Runtime.Unknown"},
        {"", "Runtime.Unknown"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s->actor.headers = rows[i].headers;
        stage_start(s, post_error);
        stage_invoke(s, STR("{}"));
        stage_finish(s);
        assert_int_equal(s->result.outcome, RUNTIME_API_ERROR);
        assert_string_equal(s->result.error_type, rows[i].type);
        assert_str(buf_str(&s->result.body), STR("{\"errorType\":\"x\"}"));
        assert_int_equal(s->actor.status[0], 202);
    }
}

static void post_init_errors(struct actor *a)
{
    struct raw_reply reply;
    for (size_t i = 1; i <= 2; i++) {
        raw_post(a->fd, "init/error", "", STR("{}"));
        raw_receive(a->fd, &reply);
        a->status[i] = reply.status;
        buf_close(&reply.body);
    }
    actor_respond(a);
}

static void an_init_error_is_taken_once(void **state)
{
    struct stage *s = *state;
    stage_start(s, post_init_errors);
    stage_invoke(s, STR("{}"));
    assert_int_equal(s->result.outcome, RUNTIME_API_INIT_ERROR);
    assert_false(s->result.handed);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_int_equal(s->actor.status[1], 202);
    assert_int_equal(s->actor.status[2], 403);
}

static void post_init_error_late(struct actor *a)
{
    struct raw_reply reply;
    actor_next(a);
    raw_post(a->fd, "init/error", "", STR("{}"));
    raw_receive(a->fd, &reply);
    a->status[0] = reply.status;
    buf_close(&reply.body);
    a->status[1] = raw_answer(a->fd, &a->next, "response", "", STR("1"));
}

static void an_init_error_after_the_first_next_is_out_of_turn(void **state)
{
    struct stage *s = *state;
    stage_start(s, post_init_error_late);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 403);
    assert_int_equal(s->actor.status[1], 202);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
}

static void respond_with_len(struct actor *a)
{
    char *text = malloc(a->len);
    if (text) {
        memset(text, 'y', a->len);
        actor_next(a);
        a->status[0] = raw_answer(a->fd, &a->next, "response", a->headers, (str){text, a->len});
        a->status[1] = raw_answer(a->fd, &a->next, "error", "", STR("{}"));
    }
    free(text);
}

static void the_largest_response_is_taken(void **state)
{
    struct stage *s = *state;
    s->actor.len = RUNTIME_API_MAX_RESPONSE_BYTES;
    stage_start(s, respond_with_len);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_int_equal(s->result.body.len, 6291556);
    assert_int_equal(s->actor.status[0], 202);
}

static void a_larger_response_is_answered_413_and_is_an_error(void **state)
{
    struct stage *s = *state;
    s->actor.len = RUNTIME_API_MAX_RESPONSE_BYTES + 1;
    stage_start(s, respond_with_len);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 413);
    assert_int_equal(s->actor.status[1], 403);
    assert_int_equal(s->result.outcome, RUNTIME_API_ERROR);
    assert_string_equal(s->result.error_type, "Function.ResponseSizeTooLarge");
}

static void respond_to_another(struct actor *a)
{
    struct raw_reply reply;
    actor_next(a);
    raw_post(a->fd, "invocation/00000000-0000-0000-0000-000000000000/response", "", STR("1"));
    raw_receive(a->fd, &reply);
    a->status[0] = reply.status;
    bool named = reply.body.len && memmem(reply.body.at, reply.body.len, "InvalidRequestID", 16);
    a->status[2] = named ? 1 : 0;
    buf_close(&reply.body);
    a->status[1] = raw_answer(a->fd, &a->next, "response", "", STR("2"));
}

static void an_unknown_request_id_is_refused_and_changes_nothing(void **state)
{
    struct stage *s = *state;
    stage_start(s, respond_to_another);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 400);
    assert_int_equal(s->actor.status[2], 1);
    assert_int_equal(s->actor.status[1], 202);
    assert_str(buf_str(&s->result.body), STR("2"));
}

static void respond_then_err(struct actor *a)
{
    actor_respond(a);
    a->status[1] = raw_answer(a->fd, &a->next, "error", "", STR("{}"));
    a->status[2] = raw_answer(a->fd, &a->next, "response", "", STR("{}"));
}

static void a_second_answer_is_out_of_turn(void **state)
{
    struct stage *s = *state;
    stage_start(s, respond_then_err);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_int_equal(s->actor.status[0], 202);
    assert_int_equal(s->actor.status[1], 403);
    assert_int_equal(s->actor.status[2], 403);
}

static void an_invocation_id_that_comes_back_is_seen(void **state)
{
    struct stage *s = *state;
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_false(s->result.echoed);
    assert_true(is_uuid(raw_header(&s->actor.next, "Lambda-Runtime-Invocation-Id")));
}

static void respond_with_invocation_ids(struct actor *a)
{
    char line[128];
    struct buf header;
    actor_next(a);
    a->status[0] = raw_answer(a->fd, &a->next, "response",
                              "Lambda-Runtime-Invocation-Id: of-another\r\n", STR("1"));
    buf_wrap(&header, line, sizeof line - 1);
    buf_add(&header, STR("Lambda-Runtime-Invocation-Id: "));
    buf_add(&header, raw_header(&a->next, "Lambda-Runtime-Invocation-Id"));
    buf_add(&header, STR("\r\n"));
    line[header.len] = 0;
    a->status[1] = raw_answer(a->fd, &a->next, "response", line, STR("2"));
}

static void an_answer_with_another_invocation_id_is_stale(void **state)
{
    struct stage *s = *state;
    stage_start(s, respond_with_invocation_ids);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 400);
    assert_int_equal(s->actor.status[1], 202);
    assert_true(s->result.echoed);
    assert_str(buf_str(&s->result.body), STR("2"));
}

static void a_response_mode_other_than_streaming_is_refused(void **state)
{
    struct stage *s = *state;
    s->actor.headers = "Lambda-Runtime-Function-Response-Mode: buffered\r\n";
    s->context.timeout_ms = 100;
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 400);
    assert_int_equal(s->result.outcome, RUNTIME_API_TIMEOUT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_event_goes_out_and_its_response_comes_back),
        TEST(an_event_carries_lambdas_headers),
        TEST(two_invocations_have_different_ids),
        TEST(an_event_above_two_kilobytes_is_sent_in_chunks),
        TEST(an_event_past_the_maximum_is_refused),
        TEST(a_posted_error_is_an_error_of_its_type),
        TEST(an_init_error_is_taken_once),
        TEST(an_init_error_after_the_first_next_is_out_of_turn),
        TEST(the_largest_response_is_taken),
        TEST(a_larger_response_is_answered_413_and_is_an_error),
        TEST(an_unknown_request_id_is_refused_and_changes_nothing),
        TEST(a_second_answer_is_out_of_turn),
        TEST(an_invocation_id_that_comes_back_is_seen),
        TEST(an_answer_with_another_invocation_id_is_stale),
        TEST(a_response_mode_other_than_streaming_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

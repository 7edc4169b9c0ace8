/* Responses in streaming mode. */
#include "test/unit/local/api_stage.h"

#define STREAMING "Lambda-Runtime-Function-Response-Mode: streaming\r\n"

/* Posts `whole`, a body with all of its framing, as the response. */
static int respond_in_chunks(struct actor *a, str whole)
{
    char path[128];
    char memory[512];
    struct buf head;
    struct raw_reply reply;
    actor_next(a);
    raw_path(&a->next, "response", path, sizeof path);
    buf_wrap(&head, memory, sizeof memory);
    buf_add(&head, STR("POST /2018-06-01/runtime/"));
    buf_add(&head, str_from(path));
    buf_add(&head, STR(" HTTP/1.1\r\nHost: x\r\n" STREAMING "Transfer-Encoding: chunked\r\n\r\n"));
    raw_send(a->fd, buf_str(&head), 0);
    raw_send(a->fd, whole, 0);
    raw_receive(a->fd, &reply);
    buf_close(&reply.body);
    return reply.status;
}

static void stream(struct actor *a)
{
    a->status[0] = respond_in_chunks(a, STR("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
}

static void a_streamed_response_is_whole_once_it_has_ended(void **state)
{
    struct stage *s = *state;
    stage_start(s, stream);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 202);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_str(buf_str(&s->result.body), STR("hello"));
}

/* The body is base64 of {"a":1}. */
static void fail_in_the_middle(struct actor *a)
{
    a->status[0] = respond_in_chunks(a, STR("3\r\nhel\r\n0\r\n"
                                            "Lambda-Runtime-Function-Error-Type: Function.Broken"
                                            "\r\nLambda-Runtime-Function-Error-Body: "
                                            "eyJhIjoxfQ==\r\n\r\n"));
}

static void fail_without_a_body(struct actor *a)
{
    a->status[0] = respond_in_chunks(a, STR("0\r\nlambda-runtime-function-error-type: oops\r\n"
                                            "Lambda-Runtime-Function-Error-Body: ?\r\n\r\n"));
}

static void an_error_in_the_trailers_is_an_error(void **state)
{
    struct stage *s = *state;
    stage_start(s, fail_in_the_middle);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 202);
    assert_int_equal(s->result.outcome, RUNTIME_API_ERROR);
    assert_string_equal(s->result.error_type, "Function.Broken");
    assert_str(buf_str(&s->result.body), STR("{\"a\":1}"));
}

static void an_error_in_the_trailers_needs_no_body(void **state)
{
    struct stage *s = *state;
    stage_start(s, fail_without_a_body);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->result.outcome, RUNTIME_API_ERROR);
    assert_string_equal(s->result.error_type, "Runtime.Unknown");
    assert_int_equal(s->result.body.len, 0);
}

static void respond_with_len(struct actor *a)
{
    char *body = calloc(1, a->len);
    actor_next(a);
    a->status[0] = raw_answer(a->fd, &a->next, "response", STREAMING, (str){body, a->len});
    free(body);
}

static void a_streamed_response_may_be_larger(void **state)
{
    struct stage *s = *state;
    s->actor.len = 20 * 1024 * 1024;
    stage_start(s, respond_with_len);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 202);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_int_equal(s->result.body.len, s->actor.len);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_streamed_response_is_whole_once_it_has_ended),
        TEST(an_error_in_the_trailers_is_an_error),
        TEST(an_error_in_the_trailers_needs_no_body),
        TEST(a_streamed_response_may_be_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

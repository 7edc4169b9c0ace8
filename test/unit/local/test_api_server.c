#include "test/unit/local/api_stage.h"

/* Each request on a connection of its own, a byte at a time, the response in chunks. */
static void respond_byte_by_byte(struct actor *a)
{
    char path[128], memory[512];
    struct raw_reply reply;
    struct buf post;
    buf_close(&a->next.body);
    raw_send(a->fd, STR("GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\n\r\n"), 1);
    raw_receive(a->fd, &a->next);
    char end = 0;
    a->status[1] = raw_byte(a->fd, &end) ? 0 : 1; /* closed by the server: HTTP/1.0 */
    (void)close(a->fd);
    a->fd = raw_connect(a->port);
    raw_path(&a->next, "response", path, sizeof path);
    buf_wrap(&post, memory, sizeof memory);
    buf_add(&post, STR("POST /2018-06-01/runtime/"));
    buf_add(&post, str_from(path));
    buf_add(&post, STR(" HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n"
                       "2\r\n{\"\r\n5\r\na\":1}\r\n0\r\n\r\n"));
    raw_send(a->fd, buf_str(&post), 1);
    raw_receive(a->fd, &reply);
    a->status[0] = reply.status;
    buf_close(&reply.body);
}

static void requests_may_come_byte_by_byte_on_a_connection_each(void **state)
{
    struct stage *s = *state;
    stage_start(s, respond_byte_by_byte);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 202);
    assert_int_equal(s->actor.status[1], 1);
    assert_str(buf_str(&s->result.body), STR("{\"a\":1}"));
}

static void expect_continue(struct actor *a)
{
    char path[128], memory[512], line[64];
    struct raw_reply reply;
    struct buf head;
    actor_next(a);
    raw_path(&a->next, "response", path, sizeof path);
    buf_wrap(&head, memory, sizeof memory);
    buf_add(&head, STR("POST /2018-06-01/runtime/"));
    buf_add(&head, str_from(path));
    buf_add(&head, STR(" HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    raw_send(a->fd, buf_str(&head), 0);
    str got = raw_line(a->fd, line, sizeof line);
    a->status[1] = str_eq(got, STR("HTTP/1.1 100 Continue"));
    (void)raw_line(a->fd, line, sizeof line);
    raw_send(a->fd, STR("{}"), 0);
    raw_receive(a->fd, &reply);
    a->status[0] = reply.status;
    buf_close(&reply.body);
}

static void a_client_that_asks_first_is_told_to_go_on(void **state)
{
    struct stage *s = *state;
    stage_start(s, expect_continue);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->actor.status[1], 1);
    assert_int_equal(s->actor.status[0], 202);
}

static void send_two_at_once(struct actor *a)
{
    struct raw_reply reply;
    raw_send(a->fd,
             STR("GET /2018-06-01/ping HTTP/1.1\r\n\r\nGET /2018-06-01/other HTTP/1.1\r\n\r\n"), 0);
    for (size_t i = 0; i < 2; i++) {
        raw_receive(a->fd, &reply);
        a->status[i] = reply.status;
        buf_close(&reply.body);
    }
}

static void two_requests_in_one_packet_get_two_answers(void **state)
{
    struct stage *s = *state;
    stage_start(s, send_two_at_once);
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 200);
    assert_int_equal(s->actor.status[1], 404);
}

/* The actor's headers are a whole request here. */
static void send_raw(struct actor *a)
{
    struct raw_reply reply;
    raw_send(a->fd, str_from(a->headers), 0);
    raw_receive(a->fd, &reply);
    a->status[0] = reply.status;
    buf_close(&reply.body);
}

static void requests_that_make_no_sense_get_their_status(void **state)
{
    struct stage *s = *state;
    static const struct {
        const char *what, *request;
        int status;
    } rows[] = {
        {"ping", "GET /2018-06-01/ping HTTP/1.1\r\n\r\n", 200},
        {"restore", "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n", 404},
        {"other path", "POST /2018-06-01/runtime/x HTTP/1.1\r\n\r\n", 404},
        {"other end", "POST /2018-06-01/runtime/invocation/1/x HTTP/1.1\r\n\r\n", 404},
        {"no id", "POST /2018-06-01/runtime/invocation//response HTTP/1.1\r\n\r\n", 400},
        {"no invocation", "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\n\r\n", 400},
        {"method", "PUT /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n", 405},
        {"not HTTP", "hello\r\n", 400},
        {"init error between invocations", "POST /2018-06-01/runtime/init/error HTTP/1.1\r\n\r\n",
         403},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s->actor.headers = rows[i].request;
        stage_start(s, send_raw);
        stage_finish(s);
        if (s->actor.status[0] != rows[i].status) {
            fail_msg("%s: %d", rows[i].what, s->actor.status[0]);
        }
    }
}

static void a_closed_api_listens_no_more(void **state)
{
    struct stage *s = *state;
    int before = raw_connect(s->api.server.port);
    assert_true(before >= 0);
    runtime_api_close(&s->api);
    runtime_api_close(&s->api);
    assert_int_equal(raw_connect(s->api.server.port), -1);
    (void)close(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(requests_may_come_byte_by_byte_on_a_connection_each),
        TEST(a_client_that_asks_first_is_told_to_go_on),
        TEST(two_requests_in_one_packet_get_two_answers),
        TEST(requests_that_make_no_sense_get_their_status),
        TEST(a_closed_api_listens_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

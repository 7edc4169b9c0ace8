/* What may happen to a connection between, before and beside replies: it dies while kept, answers
 * too early, twice or a byte at a time, or after the request was applied.
 */
#include "test/unit/aws/wire.h"

#include "aws/json_call.h"
#include "test/support/byte_server.h"

enum { MAX_STEPS = 1024 };

/* A script on one connection after the other, and a client before it. */
struct script {
    struct byte_server server;
    struct byte_step steps[MAX_STEPS];
    size_t count;
    struct client client;
};

static void add(struct script *s, enum byte_step_kind kind, str bytes)
{
    assert_true(s->count < MAX_STEPS);
    s->steps[s->count++] = (struct byte_step){.kind = kind, .bytes = bytes};
}

static void add_pause(struct script *s, int ms)
{
    assert_true(s->count < MAX_STEPS);
    s->steps[s->count++] = (struct byte_step){.kind = STEP_PAUSE, .ms = ms};
}

static void start(struct script *s)
{
    byte_server_start(&s->server, s->steps, s->count);
    rig_client(&s->client, s->server.port);
}

static void stop(struct script *s)
{
    client_close(&s->client);
    byte_server_stop(&s->server);
    byte_server_free(&s->server);
}

static str whole(enum wire_operation what, struct buf *reply)
{
    buf_init(reply, 4096);
    wire_add_whole(what, reply);
    return buf_str(reply);
}

/* --- Slowly --- */

static void a_reply_that_comes_byte_by_byte_is_read(void **state)
{
    (void)state;
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        static struct script s;
        struct buf reply;
        struct why why;
        s = (struct script){0};
        str bytes = whole((enum wire_operation)what, &reply);
        add(&s, STEP_RECEIVE, STR(""));
        for (size_t i = 0; i < bytes.len; i++) {
            add(&s, STEP_SEND, (str){bytes.at + i, 1});
            add_pause(&s, 1);
        }
        start(&s);
        assert_int_equal(wire_run(&s.client, (enum wire_operation)what, &why), ERR_NONE);
        assert_int_equal(s.client.requests, 1);
        stop(&s);
        buf_close(&reply);
    }
}

static void a_reply_that_ends_after_the_deadline_is_not_waited_for(void **state)
{
    (void)state;
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        static struct script s;
        struct buf reply;
        struct why why;
        s = (struct script){0};
        str bytes = whole((enum wire_operation)what, &reply);
        add(&s, STEP_RECEIVE, STR(""));
        add(&s, STEP_SEND, str_take(bytes, bytes.len - 1));
        add_pause(&s, 2000);
        add(&s, STEP_SEND, str_drop(bytes, bytes.len - 1));
        add_pause(&s, 60000);
        start(&s);
        client_set_deadline(&s.client, rig_now_ms() + 100);
        assert_int_equal(wire_run(&s.client, (enum wire_operation)what, &why), ERR_DEADLINE);
        stop(&s);
        buf_close(&reply);
    }
}

/* --- Kept connections --- */

enum death { CLOSED, RESET, CLOSED_UNDER_A_REQUEST, RESET_UNDER_A_REQUEST, DEATHS };

/* Frozen and thawed: the client learns of the death when it looks, or when it asks. */
static void a_kept_connection_that_died_costs_no_attempt(void **state)
{
    (void)state;
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        for (int death = 0; death < DEATHS; death++) {
            static struct script s;
            struct buf reply;
            struct why why;
            s = (struct script){0};
            str bytes = whole((enum wire_operation)what, &reply);
            add(&s, STEP_RECEIVE, STR(""));
            add(&s, STEP_SEND, bytes);
            if (death >= CLOSED_UNDER_A_REQUEST) {
                add(&s, STEP_RECEIVE, STR(""));
            }
            bool orderly = death == CLOSED || death == CLOSED_UNDER_A_REQUEST;
            add(&s, orderly ? STEP_CLOSE : STEP_RESET, STR(""));
            add(&s, STEP_RECEIVE, STR(""));
            add(&s, STEP_SEND, bytes);
            add_pause(&s, 60000);
            start(&s);
            s.client.max_attempts = 1;
            assert_int_equal(wire_run(&s.client, (enum wire_operation)what, &why), ERR_NONE);
            if (wire_run(&s.client, (enum wire_operation)what, &why) != ERR_NONE) {
                fail_msg("%s, death %d: %s", wire_words[what], death, why.text);
            }
            stop(&s);
            assert_int_equal(s.server.accepted, 2);
            buf_close(&reply);
        }
    }
}

/* What follows a reply on its connection belongs to nobody, however much it looks like a reply: the
 * next request is answered on a connection of its own. */
static void what_follows_a_reply_answers_no_other_request(void **state)
{
    (void)state;
    static const char *const tails[] = {
        "garbage",
        "\r\n",
        "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n",
    };
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        for (size_t i = 0; i < COUNT(tails); i++) {
            static struct script s;
            struct buf reply;
            struct buf with_tail;
            struct why why;
            s = (struct script){0};
            str bytes = whole((enum wire_operation)what, &reply);
            (void)whole((enum wire_operation)what, &with_tail);
            buf_add(&with_tail, str_from(tails[i]));
            add(&s, STEP_RECEIVE, STR(""));
            add(&s, STEP_SEND, buf_str(&with_tail));
            add(&s, STEP_RECEIVE, STR(""));
            add(&s, STEP_SEND, bytes);
            add_pause(&s, 60000);
            start(&s);
            assert_int_equal(wire_run(&s.client, (enum wire_operation)what, &why), ERR_NONE);
            if (wire_run(&s.client, (enum wire_operation)what, &why) != ERR_NONE) {
                fail_msg("%s after %s: %s", wire_words[what], tails[i], why.text);
            }
            stop(&s);
            assert_int_equal(s.server.accepted, 2);
            buf_close(&reply);
            buf_close(&with_tail);
        }
    }
}

/* --- Applied, and not heard of --- */

static void a_request_whose_reply_is_lost_is_sent_again_as_often_as_may_be(void **state)
{
    (void)state;
    static const unsigned most[WIRE_OPERATIONS] = {4, 3, 3, 3};
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        static struct script s;
        struct why why;
        s = (struct script){0};
        for (unsigned i = 0; i < most[what] + 2; i++) {
            add(&s, STEP_RECEIVE, STR(""));
            add(&s, i % 2 ? STEP_CLOSE : STEP_RESET, STR(""));
        }
        start(&s);
        assert_int_equal(wire_run(&s.client, (enum wire_operation)what, &why), ERR_BUSY);
        assert_int_equal(s.client.requests, most[what]);
        stop(&s);
        assert_int_equal(s.server.accepted, most[what]);
    }
}

static void connections_that_are_taken_and_dropped_end_busy(void **state)
{
    (void)state;
    static const enum byte_step_kind ends[] = {STEP_CLOSE, STEP_RESET};
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        for (size_t e = 0; e < COUNT(ends); e++) {
            static struct script s;
            struct why why;
            s = (struct script){0};
            for (unsigned i = 0; i < 6; i++) {
                add(&s, STEP_ACCEPT, STR(""));
                add(&s, ends[e], STR(""));
            }
            start(&s);
            assert_int_equal(wire_run(&s.client, (enum wire_operation)what, &why), ERR_BUSY);
            assert_in_range(s.client.requests, 3, 4);
            stop(&s);
        }
    }
}

/* --- Too early --- */

static void a_reply_that_comes_before_the_request_is_that_requests(void **state)
{
    (void)state;
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        static struct script s;
        struct buf reply;
        struct why why;
        s = (struct script){0};
        add(&s, STEP_ACCEPT, STR(""));
        add(&s, STEP_SEND, whole((enum wire_operation)what, &reply));
        add(&s, STEP_RECEIVE, STR(""));
        add_pause(&s, 60000);
        start(&s);
        enum err_kind kind = wire_run(&s.client, (enum wire_operation)what, &why);
        if (kind != ERR_NONE && kind != ERR_BUSY) {
            fail_msg("%s: %s", wire_words[what], err_kind_name(kind));
        }
        stop(&s);
        buf_close(&reply);
    }
}

/* A large body is refused before it was read: what the service said is heard, or it is busy. */
static void a_refusal_amid_a_large_body_ends_the_request(void **state)
{
    (void)state;
    static char body[1000000];
    memset(body, 'x', sizeof body);
    for (int reset = 0; reset < 2; reset++) {
        static struct script s;
        struct why why = {0};
        s = (struct script){0};
        for (int i = 0; i < 4; i++) {
            add(&s, STEP_ACCEPT, STR(""));
            add(&s, STEP_SEND,
                STR("HTTP/1.1 503 X\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"));
            add_pause(&s, 5);
            add(&s, reset ? STEP_RESET : STEP_CLOSE, STR(""));
        }
        start(&s);
        s.client.max_attempts = 3;
        const str large = {body, sizeof body};
        assert_int_equal(sqs_send(&s.client, STR("http://q/1/q"), large, &why).kind, ERR_BUSY);
        assert_int_equal(s.client.requests, 3);
        stop(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_that_comes_byte_by_byte_is_read),
        cmocka_unit_test(a_reply_that_ends_after_the_deadline_is_not_waited_for),
        cmocka_unit_test(a_kept_connection_that_died_costs_no_attempt),
        cmocka_unit_test(what_follows_a_reply_answers_no_other_request),
        cmocka_unit_test(a_request_whose_reply_is_lost_is_sent_again_as_often_as_may_be),
        cmocka_unit_test(connections_that_are_taken_and_dropped_end_busy),
        cmocka_unit_test(a_reply_that_comes_before_the_request_is_that_requests),
        cmocka_unit_test(a_refusal_amid_a_large_body_ends_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

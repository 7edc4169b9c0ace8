/* Calls over connections that break. */
#include "test/unit/aws/rig.h"

#include "aws/json_call.h"
#include "test/support/byte_server.h"

#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct json_operation put_item = {
    .service = SERVICE_DYNAMODB,
    .name = "PutItem",
    .target = "DynamoDB_20120810.PutItem",
};

static err send_body(struct client *client, str body, struct why *why)
{
    json_t *reply = NULL;
    const struct json_request request = {.operation = &put_item, .body = body};
    err sent = json_call_send(client, &request, &reply, why);
    json_decref(reply);
    return sent;
}

static void a_connection_broken_anywhere_is_tried_again(void **state)
{
    (void)state;
    static const char *const before[] = {"", "HTTP/1.1 2",
                                         "HTTP/1.1 200 X\r\nContent-Length: 2\r\n",
                                         "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{"};
    for (size_t i = 0; i < COUNT(before); i++) {
        for (int reset = 0; reset < 2; reset++) {
            const struct byte_step steps[] = {
                {.kind = STEP_RECEIVE},
                {.kind = STEP_SEND, .bytes = str_from(before[i])},
                {.kind = reset ? STEP_RESET : STEP_CLOSE},
                {.kind = STEP_RECEIVE},
                {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")},
                {.kind = STEP_PAUSE, .ms = 30000},
            };
            struct byte_server server;
            struct client client;
            struct why why = {0};
            byte_server_start(&server, steps, COUNT(steps));
            rig_client(&client, server.port);
            assert_int_equal(send_body(&client, STR("{}"), &why).kind, ERR_NONE);
            assert_int_equal(client.requests, 2);
            client_close(&client);
            byte_server_stop(&server);
            byte_server_free(&server);
        }
    }
}

/* What the reply says of its length or of the connection does not make a part of it the whole. */
static void a_body_shorter_than_it_says_is_tried_again(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "Content-Length: 3\r\n",
        "Connection: close\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nConnection: close\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\nTransfer-Encoding: chunked\r\n",
    };
    static const char *const versions[] = {"HTTP/1.1", "HTTP/1.0"};
    for (size_t i = 0; i < COUNT(heads) * COUNT(versions); i++) {
        const char *head = heads[i / COUNT(versions)];
        bool chunked = strstr(head, "chunked");
        char reply[256];
        (void)snprintf(reply, sizeof reply, "%s 200 X\r\n%s\r\n%s", versions[i % COUNT(versions)],
                       head, chunked ? "2\r\n{}\r\n" : "{}");
        const struct byte_step steps[] = {
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = str_from(reply)},
            {.kind = STEP_CLOSE},
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = STR("HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")},
            {.kind = STEP_PAUSE, .ms = 30000},
        };
        struct byte_server server;
        struct client client;
        struct why why = {0};
        byte_server_start(&server, steps, COUNT(steps));
        rig_client(&client, server.port);
        assert_int_equal(send_body(&client, STR("{}"), &why).kind, ERR_NONE);
        if (client.requests != 2) {
            fail_msg("%s: %u requests", reply, (unsigned)client.requests);
        }
        client_close(&client);
        byte_server_stop(&server);
        byte_server_free(&server);
    }
}

static void a_truncated_reply_is_never_success(void **state)
{
    (void)state;
    static const char reply[] = "HTTP/1.1 200 X\r\nConnection: close\r\n\r\n{\"a\":{}}";
    for (size_t len = 0; len < sizeof reply - 1; len++) {
        const struct byte_step steps[] = {
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = {reply, len}},
            {.kind = STEP_CLOSE},
        };
        struct byte_server server;
        struct client client;
        struct why why = {0};
        byte_server_start(&server, steps, COUNT(steps));
        rig_client(&client, server.port);
        client.max_attempts = 1;
        err sent = send_body(&client, STR("{}"), &why);
        if (sent.kind != ERR_BUSY && sent.kind != ERR_BUG) {
            fail_msg("cut at %zu: %s", len, err_kind_name(sent.kind));
        }
        client_close(&client);
        byte_server_stop(&server);
        byte_server_free(&server);
    }
}

static void a_kept_connection_found_dead_costs_nothing(void **state)
{
    (void)state;
    static const str good = {"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}", 39};
    for (int reset = 0; reset < 2; reset++) {
        const struct byte_step steps[] = {
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = good},
            /* The request is read before the connection dies under it. */
            {.kind = STEP_RECEIVE},
            {.kind = reset ? STEP_RESET : STEP_CLOSE},
            {.kind = STEP_RECEIVE},
            {.kind = STEP_SEND, .bytes = good},
            {.kind = STEP_PAUSE, .ms = 30000},
        };
        struct byte_server server;
        struct client client;
        struct why why = {0};
        byte_server_start(&server, steps, COUNT(steps));
        rig_client(&client, server.port);
        client.max_attempts = 1;
        assert_int_equal(send_body(&client, STR("{}"), &why).kind, ERR_NONE);
        assert_int_equal(send_body(&client, STR("{}"), &why).kind, ERR_NONE);
        assert_int_equal(client.quota.tokens, 500);
        client_close(&client);
        byte_server_stop(&server);
        byte_server_free(&server);
    }
}

enum { KEPT = 12 };

/* Answers the first request of a connection, and dies under the second. */
static void die_second(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    bool *used = ctx;
    reply->delay_ms = used[request->connection] ? 0 : 20;
    reply->reset = used[request->connection];
    used[request->connection] = true;
    if (!reply->reset) {
        fake_reply_with(reply, 200, "", STR("{}"));
    }
}

static void count(void *ctx)
{
    ++*(unsigned *)ctx;
}

/* Leaves KEPT connections in the pool. */
static void keep_connections(struct client *client)
{
    struct json_call calls[KEPT];
    unsigned ended = 0;
    for (size_t i = 0; i < KEPT; i++) {
        json_call_init(&calls[i], client, &put_item);
        calls[i].call.request.body = STR("{}");
        calls[i].call.on_done = count;
        calls[i].call.ctx = &ended;
        call_start(&calls[i].call, 0);
    }
    while (ended < KEPT) {
        client_pump(client, 1000);
    }
    for (size_t i = 0; i < KEPT; i++) {
        assert_int_equal(calls[i].call.why.kind, ERR_NONE);
        call_close(&calls[i].call);
    }
}

static void many_kept_connections_found_dead_cost_nothing(void **state)
{
    (void)state;
    bool used[FAKE_MAX_CONNECTIONS] = {false};
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, die_second, used);
    keep_connections(&rig.client);
    rig.client.max_attempts = 1;
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_NONE);
    assert_int_equal(rig.client.quota.tokens, 500);
    rig_stop(&rig);
    assert_int_equal(rig.service.connections, KEPT + 1);
}

/* Closes each connection after its first reply, without having said so; or resets it. */
static void leave(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    const bool *resets = ctx;
    (void)request;
    reply->delay_ms = 20;
    reply->close = !*resets;
    reply->reset = *resets;
    fake_reply_with(reply, 200, "", STR("{}"));
}

/* Frozen and thawed: the other ends of all kept connections went away while nobody looked. */
static void after_a_thaw_all_calls_go_on_at_no_cost(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        bool resets = reset;
        struct rig rig;
        rig_start(&rig, leave, &resets);
        rig.client.max_attempts = 1;
        keep_connections(&rig.client);
        (void)usleep(50 * 1000);
        keep_connections(&rig.client);
        assert_int_equal(rig.client.quota.tokens, 500);
        rig_stop(&rig);
    }
}

/* Answers the first request of a connection, and the second never. */
static void fall_silent(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    bool *used = ctx;
    reply->delay_ms = used[request->connection] ? 60000 : 20;
    used[request->connection] = true;
    fake_reply_with(reply, 200, "", STR("{}"));
}

static void after_a_time_out_the_next_attempt_has_a_connection_of_its_own(void **state)
{
    (void)state;
    bool used[FAKE_MAX_CONNECTIONS] = {false};
    struct rig rig;
    struct json_call json_call;
    unsigned ended = 0;
    rig_start(&rig, fall_silent, used);
    keep_connections(&rig.client);
    json_call_init(&json_call, &rig.client, &put_item);
    json_call.call.request.body = STR("{}");
    json_call.call.request.attempt_ms = 300;
    json_call.call.on_done = count;
    json_call.call.ctx = &ended;
    call_start(&json_call.call, 0);
    while (!ended) {
        client_pump(&rig.client, 1000);
    }
    assert_int_equal(json_call.call.why.kind, ERR_NONE);
    assert_int_equal(json_call.call.sent, 2);
    call_close(&json_call.call);
    rig_stop(&rig);
}

static void no_listener_is_busy(void **state)
{
    (void)state;
    struct client client;
    struct why why = {0};
    rig_client(&client, 1);
    assert_int_equal(send_body(&client, STR("{}"), &why).kind, ERR_BUSY);
    assert_int_equal(client.requests, 4);
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_broken_anywhere_is_tried_again),
        cmocka_unit_test(a_body_shorter_than_it_says_is_tried_again),
        cmocka_unit_test(a_truncated_reply_is_never_success),
        cmocka_unit_test(a_kept_connection_found_dead_costs_nothing),
        cmocka_unit_test(many_kept_connections_found_dead_cost_nothing),
        cmocka_unit_test(after_a_thaw_all_calls_go_on_at_no_cost),
        cmocka_unit_test(after_a_time_out_the_next_attempt_has_a_connection_of_its_own),
        cmocka_unit_test(no_listener_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

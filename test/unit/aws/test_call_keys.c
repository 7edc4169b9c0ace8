/* Calls whose credentials have expired, from a container endpoint that has others. */
#include "test/unit/aws/rig.h"

#include "aws/json_call.h"

#include <stdatomic.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { TOGETHER = 16, LATER_MS = 2 * 60 * 1000 };

static const struct json_operation put_item = {
    .service = SERVICE_DYNAMODB,
    .name = "PutItem",
    .target = "DynamoDB_20120810.PutItem",
};

/* Time goes on for us only when a test says so, and at each refusal. */
static _Atomic int64_t later_ms;

static int64_t now_ms(void)
{
    return rig_now_ms() + later_ms;
}

/* Gives out keys KEY0, KEY1, ... and takes only those from `good` on. */
struct issuer {
    atomic_uint given, good;
    const char *code; /* of a refusal */
    unsigned refused;
    unsigned failures; /* requests answered 500 instead of taken */
    int delay_ms;      /* before keys are given */
    int answer_ms;     /* before a request is answered */
};

static void give_keys(struct issuer *issuer, struct fake_reply *reply)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"AccessKeyId\":\"KEY%u\",\"SecretAccessKey\":\"secret\",\"Token\":\"token\","
                   "\"Expiration\":\"2999-01-01T00:00:00Z\"}",
                   issuer->given++);
    reply->delay_ms = issuer->delay_ms;
    fake_reply_with(reply, 200, "", str_from(body));
}

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct issuer *issuer = ctx;
    if (str_starts(request->head, STR("GET "))) {
        give_keys(issuer, reply);
        return;
    }
    uint64_t number = 0;
    str key = str_cut(fake_header(request, "authorization"), '=').tail;
    assert_true(str_starts(key, STR("KEY")));
    assert_true(str_to_u64(str_drop(str_cut(key, '/').head, 3), &number));
    if (number >= issuer->good) {
        bool fails = issuer->failures > 0;
        issuer->failures -= fails;
        reply->delay_ms = issuer->answer_ms;
        fake_reply_with(reply, fails ? 500 : 200, "", STR("{}"));
        return;
    }
    char body[128];
    (void)snprintf(body, sizeof body, "{\"__type\":\"%s\"}", issuer->code);
    issuer->refused++;
    later_ms += LATER_MS; /* no keys are too fresh to be asked for anew */
    reply->delay_ms = 20; /* so that all are under way together */
    fake_reply_with(reply, 400, "", str_from(body));
}

struct keys_rig {
    struct fake_service service;
    struct issuer issuer;
    struct client client;
    char url[64], keys_url[96];
    const char *env[5];
};

static void start(struct keys_rig *rig, const char *code)
{
    struct why why = {0};
    *rig = (struct keys_rig){.issuer.code = code};
    later_ms = 0;
    fake_service_start(&rig->service, serve, &rig->issuer);
    (void)snprintf(rig->url, sizeof rig->url, "AWS_ENDPOINT_URL=http://127.0.0.1:%u",
                   rig->service.port);
    (void)snprintf(rig->keys_url, sizeof rig->keys_url,
                   "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u/keys",
                   rig->service.port);
    rig->env[0] = "AWS_REGION=eu-west-1";
    rig->env[1] = rig->url;
    rig->env[2] = rig->keys_url;
    rig->env[3] = "AWS_MAX_ATTEMPTS=1"; /* new keys cost none */
    const struct client_config config = {.env = rig->env, .now_ms = now_ms, .seed = 7};
    assert_int_equal(client_init(&rig->client, &config, &why).kind, ERR_NONE);
}

static void stop(struct keys_rig *rig)
{
    client_close(&rig->client);
    fake_service_stop(&rig->service);
}

static enum err_kind put(struct keys_rig *rig)
{
    json_t *reply = NULL;
    struct why why = {0};
    const struct json_request request = {.operation = &put_item, .body = STR("{}")};
    err sent = json_call_send(&rig->client, &request, &reply, &why);
    json_decref(reply);
    return sent.kind;
}

static void expired_keys_are_renewed_once_for_a_call(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        unsigned good; /* the first key that is */
        enum err_kind kind;
        unsigned given, refused;
    } rows[] = {
        {"ExpiredTokenException", 1, ERR_NONE, 2, 1},
        {"ExpiredToken", 1, ERR_NONE, 2, 1},
        {"RequestExpired", 1, ERR_NONE, 2, 1},
        {"TokenRefreshRequired", 1, ERR_NONE, 2, 1},
        {"ExpiredTokenException", 9, ERR_DENIED, 2, 2},
        {"AccessDeniedException", 1, ERR_DENIED, 1, 1},
        {"UnrecognizedClientException", 1, ERR_DENIED, 1, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct keys_rig rig;
        start(&rig, rows[i].code);
        assert_int_equal(put(&rig), ERR_NONE);
        later_ms = LATER_MS;
        rig.issuer.good = rows[i].good;
        enum err_kind kind = put(&rig);
        assert_int_equal(rig.client.quota.tokens, 500);
        stop(&rig);
        if (kind != rows[i].kind || rig.issuer.given != rows[i].given ||
            rig.issuer.refused != rows[i].refused) {
            fail_msg("%s: %s, %u keys given, %u refused", rows[i].code, err_kind_name(kind),
                     rig.issuer.given, rig.issuer.refused);
        }
    }
}

static void new_keys_cost_no_try(void **state)
{
    (void)state;
    struct keys_rig rig;
    start(&rig, "ExpiredTokenException");
    assert_int_equal(put(&rig), ERR_NONE);
    later_ms = LATER_MS;
    rig.issuer.good = 1;
    rig.issuer.failures = 1;
    rig.client.max_attempts = 2;
    assert_int_equal(put(&rig), ERR_NONE);
    stop(&rig);
    assert_int_equal(rig.issuer.refused, 1);
    assert_int_equal(rig.issuer.failures, 0);
}

static void count(void *ctx)
{
    ++*(unsigned *)ctx;
}

static void calls_under_way_together_all_go_on_with_the_new_keys(void **state)
{
    (void)state;
    struct keys_rig rig;
    struct json_call calls[TOGETHER];
    unsigned ended = 0;
    start(&rig, "ExpiredTokenException");
    assert_int_equal(put(&rig), ERR_NONE);
    later_ms = LATER_MS;
    rig.issuer.good = 1;
    for (size_t i = 0; i < TOGETHER; i++) {
        json_call_init(&calls[i], &rig.client, &put_item);
        calls[i].call.request.body = STR("{}");
        calls[i].call.on_done = count;
        calls[i].call.ctx = &ended;
        call_start(&calls[i].call, 0);
    }
    while (ended < TOGETHER) {
        client_pump(&rig.client, 1000);
    }
    for (size_t i = 0; i < TOGETHER; i++) {
        assert_int_equal(calls[i].call.why.kind, ERR_NONE);
        call_close(&calls[i].call);
    }
    stop(&rig);
    assert_int_equal(rig.issuer.refused, TOGETHER);
    assert_int_equal(rig.issuer.given, 2);
}

/* The wait for them is bounded, and nothing is sent. */
static void keys_that_do_not_come_in_time_end_the_call(void **state)
{
    (void)state;
    struct keys_rig rig;
    start(&rig, "");
    rig.issuer.delay_ms = 20000;
    client_set_deadline(&rig.client, now_ms() + 100);
    enum err_kind kind = put(&rig);
    assert_true(kind == ERR_BUSY || kind == ERR_DEADLINE);
    assert_int_equal(rig.client.requests, 0);
    stop(&rig);
}

/* Keys that take longer to come than an attempt may: what is under way comes home meanwhile, and is
 * not sent again. */
static void calls_under_way_move_on_while_keys_are_fetched(void **state)
{
    (void)state;
    struct keys_rig rig;
    struct json_call calls[TOGETHER];
    unsigned ended = 0;
    start(&rig, "");
    assert_int_equal(put(&rig), ERR_NONE);
    for (size_t i = 0; i < TOGETHER; i++) {
        json_call_init(&calls[i], &rig.client, &put_item);
        calls[i].call.request.body = STR("{}");
        calls[i].call.request.attempt_ms = 500;
        calls[i].call.on_done = count;
        calls[i].call.ctx = &ended;
    }
    rig.issuer.answer_ms = 200;
    for (size_t i = 1; i < TOGETHER; i++) {
        call_start(&calls[i].call, 0);
    }
    for (int i = 0; i < 5; i++) {
        client_pump(&rig.client, 10); /* so that all are sent */
    }
    later_ms = LATER_MS;
    rig.issuer.delay_ms = 1000;
    assert_true(provider_renew(rig.client.provider, now_ms()));
    call_start(&calls[0].call, 0);
    while (ended < TOGETHER) {
        client_pump(&rig.client, 1000);
    }
    for (size_t i = 0; i < TOGETHER; i++) {
        assert_int_equal(calls[i].call.why.kind, ERR_NONE);
        call_close(&calls[i].call);
    }
    stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired_keys_are_renewed_once_for_a_call),
        cmocka_unit_test(new_keys_cost_no_try),
        cmocka_unit_test(keys_that_do_not_come_in_time_end_the_call),
        cmocka_unit_test(calls_under_way_together_all_go_on_with_the_new_keys),
        cmocka_unit_test(calls_under_way_move_on_while_keys_are_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Calls to a service whose clock is not ours. */
#include "test/unit/aws/rig.h"

#include "aws/json_call.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MINUTE   (60 * INT64_C(1000))

static const struct json_operation put_item = {
    .service = SERVICE_DYNAMODB,
    .name = "PutItem",
    .target = "DynamoDB_20120810.PutItem",
};

/* A service that refuses what is signed for another time than its own. */
struct clock {
    int64_t ahead_ms, tolerance_ms;
    const char *code;    /* of the refusal */
    const char *headers; /* more of them; NULL: none */
    bool dateless;
    bool denies; /* whatever the time */
};

static void write_date(int64_t ms, char *text, size_t room)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm t;
    assert_non_null(gmtime_r(&seconds, &t));
    assert_true(strftime(text, room, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &t) > 0);
}

static int64_t signed_ms(const struct fake_request *request)
{
    char text[32];
    struct tm t = {0};
    assert_true(str_to_c(fake_header(request, "x-amz-date"), text, sizeof text));
    assert_non_null(strptime(text, "%Y%m%dT%H%M%SZ", &t));
    return (int64_t)timegm(&t) * 1000;
}

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    const struct clock *clock = ctx;
    char headers[256] = "", body[128];
    int64_t now = rig_now_ms() + clock->ahead_ms;
    int64_t off = signed_ms(request) - now;
    if (!clock->dateless) {
        write_date(now, headers, sizeof headers);
    }
    size_t len = strlen(headers);
    (void)snprintf(headers + len, sizeof headers - len, "%s", clock->headers ? clock->headers : "");
    bool refused = clock->denies || off > clock->tolerance_ms || off < -clock->tolerance_ms;
    (void)snprintf(body, sizeof body, "{\"__type\":\"%s\"}", clock->code);
    fake_reply_with(reply, refused ? 400 : 200, headers, str_from(refused ? body : "{}"));
}

static enum err_kind put(struct client *client)
{
    json_t *reply = NULL;
    struct why why = {0};
    const struct json_request request = {.operation = &put_item, .body = STR("{}")};
    client_set_deadline(client, rig_now_ms() + 10000); /* is on our clock */
    err sent = json_call_send(client, &request, &reply, &why);
    json_decref(reply);
    return sent.kind;
}

#define BAD_SIGNATURE "InvalidSignatureException"
#define UNCORRECTED   "AWS_DISABLE_CLOCK_SKEW_CORRECTION=true"

static void what_a_clock_that_is_off_costs(void **state)
{
    (void)state;
    static const struct {
        const char *word, *more;
        int64_t minutes_ahead;
        const char *code, *headers;
        bool dateless, denies;
        enum err_kind kind;
        unsigned requests;
    } rows[] = {
        {"right", NULL, 0, BAD_SIGNATURE, NULL, false, false, ERR_NONE, 1},
        {"ahead", NULL, 20, BAD_SIGNATURE, NULL, false, false, ERR_NONE, 2},
        {"behind", NULL, -20, "RequestInTheFuture", NULL, false, false, ERR_NONE, 2},
        {"a day", NULL, 1440, "SignatureDoesNotMatch", NULL, false, false, ERR_NONE, 2},
        {"called a denial", NULL, 20, "AccessDeniedException", NULL, false, false, ERR_NONE, 2},
        {"a denial indeed", NULL, 20, "AccessDeniedException", NULL, false, true, ERR_DENIED, 2},
        {"not corrected", UNCORRECTED, 20, BAD_SIGNATURE, NULL, false, false, ERR_DENIED, 1},
        {"not told", NULL, 20, BAD_SIGNATURE, NULL, true, false, ERR_DENIED, 1},
        {"from a cache", NULL, 20, BAD_SIGNATURE, "Age: 7\r\n", false, false, ERR_DENIED, 1},
        {"one try", "AWS_MAX_ATTEMPTS=1", 20, BAD_SIGNATURE, NULL, false, false, ERR_DENIED, 1},
        {"another code", NULL, 20, "ValidationException", NULL, false, false, ERR_INPUT, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        struct clock clock = {.ahead_ms = rows[i].minutes_ahead * MINUTE,
                              .tolerance_ms = 15 * MINUTE,
                              .code = rows[i].code,
                              .headers = rows[i].headers,
                              .dateless = rows[i].dateless,
                              .denies = rows[i].denies};
        rig_start_with(&rig, serve, &clock, rows[i].more);
        enum err_kind kind = put(&rig.client);
        uint64_t first = rig.client.requests;
        (void)put(&rig.client);
        uint64_t second = rig.client.requests - first;
        rig_stop(&rig);
        if (kind != rows[i].kind || first != rows[i].requests || second != 1) {
            fail_msg("%s: %s, %u and %u requests", rows[i].word, err_kind_name(kind),
                     (unsigned)first, (unsigned)second);
        }
    }
}

static void what_was_refused_once_is_signed_right_from_then_on(void **state)
{
    (void)state;
    static const char *const more[] = {NULL, "AWS_MAX_ATTEMPTS=1"};
    for (size_t i = 0; i < COUNT(more); i++) {
        struct clock clock = {3 * MINUTE, 2 * MINUTE, "InvalidSignatureException",
                              NULL,       false,      false};
        struct rig rig;
        rig_start_with(&rig, serve, &clock, more[i]);
        assert_int_equal(put(&rig.client), ERR_DENIED);
        assert_int_equal(put(&rig.client), ERR_NONE);
        rig_stop(&rig);
    }
}

/* What a good reply says is learned as well, and unlearned. */
static void every_reply_tells_the_time(void **state)
{
    (void)state;
    static const int64_t ahead[] = {20 * MINUTE, -20 * MINUTE, 0};
    struct clock clock = {0, 100000 * MINUTE, "InvalidSignatureException", NULL, false, false};
    struct rig rig;
    rig_start(&rig, serve, &clock);
    for (size_t i = 0; i < COUNT(ahead); i++) {
        clock.ahead_ms = ahead[i];
        assert_int_equal(put(&rig.client), ERR_NONE);
        assert_in_range(rig.client.skew_ms[SERVICE_DYNAMODB] - ahead[i] + 5000, 0, 10000);
        assert_int_equal(rig.client.skew_ms[SERVICE_S3], 0);
    }
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_clock_that_is_off_costs),
        cmocka_unit_test(what_was_refused_once_is_signed_right_from_then_on),
        cmocka_unit_test(every_reply_tells_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

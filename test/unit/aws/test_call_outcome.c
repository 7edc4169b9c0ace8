/* What a reply tells besides its body: its checksum, a bucket's region, when to come again. */
#include "test/unit/aws/rig.h"

#include "aws/checksum.h"
#include "aws/json_call.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { FULL = 500 };

static const struct json_operation put_item = {
    .service = SERVICE_DYNAMODB,
    .name = "PutItem",
    .target = "DynamoDB_20120810.PutItem",
};

/* Answers with one row after the other, the last one for ever. */
struct answers {
    const struct answer {
        int status;
        const char *headers, *body;
    } * rows;
    size_t count;
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    const struct answers *a = ctx;
    size_t i = request->number < a->count ? request->number : a->count - 1;
    fake_reply_with(reply, a->rows[i].status, a->rows[i].headers, str_from(a->rows[i].body));
}

static err send_empty(struct client *client, const struct json_operation *operation,
                      struct why *why)
{
    json_t *reply = NULL;
    const struct json_request request = {.operation = operation, .body = STR("{}")};
    err sent = json_call_send(client, &request, &reply, why);
    json_decref(reply);
    return sent;
}

static void done(void *ctx)
{
    *(bool *)ctx = true;
}

static void run(struct client *client, struct json_call *json_call)
{
    bool ended = false;
    json_call->call.request.body = STR("{}");
    json_call->call.on_done = done;
    json_call->call.ctx = &ended;
    call_start(&json_call->call, 0);
    while (!ended) {
        client_pump(client, 1000);
    }
}

/* --- Checksums --- */

#define GOOD_CRC "x-amz-crc32: 2745614147\r\n" /* of {} */

static void a_reply_with_another_checksum_is_asked_for_again(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        struct answer first;
        enum err_kind kind;
        unsigned requests;
    } rows[] = {
        {"right", {200, GOOD_CRC, "{}"}, ERR_NONE, 1},
        {"none", {200, "", "{}"}, ERR_NONE, 1},
        {"wrong", {200, GOOD_CRC, "{ "}, ERR_NONE, 2},
        {"cut", {200, GOOD_CRC, ""}, ERR_NONE, 2},
        {"no number", {200, "x-amz-crc32: a3ab4c43\r\n", "{}"}, ERR_NONE, 2},
        {"negative", {200, "x-amz-crc32: -1549353149\r\n", "{}"}, ERR_NONE, 2},
        {"past 32 bits", {200, "x-amz-crc32: 7040581443\r\n", "{}"}, ERR_NONE, 2},
        {"of a refusal, wrong",
         {400, GOOD_CRC, "{\"__type\":\"ValidationException\"}"},
         ERR_NONE,
         2},
        {"of a refusal, right",
         {400, "x-amz-crc32: 4197613532\r\n", "{\"__type\":\"ValidationException\"}"},
         ERR_INPUT,
         1},
    };
    assert_int_equal(checksum_crc32(0, STR("{}")), 2745614147);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct answer replies[] = {rows[i].first, {200, "", "{}"}};
        struct answers answers = {replies, COUNT(replies)};
        struct rig rig;
        struct why why = {0};
        rig_start(&rig, answer, &answers);
        err sent = send_empty(&rig.client, &put_item, &why);
        rig_stop(&rig);
        if (sent.kind != rows[i].kind || rig.service.requests != rows[i].requests) {
            fail_msg("%s: %s after %u requests: %s, crc %u", rows[i].word, err_kind_name(sent.kind),
                     rig.service.requests, why.text,
                     checksum_crc32(0, str_from(rows[i].first.body)));
        }
    }
}

static void a_checksum_wrong_for_ever_is_busy(void **state)
{
    (void)state;
    static const struct answer wrong[] = {{200, "x-amz-crc32: 1\r\n", "{}"}};
    struct answers answers = {wrong, 1};
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, answer, &answers);
    assert_int_equal(send_empty(&rig.client, &put_item, &why).kind, ERR_BUSY);
    assert_string_equal(why.text, "dynamodb PutItem: the reply does not have the CRC-32 it says");
    assert_int_equal(rig.client.quota.tokens, FULL - 3 * 14);
    rig_stop(&rig);
    assert_int_equal(rig.service.requests, 4);
}

/* --- A bucket's region --- */

#define MALFORMED                                                                                  \
    "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>"

static const struct {
    const char *word;
    enum service service;
    struct answer answer;
    const char *region;
} moves[] = {
    {"301", SERVICE_S3, {301, "x-amz-bucket-region: us-west-2\r\n", ""}, "us-west-2"},
    {"302", SERVICE_S3, {302, "x-amz-bucket-region: us-west-2\r\n", ""}, "us-west-2"},
    {"307", SERVICE_S3, {307, "x-amz-bucket-region: us-west-2\r\n", ""}, "us-west-2"},
    {"400", SERVICE_S3, {400, "x-amz-bucket-region: us-west-2\r\n", ""}, "us-west-2"},
    {"in the body", SERVICE_S3, {400, "", MALFORMED}, "us-west-2"},
    {"header first",
     SERVICE_S3,
     {400, "x-amz-bucket-region: us-east-2\r\n", MALFORMED},
     "us-east-2"},
    {"asked there", SERVICE_S3, {400, "x-amz-bucket-region: eu-west-1\r\n", ""}, ""},
    {"403", SERVICE_S3, {403, "x-amz-bucket-region: us-west-2\r\n", ""}, "us-west-2"},
    {"404", SERVICE_S3, {404, "x-amz-bucket-region: us-west-2\r\n", ""}, ""},
    {"200", SERVICE_S3, {200, "x-amz-bucket-region: us-west-2\r\n", ""}, ""},
    {"no S3", SERVICE_SQS, {400, "x-amz-bucket-region: us-west-2\r\n", ""}, ""},
    {"none", SERVICE_S3, {301, "", ""}, ""},
    {"another host", SERVICE_S3, {301, "x-amz-bucket-region: evil.example/\r\n", ""}, ""},
    {"upper case", SERVICE_S3, {301, "x-amz-bucket-region: US-WEST-2\r\n", ""}, ""},
    {"a port", SERVICE_S3, {301, "x-amz-bucket-region: a:1\r\n", ""}, ""},
    {"63 bytes",
     SERVICE_S3,
     {301,
      "x-amz-bucket-region: "
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
      ""},
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"64 bytes",
     SERVICE_S3,
     {301,
      "x-amz-bucket-region: "
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
      ""},
     ""},
};

static void the_region_a_refusal_names_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(moves); i++) {
        struct answers answers = {&moves[i].answer, 1};
        struct rig rig;
        bool ended = false;
        rig_start(&rig, answer, &answers);
        struct call call = {
            .client = &rig.client,
            .request = {.service = moves[i].service, .operation = "GetObject", .path = STR("/b/k")},
            .on_done = done,
            .ctx = &ended,
        };
        buf_init(&call.reply, CALL_ERROR_BYTES);
        call_start(&call, 0);
        while (!ended) {
            client_pump(&rig.client, 1000);
        }
        if (strcmp(call.moved_to, moves[i].region) != 0) {
            fail_msg("%s: %s", moves[i].word, call.moved_to);
        }
        call_close(&call);
        rig_stop(&rig);
    }
}

/* --- When to come again --- */

static void the_services_own_wait_is_kept_for_the_owner(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int64_t ms;
    } rows[] = {
        {"", -1},
        {"x-amz-retry-after: 0\r\n", 0},
        {"x-amz-retry-after: 1500\r\n", 1500},
        {"x-amz-retry-after: 99999999999\r\n", INT32_MAX},
        {"x-amz-retry-after: -1\r\n", -1},
        {"x-amz-retry-after: 1.5\r\n", -1},
        {"x-amz-retry-after: soon\r\n", -1},
        {"x-amz-retry-after: 99999999999999999999\r\n", -1},
        {"Retry-After: 3\r\n", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct answer busy = {400, rows[i].headers, "{\"__type\":\"ThrottlingException\"}"};
        struct answers answers = {&busy, 1};
        struct rig rig;
        struct json_call json_call;
        rig_start(&rig, answer, &answers);
        json_call_init(&json_call, &rig.client, &put_item);
        json_call.call.request.throttled_ends = true;
        run(&rig.client, &json_call);
        assert_int_equal(json_call.call.retry_after_ms, rows[i].ms);
        call_close(&json_call.call);
        rig_stop(&rig);
    }
}

/* --- An empty quota --- */

static void an_empty_quota_ends_a_call_but_a_long_poll_not_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool long_poll;
        int status;
        unsigned tokens;
        const char *headers;
        int64_t least_ms;
        unsigned requests;
        bool waited; /* and then gave up */
    } rows[] = {
        {"short, empty", false, 500, 0, "x-amz-retry-after: 80\r\n", 0, 1, false},
        {"long, empty", true, 500, 0, "x-amz-retry-after: 80\r\n", 80, 1, true},
        {"long, past the deadline", true, 500, 0, "x-amz-retry-after: 40000\r\n", 0, 1, true},
        {"long, full", true, 500, FULL, "x-amz-retry-after: 80\r\n", 160, 3, false},
        {"long, refused for good", true, 400, 0, "x-amz-retry-after: 80\r\n", 0, 1, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* The wait is a random part of 50 ms, or what the service says where that is more. */
        const struct answer failure = {rows[i].status, rows[i].headers, ""};
        const struct json_operation receive = {.service = SERVICE_SQS,
                                               .name = "ReceiveMessage",
                                               .target = "AmazonSQS.ReceiveMessage",
                                               .long_poll = rows[i].long_poll};
        struct answers answers = {&failure, 1};
        struct rig rig;
        struct json_call json_call;
        rig_start(&rig, answer, &answers);
        rig.client.quota.tokens = rows[i].tokens;
        int64_t start = rig_now_ms();
        client_set_deadline(&rig.client, start + 5000);
        json_call_init(&json_call, &rig.client, &receive);
        run(&rig.client, &json_call);
        int64_t took = rig_now_ms() - start;
        const struct call *call = &json_call.call;
        if (call->why.kind != (rows[i].status == 500 ? ERR_BUSY : ERR_INPUT) ||
            took < rows[i].least_ms || call->sent != rows[i].requests ||
            call->ending != rows[i].waited) {
            fail_msg("%s: %s after %d ms, %u requests", rows[i].word, err_kind_name(call->why.kind),
                     (int)took, call->sent);
        }
        call_close(&json_call.call);
        rig_stop(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_with_another_checksum_is_asked_for_again),
        cmocka_unit_test(a_checksum_wrong_for_ever_is_busy),
        cmocka_unit_test(the_region_a_refusal_names_is_kept),
        cmocka_unit_test(the_services_own_wait_is_kept_for_the_owner),
        cmocka_unit_test(an_empty_quota_ends_a_call_but_a_long_poll_not_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

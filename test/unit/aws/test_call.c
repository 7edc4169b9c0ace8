#include "test/unit/aws/rig.h"

#include "aws/json_call.h"

#include <stdlib.h>

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

/* Answers with one row after the other, the last one for ever. */
struct answers {
    const struct answer {
        int status;
        const char *headers, *body;
    } * rows;
    size_t count;
    struct buf heads; /* of the requests */
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct answers *a = ctx;
    size_t i = request->number < a->count ? request->number : a->count - 1;
    buf_add(&a->heads, request->head);
    fake_reply_with(reply, a->rows[i].status, a->rows[i].headers, str_from(a->rows[i].body));
}

static void start(struct rig *rig, struct answers *answers, const struct answer *rows, size_t count)
{
    *answers = (struct answers){.rows = rows, .count = count};
    buf_init(&answers->heads, 1 << 20);
    rig_start(rig, answer, answers);
}

static void a_failure_names_operation_code_status_and_request(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {400, "x-amzn-RequestId: REQ-1\r\n",
         "{\"__type\":\"com.amazonaws#ResourceNotFoundException\",\"message\":\"secret-table\"}"}};
    struct rig rig;
    struct answers answers;
    struct why why = {0};
    start(&rig, &answers, rows, COUNT(rows));
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_MISSING);
    rig_stop(&rig);
    assert_string_equal(why.text, "dynamodb PutItem: ResourceNotFoundException, HTTP 400");
    assert_string_equal(why.code, "ResourceNotFoundException");
    assert_string_equal(why.request_id, "REQ-1");
    assert_int_equal(why.status, 400);
    buf_close(&answers.heads);
}

static void each_fault_ends_in_its_kind(void **state)
{
    (void)state;
    static const struct {
        struct answer answer;
        enum err_kind kind;
        unsigned requests;
    } rows[] = {
        {{200, "", "{}"}, ERR_NONE, 1},
        {{200, "", ""}, ERR_BUG, 1},
        {{200, "", "{"}, ERR_BUG, 1},
        {{200, "", "[]"}, ERR_BUG, 1},
        {{200, "", "<html>"}, ERR_BUG, 1},
        {{302, "Location: /x\r\n", ""}, ERR_BUG, 1},
        {{400, "", "{\"__type\":\"ValidationException\"}"}, ERR_INPUT, 1},
        {{400, "", "{\"__type\":\"ExpiredTokenException\"}"}, ERR_DENIED, 1},
        {{403, "", "<E><Code>InvalidClientTokenId</Code></E>"}, ERR_DENIED, 1},
        {{500, "", ""}, ERR_BUSY, 4},
        {{503, "", "{\"__type\":\"ServiceUnavailable\"}"}, ERR_BUSY, 4},
        {{501, "", ""}, ERR_BUSY, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        struct answers answers;
        struct why why = {0};
        start(&rig, &answers, &rows[i].answer, 1);
        err sent = send_body(&rig.client, STR("{}"), &why);
        uint64_t counted = rig.client.requests;
        rig_stop(&rig);
        if (sent.kind != rows[i].kind || why.kind != rows[i].kind ||
            rig.service.requests != rows[i].requests || counted != rows[i].requests) {
            fail_msg("row %zu: %s, %u requests: %s", i, err_kind_name(sent.kind),
                     rig.service.requests, why.text);
        }
        buf_close(&answers.heads);
    }
}

static void a_failure_that_passes_is_no_failure(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {503, "", ""},
        {500, "", "{}"},
        {400, "x-amz-retry-after: 1\r\n", "{\"__type\":\"RequestTimeout\"}"},
        {200, "", "{}"},
    };
    struct rig rig;
    struct answers answers;
    struct why why = {0};
    start(&rig, &answers, rows, COUNT(rows));
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_NONE);
    assert_int_equal(why.kind, ERR_NONE);
    assert_int_equal(rig.client.quota.tokens, 500 - 3 * 14 + 14);
    rig_stop(&rig);
    assert_int_equal(rig.service.requests, 4);
    buf_close(&answers.heads);
}

static void throttling_for_ever_ends_before_the_deadline(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {400, "", "{\"__type\":\"ThrottlingException\"}"},
    };
    struct rig rig;
    struct answers answers;
    struct why why = {0};
    start(&rig, &answers, rows, COUNT(rows));
    rig.client.max_attempts = 100;
    int64_t deadline = rig_now_ms() + 300;
    client_set_deadline(&rig.client, deadline);
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_BUSY);
    assert_true(rig_now_ms() < deadline);
    assert_true(rig.client.throttled >= 1);
    assert_string_equal(why.code, "ThrottlingException");
    rig_stop(&rig);
    buf_close(&answers.heads);
}

static void slow(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    (void)request;
    reply->delay_ms = 20000;
    fake_reply_with(reply, 200, "", STR("{}"));
}

static void a_reply_that_does_not_come_ends_at_the_deadline(void **state)
{
    (void)state;
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, slow, NULL);
    client_set_deadline(&rig.client, rig_now_ms() + 100);
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_DEADLINE);
    assert_string_equal(why.text, "dynamodb PutItem: out of time");
    why = (struct why){0};
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_DEADLINE);
    assert_int_equal(rig.client.requests, 1);
    rig_stop(&rig);
}

static unsigned count_of(str text, const char *part)
{
    unsigned count = 0;
    const char *at = memmem(text.at, text.len, part, strlen(part));
    while (at) {
        count++;
        text = str_span(at + strlen(part), text.at + text.len);
        at = memmem(text.at, text.len, part, strlen(part));
    }
    return count;
}

static void every_attempt_is_signed_and_numbered(void **state)
{
    (void)state;
    static const struct answer rows[] = {{500, "", ""}, {200, "", "{}"}};
    static const struct {
        const char *text;
        unsigned count;
    } wanted[] = {
        {"POST / HTTP/1.1\r\n", 2},
        {"x-amz-date: 20", 2},
        {"x-amz-security-token: TOKENTOKEN\r\n", 2},
        {"x-amz-content-sha256: "
         "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\r\n",
         2},
        {"amz-sdk-request: attempt=1; max=4\r\n", 1},
        {"amz-sdk-request: attempt=2; max=4\r\n", 1},
        {"amz-sdk-invocation-id: ", 2},
        {"x-amz-target: DynamoDB_20120810.PutItem\r\n", 2},
        {"content-type: application/x-amz-json-1.0\r\n", 2},
        {"authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/", 2},
        {"/eu-west-1/dynamodb/aws4_request", 2},
        {"wJalrXUtnFEMI", 0},
        {"Expect", 0},
        {"Accept", 0},
    };
    struct rig rig;
    struct answers answers;
    struct why why = {0};
    start(&rig, &answers, rows, COUNT(rows));
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_NONE);
    rig_stop(&rig);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        if (count_of(buf_str(&answers.heads), wanted[i].text) != wanted[i].count) {
            fail_msg("%s: %u times", wanted[i].text,
                     count_of(buf_str(&answers.heads), wanted[i].text));
        }
    }
    buf_close(&answers.heads);
}

static void all_attempts_share_an_id_and_no_two_calls_do(void **state)
{
    (void)state;
    static const struct answer rows[] = {{500, "", ""}, {200, "", "{}"}};
    struct rig rig;
    struct answers answers;
    struct why why = {0};
    start(&rig, &answers, rows, COUNT(rows));
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_NONE);
    assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, ERR_NONE);
    rig_stop(&rig);
    char ids[3][64] = {{0}};
    str rest = buf_str(&answers.heads);
    for (size_t i = 0; i < 3; i++) {
        const char *at = memmem(rest.at, rest.len, "invocation-id: ", 15);
        assert_non_null(at);
        memcpy(ids[i], at + 15, 36);
        rest = str_span(at + 51, rest.at + rest.len);
    }
    assert_string_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[1], ids[2]);
    assert_int_equal(ids[0][14], '4');
    buf_close(&answers.heads);
}

/* A service that sends back all that it was sent, as a code, a message and an id. */
static void echo(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    static char body[8192];
    str token = fake_header(request, "x-amz-security-token");
    str authorization = fake_header(request, "authorization");
    int len = snprintf(
        body, sizeof body, "{\"__type\":\"%.*s\",\"message\":\"%.*s %.*s %.*s\",\"code\":\"%.*s\"}",
        (int)authorization.len, authorization.at, (int)token.len, token.at, (int)authorization.len,
        authorization.at, (int)request->body.len, request->body.at, (int)token.len, token.at);
    fake_reply_with(reply, 400, "", (str){body, (size_t)len});
}

static void credentials_and_data_never_reach_the_error_text(void **state)
{
    (void)state;
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, echo, NULL);
    assert_int_equal(send_body(&rig.client, STR("personal"), &why).kind, ERR_INPUT);
    rig_stop(&rig);
    static const char *const words[] = {"TOKEN", "AKID", "wJalr", "Signature", "personal"};
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_null(memmem(&why, sizeof why, words[i], strlen(words[i])));
    }
}

static void large(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)request;
    const size_t *bytes = ctx;
    char *body = calloc(1, *bytes);
    assert_non_null(body);
    memset(body, ' ', *bytes);
    memcpy(body, "{\"__type\":\"ValidationException\"}", 32);
    fake_reply_with(reply, *bytes > JSON_CALL_MAX_REPLY ? 200 : 400, "", (str){body, *bytes});
    free(body);
}

static void replies_are_bounded(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        enum err_kind kind;
        const char *text;
    } rows[] = {
        {CALL_ERROR_BYTES, ERR_INPUT, "dynamodb PutItem: ValidationException, HTTP 400"},
        {CALL_ERROR_BYTES * 4, ERR_INPUT, "dynamodb PutItem: ValidationException, HTTP 400"},
        {JSON_CALL_MAX_REPLY + 1, ERR_LIMIT, "dynamodb PutItem: the reply is too large"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        struct why why = {0};
        size_t bytes = rows[i].bytes;
        rig_start(&rig, large, &bytes);
        assert_int_equal(send_body(&rig.client, STR("{}"), &why).kind, rows[i].kind);
        assert_string_equal(why.text, rows[i].text);
        rig_stop(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_names_operation_code_status_and_request),
        cmocka_unit_test(each_fault_ends_in_its_kind),
        cmocka_unit_test(a_failure_that_passes_is_no_failure),
        cmocka_unit_test(throttling_for_ever_ends_before_the_deadline),
        cmocka_unit_test(a_reply_that_does_not_come_ends_at_the_deadline),
        cmocka_unit_test(every_attempt_is_signed_and_numbered),
        cmocka_unit_test(all_attempts_share_an_id_and_no_two_calls_do),
        cmocka_unit_test(credentials_and_data_never_reach_the_error_text),
        cmocka_unit_test(replies_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

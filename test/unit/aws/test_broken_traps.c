/* What other C clients were caught in: replies past a small buffer, refusals tried again, headers
 * that libcurl adds of its own. (A kept connection that died: test_broken_kept.c. Batches of which
 * a part was taken: test_dynamodb_batch.c, test_sqs.c.)
 */
#include "test/unit/aws/wire.h"

/* Each request gets the same reply; what was sent is kept. */
struct same {
    int status;
    const char *headers;
    str body;
    struct buf heads;
    unsigned requests;
};

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct same *same = ctx;
    same->requests++;
    buf_add(&same->heads, request->head);
    fake_reply_with(reply, same->status, same->headers ? same->headers : "", same->body);
}

static enum err_kind ask(enum wire_operation what, struct same *same, struct why *why)
{
    struct rig rig;
    same->requests = 0;
    buf_init(&same->heads, 1 << 20);
    rig_start(&rig, serve, same);
    enum err_kind kind = wire_run(&rig.client, what, why);
    rig_stop(&rig);
    return kind;
}

static const size_t sizes[] = {4095, 4096, 4097, 16383, 16385, 65536, 65537, 1000000};

static void a_reply_of_any_size_is_read_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct buf body;
        struct same same = {.status = 200};
        struct why why;
        buf_init(&body, 2 << 20);
        buf_add(&body, STR("{\"more\":\""));
        char *into = buf_reserve(&body, sizes[i]);
        memset(into, 'x', sizes[i]);
        body.len += sizes[i];
        buf_add(&body, STR("\","));
        buf_add(&body, str_drop(str_from(wire_bodies[WIRE_RECEIVE]), 1));
        same.body = buf_str(&body);
        assert_int_equal(ask(WIRE_RECEIVE, &same, &why), ERR_NONE);
        assert_int_equal(same.requests, 1);
        buf_close(&same.heads);
        buf_close(&body);
    }
}

static void an_error_of_any_size_is_known_by_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct buf body;
        struct same same = {.status = 400};
        struct why why;
        buf_init(&body, 2 << 20);
        buf_add(&body, STR("<Error><Code>NoSuchKey</Code><Key>"));
        char *into = buf_reserve(&body, sizes[i]);
        memset(into, 'x', sizes[i]);
        body.len += sizes[i];
        buf_add(&body, STR("</Key></Error>"));
        same.body = buf_str(&body);
        assert_int_equal(ask(WIRE_GET, &same, &why), ERR_MISSING);
        assert_string_equal(why.code, "NoSuchKey");
        assert_int_equal(same.requests, 1);
        buf_close(&same.heads);
        buf_close(&body);
    }
}

static void a_refusal_is_not_tried_again(void **state)
{
    (void)state;
    static const struct {
        enum wire_operation what;
        int status;
        const char *body;
        enum err_kind kind;
    } rows[] = {
        {WIRE_PUT, 400, "{\"__type\":\"x#AccessDeniedException\"}", ERR_DENIED},
        {WIRE_PUT, 400, "{\"__type\":\"x#UnrecognizedClientException\"}", ERR_DENIED},
        {WIRE_PUT, 400, "{\"__type\":\"x#ResourceNotFoundException\"}", ERR_MISSING},
        {WIRE_PUT, 403, "", ERR_DENIED},
        {WIRE_PUT, 401, "x", ERR_DENIED},
        {WIRE_SEND, 403, "{\"__type\":\"x#AccessDenied\"}", ERR_DENIED},
        {WIRE_SEND, 400, "{\"__type\":\"x#QueueDoesNotExist\"}", ERR_MISSING},
        {WIRE_SEND, 400, "{\"__type\":\"x#InvalidMessageContents\"}", ERR_INPUT},
        {WIRE_RECEIVE, 400, "{\"__type\":\"x#KmsAccessDenied\"}", ERR_DENIED},
        {WIRE_GET, 403, "<Error><Code>AccessDenied</Code></Error>", ERR_DENIED},
        {WIRE_GET, 403, "", ERR_DENIED},
        {WIRE_GET, 404, "<Error><Code>NoSuchKey</Code></Error>", ERR_MISSING},
        {WIRE_GET, 400, "<Error><Code>InvalidArgument</Code></Error>", ERR_INPUT},
        {WIRE_GET, 405, "", ERR_INPUT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct same same = {.status = rows[i].status, .body = str_from(rows[i].body)};
        struct why why;
        enum err_kind kind = ask(rows[i].what, &same, &why);
        if (kind != rows[i].kind || same.requests != 1) {
            fail_msg("%s %d %s: %s, %u requests", wire_words[rows[i].what], rows[i].status,
                     rows[i].body, err_kind_name(kind), same.requests);
        }
        buf_close(&same.heads);
    }
}

static void libcurl_adds_no_header_of_its_own(void **state)
{
    (void)state;
    static const char *const unwanted[] = {"\r\nexpect:",
                                           "\r\naccept-encoding:",
                                           "\r\naccept:",
                                           "\r\nte:",
                                           "\r\ntransfer-encoding:",
                                           "\r\nuser-agent: curl",
                                           "\r\ncookie:",
                                           "\r\nreferer:"};
    static char large[SQS_BATCH_MAX_BYTES]; /* with what is around it, past libcurl's 1 MiB */
    memset(large, 'x', sizeof large);
    struct same same = {.status = 200, .body = STR("{\"MessageId\":\"1\"}")};
    struct rig rig;
    struct why why;
    buf_init(&same.heads, 1 << 20);
    rig_start(&rig, serve, &same);
    assert_int_equal(wire_put(&rig.client, &why), ERR_NONE);
    err sent = sqs_send(&rig.client, STR("http://q/1/q"), (str){large, sizeof large}, &why);
    assert_int_equal(sent.kind, ERR_NONE);
    rig_stop(&rig);
    assert_int_equal(same.requests, 2);
    for (size_t i = 0; i < same.heads.len; i++) {
        char c = same.heads.at[i];
        same.heads.at[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    for (size_t i = 0; i < COUNT(unwanted); i++) {
        if (rig_contains(buf_str(&same.heads), unwanted[i])) {
            fail_msg("sent: %s", unwanted[i] + 2);
        }
    }
    buf_close(&same.heads);
}

/* A signed request goes nowhere but where it was signed for. */
static void no_redirect_is_followed(void **state)
{
    (void)state;
    static const int statuses[] = {300, 301, 302, 303, 307, 308};
    struct same elsewhere = {.status = 200, .body = STR("{}")};
    struct fake_service other;
    buf_init(&elsewhere.heads, 1 << 20);
    fake_service_start(&other, serve, &elsewhere);
    char location[64];
    (void)snprintf(location, sizeof location, "Location: http://127.0.0.1:%u/x\r\n", other.port);
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        for (size_t i = 0; i < COUNT(statuses); i++) {
            struct same same = {.status = statuses[i], .headers = location};
            struct why why;
            assert_int_not_equal(ask((enum wire_operation)what, &same, &why), ERR_NONE);
            assert_in_range(same.requests, 1, 3); /* S3 may be asked where the bucket is */
            buf_close(&same.heads);
        }
    }
    fake_service_stop(&other);
    assert_int_equal(other.connections, 0);
    buf_close(&elsewhere.heads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_of_any_size_is_read_whole),
        cmocka_unit_test(an_error_of_any_size_is_known_by_its_code),
        cmocka_unit_test(a_refusal_is_not_tried_again),
        cmocka_unit_test(libcurl_adds_no_header_of_its_own),
        cmocka_unit_test(no_redirect_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

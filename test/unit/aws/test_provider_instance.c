/* An instance's metadata, version 2. */
#include "test/unit/aws/source_rig.h"

#include "test/support/fake_service.h"

#define DOCUMENT                                                                                   \
    "{\"Code\":\"Success\",\"LastUpdated\":\"2026-11-22T08:00:00Z\",\"Type\":\"AWS-HMAC\","        \
    "\"AccessKeyId\":\"ASIALEAK\",\"SecretAccessKey\":\"LEAK\",\"Token\":\"LEAK\","                \
    "\"Expiration\":\"2030-01-01T00:00:00Z\"}"

enum { STEPS = 3 };

/* What is answered to the three questions, and what was asked. */
struct script {
    int statuses[STEPS];
    const char *bodies[STEPS];
    unsigned asked;
    char heads[STEPS][512];
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct script *script = ctx;
    unsigned step = script->asked++ % STEPS;
    assert_true(str_to_c(request->head, script->heads[step], sizeof script->heads[step]));
    fake_reply_with(reply, script->statuses[step], "", str_from(script->bodies[step]));
}

static const struct script good = {.statuses = {200, 200, 200},
                                   .bodies = {"TOKENLEAK", "role", DOCUMENT}};

static enum err_kind ask(struct script *script, const char *slash, struct why *why)
{
    struct fake_service service;
    struct source_rig rig;
    char url[96];
    fake_service_start(&service, answer, script);
    (void)snprintf(url, sizeof url, "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:%u%s",
                   service.port, slash);
    const char *env[] = {url, NULL};
    source_rig_start(&rig, env);
    assert_true(provider_instance.is_set(rig.settings));
    assert_int_equal(provider_instance.check(rig.settings, &rig.why).kind, ERR_NONE);
    enum err_kind fetched = source_fetch(&rig, &provider_instance, 1);
    if (!fetched) {
        source_expect(rig.keys.access_key_id, "ASIALEAK");
        assert_int_equal(rig.keys.expires_ms, 1893456000000);
    }
    *why = rig.why;
    source_rig_stop(&rig);
    fake_service_stop(&service);
    return fetched;
}

static void token_role_and_keys_are_asked_in_turn(void **state)
{
    (void)state;
    struct script script = good;
    struct why why;
    script.bodies[1] = "my-role_x=,.@\n";
    assert_int_equal(ask(&script, "/", &why), ERR_NONE);
    static const char *const wanted[STEPS][2] = {
        {"PUT /latest/api/token HTTP/1.1\r\n", "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n"},
        {"GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n",
         "x-aws-ec2-metadata-token: TOKENLEAK\r\n"},
        {"GET /latest/meta-data/iam/security-credentials/my-role_x%3D%2C.%40 HTTP/1.1\r\n",
         "x-aws-ec2-metadata-token: TOKENLEAK\r\n"},
    };
    assert_int_equal(script.asked, STEPS);
    for (size_t i = 0; i < STEPS; i++) {
        assert_ptr_equal(strstr(script.heads[i], wanted[i][0]), script.heads[i]);
        assert_non_null(strstr(script.heads[i], wanted[i][1]));
    }
}

static void a_step_that_fails_is_the_last(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        unsigned step;
        int status;
        const char *body;
        enum err_kind kind;
    } rows[] = {
        {"no version 2", 0, 404, "", ERR_DENIED},
        {"switched off", 0, 403, "", ERR_DENIED},
        {"away", 0, 503, "", ERR_BUSY},
        {"no token", 0, 200, "", ERR_DENIED},
        {"a token with a blank", 0, 200, "LE AK", ERR_DENIED},
        {"a token with a control", 0, 200, "LEAK\x01", ERR_DENIED},
        {"no role", 1, 404, "", ERR_DENIED},
        {"a token that has ended", 1, 401, "", ERR_DENIED},
        {"an empty role", 1, 200, "\n", ERR_DENIED},
        {"a page instead of a role", 1, 200, "<html> LEAK", ERR_DENIED},
        {"no document", 2, 404, "", ERR_DENIED},
        {"a broken document", 2, 200, "{\"Code\":\"Success\"", ERR_DENIED},
        {"a failure inside", 2, 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", ERR_DENIED},
        {"half a document", 2, 200, "{\"AccessKeyId\":\"LEAK\",\"SecretAccessKey\":\"LEAK\"}",
         ERR_DENIED},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct script script = good;
        struct why why;
        script.statuses[rows[i].step] = rows[i].status;
        script.bodies[rows[i].step] = rows[i].body;
        enum err_kind kind = ask(&script, "", &why);
        if (kind != rows[i].kind || script.asked != rows[i].step + 1) {
            fail_msg("%s: %s, asked %u", rows[i].word, why.text, script.asked);
        }
    }
}

static void a_failure_inside_tells_its_code(void **state)
{
    (void)state;
    struct script script = good;
    struct why why;
    script.bodies[2] = "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"LEAK\"}";
    assert_int_equal(ask(&script, "", &why), ERR_DENIED);
    assert_string_equal(why.code, "AssumeRoleUnauthorizedAccess");
}

static void a_word_past_its_bound_is_refused(void **state)
{
    (void)state;
    char role[130];
    struct script script = good;
    struct why why;
    memset(role, 'r', sizeof role - 1);
    role[sizeof role - 1] = 0;
    script.bodies[1] = role;
    assert_int_equal(ask(&script, "", &why), ERR_DENIED);
    assert_int_equal(script.asked, 2);
    role[128] = 0;
    script.asked = 0;
    assert_int_equal(ask(&script, "", &why), ERR_NONE);
}

static void it_is_no_source_where_there_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *env[2];
        bool set;
    } rows[] = {
        {{NULL}, true},
        {{"AWS_EC2_METADATA_DISABLED=true", NULL}, false},
        {{"AWS_EC2_METADATA_DISABLED=TRUE", NULL}, false},
        {{"AWS_EC2_METADATA_DISABLED=false", NULL}, true},
        {{"AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001", NULL}, false},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct source_rig rig;
        source_rig_start(&rig, rows[i].env);
        assert_true(provider_instance.is_set(rig.settings) == rows[i].set);
        source_rig_stop(&rig);
    }
}

static void a_bad_endpoint_or_mode_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *variable;
        enum err_kind kind;
    } rows[] = {
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=169.254.169.254", ERR_DENIED},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=ftp://x", ERR_DENIED},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://x y", ERR_DENIED},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://[::1]:80/", ERR_NONE},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv5", ERR_DENIED},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv6", ERR_NONE},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        const char *const env[] = {rows[i].variable, NULL};
        struct source_rig rig;
        source_rig_start(&rig, env);
        assert_int_equal(provider_instance.check(rig.settings, &rig.why).kind, rows[i].kind);
        source_rig_stop(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_role_and_keys_are_asked_in_turn),
        cmocka_unit_test(a_step_that_fails_is_the_last),
        cmocka_unit_test(a_failure_inside_tells_its_code),
        cmocka_unit_test(a_word_past_its_bound_is_refused),
        cmocka_unit_test(it_is_no_source_where_there_is_none),
        cmocka_unit_test(a_bad_endpoint_or_mode_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Web identity: a token exchanged for a role's credentials. */
#include "test/unit/aws/source_rig.h"

#include "test/support/fake_service.h"
#include "test/support/guard.h"

#include <stdlib.h>

#define KEYS                                                                                       \
    "<Credentials><AccessKeyId>ASIALEAK</AccessKeyId>\n"                                           \
    "<SecretAccessKey>LEAK/+=</SecretAccessKey><SessionToken> LEAK== </SessionToken>"              \
    "<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>"
#define WHOLE                                                                                      \
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"    \
    "<AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>"                                      \
    "arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>" KEYS                      \
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"

/* --- The answer --- */

static enum err_kind read_text(str xml, struct credentials *keys, struct why *why)
{
    *why = (struct why){0};
    err read = provider_identity_read(xml, keys, why);
    source_check_silent(why, "answer");
    return read.kind;
}

static void a_whole_answer_is_read(void **state)
{
    (void)state;
    struct credentials keys;
    struct why why;
    assert_int_equal(read_text(STR(WHOLE), &keys, &why), ERR_NONE);
    source_expect(keys.access_key_id, "ASIALEAK");
    source_expect(keys.secret_access_key, "LEAK/+=");
    source_expect(keys.session_token, "LEAK==");
    source_expect(keys.account_id, "123456789012");
    assert_int_equal(keys.expires_ms, 1893456000000);
    assert_int_equal(read_text(STR(KEYS), &keys, &why), ERR_NONE);
    source_expect(keys.account_id, "");
}

static void an_answer_without_credentials_is_refused(void **state)
{
    (void)state;
#define ID    "<AccessKeyId>LEAK</AccessKeyId>"
#define KEY   "<SecretAccessKey>LEAK</SecretAccessKey>"
#define TOKEN "<SessionToken>LEAK</SessionToken>"
    static const struct {
        const char *xml, *told;
    } rows[] = {
        {"", "AccessKeyId is not set"},
        {"LEAK", "AccessKeyId is not set"},
        {"{\"Credentials\":\"LEAK\"}", "AccessKeyId is not set"},
        {"<Credentials/>", "AccessKeyId is not set"},
        {ID KEY TOKEN, "AccessKeyId is not set"},
        {"<Credentials>" KEY TOKEN "</Credentials>", "AccessKeyId is not set"},
        {"<Credentials>" ID TOKEN "</Credentials>", "SecretAccessKey is not set"},
        {"<Credentials>" ID KEY "</Credentials>", "SessionToken is not set"},
        {"<Credentials>" ID KEY TOKEN "</Credentials>", "Expiration is not a time"},
        {"<Credentials>" ID KEY TOKEN "<Expiration>x</Expiration></Credentials>", "not a time"},
        {"<Credentials>" KEY TOKEN "<AccessKeyId>a b</AccessKeyId></Credentials>", "holds a blank"},
        {"<Credentials>" KEY TOKEN "<AccessKeyId>a/b</AccessKeyId></Credentials>", "holds a '/'"},
        {"<AssumedRoleUser><Arn>a:b:c:d:LEAK:e</Arn></AssumedRoleUser>" KEYS, "not 12 digits"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct credentials keys;
        struct why why;
        enum err_kind read = read_text(str_from(rows[i].xml), &keys, &why);
        if (read != ERR_DENIED || !strstr(why.text, rows[i].told)) {
            fail_msg("%s: %s", rows[i].xml, why.text);
        }
    }
}

static void an_answer_cut_off_before_the_keys_end_is_refused(void **state)
{
    (void)state;
    struct guard guard;
    str text = STR(WHOLE);
    const char *close = strstr(text.at, "</Credentials>");
    size_t end = (size_t)(close - text.at) + strlen("</Credentials>");
    guard_init(&guard, text.len);
    for (size_t len = 0; len <= text.len; len++) {
        struct credentials keys;
        struct why why;
        str part = guard_lay(&guard, str_take(text, len));
        assert_int_equal(read_text(part, &keys, &why), len < end ? ERR_DENIED : ERR_NONE);
    }
    guard_close(&guard);
}

/* --- The question --- */

struct script {
    int statuses[3];
    const char *bodies[3];
    unsigned asked;
    char head[2048], body[2048];
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct script *script = ctx;
    unsigned number = script->asked < 2 ? script->asked : 2;
    script->asked++;
    assert_true(str_to_c(request->head, script->head, sizeof script->head));
    assert_true(str_to_c(request->body, script->body, sizeof script->body));
    fake_reply_with(reply, script->statuses[number], "", str_from(script->bodies[number]));
}

struct stage {
    struct fake_service service;
    struct source_rig rig;
    char url[64], path[32], variable[96];
    const char *env[6];
};

static void raise_stage(struct stage *stage, struct script *script, const char *token)
{
    fake_service_start(&stage->service, answer, script);
    (void)snprintf(stage->path, sizeof stage->path, "/tmp/identity-XXXXXX");
    int fd = mkstemp(stage->path);
    assert_true(fd >= 0 && close(fd) == 0);
    source_write(stage->path, str_from(token));
    (void)snprintf(stage->url, sizeof stage->url, "AWS_ENDPOINT_URL_STS=http://127.0.0.1:%u/sts",
                   stage->service.port);
    (void)snprintf(stage->variable, sizeof stage->variable, "AWS_WEB_IDENTITY_TOKEN_FILE=%s",
                   stage->path);
    stage->env[0] = stage->url;
    stage->env[1] = stage->variable;
    stage->env[2] = "AWS_REGION=eu-west-1";
    stage->env[3] = "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/r+x";
    stage->env[4] = "AWS_ROLE_SESSION_NAME=me@home";
    stage->env[5] = NULL;
    source_rig_start(&stage->rig, stage->env);
}

static void strike_stage(struct stage *stage)
{
    source_rig_stop(&stage->rig);
    fake_service_stop(&stage->service);
    assert_int_equal(unlink(stage->path), 0);
}

static void the_token_is_posted_unsigned_as_a_form(void **state)
{
    (void)state;
    struct stage stage;
    struct script script = {.statuses = {200, 200, 200}, .bodies = {WHOLE, WHOLE, WHOLE}};
    raise_stage(&stage, &script, "a.LEAK-_+/=\n");
    assert_int_equal(provider_web_identity.check(stage.rig.settings, &stage.rig.why).kind,
                     ERR_NONE);
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 1), ERR_NONE);
    source_expect(stage.rig.keys.access_key_id, "ASIALEAK");
    source_write(stage.path, STR("second\n"));
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 1), ERR_NONE);
    strike_stage(&stage);
    assert_string_equal(script.body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                                     "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr%2Bx"
                                     "&RoleSessionName=me%40home&WebIdentityToken=second");
    assert_ptr_equal(strstr(script.head, "POST /sts/ HTTP/1.1\r\n"), script.head);
    assert_non_null(strstr(script.head, "content-type: application/x-www-form-urlencoded\r\n"));
    assert_null(strcasestr(script.head, "authorization"));
}

static void what_may_pass_is_asked_again(void **state)
{
    (void)state;
    static const char away[] = "<ErrorResponse><Error><Type>Sender</Type><Code>"
                               "IDPCommunicationError</Code></Error></ErrorResponse>";
    struct stage stage;
    struct script script = {.statuses = {400, 200, 200}, .bodies = {away, WHOLE, WHOLE}};
    raise_stage(&stage, &script, "LEAK");
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 3), ERR_NONE);
    strike_stage(&stage);
    assert_int_equal(script.asked, 2);
}

static void a_refusal_tells_its_code(void **state)
{
    (void)state;
    static const char denied[] = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>LEAK"
                                 "</Message></Error></ErrorResponse>";
    static const char busy[] = "<ErrorResponse><Error><Code>Throttling</Code></Error>";
    struct stage stage;
    struct script script = {.statuses = {403, 400, 200}, .bodies = {denied, busy, ""}};
    raise_stage(&stage, &script, "LEAK");
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 3), ERR_DENIED);
    assert_string_equal(stage.rig.why.code, "AccessDenied");
    assert_int_equal(stage.rig.why.status, 403);
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 1), ERR_BUSY);
    assert_string_equal(stage.rig.why.code, "Throttling");
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 1), ERR_DENIED);
    strike_stage(&stage);
}

static void a_token_that_cannot_be_is_not_sent(void **state)
{
    (void)state;
    enum { TOO_LONG = 20001 };
    struct stage stage;
    struct script script = {.statuses = {200, 200, 200}, .bodies = {WHOLE, WHOLE, WHOLE}};
    raise_stage(&stage, &script, "");
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 1), ERR_DENIED);
    char *token = malloc(TOO_LONG);
    assert_non_null(token);
    memset(token, '/', TOO_LONG);
    source_write(stage.path, (str){token, TOO_LONG});
    assert_int_equal(source_fetch(&stage.rig, &provider_web_identity, 1), ERR_DENIED);
    free(token);
    strike_stage(&stage);
    assert_int_equal(script.asked, 0);
}

static void what_must_be_set_beside_it_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *env[3], *told;
    } rows[] = {
        {{"AWS_REGION=eu-west-1", NULL}, "AWS_ROLE_ARN is not set"},
        {{"AWS_ROLE_ARN=a b", "AWS_REGION=eu-west-1", NULL}, "AWS_ROLE_ARN is not an ARN"},
        {{"AWS_ROLE_ARN=arn:aws:iam::1:role/r", NULL}, "AWS_REGION"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct source_rig rig;
        source_rig_start(&rig, rows[i].env);
        assert_true(provider_web_identity.check(rig.settings, &rig.why).kind != ERR_NONE);
        if (!strstr(rig.why.text, rows[i].told)) {
            fail_msg("%s: %s", rows[i].told, rig.why.text);
        }
        source_rig_stop(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_is_read),
        cmocka_unit_test(an_answer_without_credentials_is_refused),
        cmocka_unit_test(an_answer_cut_off_before_the_keys_end_is_refused),
        cmocka_unit_test(the_token_is_posted_unsigned_as_a_form),
        cmocka_unit_test(what_may_pass_is_asked_again),
        cmocka_unit_test(a_refusal_tells_its_code),
        cmocka_unit_test(a_token_that_cannot_be_is_not_sent),
        cmocka_unit_test(what_must_be_set_beside_it_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

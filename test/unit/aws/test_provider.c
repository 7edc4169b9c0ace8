/* Which source credentials come from, and when they are fetched anew. */
#include "test/unit/aws/source_rig.h"

#include "aws/provider.h"
#include "base/date.h"
#include "test/support/fake_service.h"

#include <stdlib.h>

enum { MINUTE_MS = 60 * 1000 };

/* The provider's clock stands still but for what a test adds. */
static int64_t clock_ms = 1795356000000;

static int64_t now_ms(void)
{
    return clock_ms;
}

static struct http *http; /* of the provider that is open */

static struct provider *open_provider(const struct settings *settings, struct why *why)
{
    struct provider *provider = NULL;
    *why = (struct why){0};
    assert_int_equal(http_init(&http, &(struct trust_config){0}, why).kind, ERR_NONE);
    const struct provider_config config = {.settings = settings, .http = http, .now_ms = now_ms};
    err opened = provider_open(&provider, &config, why);
    assert_true((opened.kind == ERR_NONE) == (provider != NULL));
    source_check_silent(why, "open");
    return provider;
}

static void close_provider(struct provider *provider)
{
    provider_close(provider);
    http_close(http);
}

/* --- Which --- */

/* All sources at once; each row leaves out one more of the first. */
static void the_first_that_is_set_up_is_the_source(void **state)
{
    (void)state;
    char path[] = "/tmp/provider-XXXXXX", config[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    (void)snprintf(config, sizeof config, "AWS_CONFIG_FILE=%s", path);
    static const char keys[] = "[default]\naws_access_key_id=SHARED\naws_secret_access_key=LEAK\n"
                               "credential_process=/nowhere\n";
    static const char process[] = "[default]\ncredential_process=/nowhere/at/all\n";
    const char *const env[] = {"AWS_SECRET_ACCESS_KEY=LEAK",
                               "AWS_ACCESS_KEY_ID=ENV",
                               "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere",
                               "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/",
                               "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1",
                               "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/r",
                               "AWS_REGION=eu-west-1",
                               config,
                               NULL};
    static const struct {
        size_t skipped;
        const char *files, *found;
    } rows[] = {
        {0, keys, "ENV"},           {2, keys, "the file of AWS_WEB_IDENTITY_TOKEN_FILE"},
        {3, keys, "SHARED"},        {3, process, "credential_process "},
        {3, "", "the container's"}, {4, "", "the instance's metadata"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct settings *settings = NULL;
        const struct credentials *got = NULL;
        struct why why = {0};
        source_write(path, str_from(rows[i].files));
        assert_int_equal(settings_open(&settings, env + rows[i].skipped, &why).kind, ERR_NONE);
        struct provider *provider = open_provider(settings, &why);
        assert_non_null(provider);
        /* No time for a second attempt. */
        err fetched = provider_get(provider, clock_ms + 500, &got, &why);
        str found = fetched.kind ? str_from(why.text) : got->access_key_id;
        if (!str_starts(found, str_from(rows[i].found))) {
            fail_msg("%s: %.*s", rows[i].found, (int)found.len, found.at);
        }
        source_check_silent(&why, rows[i].found);
        close_provider(provider);
        settings_close(settings);
    }
    assert_int_equal(unlink(path), 0);
}

static void what_cannot_work_is_told_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *env[3], *config, *told;
    } rows[] = {
        {{"AWS_LAMBDA_RUNTIME_API=x", NULL}, "", "AWS_ACCESS_KEY_ID is not set, nor"},
        {{"AWS_EC2_METADATA_DISABLED=true", NULL}, "", "AWS_ACCESS_KEY_ID is not set, nor"},
        {{"AWS_SECRET_ACCESS_KEY=LEAK", NULL}, "", "AWS_ACCESS_KEY_ID is not set"},
        {{"AWS_ACCESS_KEY_ID=LEAK", NULL}, "", "AWS_SECRET_ACCESS_KEY is not set"},
        {{NULL}, "[default]\naws_access_key_id=LEAK\n", "aws_secret_access_key is not set"},
        {{NULL}, "[default]\naws_secret_access_key=LEAK\n", "aws_access_key_id is not set"},
        {{NULL}, "[default]\nrole_arn=LEAK\nsource_profile=x\n", "the profile has source_profile"},
        {{NULL}, "[default]\nrole_arn=LEAK\ncredential_source=x\n", "has credential_source"},
        {{NULL}, "[default]\nsso_session=x\n", "the profile has sso_session"},
        {{NULL}, "[default]\nsso_start_url=x\n", "the profile has sso_start_url"},
        {{NULL}, "[default]\nlogin_session=x\n", "the profile has login_session"},
        {{NULL}, "[default]\ncredential_process='LEAK\n", "credential_process is not a command"},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://LEAK/", NULL}, "", "FULL_URI is neither"},
    };
    char path[] = "/tmp/provider-XXXXXX", config[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    (void)snprintf(config, sizeof config, "AWS_CONFIG_FILE=%s", path);
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct settings *settings = NULL;
        struct why why = {0};
        const char *env[] = {config, rows[i].env[0], NULL};
        source_write(path, str_from(rows[i].config));
        assert_int_equal(settings_open(&settings, env, &why).kind, ERR_NONE);
        assert_null(open_provider(settings, &why));
        http_close(http);
        if (why.kind != ERR_DENIED || !strstr(why.text, rows[i].told)) {
            fail_msg("%s: %s", rows[i].told, why.text);
        }
        settings_close(settings);
    }
    assert_int_equal(unlink(path), 0);
}

static void keys_that_never_change_are_not_renewed(void **state)
{
    (void)state;
    static const char *const env[] = {"AWS_ACCESS_KEY_ID=ID", "AWS_SECRET_ACCESS_KEY=LEAK",
                                      "AWS_SESSION_TOKEN=T", "AWS_ACCOUNT_ID=123456789012", NULL};
    struct settings *settings = NULL;
    const struct credentials *got = NULL;
    struct why why = {0};
    assert_int_equal(settings_open(&settings, env, &why).kind, ERR_NONE);
    struct provider *provider = open_provider(settings, &why);
    assert_int_equal(provider_get(provider, 0, &got, &why).kind, ERR_NONE);
    source_expect(got->account_id, "123456789012");
    assert_int_equal(got->expires_ms, INT64_MAX);
    clock_ms += 1000 * (int64_t)MINUTE_MS;
    assert_false(provider_renew(provider, clock_ms));
    assert_int_equal(provider_get(provider, 0, &got, &why).kind, ERR_NONE);
    source_expect(got->access_key_id, "ID");
    close_provider(provider);
    settings_close(settings);
}

/* --- When --- */

/* An endpoint whose every answer has another key, "ID-0" and "SECRET-0" first. */
struct issuer {
    int status;          /* not 200: a refusal */
    int64_t lifetime_ms; /* from the clock's time */
    unsigned asked;
};

static void issue(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct issuer *issuer = ctx;
    char text[512], date[DATE_RFC3339_LEN + 1] = "";
    struct buf end;
    if (!str_eq(request->target, STR("/")) && !str_ends(request->target, STR("/role"))) {
        bool token = str_ends(request->target, STR("/token"));
        fake_reply_with(reply, issuer->status, "", token ? STR("TOKEN") : STR("role"));
        return;
    }
    buf_wrap(&end, date, sizeof date - 1);
    date_add_rfc3339(&end, clock_ms + issuer->lifetime_ms);
    (void)snprintf(text, sizeof text,
                   "{\"AccessKeyId\":\"ID-%u\",\"SecretAccessKey\":\"SECRET-%u\","
                   "\"Token\":\"%sTOKEN-%u\",\"Expiration\":\"%s\"}",
                   issuer->asked, issuer->asked, issuer->asked ? "" : "longer-than-the-next-",
                   issuer->asked, date);
    issuer->asked++;
    fake_reply_with(reply, issuer->status, "", str_from(text));
}

struct stage {
    struct fake_service service;
    struct issuer issuer;
    struct settings *settings;
    struct provider *provider;
    char variable[96];
    const char *env[2];
};

static void raise_stage(struct stage *stage, const char *format)
{
    struct why why = {0};
    *stage = (struct stage){.issuer = {.status = 200, .lifetime_ms = 60 * MINUTE_MS}};
    fake_service_start(&stage->service, issue, &stage->issuer);
    (void)snprintf(stage->variable, sizeof stage->variable, "%s=http://127.0.0.1:%u/", format,
                   stage->service.port);
    stage->env[0] = stage->variable;
    assert_int_equal(settings_open(&stage->settings, stage->env, &why).kind, ERR_NONE);
    stage->provider = open_provider(stage->settings, &why);
    assert_non_null(stage->provider);
}

static void strike_stage(struct stage *stage)
{
    close_provider(stage->provider);
    settings_close(stage->settings);
    fake_service_stop(&stage->service);
}

/* The id that is given now, or the kind of the failure. */
static void expect_id(struct stage *stage, const char *word, const char *expected)
{
    const struct credentials *got = NULL;
    struct why why = {0};
    err result = provider_get(stage->provider, 0, &got, &why);
    str found = result.kind ? str_from(err_kind_name(result.kind)) : got->access_key_id;
    assert_int_equal(result.kind, why.kind);
    if (!str_eq(found, str_from(expected))) {
        fail_msg("%s: %.*s is not %s", word, (int)found.len, found.at, expected);
    }
}

static void they_are_fetched_anew_before_they_expire(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int minutes; /* that pass before */
        int status;  /* of the endpoint from now on */
        const char *id;
    } rows[] = {
        {"the first", 0, 200, "ID-0"},
        {"kept", 44, 200, "ID-0"},
        {"15 minutes ahead", 1, 200, "ID-1"},
        {"kept again", 44, 200, "ID-1"},
        {"advised, but refused", 1, 403, "ID-1"},
        {"not asked again at once", 0, 200, "ID-1"},
        {"a minute later", 1, 403, "ID-1"},
        {"and another", 1, 200, "ID-4"},
        {"10 minutes ahead, refused", 50, 403, "DENIED"},
        {"and again", 0, 403, "DENIED"},
        {"given again", 1, 200, "ID-6"},
        {"long after the end", 600, 200, "ID-7"},
    };
    struct stage stage;
    raise_stage(&stage, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        clock_ms += rows[i].minutes * (int64_t)MINUTE_MS;
        stage.issuer.status = rows[i].status;
        expect_id(&stage, rows[i].word, rows[i].id);
    }
    strike_stage(&stage);
}

/* A token of five minutes is always within the last ten: it is asked for once a minute, not for
 * each request. */
static void short_lived_ones_are_not_fetched_for_each_request(void **state)
{
    (void)state;
    struct stage stage;
    raise_stage(&stage, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    stage.issuer.lifetime_ms = 5 * MINUTE_MS;
    expect_id(&stage, "first", "ID-0");
    expect_id(&stage, "again", "ID-0");
    clock_ms += MINUTE_MS;
    expect_id(&stage, "a minute later", "ID-1");
    stage.issuer.lifetime_ms = 1000;
    clock_ms += MINUTE_MS;
    expect_id(&stage, "of a second", "ID-2");
    clock_ms += 1000;
    expect_id(&stage, "after it", "ID-3");
    strike_stage(&stage);
}

/* A thousand calls must not wait for it one after the other. */
static void a_source_that_failed_is_left_alone_for_a_while(void **state)
{
    (void)state;
    struct stage stage;
    raise_stage(&stage, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    stage.issuer.status = 403;
    expect_id(&stage, "refused", "DENIED");
    clock_ms += 4999;
    expect_id(&stage, "the same failure", "DENIED");
    assert_int_equal(stage.issuer.asked, 1);
    stage.issuer.status = 200;
    clock_ms += 1;
    expect_id(&stage, "asked again", "ID-1");
    expect_id(&stage, "and kept", "ID-1");
    strike_stage(&stage);
}

static void those_that_come_expired_are_refused(void **state)
{
    (void)state;
    struct stage stage;
    raise_stage(&stage, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    stage.issuer.lifetime_ms = 0;
    expect_id(&stage, "expired", "DENIED");
    clock_ms += MINUTE_MS;
    stage.issuer.lifetime_ms = 60 * MINUTE_MS;
    expect_id(&stage, "good", "ID-1");
    strike_stage(&stage);
}

static void those_that_a_service_calls_expired_are_renewed_once(void **state)
{
    (void)state;
    struct stage stage;
    raise_stage(&stage, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    expect_id(&stage, "first", "ID-0");
    assert_false(provider_renew(stage.provider, clock_ms)); /* only just fetched */
    clock_ms += 2 * MINUTE_MS;
    int64_t signed_ms = clock_ms - 1;
    assert_true(provider_renew(stage.provider, signed_ms));
    assert_true(provider_renew(stage.provider, signed_ms)); /* another that was under way */
    clock_ms += 1000;
    expect_id(&stage, "renewed", "ID-1");
    assert_true(provider_renew(stage.provider, signed_ms)); /* yet another: it needs no fetch */
    expect_id(&stage, "not twice", "ID-1");
    assert_false(provider_renew(stage.provider, clock_ms));
    clock_ms += 2 * MINUTE_MS;
    assert_true(provider_renew(stage.provider, clock_ms));
    stage.issuer.status = 403;
    expect_id(&stage, "refused", "DENIED"); /* the old ones are of no use */
    strike_stage(&stage);
}

static void those_of_an_instance_serve_on_while_it_has_no_others(void **state)
{
    (void)state;
    struct stage stage;
    raise_stage(&stage, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    static const struct {
        const char *word;
        int minutes, status, lifetime;
        const char *id;
    } rows[] = {
        {"the first", 0, 200, 60, "ID-0"},
        {"past their end, refused", 70, 403, 60, "ID-0"},
        {"not asked again at once", 0, 200, 60, "ID-0"},
        {"a minute later", 1, 200, 60, "ID-1"},
        {"only expired ones", 50, 200, -5, "ID-2"},
        {"a minute later", 1, 200, 60, "ID-3"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        clock_ms += rows[i].minutes * (int64_t)MINUTE_MS;
        stage.issuer.status = rows[i].status;
        stage.issuer.lifetime_ms = rows[i].lifetime * (int64_t)MINUTE_MS;
        expect_id(&stage, rows[i].word, rows[i].id);
    }
    strike_stage(&stage);
}

/* A secret that was replaced is nowhere in the provider's memory, and one in use is there once. */
static void what_was_replaced_is_wiped(void **state)
{
    (void)state;
    enum { LOOKED_AT = 1024 * 1024 };
    struct stage stage;
    raise_stage(&stage, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    expect_id(&stage, "first", "ID-0");
    clock_ms += 50 * (int64_t)MINUTE_MS;
    expect_id(&stage, "second", "ID-1");
    const char *memory = (const char *)stage.provider;
    const char *used = memmem(memory, LOOKED_AT, "SECRET-1", 8);
    assert_null(memmem(memory, LOOKED_AT, "SECRET-0", 8));
    assert_null(memmem(memory, LOOKED_AT, "TOKEN-0", 7));
    assert_non_null(used);
    assert_null(memmem(used + 1, LOOKED_AT - (size_t)(used + 1 - memory), "SECRET-1", 8));
    strike_stage(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_set_up_is_the_source),
        cmocka_unit_test(what_cannot_work_is_told_at_once),
        cmocka_unit_test(keys_that_never_change_are_not_renewed),
        cmocka_unit_test(they_are_fetched_anew_before_they_expire),
        cmocka_unit_test(short_lived_ones_are_not_fetched_for_each_request),
        cmocka_unit_test(a_source_that_failed_is_left_alone_for_a_while),
        cmocka_unit_test(those_that_come_expired_are_refused),
        cmocka_unit_test(those_that_a_service_calls_expired_are_renewed_once),
        cmocka_unit_test(those_of_an_instance_serve_on_while_it_has_no_others),
        cmocka_unit_test(what_was_replaced_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The container's credentials endpoint: whom it may be, and what it answers. */
#include "test/unit/aws/source_rig.h"

#include "test/support/fake_service.h"

#include <stdlib.h>

#define FULL     "AWS_CONTAINER_CREDENTIALS_FULL_URI="
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="
#define DOCUMENT                                                                                   \
    "{\"AccessKeyId\":\"ASIALEAK\",\"SecretAccessKey\":\"LEAK\",\"Token\":\"LEAK\","               \
    "\"Expiration\":\"2030-01-01T00:00:00Z\",\"AccountId\":\"123456789012\"}"

/* --- The URL --- */

/* The URL of an environment of up to two variables; empty when it is refused. */
static const char *url_of(const char *first, const char *second, char into[256])
{
    const char *const env[] = {first ? first : second, first ? second : NULL, NULL};
    struct settings *settings = NULL;
    struct why why = {0};
    struct buf url;
    assert_int_equal(settings_open(&settings, env, &why).kind, ERR_NONE);
    buf_wrap(&url, into, 255);
    err made = provider_container_url(settings, &url, &why);
    assert_true(made.kind == ERR_NONE || made.kind == ERR_DENIED);
    into[made.kind ? 0 : url.len] = 0;
    settings_close(settings);
    return into;
}

static void hosts_of_this_machine_and_its_link_may_be_asked(void **state)
{
    (void)state;
    static const char *const good[] = {
        "http://127.0.0.1/x",
        "http://127.0.0.1:8080/x?y=z",
        "http://127.255.0.9",
        "http://localhost:1/x",
        "http://LocalHost/x",
        "HTTP://127.0.0.1/x",
        "http://169.254.170.2/v2/x",
        "http://169.254.170.23/v1/credentials",
        "http://[::1]:80/x",
        "http://[0:0:0:0:0:0:0:1]/x",
        "http://[fd00:ec2::23]/v1/credentials",
        "http://[FD00:EC2::0023]/v1/credentials",
        "https://example.com/x",
        "https://10.0.0.1:8443/x",
        "https://[2001:db8::1]:8443/x",
    };
    for (size_t i = 0; i < SOURCE_ROWS(good); i++) {
        char variable[128], url[256];
        (void)snprintf(variable, sizeof variable, FULL "%s", good[i]);
        assert_string_equal(url_of(variable, NULL, url), good[i]);
    }
}

static void others_may_not_however_much_they_look_like_it(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "http://127.evil.example/x",
        "http://127.0.0.1.evil.example/x",
        "http://127.0.0.1@evil.example/x",
        "http://evil.example@127.0.0.1/x",
        "http://127.0.0.1:80@evil.example/x",
        "http://127.0.0.1\\@evil.example/x",
        "http://evil.example#@127.0.0.1/x",
        "http://evil.example?@127.0.0.1/x",
        "http://127.0.0.1%2eevil.example/",
        "http://169.254.170.200/x",
        "http://169.254.170.2.evil.example/x",
        "http://169.254.170.20/x",
        "http://169.254.169.254/x",
        "http://127.1/x",
        "http://0x7f000001/x",
        "http://2130706433/x",
        "http://127.0.0.01/x",
        "http://localhost.evil.example/x",
        "http://localhost./x",
        "http://[dead::1]/x",
        "http://[::1].evil.example/x",
        "http://[::1]evil.example/x",
        "http://[::1",
        "http://::1/x",
        "http://[::2]/x",
        "http://[::ffff:10.0.0.1]/x",
        "http://[fd00:ec2::23%25eth0]/x",
        "http://[fd00:ec2::231]/x",
        "http://[fd00:ec2::254]/x",
        "http://[evil.example]/x",
        "http://10.0.0.1/x",
        "http://example.com/x",
        "http:///x",
        "http://:80/x",
        "http://127.0.0.1:/x",
        "http://127.0.0.1:65536/x",
        "http://127.0.0.1:8x/x",
        "http://127.0.0.1 /x",
        "http://127.0.0.1/x y",
        "http://127.0.0.1/\r\nx: y",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http:127.0.0.1/x",
        "//127.0.0.1/x",
        "127.0.0.1/x",
        "https://",
        "https://a@b/",
        "https://[x]/",
    };
    for (size_t i = 0; i < SOURCE_ROWS(bad); i++) {
        char variable[128], url[256];
        (void)snprintf(variable, sizeof variable, FULL "%s", bad[i]);
        if (url_of(variable, NULL, url)[0]) {
            fail_msg("%s is asked", bad[i]);
        }
    }
}

static void a_relative_uri_is_a_path_of_ecs_and_wins(void **state)
{
    (void)state;
    char url[256];
    assert_string_equal(url_of(RELATIVE "/v2/x?y", NULL, url), "http://169.254.170.2/v2/x?y");
    assert_string_equal(url_of(FULL "http://127.0.0.1/x", RELATIVE "/v2", url),
                        "http://169.254.170.2/v2");
    assert_string_equal(url_of(RELATIVE "v2", NULL, url), "");
    assert_string_equal(url_of(RELATIVE ".evil.example/", NULL, url), "");
    assert_string_equal(url_of(RELATIVE "@evil.example/", NULL, url), "");
    assert_string_equal(url_of(RELATIVE "https://evil.example/", NULL, url), "");
    assert_string_equal(url_of(RELATIVE "/a b", NULL, url), "");
}

/* --- The question and its answer --- */

struct script {
    const char *replies[4]; /* raw; NULL: the last one again */
    size_t cut;             /* of the reply, when not 0; then the connection is closed */
    int delay_ms;
    char authorization[64], target[64];
    unsigned asked;
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct script *script = ctx;
    assert_true(str_to_c(fake_header(request, "authorization"), script->authorization,
                         sizeof script->authorization));
    assert_true(str_to_c(request->target, script->target, sizeof script->target));
    size_t number = script->asked < 3 ? script->asked : 3;
    while (number && !script->replies[number]) {
        number--;
    }
    str text = str_from(script->replies[number]);
    buf_add(&reply->bytes, script->cut ? str_take(text, script->cut) : text);
    reply->close = script->cut > 0;
    reply->delay_ms = script->delay_ms;
    script->asked++;
}

/* A whole reply, in memory of the test's. */
static const char *reply_of(int status, const char *body, char *into, size_t room)
{
    (void)snprintf(into, room, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status,
                   strlen(body), body);
    return into;
}

struct stage {
    struct fake_service service;
    struct source_rig rig;
    char uri[128];
    const char *env[4];
};

static void raise_stage(struct stage *stage, struct script *script, const char *first,
                        const char *second)
{
    fake_service_start(&stage->service, answer, script);
    (void)snprintf(stage->uri, sizeof stage->uri, FULL "http://127.0.0.1:%u/creds?x=1",
                   stage->service.port);
    stage->env[0] = stage->uri;
    stage->env[1] = first;
    stage->env[2] = first ? second : NULL;
    stage->env[3] = NULL;
    source_rig_start(&stage->rig, stage->env);
}

static void strike_stage(struct stage *stage)
{
    source_rig_stop(&stage->rig);
    fake_service_stop(&stage->service);
}

static void it_is_asked_with_the_token_and_its_keys_are_read(void **state)
{
    (void)state;
    char text[512];
    struct stage stage;
    struct script script = {.replies = {reply_of(200, DOCUMENT, text, sizeof text)}};
    raise_stage(&stage, &script, "AWS_CONTAINER_AUTHORIZATION_TOKEN=Basic LEAK", NULL);
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), ERR_NONE);
    source_expect(stage.rig.keys.access_key_id, "ASIALEAK");
    source_expect(stage.rig.keys.account_id, "123456789012");
    strike_stage(&stage);
    assert_string_equal(script.authorization, "Basic LEAK");
    assert_string_equal(script.target, "/creds?x=1");
}

static void without_a_token_no_authorization_is_sent(void **state)
{
    (void)state;
    char text[512];
    struct stage stage;
    struct script script = {.replies = {reply_of(200, DOCUMENT, text, sizeof text)}};
    raise_stage(&stage, &script, NULL, NULL);
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), ERR_NONE);
    strike_stage(&stage);
    assert_string_equal(script.authorization, "");
}

static void the_token_file_wins_and_is_read_each_time(void **state)
{
    (void)state;
    char text[512], path[] = "/tmp/token-XXXXXX", variable[96];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    (void)snprintf(variable, sizeof variable, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s", path);
    struct stage stage;
    struct script script = {.replies = {reply_of(200, DOCUMENT, text, sizeof text)}};
    raise_stage(&stage, &script, "AWS_CONTAINER_AUTHORIZATION_TOKEN=other", variable);
    static const struct {
        const char *token;
        enum err_kind kind;
    } rows[] = {
        {"first", ERR_NONE},    {"second", ERR_NONE}, {"LEAK\r\nx: y", ERR_DENIED},
        {"LEAK\n", ERR_DENIED}, {"", ERR_DENIED},     {"third", ERR_NONE},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        source_write(path, str_from(rows[i].token));
        assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), rows[i].kind);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), ERR_DENIED);
    strike_stage(&stage);
    assert_int_equal(script.asked, 3);
    assert_string_equal(script.authorization, "third");
}

static void a_token_with_a_line_end_is_not_sent(void **state)
{
    (void)state;
    struct stage stage;
    struct script script = {.replies = {"HTTP/1.1 200 X\r\n\r\n"}};
    raise_stage(&stage, &script, "AWS_CONTAINER_AUTHORIZATION_TOKEN=LEAK\r\nx: y", NULL);
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 3), ERR_DENIED);
    strike_stage(&stage);
    assert_int_equal(script.asked, 0);
}

static void what_may_pass_is_asked_again(void **state)
{
    (void)state;
    char bad[512], good[512];
    struct stage stage;
    struct script script = {.replies = {reply_of(500, "LEAK", bad, sizeof bad),
                                        reply_of(200, DOCUMENT, good, sizeof good)}};
    raise_stage(&stage, &script, NULL, NULL);
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 3), ERR_NONE);
    strike_stage(&stage);
    assert_int_equal(script.asked, 2);
}

static void a_refusal_tells_its_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum err_kind kind;
    } rows[] = {{400, ERR_DENIED}, {403, ERR_DENIED}, {404, ERR_DENIED}, {302, ERR_DENIED},
                {204, ERR_DENIED}, {429, ERR_BUSY},   {500, ERR_BUSY},   {503, ERR_BUSY}};
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        char text[512];
        struct stage stage;
        struct script script = {
            .replies = {reply_of(rows[i].status, rows[i].status == 204 ? "" : DOCUMENT, text,
                                 sizeof text)}};
        raise_stage(&stage, &script, NULL, NULL);
        assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), rows[i].kind);
        assert_int_equal(stage.rig.why.status, rows[i].status);
        strike_stage(&stage);
    }
}

static void a_reply_cut_off_at_any_byte_gives_nothing(void **state)
{
    (void)state;
    char text[512];
    struct stage stage;
    struct script script = {.replies = {reply_of(200, DOCUMENT, text, sizeof text)}, .cut = 1};
    raise_stage(&stage, &script, NULL, NULL);
    for (size_t len = strlen(text); script.cut < len; script.cut++) {
        assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), ERR_BUSY);
    }
    strike_stage(&stage);
}

static void a_reply_past_its_bound_is_refused(void **state)
{
    (void)state;
    enum { LARGE = PROVIDER_REPLY_MAX + 1 };
    struct buf text;
    buf_init(&text, LARGE + 100);
    buf_add(&text, STR("HTTP/1.1 200 X\r\nContent-Length: 65537\r\n\r\n"));
    for (int i = 0; i < LARGE; i++) {
        buf_char(&text, ' ');
    }
    buf_char(&text, 0);
    struct stage stage;
    struct script script = {.replies = {text.at}};
    raise_stage(&stage, &script, NULL, NULL);
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 1), ERR_DENIED);
    assert_non_null(strstr(stage.rig.why.text, "more than 65536 bytes"));
    strike_stage(&stage);
    buf_close(&text);
}

static void a_slow_answer_is_waited_for_until_the_deadline_only(void **state)
{
    (void)state;
    struct stage stage;
    struct script script = {.replies = {"HTTP/1.1 200 X\r\n\r\n"}, .delay_ms = 60 * 1000};
    raise_stage(&stage, &script, NULL, NULL);
    stage.rig.limit_ms = 100;
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 3), ERR_BUSY);
    stage.rig.limit_ms = -1;
    assert_int_equal(source_fetch(&stage.rig, &provider_container, 3), ERR_DEADLINE);
    strike_stage(&stage);
    assert_int_equal(script.asked, 1);
}

static void nobody_there_is_told(void **state)
{
    (void)state;
    static const char *const env[] = {FULL "http://127.0.0.1:1/", NULL};
    struct source_rig rig;
    source_rig_start(&rig, env);
    assert_int_equal(source_fetch(&rig, &provider_container, 1), ERR_BUSY);
    source_rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_of_this_machine_and_its_link_may_be_asked),
        cmocka_unit_test(others_may_not_however_much_they_look_like_it),
        cmocka_unit_test(a_relative_uri_is_a_path_of_ecs_and_wins),
        cmocka_unit_test(it_is_asked_with_the_token_and_its_keys_are_read),
        cmocka_unit_test(without_a_token_no_authorization_is_sent),
        cmocka_unit_test(the_token_file_wins_and_is_read_each_time),
        cmocka_unit_test(a_token_with_a_line_end_is_not_sent),
        cmocka_unit_test(what_may_pass_is_asked_again),
        cmocka_unit_test(a_refusal_tells_its_status),
        cmocka_unit_test(a_reply_cut_off_at_any_byte_gives_nothing),
        cmocka_unit_test(a_reply_past_its_bound_is_refused),
        cmocka_unit_test(a_slow_answer_is_waited_for_until_the_deadline_only),
        cmocka_unit_test(nobody_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

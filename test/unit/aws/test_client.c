#include "test/unit/aws/rig.h"

#include "aws/json_call.h"
#include "aws/s3.h"

#include <stdlib.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define KEYS     "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret"

static err init(const char *const *env, struct client *client, struct why *why)
{
    const struct client_config config = {.env = env, .now_ms = rig_now_ms, .seed = 1};
    *why = (struct why){0};
    return client_init(client, &config, why);
}

static const struct {
    const char *word;
    const char *env[6];
    enum err_kind kind;
    const char *text; /* named in it */
} environments[] = {
    {"all", {KEYS, "AWS_REGION=eu-west-1", "AWS_MAX_ATTEMPTS=7"}, ERR_NONE, ""},
    {"default region", {KEYS, "AWS_DEFAULT_REGION=eu-west-1"}, ERR_NONE, ""},
    {"no region", {KEYS}, ERR_BUG, "AWS_REGION"},
    {"bad region", {KEYS, "AWS_REGION=evil.example/"}, ERR_BUG, ""},
    {"no keys",
     {"AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true"},
     ERR_DENIED,
     "AWS_ACCESS_KEY_ID"},
    {"half a key",
     {"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKID"},
     ERR_DENIED,
     "AWS_SECRET_ACCESS_KEY"},
    {"standard", {KEYS, "AWS_REGION=a", "AWS_RETRY_MODE=standard"}, ERR_NONE, ""},
    {"adaptive", {KEYS, "AWS_REGION=a", "AWS_RETRY_MODE=adaptive"}, ERR_NONE, ""},
    {"legacy", {KEYS, "AWS_REGION=a", "AWS_RETRY_MODE=Legacy"}, ERR_NONE, ""},
    {"no mode", {KEYS, "AWS_REGION=a", "AWS_RETRY_MODE="}, ERR_NONE, ""},
    {"bad mode", {KEYS, "AWS_REGION=a", "AWS_RETRY_MODE=fast"}, ERR_BUG, "AWS_RETRY_MODE"},
    {"attempts 0", {KEYS, "AWS_REGION=a", "AWS_MAX_ATTEMPTS=0"}, ERR_BUG, "AWS_MAX_ATTEMPTS"},
    {"attempts x", {KEYS, "AWS_REGION=a", "AWS_MAX_ATTEMPTS=x"}, ERR_BUG, "AWS_MAX_ATTEMPTS"},
    {"attempts -1", {KEYS, "AWS_REGION=a", "AWS_MAX_ATTEMPTS=-1"}, ERR_BUG, "AWS_MAX_ATTEMPTS"},
    {"attempts 101", {KEYS, "AWS_REGION=a", "AWS_MAX_ATTEMPTS=101"}, ERR_BUG, "AWS_MAX_ATTEMPTS"},
    {"endpoint",
     {KEYS, "AWS_REGION=a", "AWS_ENDPOINT_URL_SQS=ftp://x"},
     ERR_BUG,
     "AWS_ENDPOINT_URL_SQS"},
    {"endpoint of STS",
     {KEYS, "AWS_REGION=a", "AWS_ENDPOINT_URL_STS=x"},
     ERR_BUG,
     "AWS_ENDPOINT_URL_STS"},
    {"FIPS at an endpoint",
     {KEYS, "AWS_REGION=a", "AWS_ENDPOINT_URL=http://h", "AWS_USE_FIPS_ENDPOINT=true"},
     ERR_BUG,
     "AWS_USE_FIPS_ENDPOINT"},
    {"dual stack at an endpoint",
     {KEYS, "AWS_REGION=a", "AWS_ENDPOINT_URL=http://h", "AWS_USE_DUALSTACK_ENDPOINT=True"},
     ERR_BUG,
     "AWS_USE_DUALSTACK_ENDPOINT"},
    {"neither",
     {KEYS, "AWS_REGION=a", "AWS_ENDPOINT_URL=http://h", "AWS_USE_FIPS_ENDPOINT=no"},
     ERR_NONE,
     ""},
    {"account mode",
     {KEYS, "AWS_REGION=a", "AWS_ACCOUNT_ID_ENDPOINT_MODE=always"},
     ERR_BUG,
     "AWS_ACCOUNT_ID_ENDPOINT_MODE"},
};

static void settings_come_from_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(environments); i++) {
        struct client client;
        struct why why;
        err started = init(environments[i].env, &client, &why);
        if (started.kind != environments[i].kind || !strstr(why.text, environments[i].text)) {
            fail_msg("%s: %s %s", environments[i].word, err_kind_name(started.kind), why.text);
        }
        client_close(&client);
        client_close(&client);
    }
}

static void settings_come_from_a_profile(void **state)
{
    (void)state;
    static const struct {
        const char *word, *config, *more;
        enum err_kind kind;
        const char *region, *sqs_host; /* or the failure's text */
        unsigned max_attempts;
    } rows[] = {
        {"region", "[default]\nregion = eu-west-3\n", NULL, ERR_NONE, "eu-west-3",
         "sqs.eu-west-3.amazonaws.com", 0},
        {"the variable wins", "[default]\nregion = eu-west-3\n", "AWS_REGION=eu-west-1", ERR_NONE,
         "eu-west-1", "sqs.eu-west-1.amazonaws.com", 0},
        {"the older variable wins too", "[default]\nregion = eu-west-3\n",
         "AWS_DEFAULT_REGION=eu-west-2", ERR_NONE, "eu-west-2", "sqs.eu-west-2.amazonaws.com", 0},
        {"another profile", "[default]\nregion = a\n[profile p]\nregion = b\nmax_attempts = 9\n",
         "AWS_PROFILE=p", ERR_NONE, "b", "sqs.b.amazonaws.com", 9},
        {"switches",
         "[default]\nregion = b\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n", NULL,
         ERR_NONE, "b", "sqs-fips.b.api.aws", 0},
        {"endpoint", "[default]\nregion = b\nendpoint_url = http://h:1\n", NULL, ERR_NONE, "b",
         "h:1", 0},
        {"bad endpoint", "[default]\nregion = b\nendpoint_url = h:1\n", NULL, ERR_BUG, "profile",
         NULL, 0},
        {"bad attempts", "[default]\nregion = b\nmax_attempts = many\n", NULL, ERR_BUG,
         "AWS_MAX_ATTEMPTS", NULL, 0},
        {"bad mode", "[default]\nregion = b\nretry_mode = fast\n", NULL, ERR_BUG, "AWS_RETRY_MODE",
         NULL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[] = "AWS_CONFIG_FILE=/tmp/test_client.XXXXXX";
        char *file = strchr(path, '/');
        int fd = mkstemp(file);
        size_t len = strlen(rows[i].config);
        assert_int_equal(write(fd, rows[i].config, len), len);
        (void)close(fd);
        const char *env[] = {KEYS, path, rows[i].more, NULL};
        struct client client;
        struct why why;
        err started = init(env, &client, &why);
        (void)unlink(file);
        bool same = started.kind == rows[i].kind;
        if (same && started.kind) {
            same = strstr(why.text, rows[i].region);
        } else if (same) {
            same = strcmp(client.region, rows[i].region) == 0 &&
                   strcmp(client.endpoints[SERVICE_SQS].host, rows[i].sqs_host) == 0 &&
                   client.max_attempts == rows[i].max_attempts;
        }
        if (!same) {
            fail_msg("%s: %s %s", rows[i].word, client.region, why.text);
        }
        client_close(&client);
    }
}

static void silence(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    (void)request;
    (void)reply;
}

static void a_ca_bundle_that_cannot_be_read_is_denied(void **state)
{
    (void)state;
    static const struct s3_object object = {.bucket = {"data", 4}, .key = {"key", 3}};
    struct fake_service service;
    char url[64];
    fake_service_start(&service, silence, NULL);
    (void)snprintf(url, sizeof url, "AWS_ENDPOINT_URL=https://127.0.0.1:%u", service.port);
    const char *env[] = {KEYS, "AWS_REGION=eu-west-1", "AWS_CA_BUNDLE=/nonexistent", url, NULL};
    struct client client;
    struct why why;
    struct s3_download *download = NULL;
    struct s3_facts facts;
    assert_int_equal(init(env, &client, &why).kind, ERR_NONE);
    assert_int_equal(s3_open(&client, &object, &download, &facts, &why).kind, ERR_DENIED);
    assert_non_null(strstr(why.text, "TLS"));
    assert_int_equal(client.requests, 1);
    client_close(&client);
    fake_service_stop(&service);
}

struct both {
    unsigned gets, posts;
};

static void serve_both(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct both *both = ctx;
    static const char data[300000];
    reply->delay_ms = 5;
    if (str_starts(request->head, STR("GET "))) {
        both->gets++;
        fake_reply_with(reply, 200, "ETag: \"e\"\r\n", (str){data, sizeof data});
    } else {
        both->posts++;
        fake_reply_with(reply, 200, "", STR("{}"));
    }
}

static void done(void *ctx)
{
    ++*(unsigned *)ctx;
}

/* Reading a download moves the calls of others along. */
static void whoever_waits_moves_all_calls(void **state)
{
    (void)state;
    static const struct json_operation put_item = {
        .service = SERVICE_DYNAMODB, .name = "PutItem", .target = "DynamoDB_20120810.PutItem"};
    static const struct s3_object object = {.bucket = {"data", 4}, .key = {"key", 3}};
    struct both both = {0};
    struct rig rig;
    struct json_call calls[5];
    struct why why = {0};
    struct s3_download *download = NULL;
    struct s3_facts facts;
    unsigned ended = 0;
    rig_start(&rig, serve_both, &both);
    for (size_t i = 0; i < COUNT(calls); i++) {
        json_call_init(&calls[i], &rig.client, &put_item);
        calls[i].call.request.body = STR("{}");
        calls[i].call.on_done = done;
        calls[i].call.ctx = &ended;
        call_start(&calls[i].call, 0);
    }
    assert_int_equal(s3_open(&rig.client, &object, &download, &facts, &why).kind, ERR_NONE);
    struct source source = s3_source(download);
    static char into[4096];
    size_t got = 1;
    while (got) {
        assert_int_equal(source.read(source.ctx, into, sizeof into, &got, &why).kind, ERR_NONE);
    }
    while (ended < COUNT(calls)) {
        client_pump(&rig.client, 1000);
    }
    s3_close(download);
    for (size_t i = 0; i < COUNT(calls); i++) {
        assert_int_equal(calls[i].call.why.kind, ERR_NONE);
        call_close(&calls[i].call);
        call_close(&calls[i].call);
    }
    rig_stop(&rig);
    assert_int_equal(both.gets, 1);
    assert_int_equal(both.posts, 5);
}

static void a_call_under_way_can_be_dropped(void **state)
{
    (void)state;
    static const struct json_operation put_item = {
        .service = SERVICE_DYNAMODB, .name = "PutItem", .target = "DynamoDB_20120810.PutItem"};
    struct both both = {0};
    struct rig rig;
    unsigned ended = 0;
    rig_start(&rig, serve_both, &both);
    for (int pumps = 0; pumps < 3; pumps++) {
        struct json_call call;
        json_call_init(&call, &rig.client, &put_item);
        call.call.request.body = STR("{}");
        call.call.on_done = done;
        call.call.ctx = &ended;
        call_start(&call.call, 0);
        for (int i = 0; i < pumps; i++) {
            client_pump(&rig.client, 0);
        }
        call_close(&call.call);
        assert_null(rig.client.calls);
    }
    client_pump(&rig.client, 20);
    assert_int_equal(ended, 0);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_come_from_the_environment),
        cmocka_unit_test(settings_come_from_a_profile),
        cmocka_unit_test(a_ca_bundle_that_cannot_be_read_is_denied),
        cmocka_unit_test(whoever_waits_moves_all_calls),
        cmocka_unit_test(a_call_under_way_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where the services are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/endpoint.h"
#include "base/buf.h"
#include "test/support/guard.h"

#include <stdlib.h>
#include <string.h>

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const no_env[] = {NULL};

static err resolve(enum service service, str region, const char *const *env,
                   struct endpoint *endpoint, struct why *why)
{
    struct settings *settings = NULL;
    assert_int_equal(settings_open(&settings, env, why).kind, ERR_NONE);
    err resolved = endpoint_resolve(service, region, settings, endpoint, why);
    settings_close(settings);
    return resolved;
}

static void a_region_places_each_service(void **state)
{
    (void)state;
    static const struct {
        enum service service;
        const char *region, *host;
    } rows[] = {
        {SERVICE_S3, "eu-central-1", "s3.eu-central-1.amazonaws.com"},
        {SERVICE_S3, "us-east-1", "s3.us-east-1.amazonaws.com"},
        {SERVICE_DYNAMODB, "ap-southeast-4", "dynamodb.ap-southeast-4.amazonaws.com"},
        {SERVICE_SQS, "us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com"},
        {SERVICE_KINESIS, "cn-north-1", "kinesis.cn-north-1.amazonaws.com.cn"},
        {SERVICE_DYNAMODB, "eusc-de-east-1", "dynamodb.eusc-de-east-1.amazonaws.eu"},
        {SERVICE_SQS, "us-iso-east-1", "sqs.us-iso-east-1.c2s.ic.gov"},
        {SERVICE_SQS, "us-isob-east-1", "sqs.us-isob-east-1.sc2s.sgov.gov"},
        {SERVICE_SQS, "us-isof-south-1", "sqs.us-isof-south-1.csp.hci.ic.gov"},
        {SERVICE_SQS, "eu-isoe-west-1", "sqs.eu-isoe-west-1.cloud.adc-e.uk"},
        {SERVICE_S3, "local", "s3.local.amazonaws.com"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct endpoint endpoint;
        struct why why = {0};
        assert_int_equal(
            resolve(rows[i].service, str_from(rows[i].region), no_env, &endpoint, &why).kind,
            ERR_NONE);
        assert_string_equal(endpoint.host, rows[i].host);
        assert_string_equal(endpoint.scheme, "https");
        assert_string_equal(endpoint.prefix, "");
        assert_false(endpoint.custom);
    }
}

static void what_is_no_region_is_refused(void **state)
{
    (void)state;
    static const char *const regions[] = {
        "",
        "EU-CENTRAL-1",
        "eu_central_1",
        "eu-central-1\n",
        "eu central 1",
        "a.evil.com",
        "x/y",
        "-a",
        "a-",
        "a@b",
        "a:1",
        "r\xc3\xa9gion",
        "a%2e",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 64 */
    };
    for (size_t i = 0; i < ROW_COUNT(regions); i++) {
        struct endpoint endpoint;
        struct why why = {0};
        err result = resolve(SERVICE_S3, str_from(regions[i]), no_env, &endpoint, &why);
        if (result.kind != ERR_BUG || !strstr(why.text, "AWS_REGION")) {
            fail_msg("%s: not refused", regions[i]);
        }
    }
}

static void the_services_own_variable_wins(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *env[4];
        enum service service;
        const char *host;
    } rows[] = {
        {"for all", {"AWS_ENDPOINT_URL=http://all:1"}, SERVICE_S3, "all:1"},
        {"own", {"AWS_ENDPOINT_URL_S3=http://own:1"}, SERVICE_S3, "own:1"},
        {"own over all",
         {"AWS_ENDPOINT_URL=http://all:1", "AWS_ENDPOINT_URL_SQS=http://own:1"},
         SERVICE_SQS,
         "own:1"},
        {"another's",
         {"AWS_ENDPOINT_URL=http://all:1", "AWS_ENDPOINT_URL_SQS=http://own:1"},
         SERVICE_DYNAMODB,
         "all:1"},
        {"DynamoDB's", {"AWS_ENDPOINT_URL_DYNAMODB=http://own:1"}, SERVICE_DYNAMODB, "own:1"},
        {"Kinesis'", {"AWS_ENDPOINT_URL_KINESIS=http://own:1"}, SERVICE_KINESIS, "own:1"},
        {"own is empty",
         {"AWS_ENDPOINT_URL_S3=", "AWS_ENDPOINT_URL=http://all:1"},
         SERVICE_S3,
         "all:1"},
        {"all are empty",
         {"AWS_ENDPOINT_URL_S3=", "AWS_ENDPOINT_URL="},
         SERVICE_S3,
         "s3.r-1.amazonaws.com"},
        {"ignored",
         {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL=http://all:1",
          "AWS_ENDPOINT_URL_S3=http://own:1"},
         SERVICE_S3,
         "s3.r-1.amazonaws.com"},
        {"ignored, though bad",
         {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=True", "AWS_ENDPOINT_URL=nonsense"},
         SERVICE_S3,
         "s3.r-1.amazonaws.com"},
        {"not ignored",
         {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false", "AWS_ENDPOINT_URL=http://all:1"},
         SERVICE_S3,
         "all:1"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct endpoint endpoint;
        struct why why = {0};
        err result = resolve(rows[i].service, STR("r-1"), rows[i].env, &endpoint, &why);
        if (result.kind || strcmp(endpoint.host, rows[i].host) != 0 ||
            endpoint.custom != !strstr(endpoint.host, "amazonaws")) {
            fail_msg("%s: %s", rows[i].name, endpoint.host);
        }
    }
}

static err resolve_url(const char *url, struct endpoint *endpoint, struct why *why)
{
    struct buf setting;
    buf_init(&setting, 4096);
    buf_add(&setting, STR("AWS_ENDPOINT_URL_S3="));
    buf_add(&setting, str_from(url));
    buf_char(&setting, 0);
    const char *const env[] = {setting.at, NULL};
    err result = resolve(SERVICE_S3, STR("r-1"), env, endpoint, why);
    buf_close(&setting);
    return result;
}

static void a_url_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url, *scheme, *host, *prefix;
    } rows[] = {
        {"http://localhost:4566", "http", "localhost:4566", ""},
        {"http://localhost:4566/", "http", "localhost:4566", ""},
        {"https://example.com", "https", "example.com", ""},
        {"HTTPS://Example.com", "https", "Example.com", ""},
        {"https://example.com:443", "https", "example.com", ""},
        {"https://example.com:0443", "https", "example.com", ""},
        {"http://example.com:80", "http", "example.com", ""},
        {"http://example.com:443", "http", "example.com:443", ""},
        {"https://example.com:80", "https", "example.com:80", ""},
        {"http://127.0.0.1:1", "http", "127.0.0.1:1", ""},
        {"http://127.0.0.1:65535", "http", "127.0.0.1:65535", ""},
        {"http://[::1]:8000", "http", "[::1]:8000", ""},
        {"http://[::1]", "http", "[::1]", ""},
        {"http://[2001:db8::7]:80/x", "http", "[2001:db8::7]", "/x"},
        {"http://[::ffff:10.0.0.1]/", "http", "[::ffff:10.0.0.1]", ""},
        {"http://my_container-1:9000", "http", "my_container-1:9000", ""},
        {"https://h/a", "https", "h", "/a"},
        {"https://h/a/b//", "https", "h", "/a/b"},
        {"https://h/a-b._~!$&'()*+,;=:@", "https", "h", "/a-b._~!$&'()*+,;=:@"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct endpoint endpoint;
        struct why why = {0};
        err result = resolve_url(rows[i].url, &endpoint, &why);
        if (result.kind || strcmp(endpoint.scheme, rows[i].scheme) != 0 ||
            strcmp(endpoint.host, rows[i].host) != 0 ||
            strcmp(endpoint.prefix, rows[i].prefix) != 0 || !endpoint.custom) {
            fail_msg("%s: %s %s %s", rows[i].url, endpoint.scheme, endpoint.host, endpoint.prefix);
        }
    }
}

static const char *const bad_urls[] = {
    "localhost:4566",
    "localhost",
    "//localhost",
    "ftp://localhost",
    "file:///etc/passwd",
    "http:localhost",
    "http:/localhost",
    "http://",
    "https:///a",
    "http://:80",
    "http://h:",
    "http://h:0",
    "http://h:65536",
    "http://h:99999999999999999999",
    "http://h:8o",
    "http://h:-1",
    "http://h:+1",
    "http://h:80:80",
    "http://h: 80",
    "http://user@h",
    "http://user:leak@h",
    "http://h\\@evil",
    "http://h?x=y",
    "http://h/?x",
    "http://h#f",
    "http://h/#f",
    "http://h/a b",
    "http://h/%41",
    "http://h/\xc3\xa4",
    "http://h/a\x01",
    "http://h/a\r\nx: y",
    " http://h",
    "http://h ",
    "http://h\n",
    "http://h\x7f",
    "http://a..b",
    "http://.a",
    "http://a.",
    "http://\xc3\xa4.de",
    "http://a*b",
    "http://[::1",
    "http://::1",
    "http://[]",
    "http://[",
    "http://[h]",
    "http://[127.0.0.1]",
    "http://[::1%25eth0]",
    "http://[::1]x",
    "http://[::1]x:80",
    "http://[::1]:",
    "http://[::g]",
    "http://[[::1]]",
    "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 64 */
};

static void a_bad_url_is_refused_and_its_variable_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(bad_urls); i++) {
        struct endpoint endpoint;
        struct why why = {0};
        err result = resolve_url(bad_urls[i], &endpoint, &why);
        if (result.kind != ERR_BUG || !strstr(why.text, "AWS_ENDPOINT_URL_S3") ||
            strstr(why.text, "leak")) {
            fail_msg("%s: %s", bad_urls[i], why.text);
        }
    }
}

static void the_variable_for_all_is_named_too(void **state)
{
    (void)state;
    static const char *const env[] = {"AWS_ENDPOINT_URL=nonsense", NULL};
    struct endpoint endpoint;
    struct why why = {0};
    assert_int_equal(resolve(SERVICE_SQS, STR("r-1"), env, &endpoint, &why).kind, ERR_BUG);
    assert_true(str_starts(str_from(why.text), STR("AWS_ENDPOINT_URL is ")));
}

/* "http://" and `len` bytes of labels or of path: 255 fit, 256 do not. */
static void a_host_and_a_path_have_their_bounds(void **state)
{
    (void)state;
    for (size_t len = 250; len < 260; len++) {
        char host[300] = "http://";
        char path[300] = "http://h/";
        for (size_t i = 0; i < len; i++) {
            host[7 + i] = i % 2 ? '.' : 'a';
            path[8 + i] = i ? 'p' : '/';
        }
        host[7 + len - 1] = 'a';
        struct endpoint endpoint;
        struct why why = {0};
        assert_int_equal(resolve_url(host, &endpoint, &why).kind, len > 255 ? ERR_BUG : ERR_NONE);
        why = (struct why){0};
        assert_int_equal(resolve_url(path, &endpoint, &why).kind, len > 255 ? ERR_BUG : ERR_NONE);
    }
}

static void a_url_cut_off_anywhere_is_taken_or_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {"https://user:pw@h.example:8443/a%20b?x=y#z",
                                       "http://[2001:db8::1]:8000/prefix/"};
    for (size_t i = 0; i < ROW_COUNT(urls); i++) {
        for (size_t len = 1; len <= strlen(urls[i]); len++) {
            char cut[64];
            struct endpoint endpoint;
            struct why why = {0};
            assert_true(str_to_c((str){urls[i], len}, cut, sizeof cut));
            err result = resolve_url(cut, &endpoint, &why);
            assert_true(result.kind == ERR_BUG || endpoint.host[0]);
        }
    }
}

static void an_arn_cut_off_anywhere_has_its_account_or_none(void **state)
{
    (void)state;
    static const char arn[] = "arn:aws:dynamodb:eu-west-1:123456789012:table/t";
    struct guard guard;
    guard_init(&guard, sizeof arn);
    for (size_t len = 0; len < sizeof arn; len++) {
        str account = endpoint_account_of(guard_lay(&guard, (str){arn, len}), STR("eu-west-1"));
        bool whole = len > strlen("arn:aws:dynamodb:eu-west-1:123456789012:");
        assert_true(str_eq(account, whole ? STR("123456789012") : STR("")));
    }
    guard_close(&guard);
}

static void dynamodb_local_is_the_region_local(void **state)
{
    (void)state;
    struct endpoint endpoint;
    struct why why = {0};
    assert_int_equal(resolve(SERVICE_DYNAMODB, STR("local"), no_env, &endpoint, &why).kind,
                     ERR_NONE);
    assert_string_equal(endpoint.scheme, "http");
    assert_string_equal(endpoint.host, "localhost:8000");
    assert_false(endpoint.custom);
    static const char *const fips[] = {"AWS_USE_FIPS_ENDPOINT=true", NULL};
    assert_int_equal(resolve(SERVICE_DYNAMODB, STR("local"), fips, &endpoint, &why).kind, ERR_BUG);
}

static void a_service_has_its_name_in_the_scope(void **state)
{
    (void)state;
    assert_true(str_eq(endpoint_service_name(SERVICE_S3), STR("s3")));
    assert_true(str_eq(endpoint_service_name(SERVICE_DYNAMODB), STR("dynamodb")));
    assert_true(str_eq(endpoint_service_name(SERVICE_SQS), STR("sqs")));
    assert_true(str_eq(endpoint_service_name(SERVICE_KINESIS), STR("kinesis")));
    assert_true(str_eq(endpoint_service_name(SERVICE_STS), STR("sts")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_places_each_service),
        cmocka_unit_test(what_is_no_region_is_refused),
        cmocka_unit_test(the_services_own_variable_wins),
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(a_bad_url_is_refused_and_its_variable_named),
        cmocka_unit_test(the_variable_for_all_is_named_too),
        cmocka_unit_test(a_host_and_a_path_have_their_bounds),
        cmocka_unit_test(a_url_cut_off_anywhere_is_taken_or_refused),
        cmocka_unit_test(an_arn_cut_off_anywhere_has_its_account_or_none),
        cmocka_unit_test(dynamodb_local_is_the_region_local),
        cmocka_unit_test(a_service_has_its_name_in_the_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where objects are, also against botocore: s3-addresses.json is written by
 * test/data/make-s3-addresses.py. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/s3_address.h"

#include <jansson.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct endpoint at_aws = {.scheme = "https", .host = "s3.eu-west-1.amazonaws.com"};
static const struct endpoint custom = {
    .scheme = "http",
    .host = "127.0.0.1:4566",
    .custom = true,
};

struct address {
    struct buf host, path;
    char memory[2][8192];
};

static err find(const struct endpoint *endpoint, str bucket, str key, struct address *a)
{
    struct why why = {0};
    buf_wrap(&a->host, a->memory[0], sizeof a->memory[0]);
    buf_wrap(&a->path, a->memory[1], sizeof a->memory[1]);
    return s3_address(endpoint, bucket, key, &a->host, &a->path, &why);
}

static void a_bucket_has_its_own_host_where_it_can(void **state)
{
    (void)state;
    static const struct {
        const struct endpoint *endpoint;
        const char *bucket, *host, *path;
    } rows[] = {
        {&at_aws, "data", "data.s3.eu-west-1.amazonaws.com", "/k"},
        {&at_aws, "a-1", "a-1.s3.eu-west-1.amazonaws.com", "/k"},
        {&at_aws, "my.data", "", "/my.data/k"},
        {&at_aws, "Data", "", "/Data/k"},
        {&at_aws, "ab", "", "/ab/k"},
        {&at_aws, "a_bc", "", "/a_bc/k"},
        {&at_aws, "-abc", "", "/-abc/k"},
        {&custom, "data", "", "/data/k"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address a;
        assert_int_equal(find(rows[i].endpoint, str_from(rows[i].bucket), STR("k"), &a).kind,
                         ERR_NONE);
        assert_true(str_eq(buf_str(&a.host), str_from(rows[i].host)));
        assert_true(str_eq(buf_str(&a.path), str_from(rows[i].path)));
    }
}

static void a_bucket_cannot_lead_elsewhere(void **state)
{
    (void)state;
    static const char *const buckets[] = {"",    ".",    "..",      "evil.example/", "a@b",
                                          "a:1", "a b",  "a%2f",    "a\r\nb",        "a?b",
                                          "a#b", "a\\b", "\xc3\xbc"};
    for (size_t i = 0; i < COUNT(buckets); i++) {
        struct address a;
        assert_int_equal(find(&at_aws, str_from(buckets[i]), STR("k"), &a).kind, ERR_INPUT);
        assert_int_equal(find(&custom, str_from(buckets[i]), STR("k"), &a).kind, ERR_INPUT);
    }
    struct address a;
    assert_int_equal(find(&at_aws, (str){"a\0b", 3}, STR("k"), &a).kind, ERR_INPUT);
}

static void keys_of_1_to_1024_bytes_are_taken(void **state)
{
    (void)state;
    static char key[S3_MAX_KEY_BYTES + 1];
    memset(key, 0xff, sizeof key);
    struct address a;
    assert_int_equal(find(&custom, STR("data"), (str){key, 0}, &a).kind, ERR_INPUT);
    assert_int_equal(find(&custom, STR("data"), (str){key, S3_MAX_KEY_BYTES}, &a).kind, ERR_NONE);
    assert_int_equal(find(&custom, STR("data"), (str){key, sizeof key}, &a).kind, ERR_INPUT);
}

static str text_of(const json_t *value)
{
    return (str){json_string_value(value), json_string_length(value)};
}

static void check_case(const json_t *vector)
{
    static char memory[8192];
    str bucket = text_of(json_object_get(vector, "bucket"));
    str key = text_of(json_object_get(vector, "key"));
    str wanted = text_of(json_object_get(vector, "url"));
    struct address a;
    struct buf url;
    err found = find(&at_aws, bucket, key, &a);
    buf_wrap(&url, memory, sizeof memory);
    if (!found.kind) {
        buf_add(&url, STR("https://"));
        buf_add(&url, a.host.len ? buf_str(&a.host) : str_from(at_aws.host));
        buf_add(&url, buf_str(&a.path));
    }
    if (found.kind != (wanted.len ? ERR_NONE : ERR_INPUT) || !str_eq(buf_str(&url), wanted)) {
        fail_msg("%.*s, %.*s: %.*s", (int)bucket.len, bucket.at, (int)key.len, key.at, (int)url.len,
                 url.at);
    }
}

static void an_object_is_where_botocore_says(void **state)
{
    (void)state;
    enum { LEAST_CASES = 600 };
    json_t *cases = json_load_file("test/data/s3-addresses.json", JSON_ALLOW_NUL, NULL);
    assert_true(json_array_size(cases) >= LEAST_CASES);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check_case(json_array_get(cases, i));
    }
    json_decref(cases);
}

static void what_needs_another_protocol_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *bucket, *word;
    } rows[] = {
        {"arn:aws:s3:eu-west-1:123456789012:accesspoint/mine", "ARN"},
        {"arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", "ARN"},
        {"arn:aws-cn:s3-outposts:cn-north-1:1:outpost/op-1/accesspoint/a", "ARN"},
        {"data--use1-az4--x-s3", "directory"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address a;
        struct why why = {0};
        buf_wrap(&a.host, a.memory[0], sizeof a.memory[0]);
        buf_wrap(&a.path, a.memory[1], sizeof a.memory[1]);
        err found = s3_address(&at_aws, str_from(rows[i].bucket), STR("k"), &a.host, &a.path, &why);
        assert_int_equal(found.kind, ERR_INPUT);
        assert_non_null(strstr(why.text, rows[i].word));
    }
    /* Elsewhere a bucket may have any name. */
    struct address a;
    assert_int_equal(find(&custom, STR("data--use1-az4--x-s3"), STR("k"), &a).kind, ERR_NONE);
}

static void a_bucket_itself_has_no_key(void **state)
{
    (void)state;
    static const struct {
        const struct endpoint *endpoint;
        const char *bucket, *host, *path;
    } rows[] = {
        {&at_aws, "data", "data.s3.eu-west-1.amazonaws.com", "/"},
        {&at_aws, "my.data", "", "/my.data"},
        {&custom, "data", "", "/data"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address a;
        struct why why = {0};
        buf_wrap(&a.host, a.memory[0], sizeof a.memory[0]);
        buf_wrap(&a.path, a.memory[1], sizeof a.memory[1]);
        assert_int_equal(
            s3_address_bucket(rows[i].endpoint, str_from(rows[i].bucket), &a.host, &a.path, &why)
                .kind,
            ERR_NONE);
        assert_true(str_eq(buf_str(&a.host), str_from(rows[i].host)));
        assert_true(str_eq(buf_str(&a.path), str_from(rows[i].path)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_has_its_own_host_where_it_can),
        cmocka_unit_test(a_bucket_cannot_lead_elsewhere),
        cmocka_unit_test(keys_of_1_to_1024_bytes_are_taken),
        cmocka_unit_test(an_object_is_where_botocore_says),
        cmocka_unit_test(what_needs_another_protocol_is_refused_with_its_reason),
        cmocka_unit_test(a_bucket_itself_has_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

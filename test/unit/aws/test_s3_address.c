#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/s3_address.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct endpoint at_aws = {"https", "s3.eu-west-1.amazonaws.com", "", false};
static const struct endpoint custom = {"http", "127.0.0.1:4566", "", true};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_has_its_own_host_where_it_can),
        cmocka_unit_test(a_bucket_cannot_lead_elsewhere),
        cmocka_unit_test(keys_of_1_to_1024_bytes_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Signatures in the query. Expected ones are published: by AWS's own test suite
 * (github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4) and the S3 API Reference. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/sigv4.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_HEADERS = 5, ROOM = 1 << 16 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define EMPTY_HASH      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FORM_HASH       "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define SUITE_TOKEN                                                                                \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP" \
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT" \
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz" \
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

struct presigned_row {
    const char *name, *method, *path, *query;
    struct {
        const char *name, *value;
    } headers[MOST_HEADERS];
    const char *payload_hash; /* NULL: that of no body */
    const char *token;
    bool token_after, verbatim;
    const char *signature;
};

static const struct credentials suite_credentials = {
    .access_key_id = {"AKIDEXAMPLE", 11},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
};
static const struct sigv4_terms suite_terms = {
    .scope = {{"us-east-1", 9}, {"service", 7}, 1440938160000 /* 2015-08-30T12:36:00Z */},
    .expires_s = 3600,
};
static const struct header host = {{"Host", 4}, {"example.amazonaws.com", 21}};
static const struct sigv4_request vanilla = {
    .method = {"GET", 3},
    .path = {"/", 1},
    .headers = &host,
    .header_count = 1,
    .payload_hash = {EMPTY_HASH, HASH_HEX_LEN},
};

static void presign_row(const struct presigned_row *row, struct buf *out)
{
    struct header headers[MOST_HEADERS];
    size_t count = 0;
    for (; count < MOST_HEADERS && row->headers[count].name; count++) {
        headers[count].name = str_from(row->headers[count].name);
        headers[count].value = str_from(row->headers[count].value);
    }
    const struct sigv4_request request = {
        .method = str_from(row->method),
        .path = str_from(row->path),
        .query = str_from(row->query),
        .headers = headers,
        .header_count = count,
        .payload_hash = str_from(row->payload_hash ? row->payload_hash : EMPTY_HASH),
        .verbatim_path = row->verbatim,
    };
    struct credentials credentials = suite_credentials;
    credentials.session_token = str_from(row->token);
    struct sigv4_terms terms = suite_terms;
    terms.token_after = row->token_after;
    struct sigv4_keys keys = {0};
    struct why why = {0};
    assert_int_equal(sigv4_presign(&keys, &credentials, &terms, &request, out, &why).kind,
                     ERR_NONE);
    sigv4_forget(&keys);
}

#define SUITE_HOST                                                                                 \
    {                                                                                              \
        "Host", "example.amazonaws.com"                                                            \
    }
static const struct presigned_row suite_rows[] = {
    {"get-vanilla",
     "GET",
     "/",
     "",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     false,
     "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
    {"get-vanilla-query-order-encoded",
     "GET",
     "/",
     "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     false,
     "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     "\xe1\x88\xb4=bar",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     false,
     "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
    {"get-utf8",
     "GET",
     "/\xe1\x88\xb4",
     "",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     false,
     "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
    {"get-space-unnormalized",
     "GET",
     "/example space/",
     "",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     true,
     "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6"},
    {"get-slashes-normalized",
     "GET",
     "//example//",
     "",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     false,
     "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082"},
    {"get-slashes-unnormalized",
     "GET",
     "//example//",
     "",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     true,
     "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2"},
    {"get-relative-unnormalized",
     "GET",
     "/example/..",
     "",
     {SUITE_HOST},
     NULL,
     NULL,
     false,
     true,
     "cbcb213b928a077e43275df47b500f1dfaa864ab3f5a18f6b95f4ff0938167ee"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     "",
     {SUITE_HOST, {"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     NULL,
     NULL,
     false,
     false,
     "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97"},
    {"get-header-value-multiline",
     "GET",
     "/",
     "",
     {SUITE_HOST, {"My-Header1", "value1\n  value2\n     value3"}},
     NULL,
     NULL,
     false,
     false,
     "e6f5def831211aca02987a44b96826706278c7bc078112ae0263659c5b2f2d56"},
    {"get-header-value-trim",
     "GET",
     "/",
     "",
     {SUITE_HOST, {"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     NULL,
     NULL,
     false,
     false,
     "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     {{"Content-Type", "application/x-www-form-urlencoded"}, SUITE_HOST, {"Content-Length", "13"}},
     FORM_HASH,
     NULL,
     false,
     false,
     "89a40deed0f26f9461242825a082d2222717248abc7ab41f552ad84a94ad46e9"},
    {"post-sts-header-before",
     "POST",
     "/",
     "",
     {SUITE_HOST},
     NULL,
     SUITE_TOKEN,
     false,
     false,
     "46c2e3c63c1dbe7d39f8ada16fe7f001c1f56c5791441565323677f96308871c"},
    {"post-sts-header-after",
     "POST",
     "/",
     "",
     {SUITE_HOST},
     NULL,
     SUITE_TOKEN,
     true,
     false,
     "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"},
};

static void the_presigned_requests_of_awss_suite_are_met(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < ROW_COUNT(suite_rows); i++) {
        buf_clear(&out);
        presign_row(&suite_rows[i], &out);
        if (!str_ends(buf_str(&out), str_from(suite_rows[i].signature))) {
            fail_msg("%s: got %.*s", suite_rows[i].name, (int)out.len, out.at);
        }
    }
    buf_close(&out);
}

/* "Authenticating Requests: Using Query Parameters", Amazon S3 API Reference. */
static void the_example_of_the_s3_reference_is_met(void **state)
{
    (void)state;
    const struct credentials credentials = {
        .access_key_id = STR("AKIAIOSFODNN7EXAMPLE"),
        .secret_access_key = STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    };
    const struct sigv4_terms terms = {
        .scope = {STR("us-east-1"), STR("s3"), 1369353600000 /* 2013-05-24T00:00:00Z */},
        .expires_s = 86400,
    };
    const struct header s3_host = {STR("host"), STR("examplebucket.s3.amazonaws.com")};
    const struct sigv4_request request = {
        .method = STR("GET"),
        .path = STR("/test.txt"),
        .headers = &s3_host,
        .header_count = 1,
        .payload_hash = STR(SIGV4_UNSIGNED_PAYLOAD),
        .verbatim_path = true,
        .single_encode = true,
    };
    struct sigv4_keys keys = {0};
    struct why why = {0};
    struct buf out;
    buf_init(&out, ROOM);
    assert_int_equal(sigv4_presign(&keys, &credentials, &terms, &request, &out, &why).kind,
                     ERR_NONE);
    assert_true(str_eq(
        buf_str(&out),
        STR("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
            "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-SignedHeaders=host"
            "&X-Amz-Expires=86400&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")));
    sigv4_forget(&keys);
    buf_close(&out);
}

static bool holds(str text, str part)
{
    return text.len && memmem(text.at, text.len, part.at, part.len) != NULL;
}

static void the_token_is_sent_in_both_ways_but_signed_in_one(void **state)
{
    (void)state;
    struct credentials credentials = suite_credentials;
    credentials.session_token = STR("to/ken=");
    for (int after = 0; after < 2; after++) {
        struct sigv4_terms terms = suite_terms;
        terms.token_after = after;
        struct sigv4_keys keys = {0};
        struct why why = {0};
        struct buf out;
        buf_init(&out, ROOM);
        assert_int_equal(sigv4_presign(&keys, &credentials, &terms, &vanilla, &out, &why).kind,
                         ERR_NONE);
        const str token = STR("&X-Amz-Security-Token=to%2Fken%3D&");
        assert_true(holds(buf_str(&out), token));
        assert_int_equal(holds(sigv4_steps(&keys).canonical_request, token), !after);
        sigv4_forget(&keys);
        buf_close(&out);
    }
}

static void what_was_in_the_output_before_is_not_signed(void **state)
{
    (void)state;
    struct sigv4_keys keys = {0};
    struct why why = {0};
    struct buf out;
    buf_init(&out, ROOM);
    buf_add(&out, STR("https://h/?"));
    assert_int_equal(
        sigv4_presign(&keys, &suite_credentials, &suite_terms, &vanilla, &out, &why).kind,
        ERR_NONE);
    assert_true(str_starts(buf_str(&out), STR("https://h/?X-Amz-Algorithm=")));
    assert_true(str_ends(buf_str(&out),
                         STR("e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d")));
    sigv4_forget(&keys);
    buf_close(&out);
}

static void it_is_good_for_a_second_to_seven_days(void **state)
{
    (void)state;
    static const struct {
        int64_t expires_s;
        enum err_kind kind;
    } rows[] = {{INT64_MIN, ERR_BUG}, {-1, ERR_BUG},     {0, ERR_BUG},        {1, ERR_NONE},
                {604800, ERR_NONE},   {604801, ERR_BUG}, {INT64_MAX, ERR_BUG}};
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct sigv4_terms terms = suite_terms;
        terms.expires_s = rows[i].expires_s;
        struct sigv4_keys keys = {0};
        struct why why = {0};
        struct buf out;
        buf_init(&out, ROOM);
        assert_int_equal(
            sigv4_presign(&keys, &suite_credentials, &terms, &vanilla, &out, &why).kind,
            rows[i].kind);
        sigv4_forget(&keys);
        buf_close(&out);
    }
}

static void a_query_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    char memory[512];
    struct sigv4_keys keys = {0};
    struct buf whole;
    struct why none = {0};
    buf_init(&whole, ROOM);
    assert_int_equal(
        sigv4_presign(&keys, &suite_credentials, &suite_terms, &vanilla, &whole, &none).kind,
        ERR_NONE);
    assert_in_range(whole.len, 1, sizeof memory);
    for (size_t room = 0; room <= whole.len; room++) {
        struct why why = {0};
        struct buf out;
        buf_wrap(&out, memory, room);
        err result = sigv4_presign(&keys, &suite_credentials, &suite_terms, &vanilla, &out, &why);
        assert_int_equal(result.kind, room == whole.len ? ERR_NONE : ERR_LIMIT);
    }
    buf_close(&whole);
    sigv4_forget(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_presigned_requests_of_awss_suite_are_met),
        cmocka_unit_test(the_example_of_the_s3_reference_is_met),
        cmocka_unit_test(the_token_is_sent_in_both_ways_but_signed_in_one),
        cmocka_unit_test(what_was_in_the_output_before_is_not_signed),
        cmocka_unit_test(it_is_good_for_a_second_to_seven_days),
        cmocka_unit_test(a_query_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Signatures that AWS has published, and the cache of signing keys. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/sigv4.h"
#include "test/unit/aws/sigv4_suite.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define EMPTY_HASH      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* The rows' common part: who signs, for what, when. */
struct signer {
    struct credentials credentials;
    struct sigv4_scope scope;
    struct header fixed; /* a header that every request has */
};

static void sign_row(const struct signed_row *row, const struct signer *signer, struct buf *out)
{
    struct header headers[MOST_HEADERS + 1] = {signer->fixed};
    size_t count = 1;
    for (; count <= MOST_HEADERS && row->headers[count - 1].name; count++) {
        headers[count].name = str_from(row->headers[count - 1].name);
        headers[count].value = str_from(row->headers[count - 1].value);
    }
    struct sigv4_request request = {
        .method = str_from(row->method),
        .path = str_from(row->path),
        .query = str_from(row->query),
        .headers = headers,
        .header_count = count,
        .payload_hash = row->payload_hash ? str_from(row->payload_hash) : STR(EMPTY_HASH),
        .verbatim_path = row->verbatim,
        .single_encode = row->verbatim,
    };
    struct sigv4_keys keys = {0};
    struct why why = {0};
    assert_int_equal(
        sigv4_sign(&keys, &signer->credentials, &signer->scope, &request, out, &why).kind,
        ERR_NONE);
    sigv4_forget(&keys);
}

static void expect_signatures(const struct signed_row *rows, size_t count,
                              const struct signer *signer)
{
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&out);
        sign_row(&rows[i], signer, &out);
        if (!str_ends(buf_str(&out), str_from(rows[i].signature))) {
            fail_msg("%s: got %.*s", rows[i].name, (int)out.len, out.at);
        }
    }
    buf_close(&out);
}

static const struct signer suite_signer = {
    .credentials = {.access_key_id = {"AKIDEXAMPLE", 11},
                    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40}},
    .scope = {{"us-east-1", 9}, {"service", 7}, 1440938160000 /* 2015-08-30T12:36:00Z */},
    .fixed = {{"X-Amz-Date", 10}, {"20150830T123600Z", 16}},
};

static void the_signatures_of_awss_suite_are_met(void **state)
{
    (void)state;
    expect_signatures(suite_rows, ROW_COUNT(suite_rows), &suite_signer);
}

/* "Create a signed AWS API request", IAM User Guide. */
static void the_example_of_the_iam_guide_is_met(void **state)
{
    (void)state;
    static const struct signed_row row = {
        "ListUsers",
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        {{"Host", "iam.amazonaws.com"},
         {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
        NULL,
        false,
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    };
    struct signer signer = suite_signer;
    signer.scope.service = STR("iam");
    expect_signatures(&row, 1, &signer);
}

/* "Signature Calculations for the Authorization Header", Amazon S3 API Reference. */
static void the_examples_of_the_s3_reference_are_met(void **state)
{
    (void)state;
#define HOST      "examplebucket.s3.amazonaws.com"
#define FILE_HASH "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    static const struct signed_row rows[] = {
        {"GET Object",
         "GET",
         "/test.txt",
         "",
         {{"Host", HOST}, {"Range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY_HASH}},
         NULL,
         true,
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"PUT Object",
         "PUT",
         "/test%24file.text",
         "",
         {{"Host", HOST},
          {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
          {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
          {"x-amz-content-sha256", FILE_HASH}},
         FILE_HASH,
         true,
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"GET Bucket Lifecycle",
         "GET",
         "/",
         "lifecycle",
         {{"Host", HOST}, {"x-amz-content-sha256", EMPTY_HASH}},
         NULL,
         true,
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"Get Bucket (List Objects)",
         "GET",
         "/",
         "max-keys=2&prefix=J",
         {{"Host", HOST}, {"x-amz-content-sha256", EMPTY_HASH}},
         NULL,
         true,
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    const struct signer signer = {
        .credentials = {.access_key_id = STR("AKIAIOSFODNN7EXAMPLE"),
                        .secret_access_key = STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
        .scope = {STR("us-east-1"), STR("s3"), 1369353600000 /* 2013-05-24T00:00:00Z */},
        .fixed = {STR("x-amz-date"), STR("20130524T000000Z")},
    };
    expect_signatures(rows, ROW_COUNT(rows), &signer);
}

static void the_authorization_has_its_three_parts_and_no_secret(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, ROOM);
    sign_row(&suite_rows[0], &suite_signer, &out);
    assert_true(str_eq(
        buf_str(&out),
        STR("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;my-header1;x-amz-date, "
            "Signature=c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea")));
    buf_close(&out);
}

static const struct header date_header = {{"x-amz-date", 10}, {"20150830T123600Z", 16}};
static const struct sigv4_request small_request = {
    .method = {"GET", 3},
    .path = {"/", 1},
    .headers = &date_header,
    .header_count = 1,
    .payload_hash = {EMPTY_HASH, HASH_HEX_LEN},
};
static const struct sigv4_scope small_scope = {.region = {"r", 1}, .service = {"s", 1}};

static void a_key_is_derived_again_only_for_another_secret_day_region_or_service(void **state)
{
    (void)state;
    static const struct {
        const char *name, *secret, *region, *service;
        int64_t now_ms;
        bool again;
    } rows[] = {
        {"first", "secret", "r", "s", 0, true},
        {"same", "secret", "r", "s", 0, false},
        {"later that day", "secret", "r", "s", 86399999, false},
        {"next day", "secret", "r", "s", 86400000, true},
        {"other secret", "secreT", "r", "s", 86400000, true},
        {"other region", "secreT", "q", "s", 86400000, true},
        {"other service", "secreT", "q", "t", 86400000, true},
        {"same texts, parted otherwise", "secreT", "qt", "", 86400000, true},
        {"back", "secret", "r", "s", 0, true},
    };
    struct sigv4_keys keys = {0};
    struct why why = {0};
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        unsigned char last[HASH_LEN];
        memcpy(last, keys.key, sizeof last);
        struct credentials credentials = {.access_key_id = STR("ID"),
                                          .secret_access_key = str_from(rows[i].secret)};
        struct sigv4_scope scope = {str_from(rows[i].region), str_from(rows[i].service),
                                    rows[i].now_ms};
        assert_int_equal(sigv4_sign(&keys, &credentials, &scope, &small_request, &out, &why).kind,
                         ERR_NONE);
        if ((memcmp(last, keys.key, sizeof last) != 0) != rows[i].again) {
            fail_msg("%s", rows[i].name);
        }
    }
    sigv4_forget(&keys);
    buf_close(&out);
}

static bool holds(const char *memory, size_t len, str needle)
{
    return len && memmem(memory, len, needle.at, needle.len) != NULL;
}

static void the_secret_is_in_no_buffer_after_signing(void **state)
{
    (void)state;
    struct sigv4_keys keys = {0};
    struct why why = {0};
    struct buf out;
    buf_init(&out, ROOM);
    char secret[400]; /* longer than any text that comes after it */
    memset(secret, 's', sizeof secret);
    const struct credentials credentials = {.access_key_id = STR("ID"),
                                            .secret_access_key = {secret, sizeof secret}};
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(
            sigv4_sign(&keys, &credentials, &small_scope, &small_request, &out, &why).kind,
            ERR_NONE);
        const struct buf *scratch[] = {&keys.scratch.canonical, &keys.scratch.sorted,
                                       &keys.scratch.text, &out};
        for (size_t i = 0; i < ROW_COUNT(scratch); i++) {
            assert_false(holds(scratch[i]->at, scratch[i]->room, STR("sssss")));
            assert_true(scratch[i]->secret || scratch[i] == &out); /* no copy when they grow */
        }
    }
    sigv4_forget(&keys);
    buf_close(&out);
}

static void forgetting_leaves_nothing_and_is_safe_twice(void **state)
{
    (void)state;
    static const struct sigv4_keys nothing;
    struct sigv4_keys keys;
    memset(&keys, 0, sizeof keys);
    struct why why = {0};
    struct buf out;
    buf_init(&out, ROOM);
    assert_int_equal(
        sigv4_sign(&keys, &suite_signer.credentials, &small_scope, &small_request, &out, &why).kind,
        ERR_NONE);
    assert_memory_not_equal(keys.key, nothing.key, sizeof keys.key);
    sigv4_forget(&keys);
    assert_memory_equal(&keys, &nothing, sizeof keys);
    sigv4_forget(&keys);
    buf_close(&out);
}

static void an_authorization_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    char memory[256];
    struct sigv4_keys keys = {0};
    struct buf whole;
    buf_init(&whole, ROOM);
    sign_row(&suite_rows[0], &suite_signer, &whole);
    size_t needed = whole.len;
    buf_close(&whole);
    assert_in_range(needed, 1, sizeof memory);
    for (size_t room = 0; room <= needed; room++) {
        struct why why = {0};
        struct buf out;
        buf_wrap(&out, memory, room);
        const struct header headers[] = {
            {STR("host"), STR("h")}, {STR("my-header1"), STR("v")}, suite_signer.fixed};
        struct sigv4_request request = small_request;
        request.headers = headers;
        request.header_count = ROW_COUNT(headers);
        err result =
            sigv4_sign(&keys, &suite_signer.credentials, &suite_signer.scope, &request, &out, &why);
        assert_int_equal(result.kind, room == needed ? ERR_NONE : ERR_LIMIT);
    }
    sigv4_forget(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signatures_of_awss_suite_are_met),
        cmocka_unit_test(the_example_of_the_iam_guide_is_met),
        cmocka_unit_test(the_examples_of_the_s3_reference_are_met),
        cmocka_unit_test(the_authorization_has_its_three_parts_and_no_secret),
        cmocka_unit_test(a_key_is_derived_again_only_for_another_secret_day_region_or_service),
        cmocka_unit_test(the_secret_is_in_no_buffer_after_signing),
        cmocka_unit_test(forgetting_leaves_nothing_and_is_safe_twice),
        cmocka_unit_test(an_authorization_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

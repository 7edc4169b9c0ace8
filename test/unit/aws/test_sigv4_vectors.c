/* Signing against botocore: random requests and what it made of them, step by step. The file is
 * written by test/data/make-sigv4-vectors.py. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/sigv4.h"

#include <jansson.h>
#include <stdlib.h>

enum { MOST_HEADERS = 64, ROOM = 1 << 16, LEAST_CASES = 600 };

static json_t *cases;

static int load(void **state)
{
    (void)state;
    cases = json_load_file("test/data/sigv4-vectors.json", 0, NULL);
    return json_array_size(cases) >= LEAST_CASES ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(cases);
    return 0;
}

static str text_of(const json_t *value)
{
    return (str){json_string_value(value), json_string_length(value)};
}

static str member(const json_t *vector, const char *name)
{
    const json_t *value = json_object_get(vector, name);
    assert_true(json_is_string(value));
    return text_of(value);
}

static struct sigv4_request request_of(const json_t *vector, struct header headers[MOST_HEADERS])
{
    const json_t *pairs = json_object_get(vector, "headers");
    size_t count = json_array_size(pairs);
    assert_in_range(count, 1, MOST_HEADERS);
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(pairs, i);
        headers[i].name = text_of(json_array_get(pair, 0));
        headers[i].value = text_of(json_array_get(pair, 1));
    }
    return (struct sigv4_request){
        .method = member(vector, "method"),
        .path = member(vector, "path"),
        .query = member(vector, "query"),
        .headers = headers,
        .header_count = count,
        .payload_hash = member(vector, "payloadHash"),
        .s3 = str_eq(member(vector, "service"), STR("s3")),
    };
}

static void compare_step(size_t number, const char *step, const struct buf *got, str wanted)
{
    assert_false(got->failed);
    if (!str_eq(buf_str(got), wanted)) {
        fail_msg("case %zu, %s\n--- got\n%.*s\n--- wanted\n%.*s", number, step, (int)got->len,
                 got->at, (int)wanted.len, wanted.at);
    }
}

static void sign(size_t number, struct sigv4_keys *keys, struct buf *out)
{
    const json_t *vector = json_array_get(cases, number);
    struct header headers[MOST_HEADERS];
    struct sigv4_request request = request_of(vector, headers);
    struct credentials credentials = {
        .access_key_id = member(vector, "keyId"),
        .secret_access_key = member(vector, "secret"),
    };
    struct sigv4_scope scope = {
        .region = member(vector, "region"),
        .service = member(vector, "service"),
        .now_ms = json_integer_value(json_object_get(vector, "time")) * 1000 + 999,
    };
    struct why why = {0};

    buf_clear(out);
    assert_int_equal(sigv4_canonical_request(&request, out, &why).kind, ERR_NONE);
    str canonical = member(vector, "canonicalRequest");
    compare_step(number, "canonical request", out, canonical);

    buf_clear(out);
    sigv4_string_to_sign(&scope, canonical, out);
    compare_step(number, "string to sign", out, member(vector, "stringToSign"));

    buf_clear(out);
    assert_int_equal(sigv4_sign(keys, &credentials, &scope, &request, out, &why).kind, ERR_NONE);
    compare_step(number, "signature", out, member(vector, "authorization"));
}

static void every_request_is_signed_as_botocore_does(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        struct sigv4_keys keys = {0};
        sign(i, &keys, &out);
        sigv4_forget(&keys);
    }
    buf_close(&out);
}

static void one_cache_of_keys_serves_every_secret_region_service_and_day(void **state)
{
    (void)state;
    struct sigv4_keys keys = {0};
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        sign(i, &keys, &out); /* derived anew */
        sign(i, &keys, &out); /* taken from the cache */
    }
    buf_close(&out);
    sigv4_forget(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_signed_as_botocore_does),
        cmocka_unit_test(one_cache_of_keys_serves_every_secret_region_service_and_day),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

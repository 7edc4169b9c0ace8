/* Signing against botocore: random requests and what it made of them, step by step. The file is
 * written by test/data/make-sigv4-vectors.py; another one may be named:
 *
 *     test_sigv4_vectors [FILE]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/sigv4.h"
#include "base/base64.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HEADERS = 64, MOST_BODY = 1024, ROOM = 1 << 16, LEAST_CASES = 300 };

static const char *file = "test/data/sigv4-vectors.json";
static json_t *cases;

static int load(void **state)
{
    (void)state;
    cases = json_load_file(file, 0, NULL);
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

static int64_t number(const json_t *vector, const char *name)
{
    const json_t *value = json_object_get(vector, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static bool is_on(const json_t *vector, const char *name)
{
    assert_true(json_is_boolean(json_object_get(vector, name)));
    return json_is_true(json_object_get(vector, name));
}

/* A request with what it borrows. */
struct vector_request {
    struct header headers[MOST_HEADERS];
    char hash[HASH_HEX_LEN];
    struct sigv4_request request;
};

static str hash_body(const json_t *vector, char hash[HASH_HEX_LEN])
{
    char body[MOST_BODY];
    size_t len = 0;
    str text = member(vector, "body");
    assert_true(base64_decoded_max(text.len) <= sizeof body);
    assert_true(base64_decode(text, body, &len));
    hash_sha256_hex((str){body, len}, hash);
    return (str){hash, HASH_HEX_LEN};
}

static void read_request(const json_t *vector, struct vector_request *out)
{
    const json_t *pairs = json_object_get(vector, "headers");
    size_t count = json_array_size(pairs);
    assert_in_range(count, 1, MOST_HEADERS);
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(pairs, i);
        out->headers[i].name = text_of(json_array_get(pair, 0));
        out->headers[i].value = text_of(json_array_get(pair, 1));
    }
    bool is_unsigned = number(vector, "expires") && str_eq(member(vector, "service"), STR("s3"));
    out->request = (struct sigv4_request){
        .method = member(vector, "method"),
        .path = member(vector, "path"),
        .query = member(vector, "query"),
        .headers = out->headers,
        .header_count = count,
        .payload_hash = is_unsigned ? STR(SIGV4_UNSIGNED_PAYLOAD) : hash_body(vector, out->hash),
        .verbatim_path = is_on(vector, "verbatim"),
        .single_encode = is_on(vector, "single"),
    };
}

static void compare(size_t index, const char *what, str got, str wanted)
{
    if (!str_eq(got, wanted)) {
        fail_msg("case %zu, %s\n--- got\n%.*s\n--- wanted\n%.*s", index, what, (int)got.len, got.at,
                 (int)wanted.len, wanted.at);
    }
}

/* The query is the request's own and goes on with what was signed; the token may come after. */
static void check_query(const json_t *vector, str query)
{
    str token = member(vector, "token");
    str part = STR("&X-Amz-Security-Token=");
    assert_true(str_starts(query, member(vector, "query")));
    bool holds = memmem(query.at, query.len, part.at, part.len) != NULL;
    assert_int_equal(holds, token.len > 0);
}

static err sign(const json_t *vector, struct sigv4_keys *keys, struct buf *out)
{
    static struct vector_request wire;
    const struct credentials credentials = {
        .access_key_id = member(vector, "keyId"),
        .secret_access_key = member(vector, "secret"),
        .session_token = member(vector, "token"),
    };
    const struct sigv4_scope scope = {
        .region = member(vector, "region"),
        .service = member(vector, "service"),
        .now_ms = number(vector, "time") * 1000 + 999,
    };
    const struct sigv4_terms terms = {
        .scope = scope,
        .expires_s = number(vector, "expires"),
        .token_after = is_on(vector, "tokenAfter"),
    };
    struct why why = {0};
    read_request(vector, &wire);
    if (!terms.expires_s) {
        return sigv4_sign(keys, &credentials, &scope, &wire.request, out, &why);
    }
    TRY(sigv4_presign(keys, &credentials, &terms, &wire.request, out, &why));
    check_query(vector, buf_str(out));
    return OK;
}

static void check(size_t index, struct sigv4_keys *keys, struct buf *out)
{
    const json_t *vector = json_array_get(cases, index);
    buf_clear(out);
    assert_int_equal(sign(vector, keys, out).kind, ERR_NONE);
    const struct sigv4_steps steps = sigv4_steps(keys);
    compare(index, "canonical request", steps.canonical_request,
            member(vector, "canonicalRequest"));
    compare(index, "signature", steps.signature, member(vector, "signature"));
    assert_true(str_ends(buf_str(out), steps.signature));
}

static void every_request_is_signed_as_botocore_does(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        struct sigv4_keys keys = {0};
        check(i, &keys, &out);
        sigv4_forget(&keys);
    }
    buf_close(&out);
    print_message("%zu requests\n", json_array_size(cases));
}

static void one_cache_of_keys_serves_every_secret_region_service_and_day(void **state)
{
    (void)state;
    struct sigv4_keys keys = {0};
    struct buf out;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check(i, &keys, &out); /* derived anew */
        check(i, &keys, &out); /* taken from the cache */
    }
    buf_close(&out);
    sigv4_forget(&keys);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_signed_as_botocore_does),
        cmocka_unit_test(one_cache_of_keys_serves_every_secret_region_service_and_day),
    };
    file = argc > 1 ? argv[1] : file;
    return cmocka_run_group_tests(tests, load, unload);
}

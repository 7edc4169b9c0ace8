/* What signers of others got wrong, one test each, named after the trap and where it was seen. The
 * rows with a text to expect are of the canonical request; the tests below them are of the rest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/sigv4.h"
#include "aws/uri.h"
#include "test/support/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HEADERS = 3, ROOM = 1 << 20, MANY = 300 };
enum part { PATH = 1, QUERY = 2, HEADERS = 3 }; /* the canonical request's line it begins at */

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define EMPTY_HASH      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct trap {
    const char *name;
    enum part part;
    const char *given; /* path or query */
    struct {
        const char *name, *value;
    } headers[MOST_HEADERS];
    const char *wanted; /* that part, without what follows it */
    bool s3;
};

static const struct trap traps[] = {
    {"query: a key without a value (curl 8107)",
     QUERY,
     "versioning",
     {{NULL, NULL}},
     "versioning=",
     false},
    {"query: keys without '=' are not dropped (fluent-bit)",
     QUERY,
     "b&a=1",
     {{NULL, NULL}},
     "a=1&b=",
     false},
    {"query: sorted by key, then value (curl 11855)",
     QUERY,
     "b=2&a=2&a=1",
     {{NULL, NULL}},
     "a=1&a=2&b=2",
     false},
    {"query: the shorter first (curl 15778)",
     QUERY,
     "aa=1&a=11&a=1",
     {{NULL, NULL}},
     "a=1&a=11&aa=1",
     false},
    {"query: sorted as encoded", QUERY, "a=~&a=%C3%A4", {{NULL, NULL}}, "a=%C3%A4&a=~", false},
    {"query: '/', ':' and space in a value (curl 11794)",
     QUERY,
     "a=/: ",
     {{NULL, NULL}},
     "a=%2F%3A%20",
     false},
    {"query: '*' (curl 7559)", QUERY, "a=*", {{NULL, NULL}}, "a=%2A", false},
    {"query: encoded already (curl 16927)",
     QUERY,
     "a=%3A%2F%e6",
     {{NULL, NULL}},
     "a=%3A%2F%E6",
     false},
    {"query: %2B and '+' are no space (curl 20543)",
     QUERY,
     "a=%2B&b=+",
     {{NULL, NULL}},
     "a=%2B&b=%2B",
     false},
    {"query: '&&', a trailing '&', '=x' (curl 11829)",
     QUERY,
     "a=1&&=x&",
     {{NULL, NULL}},
     "=x&a=1",
     false},
    {"query: a key that begins another, and '-'",
     QUERY,
     "Param-3=3&Param=2",
     {{NULL, NULL}},
     "Param=2&Param-3=3",
     false},
    {"path: '=' in an S3 key (curl 13754)", PATH, "/dt%3D1/a", {{NULL, NULL}}, "/dt%3D1/a", true},
    {"path: '=' unencoded in an S3 key (fluent-bit 1004)",
     PATH,
     "/dt=1/a",
     {{NULL, NULL}},
     "/dt%3D1/a",
     true},
    {"path: space, '+', '%', '&', '@', '()', '!' (ngx_aws_auth 87)",
     PATH,
     "/%20%2B%25%26%40%28%29%21",
     {{NULL, NULL}},
     "/%20%2B%25%26%40%28%29%21",
     true},
    {"path: UTF-8 and emoji",
     PATH,
     "/\xc3\xa4\xf0\x9f\x98\x80",
     {{NULL, NULL}},
     "/%C3%A4%F0%9F%98%80",
     true},
    {"path: braces (aws-sdk-rust 330)", PATH, "/{id}", {{NULL, NULL}}, "/%7Bid%7D", false},
    {"path: S3 keys keep '//', '.', '..' and a leading '/'",
     PATH,
     "//a/./b/../c",
     {{NULL, NULL}},
     "//a/./b/../c",
     true},
    {"path: others normalise", PATH, "//a/./b/../c", {{NULL, NULL}}, "/a/c", false},
    {"path: encoded twice but for S3 (smithy-rs)",
     PATH,
     "/a%3Db",
     {{NULL, NULL}},
     "/a%253Db",
     false},
    {"path: once for S3", PATH, "/a%3Db", {{NULL, NULL}}, "/a%3Db", true},
    {"path: an empty one is '/'", PATH, "", {{NULL, NULL}}, "/", false},
    {"path: an empty one is '/' for S3", PATH, "", {{NULL, NULL}}, "/", true},
    {"headers: names that begin alike (curl 14370)",
     HEADERS,
     "",
     {{"x-amz-meta-test-two", "2"}, {"x-amz-meta-test", "1"}},
     "x-amz-meta-test:1\nx-amz-meta-test-two:2\n\nx-amz-meta-test;x-amz-meta-test-two",
     false},
    {"headers: duplicates in the order they came (curl 16743)",
     HEADERS,
     "",
     {{"A", "2"}, {"b", "0"}, {"a", "1"}},
     "a:2,1\nb:0\n\na;b",
     false},
    {"headers: trimmed at the end too (fluent-bit)",
     HEADERS,
     "",
     {{"a", " \t1 2 \t"}},
     "a:1 2\n\na",
     false},
    {"headers: inner blanks squashed", HEADERS, "", {{"a", "1 \t  2"}}, "a:1 2\n\na", false},
    {"headers: an empty value (curl 11664)", HEADERS, "", {{"a", ""}}, "a:\n\na", false},
    {"headers: a port in Host (curl 9550)",
     HEADERS,
     "",
     {{"Host", "h:8443"}},
     "host:h:8443\n\nhost",
     false},
    {"headers: brackets in Host (fog-aws 755)",
     HEADERS,
     "",
     {{"Host", "[::1]:80"}},
     "host:[::1]:80\n\nhost",
     false},
    {"headers: the user's X-Amz-Date beside ours is named once (curl 11738)",
     HEADERS,
     "",
     {{"X-Amz-Date", "d"}, {"x-amz-date", "d"}},
     "x-amz-date:d,d\n\nx-amz-date",
     false},
    {"headers: host twice is named once (maki 212)",
     HEADERS,
     "",
     {{"Host", "h"}, {"host", "h"}},
     "host:h,h\n\nhost",
     false},
    {"headers: connection is never signed (aws-c-auth)",
     HEADERS,
     "",
     {{"Connection", "close"}, {"host", "h"}},
     "host:h\n\nhost",
     false},
    {"headers: user-agent is never signed (openai-python 3563)",
     HEADERS,
     "",
     {{"User-Agent", "u"}, {"host", "h"}},
     "host:h\n\nhost",
     false},
    {"headers: every x-amz-* is signed",
     HEADERS,
     "",
     {{"x-amz-zzz", "1"}, {"X-Amz-Trace-Id", "2"}, {"x-amz-", "3"}},
     "x-amz-:3\nx-amz-trace-id:2\nx-amz-zzz:1\n\nx-amz-;x-amz-trace-id;x-amz-zzz",
     false},
    {"headers: a value of several lines",
     HEADERS,
     "",
     {{"a", "1\r\n  2\n\t3"}},
     "a:1 2 3\n\na",
     false},
};

static err sign(struct sigv4_keys *keys, const struct sigv4_request *request, struct buf *out)
{
    const struct credentials credentials = {
        .access_key_id = STR("AKID/,\xc3\xa4"),
        .secret_access_key = STR("secret/with+odd=bytes"),
    };
    const struct sigv4_scope scope = {STR("us-east-1"), STR("service"), 1440938160000};
    struct why why = {0};
    return sigv4_sign(keys, &credentials, &scope, request, out, &why);
}

/* The part of the canonical request that the trap is about; good until the keys are forgotten. */
static str part_of(const struct sigv4_keys *keys, enum part part)
{
    str rest = sigv4_steps(keys).canonical_request;
    for (int line = 0; line < (int)part; line++) {
        rest = str_cut(rest, '\n').tail;
    }
    return part == HEADERS ? str_take(rest, rest.len - strlen("\n" EMPTY_HASH))
                           : str_cut(rest, '\n').head;
}

static void a_trap_is_not_walked_into(void **state)
{
    const struct trap *trap = *state;
    struct header headers[MOST_HEADERS];
    size_t count = 0;
    for (; count < MOST_HEADERS && trap->headers[count].name; count++) {
        headers[count].name = str_from(trap->headers[count].name);
        headers[count].value = str_from(trap->headers[count].value);
    }
    const struct sigv4_request request = {
        .method = STR("GET"),
        .path = trap->part == PATH ? str_from(trap->given) : STR("/"),
        .query = trap->part == QUERY ? str_from(trap->given) : STR(""),
        .headers = headers,
        .header_count = count,
        .payload_hash = STR(EMPTY_HASH),
        .verbatim_path = trap->s3,
        .single_encode = trap->s3,
    };
    struct sigv4_keys keys = {0};
    struct buf out;
    buf_init(&out, ROOM);
    assert_int_equal(sign(&keys, &request, &out).kind, ERR_NONE);
    str got = part_of(&keys, trap->part);
    if (!str_eq(got, str_from(trap->wanted))) {
        fail_msg("got\n%.*s", (int)got.len, got.at);
    }
    sigv4_forget(&keys);
    buf_close(&out);
}

/* A query of MANY parameters and as many headers. */
static void too_many_parts_for_a_fixed_array_are_all_signed(void **state)
{
    (void)state;
    static char names[MANY][8];
    static struct header headers[MANY];
    struct sigv4_keys keys = {0};
    struct buf query, out;
    buf_init(&query, ROOM);
    buf_init(&out, ROOM);
    for (size_t i = 0; i < MANY; i++) {
        int len = snprintf(names[i], sizeof names[i], "n%03zu", i);
        headers[i] = (struct header){{names[i], (size_t)len}, STR("v")};
        buf_add(&query, headers[i].name);
        buf_char(&query, '&');
    }
    const struct sigv4_request request = {.method = STR("GET"),
                                          .query = buf_str(&query),
                                          .headers = headers,
                                          .header_count = MANY,
                                          .payload_hash = STR(EMPTY_HASH)};
    assert_int_equal(sign(&keys, &request, &out).kind, ERR_NONE);
    str text = sigv4_steps(&keys).canonical_request;
    for (size_t i = 0; i < MANY; i++) {
        char parameter[16], line[16];
        (void)snprintf(parameter, sizeof parameter, "n%03zu=", i);
        (void)snprintf(line, sizeof line, "\nn%03zu:v\n", i);
        assert_non_null(memmem(text.at, text.len, parameter, strlen(parameter)));
        assert_non_null(memmem(text.at, text.len, line, strlen(line)));
    }
    sigv4_forget(&keys);
    buf_close(&query);
    buf_close(&out);
}

/* chimera 817, libs3: what was to be written counted as written. Here: each length, no room. */
static void a_text_longer_than_its_room_writes_nothing_past_it(void **state)
{
    (void)state;
    struct guard guard;
    const str raw = STR("\xff\xff/a b");
    guard_init(&guard, 64);
    for (size_t room = 0; room <= 64; room++) {
        struct buf out;
        buf_wrap(&out, guard_room(&guard, room), room);
        for (int i = 0; i < 8; i++) {
            uri_add_encoded(&out, raw);
            uri_add_encoded_once(&out, raw);
            uri_add_normal(&out, raw);
        }
        assert_true(out.failed);
        assert_true(out.len <= room);
    }
    guard_close(&guard);
}

/* fluent-bit, oss-fuzz 27710: out[len - 1] of nothing. */
static void a_request_of_empty_texts_is_signed(void **state)
{
    (void)state;
    const struct header header = {0};
    const struct sigv4_request request = {.headers = &header, .header_count = 1};
    struct sigv4_keys keys = {0};
    struct buf out;
    buf_init(&out, ROOM);
    assert_int_equal(sign(&keys, &request, &out).kind, ERR_NONE);
    assert_true(str_eq(sigv4_steps(&keys).canonical_request, STR("\n/\n\n:\n\n\n")));
    sigv4_forget(&keys);
    buf_close(&out);
}

/* IoT 85: one byte too few for an encoded value. Every length around where a buffer doubles. */
static void an_encoded_path_is_whole_at_every_length(void **state)
{
    (void)state;
    char path[600];
    memset(path, ' ', sizeof path);
    path[0] = '/';
    for (size_t len = 1; len <= sizeof path; len++) {
        struct sigv4_keys keys = {0};
        struct buf out;
        const struct sigv4_request request = {
            .method = STR("GET"), .path = {path, len}, .payload_hash = STR(EMPTY_HASH)};
        buf_init(&out, ROOM);
        assert_int_equal(sign(&keys, &request, &out).kind, ERR_NONE);
        assert_int_equal(part_of(&keys, PATH).len, 1 + 3 * (len - 1));
        sigv4_forget(&keys);
        buf_close(&out);
    }
}

/* curl 8c6f126: strlen() of a body. */
static void a_body_with_a_nul_is_hashed_to_its_end(void **state)
{
    (void)state;
    char whole[HASH_HEX_LEN], beginning[HASH_HEX_LEN];
    hash_sha256_hex(STR("a\0b"), whole);
    hash_sha256_hex(STR("a"), beginning);
    assert_memory_not_equal(whole, beginning, sizeof whole);
}

/* curl 21923: an odd key id goes into the credential as it is. And loki 5012: the secret, which may
 * have a '/' or '+', is a key and never a part of a text. */
static void an_odd_key_id_stays_and_an_odd_secret_is_in_no_text(void **state)
{
    (void)state;
    const struct sigv4_request request = {.method = STR("GET"), .payload_hash = STR(EMPTY_HASH)};
    struct sigv4_keys keys = {0};
    struct buf out;
    buf_init(&out, ROOM);
    assert_int_equal(sign(&keys, &request, &out).kind, ERR_NONE);
    assert_true(str_starts(buf_str(&out), STR("AWS4-HMAC-SHA256 Credential=AKID/,\xc3\xa4/2015")));
    const struct sigv4_steps steps = sigv4_steps(&keys);
    const str texts[] = {steps.canonical_request, steps.string_to_sign, buf_str(&out)};
    for (size_t i = 0; i < ROW_COUNT(texts); i++) {
        assert_null(memmem(texts[i].at, texts[i].len, "secret", strlen("secret")));
    }
    sigv4_forget(&keys);
    buf_close(&out);
}

int main(void)
{
    static struct CMUnitTest rows[ROW_COUNT(traps)];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_parts_for_a_fixed_array_are_all_signed),
        cmocka_unit_test(a_text_longer_than_its_room_writes_nothing_past_it),
        cmocka_unit_test(a_request_of_empty_texts_is_signed),
        cmocka_unit_test(an_encoded_path_is_whole_at_every_length),
        cmocka_unit_test(a_body_with_a_nul_is_hashed_to_its_end),
        cmocka_unit_test(an_odd_key_id_stays_and_an_odd_secret_is_in_no_text),
    };
    for (size_t i = 0; i < ROW_COUNT(traps); i++) {
        rows[i] = (struct CMUnitTest){.name = traps[i].name,
                                      .test_func = a_trap_is_not_walked_into,
                                      .initial_state = (void *)(uintptr_t)&traps[i]};
    }
    int failed = cmocka_run_group_tests(rows, NULL, NULL);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

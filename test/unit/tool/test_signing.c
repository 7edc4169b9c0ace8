/* What sigv4 shows of a request, and what it hints at. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/tool/hints.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BODY_HASH       "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5" /* body */
#define OTHER_HASH      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define VANILLA         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

static const struct credentials no_token = {
    .access_key_id = {"AKIDEXAMPLE", 11},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
};
static const struct sigv4_options plain = {
    .service = {"service", 7}, .region = {"us-east-1", 9}, .now_ms = 1440938160000};

/* A request that is signed, with all that it borrows. */
struct rig {
    struct raw_request raw;
    struct sigv4_options options;
    struct credentials credentials;
    struct signing_order order;
    struct signing signing;
    struct why why;
    struct buf out;
};

static err start(struct rig *rig, const struct sigv4_options *options, const char *text,
                 const char *token)
{
    *rig = (struct rig){.options = *options, .credentials = no_token};
    rig->credentials.session_token = str_from(token);
    rig->order = (struct signing_order){&rig->raw, &rig->options, &rig->credentials, 0};
    buf_init(&rig->out, ROOM);
    assert_int_equal(raw_request_parse(&rig->raw, str_from(text), &rig->why).kind, ERR_NONE);
    return signing_make(&rig->signing, &rig->order, &rig->why);
}

static str show(struct rig *rig, enum sigv4_show what)
{
    buf_clear(&rig->out);
    signing_show(&rig->signing, what, &rig->out);
    assert_false(rig->out.failed);
    return buf_str(&rig->out);
}

static void end(struct rig *rig)
{
    signing_close(&rig->signing);
    raw_request_close(&rig->raw);
    buf_close(&rig->out);
}

static bool holds(str text, const char *part)
{
    return text.len && memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static void expect_text(str got, const char *wanted)
{
    if (!str_eq(got, str_from(wanted))) {
        fail_msg("got\n%.*s", (int)got.len, got.at);
    }
}

#define SCOPE      "20150830/us-east-1/service/aws4_request"
#define CREDENTIAL "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" SCOPE
#define IN_QUERY                                                                                   \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1"         \
    "%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host"

static void each_text_is_shown_to_the_byte(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(start(&rig, &plain, "GET / HTTP/1.1\nHost:example.amazonaws.com\n", "").kind,
                     ERR_NONE);
    expect_text(show(&rig, SIGV4_SHOW_CANONICAL_REQUEST),
                "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                "host;x-amz-date\n" OTHER_HASH);
    expect_text(show(&rig, SIGV4_SHOW_STRING_TO_SIGN),
                "AWS4-HMAC-SHA256\n20150830T123600Z\n" SCOPE
                "\nbb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
    expect_text(show(&rig, SIGV4_SHOW_SIGNATURE), VANILLA);
    expect_text(show(&rig, SIGV4_SHOW_REQUEST),
                "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n"
                "Authorization:" CREDENTIAL ", SignedHeaders=host;x-amz-date, Signature=" VANILLA
                "\n\n");
    end(&rig);
}

static void all_texts_have_their_titles(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(start(&rig, &plain, "GET / HTTP/1.1\nHost:example.amazonaws.com\n", "").kind,
                     ERR_NONE);
    str all = show(&rig, SIGV4_SHOW_ALL);
    assert_true(str_starts(all, STR("--- canonical request\nGET\n")));
    assert_true(holds(all, "\n--- string to sign\nAWS4"));
    assert_true(holds(all, "\n--- signature\n" VANILLA "\n--- request\nGET / HTTP/1.1\n"));
    end(&rig);
}

static const struct {
    const char *name, *text, *token;
    bool query, sign_body, unsigned_payload, omit_token;
    const char *wanted; /* up to the signature */
    const char *end;
} requests[] = {
    {"CRLF, folds and blanks stay", "POST /a b?x HTTP/1.0\r\nhost:  h\r\nA: 1\r\n 2\r\n\r\nbody",
     NULL, 0, 0, 0, 0,
     "POST /a b?x HTTP/1.0\r\nhost:  h\r\nA: 1\r\n 2\r\nX-Amz-Date:20150830T123600Z\r\n"
     "Authorization:" CREDENTIAL ", SignedHeaders=a;host;x-amz-date, Signature=",
     "\r\n\r\nbody"},
    {"token, date, hash", "GET / HTTP/1.1\nHost:h\n\nbody", "t", 0, 1, 0, 0,
     "GET / HTTP/1.1\nHost:h\nX-Amz-Security-Token:t\nX-Amz-Date:20150830T123600Z\n"
     "x-amz-content-sha256:" BODY_HASH "\nAuthorization:" CREDENTIAL
     ", SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=",
     "\n\nbody"},
    {"a token that is not signed is sent", "GET / HTTP/1.1\nHost:h\n\n", "t", 0, 0, 0, 1,
     "GET / HTTP/1.1\nHost:h\nX-Amz-Security-Token:t\nX-Amz-Date:20150830T123600Z\n"
     "Authorization:" CREDENTIAL ", SignedHeaders=host;x-amz-date, Signature=",
     "\n\n"},
    {"what was signed before is signed anew",
     "GET / HTTP/1.1\nAuthorization: old\nx-amz-date: 20000101T000000Z\nHost:h\n"
     "x-amz-security-token: old\nx-amz-content-sha256: old\n\nbody",
     NULL, 0, 1, 0, 0,
     "GET / HTTP/1.1\nHost:h\nX-Amz-Date:20150830T123600Z\nx-amz-content-sha256:" BODY_HASH
     "\nAuthorization:" CREDENTIAL
     ", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=",
     "\n\nbody"},
    {"unsigned payload", "GET / HTTP/1.1\nHost:h\n\nbody", NULL, 0, 0, 1, 0,
     "GET / HTTP/1.1\nHost:h\nX-Amz-Date:20150830T123600Z\n"
     "x-amz-content-sha256:UNSIGNED-PAYLOAD\nAuthorization:" CREDENTIAL
     ", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=",
     "\n\nbody"},
    {"in the query", "GET /a?b&&c=d HTTP/1.1\nHost:h\n\nbody", NULL, 1, 0, 0, 0,
     "GET /a?b&&c=d&" IN_QUERY "&X-Amz-Expires=3600&X-Amz-Signature=", " HTTP/1.1\nHost:h\n\nbody"},
    {"in the query, with a token", "GET ?b HTTP/1.1\nHost:h\n", "t/", 1, 1, 0, 0,
     "GET /?b&" IN_QUERY "&X-Amz-Expires=3600&X-Amz-Security-Token=t%2F&X-Amz-Signature=",
     " HTTP/1.1\nHost:h\n\n"},
    {"a presigned query is presigned anew",
     "GET /?b&X-Amz-Date=20000101T000000Z&X-Amz-Algorithm=x&X-Amz-Expires=7&"
     "X-Amz-Signature=x&c HTTP/1.1\nHost:h\n",
     NULL, 1, 0, 0, 0,
     "GET /?b&c&" IN_QUERY "&X-Amz-Expires=7&X-Amz-Signature=", " HTTP/1.1\nHost:h\n\n"},
};

static void the_request_is_sent_as_it_came_and_signed_behind(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(requests); i++) {
        struct rig rig;
        struct sigv4_options options = plain;
        options.query = requests[i].query;
        options.sign_body = requests[i].sign_body;
        options.unsigned_payload = requests[i].unsigned_payload;
        options.omit_token = requests[i].omit_token;
        assert_int_equal(start(&rig, &options, requests[i].text, requests[i].token).kind, ERR_NONE);
        str got = show(&rig, SIGV4_SHOW_REQUEST);
        str rest = str_drop(got, strlen(requests[i].wanted));
        if (!str_starts(got, str_from(requests[i].wanted)) || rest.len < HASH_HEX_LEN ||
            !str_eq(str_drop(rest, HASH_HEX_LEN), str_from(requests[i].end))) {
            fail_msg("%s: got\n%.*s", requests[i].name, (int)got.len, got.at);
        }
        end(&rig);
    }
}

static void the_payload_hash_is_the_headers_own_else_the_bodys(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool sign_body, unsigned_payload;
        const char *wanted;
    } rows[] = {
        {"GET / HTTP/1.1\nHost:h\n\nbody", false, false, BODY_HASH},
        {"GET / HTTP/1.1\nHost:h\nx-amz-content-sha256: mine\n\nbody", false, false, "mine"},
        {"GET / HTTP/1.1\nHost:h\nx-amz-content-sha256: mine\n\nbody", true, false, BODY_HASH},
        {"GET / HTTP/1.1\nHost:h\n\nbody", false, true, "UNSIGNED-PAYLOAD"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct rig rig;
        struct sigv4_options options = plain;
        options.sign_body = rows[i].sign_body;
        options.unsigned_payload = rows[i].unsigned_payload;
        assert_int_equal(start(&rig, &options, rows[i].text, NULL).kind, ERR_NONE);
        assert_true(str_ends(show(&rig, SIGV4_SHOW_CANONICAL_REQUEST), str_from(rows[i].wanted)));
        end(&rig);
    }
}

static void it_is_signed_for_the_option_the_request_or_the_clock(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool query;
        int64_t option_ms;
        const char *wanted;
    } rows[] = {
        {"GET / HTTP/1.1\nHost:h\nX-Amz-Date: 20000101T000000Z\n", false, 86400000,
         "\n19700102T000000Z\n"},
        {"GET / HTTP/1.1\nHost:h\nX-Amz-Date: 20000101T000000Z\n", false, -1,
         "\n20000101T000000Z\n"},
        {"GET /?X-Amz-Date=20010101T000000Z HTTP/1.1\nHost:h\n", true, -1, "\n20010101T000000Z\n"},
        {"GET / HTTP/1.1\nHost:h\n", false, -1, "\n19700101T000000Z\n"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct rig rig;
        struct sigv4_options options = plain;
        options.query = rows[i].query;
        options.now_ms = rows[i].option_ms;
        assert_int_equal(start(&rig, &options, rows[i].text, NULL).kind, ERR_NONE);
        assert_true(holds(show(&rig, SIGV4_SHOW_STRING_TO_SIGN), rows[i].wanted));
        end(&rig);
    }
}

static void a_request_without_host_or_with_a_bad_date_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "GET / HTTP/1.1\nA: b\n",
        "GET / HTTP/1.1\nHost: \n",
        "GET / HTTP/1.1\nHost: h\nX-Amz-Date: yesterday\n",
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct rig rig;
        struct sigv4_options options = plain;
        options.now_ms = -1;
        assert_int_equal(start(&rig, &options, rows[i], NULL).kind, ERR_INPUT);
        end(&rig);
    }
}

static void hints_name_what_strikes(void **state)
{
    (void)state;
#define S3_PATH "S3 signs paths"
#define S3_BODY "x-amz-content-sha256: --sign-body"
    static const struct {
        const char *name, *text, *service;
        bool s3_path, sign_body, query;
        const char *wanted; /* empty: no hint at all */
    } rows[] = {
        {"nothing", "GET / HTTP/1.1\nHost:h\n", "sqs", 0, 0, 0, ""},
        {"length", "PUT / HTTP/1.1\nHost:h\nContent-Length: 4\n\nbody\n", "sqs", 0, 0, 0,
         "Content-Length is 4, but the body that was signed has 5 bytes"},
        {"right length", "PUT / HTTP/1.1\nHost:h\nContent-Length: 4\n\nbody", "sqs", 0, 0, 0, ""},
        {"hash of another body",
         "PUT / HTTP/1.1\nHost:h\nX-Amz-Content-Sha256: " OTHER_HASH "\n\nbody", "sqs", 0, 0, 0,
         "is not the body's hash"},
        {"hash of this body", "PUT / HTTP/1.1\nHost:h\nX-Amz-Content-Sha256: " BODY_HASH "\n\nbody",
         "sqs", 0, 0, 0, ""},
        {"S3, path", "GET / HTTP/1.1\nHost:h\n", "s3", 0, 1, 0, S3_PATH},
        {"S3, body", "GET / HTTP/1.1\nHost:h\n", "s3", 1, 0, 0, S3_BODY},
        {"S3, presigned", "GET / HTTP/1.1\nHost:h\n", "s3", 1, 0, 1, "--unsigned-payload"},
        {"S3, as it should be", "GET / HTTP/1.1\nHost:h\n", "s3", 1, 1, 0, ""},
        {"another signature", "GET / HTTP/1.1\nHost:h\nAuthorization: A Credential=x, Signature=00",
         "sqs", 0, 0, 0, "came with another signature"},
        {"another in the query", "GET /?X-Amz-Signature=00 HTTP/1.1\nHost:h\n", "sqs", 0, 0, 1,
         "came with another signature"},
        {"the same",
         "GET / HTTP/1.1\nHost:example.amazonaws.com\n"
         "Authorization: A Credential=x,Signature=" VANILLA,
         "service", 0, 0, 0, "came with this same signature"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct rig rig;
        struct sigv4_options options = plain;
        options.service = str_from(rows[i].service);
        options.no_normalize = options.single_encode = rows[i].s3_path;
        options.sign_body = rows[i].sign_body;
        options.query = rows[i].query;
        assert_int_equal(start(&rig, &options, rows[i].text, NULL).kind, ERR_NONE);
        hints_add(&rig.signing, &rig.out);
        str got = buf_str(&rig.out);
        bool good = rows[i].wanted[0] ? holds(got, rows[i].wanted) : got.len == 0;
        if (!good) {
            fail_msg("%s: got\n%.*s", rows[i].name, (int)got.len, got.at);
        }
        end(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_shown_to_the_byte),
        cmocka_unit_test(all_texts_have_their_titles),
        cmocka_unit_test(the_request_is_sent_as_it_came_and_signed_behind),
        cmocka_unit_test(the_payload_hash_is_the_headers_own_else_the_bodys),
        cmocka_unit_test(it_is_signed_for_the_option_the_request_or_the_clock),
        cmocka_unit_test(a_request_without_host_or_with_a_bad_date_is_refused),
        cmocka_unit_test(hints_name_what_strikes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/fault.h"
#include "base/buf.h"
#include "test/support/guard.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void the_code_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *word, *type, *query, *body, *code;
    } rows[] = {
        {"bare", "", "", "{\"__type\":\"FooError\"}", "FooError"},
        {"shape", "", "", "{\"__type\":\"aws.sqs#FooError\"}", "FooError"},
        {"shape and url", "", "", "{\"__type\":\"a.b#FooError:http://x.y/#z\"}", "FooError"},
        {"url", "", "", "{\"__type\":\"FooError:http://x.y/#z\"}", "FooError"},
        {"code member", "", "", "{\"code\":\"a#FooError\"}", "FooError"},
        {"type before code", "", "", "{\"code\":\"Bar\",\"__type\":\"FooError\"}", "FooError"},
        {"header", "FooError:http://x/", "", "{\"__type\":\"Bar\"}", "FooError"},
        {"query wins", "Bar", "AWS.Simple.Foo;Sender", "{\"__type\":\"Bar\"}", "AWS.Simple.Foo"},
        {"query wins over the body's", "", "Customized;Sender",
         "{\"__type\":\"a.b#CustomCodeError\",\"message\":\"Hi\"}", "Customized"},
        {"query without a fault", "", "Customized", "{\"__type\":\"FooError\"}", "FooError"},
        {"query without a code", "", ";Sender", "{\"__type\":\"FooError\"}", "FooError"},
        {"other members", "", "",
         "{\"__type\":\"FooError\",\"TopLevel\":\"T\",\"Nested\":{\"__type\":\"Bar\"}}",
         "FooError"},
        {"header without a body", "FooError", "", "", "FooError"},
        {"xml of S3", "", "",
         "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>m</Message></Error>",
         "NoSuchKey"},
        {"xml of a query service", "", "",
         " <ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code></Error>",
         "InvalidClientTokenId"},
        {"nothing", "", "", "", ""},
        {"no object", "", "", "[1]", ""},
        {"cut json", "", "", "{\"__type\":\"Foo", ""},
        {"no string", "", "", "{\"__type\":7}", ""},
        {"cut xml", "", "", "<Error><Code>NoSuch", "NoSuch"},
        {"html", "", "", "<html><body>502</body>", ""},
        {"odd characters", "", "", "{\"__type\":\"Foo Error\"}", ""},
        {"too long", "", "",
         "{\"__type\":\"0123456789012345678901234567890123456789012345678901234567890123\"}", ""},
        {"63 fit", "", "",
         "{\"__type\":\"012345678901234567890123456789012345678901234567890123456789012\"}",
         "012345678901234567890123456789012345678901234567890123456789012"},
    };
    struct guard guard;
    guard_init(&guard, 512);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char room[FAULT_CODE_ROOM];
        const struct fault_reply reply = {.error_type = str_from(rows[i].type),
                                          .query_error = str_from(rows[i].query),
                                          .body = guard_lay(&guard, str_from(rows[i].body))};
        str code = fault_code(&reply, room);
        if (!str_eq(code, str_from(rows[i].code))) {
            fail_msg("%s: %.*s", rows[i].word, (int)code.len, code.at);
        }
    }
    guard_close(&guard);
}

/* The cases of the protocol's tests in smithy and botocore. */
static void each_spelling_of_a_code_is_understood_in_each_place(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "FooError",
        "FooError:http://internal.amazon.com/coral/com.amazon.coral.validate/",
        "aws.protocoltests.json10#FooError",
        "aws.protocoltests.json10#FooError:http://internal.amazon.com/coral/validate#x/",
    };
    static const char *const places[] = {"{\"code\": \"%s\"}", "{\n \"__type\": \"%s\"\n}\n"};
    for (size_t i = 0; i < COUNT(spellings); i++) {
        char room[FAULT_CODE_ROOM];
        const struct fault_reply in_header = {.error_type = str_from(spellings[i])};
        assert_true(str_eq(fault_code(&in_header, room), STR("FooError")));
        for (size_t j = 0; j < COUNT(places); j++) {
            struct buf body;
            buf_init(&body, 1024);
            struct str_halves place = str_cut(str_from(places[j]), '%');
            buf_add(&body, place.head);
            buf_add(&body, str_from(spellings[i]));
            buf_add(&body, str_drop(place.tail, 1));
            const struct fault_reply in_body = {.body = buf_str(&body)};
            assert_true(str_eq(fault_code(&in_body, room), STR("FooError")));
            buf_close(&body);
        }
    }
}

static void a_region_is_found_in_xml(void **state)
{
    (void)state;
    static const struct {
        const char *body, *region;
    } rows[] = {
        {"<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>", "eu-west-1"},
        {"<Error><Region>a</Region><Region>b</Region></Error>", "a"},
        {"<Error><Region></Region></Error>", ""},
        {"<Error><Region/></Error>", ""},
        {"<Error><Region>eu-we", "eu-we"},
        {"<Error><Regi", ""},
        {"", ""},
    };
    struct guard guard;
    guard_init(&guard, 512);
    for (size_t i = 0; i < COUNT(rows); i++) {
        str region = fault_region(guard_lay(&guard, str_from(rows[i].body)));
        assert_true(str_eq(region, str_from(rows[i].region)));
    }
    guard_close(&guard);
}

static void a_body_cut_at_any_byte_gives_a_code_or_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"__type\":\"aws.x#FooError\",\"message\":\"\\u00fc\"}",
        "<?xml version=\"1.0\"?><Error><Code>FooError</Code></Error>",
    };
    struct guard guard;
    guard_init(&guard, 512);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        for (size_t len = 0; len <= strlen(bodies[i]); len++) {
            char room[FAULT_CODE_ROOM];
            const struct fault_reply reply = {.body = guard_lay(&guard, (str){bodies[i], len})};
            str code = fault_code(&reply, room);
            assert_true(str_starts(STR("FooError"), code));
        }
    }
    guard_close(&guard);
}

static void a_failure_is_sorted_by_what_can_be_done(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code;
        enum err_kind kind;
    } rows[] = {
        {400, "ValidationException", ERR_INPUT},
        {400, "ConditionalCheckFailedException", ERR_INPUT},
        {400, "", ERR_INPUT},
        {400, "ResourceNotFoundException", ERR_MISSING},
        {400, "ProvisionedThroughputExceededException", ERR_BUSY},
        {400, "ThrottlingException", ERR_BUSY},
        {400, "UnrecognizedClientException", ERR_DENIED},
        {400, "ExpiredTokenException", ERR_DENIED},
        {400, "InvalidSignatureException", ERR_DENIED},
        {400, "AccessDeniedException", ERR_DENIED},
        {500, "InternalServerError", ERR_BUSY},
        {501, "", ERR_BUSY},
        {404, "", ERR_INPUT},
        {400, "AWS.SimpleQueueService.NonExistentQueue", ERR_MISSING},
        {400, "QueueDoesNotExist", ERR_MISSING},
        {400, "InvalidMessageContents", ERR_INPUT},
        {403, "InvalidClientTokenId", ERR_DENIED},
        {404, "NoSuchKey", ERR_MISSING},
        {404, "NoSuchVersion", ERR_MISSING},
        {404, "NoSuchBucket", ERR_INPUT},
        {404, "", ERR_INPUT},
        {412, "", ERR_INPUT},
        {412, "PreconditionFailed", ERR_MISSING},
        {403, "", ERR_DENIED},
        {401, "", ERR_DENIED},
        {400, "ExpiredToken", ERR_DENIED},
        {400, "RequestTimeout", ERR_BUSY},
        {503, "SlowDown", ERR_BUSY},
        {429, "", ERR_BUSY},
        {301, "PermanentRedirect", ERR_BUG},
        {400, "KeyTooLongError", ERR_INPUT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum err_kind kind = fault_kind(rows[i].status, str_from(rows[i].code));
        if (kind != rows[i].kind) {
            fail_msg("%d %s: %s", rows[i].status, rows[i].code, err_kind_name(kind));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_is_found_wherever_it_stands),
        cmocka_unit_test(each_spelling_of_a_code_is_understood_in_each_place),
        cmocka_unit_test(a_region_is_found_in_xml),
        cmocka_unit_test(a_body_cut_at_any_byte_gives_a_code_or_none),
        cmocka_unit_test(a_failure_is_sorted_by_what_can_be_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

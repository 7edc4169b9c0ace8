/* Failures in the API's words, read back as the API would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <sys/stat.h>

#include "runtime/lambda_error.h"
#include "test/unit/runtime/lambda_script.h"

static char folder[] = "/tmp/lambda-error-XXXXXX";
static char home[4096];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(getcwd(home, sizeof home));
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir(home) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void types_are_what_the_api_takes(void **state)
{
    (void)state;
    static const struct {
        const char *code, *otherwise, *type;
    } rows[] = {
        {"Runtime.ExitError", "", "Runtime.ExitError"},
        {"Function.Ab", "", "Function.Ab"},
        {"Function.ABC", "Runtime.Other", "Function.ABC"},
        {"", "", "Function.Busy"},
        {"", "Runtime.InitError", "Runtime.InitError"},
        {"Function.A1", "", "Function.Busy"},
        {"Function.a", "", "Function.Busy"},
        {"Function.A_b", "", "Function.Busy"},
        {"Function.A:b", "", "Function.Busy"},
        {".Ab", "", "Function.Busy"},
        {"Runtime", "", "Function.Busy"},
        {"xRuntime.Ab", "", "Function.Busy"},
        {"RUNTIME.Ab", "Runtime.InitError", "Runtime.InitError"},
        {"Function.Abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi", "",
         "Function.Abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzab"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char memory[LAMBDA_ERROR_MAX_TYPE];
        struct why why = {.kind = ERR_BUSY};
        err_code(&why, str_from(rows[i].code));
        str type = lambda_error_type(&why, str_from(rows[i].otherwise), memory);
        if (!str_eq(type, str_from(rows[i].type))) {
            fail_msg("%s gives %.*s", rows[i].code, (int)type.len, type.at);
        }
    }
}

/* New; the caller decrefs. */
static json_t *parse(const struct buf *out)
{
    json_error_t error;
    assert_false(out->failed);
    json_t *json = json_loadb(out->at, out->len, 0, &error);
    if (!json) {
        fail_msg("not JSON: %s\n%.*s", error.text, (int)out->len, out->at);
    }
    return json;
}

static const char *message_of_cause(const json_t *cause)
{
    const json_t *exception = json_array_get(json_object_get(cause, "exceptions"), 0);
    return json_string_value(json_object_get(exception, "message"));
}

static void assert_header_value(const struct buf *out)
{
    for (size_t i = 0; i < out->len; i++) {
        assert_in_range((unsigned char)out->at[i], 0x20, 0x7e);
    }
}

/* Both say the same, whatever the text is; the cause in ASCII, as it goes into a header. */
static void assert_both_say(const char *text, const char *expected)
{
    char body_memory[LAMBDA_ERROR_MAX_BODY], cause_memory[LAMBDA_ERROR_MAX_CAUSE];
    struct buf body, cause;
    struct why why = {.kind = ERR_BUG, .file = "a.c", .line = 1};
    (void)snprintf(why.text, sizeof why.text, "%s", text);
    buf_wrap(&body, body_memory, sizeof body_memory);
    buf_wrap(&cause, cause_memory, sizeof cause_memory);
    lambda_error_add_body(&body, &why, STR("Function.Bug"));
    lambda_error_add_cause(&cause, &why, STR("Function.Bug"));
    assert_header_value(&cause);
    json_t *error = parse(&body), *reason = parse(&cause);
    assert_string_equal(json_string_value(json_object_get(error, "errorMessage")), expected);
    assert_string_equal(message_of_cause(reason), expected);
    json_decref(error);
    json_decref(reason);
}

static void a_text_is_the_same_in_the_body_and_in_the_cause(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"a \"b\" \\ /", "a \"b\" \\ /"},
        {"\b\t\n\f\r\x01\x1f", "\b\t\n\f\r\x01\x1f"},
        {"\x7f", "\x7f"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xef\xbf\xbf", "\xef\xbf\xbf"},
        {"\xf0\x90\x80\x80 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf",
         "\xf0\x90\x80\x80 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf"},
        {"\xff \xc3", "\xef\xbf\xbd \xef\xbf\xbd"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_both_say(rows[i].text, rows[i].expected);
    }
}

static void the_longest_text_fits(void **state)
{
    (void)state;
    static const char *const units[] = {"\x01", "\"", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xff"};
    for (size_t i = 0; i < COUNT(units); i++) {
        struct why why = {.kind = ERR_BUG};
        char body_memory[LAMBDA_ERROR_MAX_BODY], cause_memory[LAMBDA_ERROR_MAX_CAUSE];
        struct buf body, cause;
        size_t len = strlen(units[i]);
        for (size_t at = 0; at + len < sizeof why.text; at += len) {
            memcpy(why.text + at, units[i], len);
        }
        buf_wrap(&body, body_memory, sizeof body_memory);
        buf_wrap(&cause, cause_memory, sizeof cause_memory);
        lambda_error_add_body(&body, &why, STR("Function.Bug"));
        lambda_error_add_cause(&cause, &why, STR("Function.Bug"));
        json_decref(parse(&body));
        json_decref(parse(&cause));
    }
}

static err fail_plainly(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                        struct why *why)
{
    (void)ctx;
    (void)in;
    (void)reply;
    return FAIL(why, ERR_BUSY, "no more");
}

/* The working directory is part of the cause, and not ours to choose: folders in folders of such a
 * name, `depth` times. */
static void an_error_is_posted_from_a_folder(const char *name, int depth, size_t causes)
{
    static struct script script;
    assert_int_equal(chdir(folder), 0);
    for (int i = 0; i < depth; i++) {
        assert_int_equal(mkdir(name, 0700), 0);
        assert_int_equal(chdir(name), 0);
    }
    script_open(&script, fail_plainly, NULL);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(script_received(&script, "/id-1/error"), 1);
    assert_int_equal(script_received(&script, "{\"errorMessage\":\"no more\""), 1);
    assert_int_equal(script_received(&script, "XRay-Error-Cause: "), causes);
    script_close(&script);
    for (int i = 0; i < depth; i++) {
        assert_int_equal(chdir(".."), 0);
        assert_int_equal(rmdir(name), 0);
    }
}

static void an_error_is_posted_from_any_folder(void **state)
{
    (void)state;
    char longest[251] = {0};
    memset(longest, 'x', sizeof longest - 1);
    an_error_is_posted_from_a_folder("caf\xc3\xa9", 1, 1);
    an_error_is_posted_from_a_folder("a\x7f\n\x01z", 1, 1);
    an_error_is_posted_from_a_folder("\xff", 1, 1);
    an_error_is_posted_from_a_folder(longest, 12, 1);
    memset(longest, 1, sizeof longest - 1);
    an_error_is_posted_from_a_folder(longest, 12, 0); /* a cause that does not fit is left out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_what_the_api_takes),
        cmocka_unit_test(a_text_is_the_same_in_the_body_and_in_the_cause),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(an_error_is_posted_from_any_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

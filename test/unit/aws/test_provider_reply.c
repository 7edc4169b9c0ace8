/* Credentials in JSON, as endpoints and programs give them. */
#include "test/unit/aws/source_rig.h"

#include "test/support/guard.h"

static const struct provider_names names = {"it", "AccessKeyId", "SecretAccessKey", "Token", false};
static const struct provider_names temporary = {"it", "AccessKeyId", "SecretAccessKey", "Token",
                                                true};

#define WHOLE                                                                                      \
    "{\"RoleArn\":\"arn:aws:iam::1:role/r\",\"AccessKeyId\":\"ASIALEAK\",\"SecretAccessKey\":"     \
    "\"LEAK\\/+\",\"Token\":\"LEAK==\",\"Expiration\":\"2026-11-22T14:00:00Z\","                   \
    "\"AccountId\":\"123456789012\",\"More\":[{\"AccessKeyId\":\"no\"}]}"

static enum err_kind read_text(const struct provider_names *as, str text, struct credentials *out,
                               struct why *why)
{
    static char memory[64 * 1024];
    struct provider_work work = {.scratch = {memory, memory + sizeof memory}};
    *why = (struct why){0};
    err read = provider_read_json(&work, text, as, out, why);
    source_check_silent(why, "reply");
    return read.kind;
}

static void a_whole_reply_is_read(void **state)
{
    (void)state;
    struct credentials keys;
    struct why why;
    assert_int_equal(read_text(&temporary, STR(WHOLE), &keys, &why), ERR_NONE);
    source_expect(keys.access_key_id, "ASIALEAK");
    source_expect(keys.secret_access_key, "LEAK/+");
    source_expect(keys.session_token, "LEAK==");
    source_expect(keys.account_id, "123456789012");
    assert_int_equal(keys.expires_ms, 1795356000000);
}

static void what_does_not_end_needs_no_token(void **state)
{
    (void)state;
    struct credentials keys;
    struct why why;
    str text = STR("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}");
    assert_int_equal(read_text(&names, text, &keys, &why), ERR_NONE);
    assert_int_equal(keys.expires_ms, INT64_MAX);
    assert_int_equal(keys.session_token.len, 0);
    assert_int_equal(read_text(&temporary, text, &keys, &why), ERR_DENIED);
    assert_string_equal(why.text, "it: Token is not set");
}

static void what_is_no_set_of_credentials_is_refused(void **state)
{
    (void)state;
#define ID    "\"AccessKeyId\":\"LEAKID\","
#define KEY   "\"SecretAccessKey\":\"LEAK\","
#define TOKEN "\"Token\":\"LEAK\","
#define END   "\"Expiration\":\"2026-11-22T14:00:00Z\""
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"", "not a JSON object"},
        {"LEAK", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"\"LEAK\"", "not a JSON object"},
        {"null", "not a JSON object"},
        {"<html>LEAK</html>", "not a JSON object"},
        {"{" ID KEY TOKEN END "} LEAK", "not a JSON object"},
        {"{" ID KEY TOKEN END ",}", "not a JSON object"},
        {"{}", "AccessKeyId is not set"},
        {"{" KEY TOKEN END "}", "AccessKeyId is not set"},
        {"{" ID TOKEN END "}", "SecretAccessKey is not set"},
        {"{" ID KEY END "}", "Token is not set"},
        {"{" ID KEY TOKEN "\"x\":1}", "Expiration is not a time"},
        {"{" ID KEY TOKEN "\"Expiration\":1795269600}", "Expiration is not a time"},
        {"{" ID KEY TOKEN "\"Expiration\":\"tomorrow\"}", "Expiration is not a time"},
        {"{" ID KEY TOKEN "\"Expiration\":\"2026-11-22\"}", "Expiration is not a time"},
        {"{\"AccessKeyId\":1," KEY TOKEN END "}", "AccessKeyId is not set"},
        {"{\"AccessKeyId\":null," KEY TOKEN END "}", "AccessKeyId is not set"},
        {"{\"AccessKeyId\":[\"LEAK\"]," KEY TOKEN END "}", "AccessKeyId is not set"},
        {"{\"AccessKeyId\":{\"LEAK\":\"LEAK\"}," KEY TOKEN END "}", "AccessKeyId is not set"},
        {"{\"AccessKeyId\":\"LEAK/x\"," KEY TOKEN END "}", "AccessKeyId holds a '/'"},
        {"{" ID KEY "\"Token\":\"LEAK\\nLEAK\"," END "}", "Token holds a blank"},
        {"{" ID KEY "\"Token\":\"LEAK\\u0000\"," END "}", "Token holds a blank"},
        {"{" ID "\"SecretAccessKey\":\"LEAK LEAK\"," TOKEN END "}", "SecretAccessKey holds"},
        {"{" ID KEY TOKEN END ",\"AccountId\":\"LEAK\"}", "AccountId is not 12 digits"},
        {"{" ID KEY TOKEN END ",\"accesskeyid\":\"x\",\"AccessKeyId\":\"\"}", "AccessKeyId is not"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct credentials keys;
        struct why why;
        enum err_kind read = read_text(&temporary, str_from(rows[i].text), &keys, &why);
        if (read != ERR_DENIED || !strstr(why.text, rows[i].told)) {
            fail_msg("%s: %s", rows[i].text, why.text);
        }
    }
}

static void a_reply_cut_off_at_any_byte_is_refused(void **state)
{
    (void)state;
    struct guard guard;
    str text = STR(WHOLE);
    guard_init(&guard, text.len);
    for (size_t len = 0; len < text.len; len++) {
        struct credentials keys;
        struct why why;
        str part = guard_lay(&guard, str_take(text, len));
        assert_int_equal(read_text(&temporary, part, &keys, &why), ERR_DENIED);
    }
    guard_close(&guard);
}

static void no_memory_for_a_reply_is_a_failure(void **state)
{
    (void)state;
    char memory[4];
    struct provider_work work = {.scratch = {memory, memory + sizeof memory}};
    struct credentials keys;
    struct why why = {0};
    assert_true(provider_read_json(&work, STR(WHOLE), &names, &keys, &why).kind != ERR_NONE);
    source_check_silent(&why, "memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_reply_is_read),
        cmocka_unit_test(what_does_not_end_needs_no_token),
        cmocka_unit_test(what_is_no_set_of_credentials_is_refused),
        cmocka_unit_test(a_reply_cut_off_at_any_byte_is_refused),
        cmocka_unit_test(no_memory_for_a_reply_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

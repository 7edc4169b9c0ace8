/* Keys from the environment. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/credentials.h"

#include <stdio.h>
#include <string.h>

#define ID     "AWS_ACCESS_KEY_ID"
#define SECRET "AWS_SECRET_ACCESS_KEY"
#define TOKEN  "AWS_SESSION_TOKEN"
#define NUMBER "AWS_ACCOUNT_ID"

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void temporary_keys_are_read(void **state)
{
    (void)state;
    static const char *const env[] = {"PATH=/bin", TOKEN "=FwoG/+==",      SECRET "=wJal/K7+x=",
                                      ID "=ASIAX", NUMBER "=123456789012", NULL};
    struct credentials keys;
    struct why why = {0};
    assert_int_equal(credentials_from_env(env, &keys, &why).kind, ERR_NONE);
    assert_true(str_eq(keys.access_key_id, STR("ASIAX")));
    assert_true(str_eq(keys.secret_access_key, STR("wJal/K7+x=")));
    assert_true(str_eq(keys.session_token, STR("FwoG/+==")));
    assert_true(str_eq(keys.account_id, STR("123456789012")));
    assert_int_equal(keys.expires_ms, INT64_MAX);
}

static void long_term_keys_have_no_token(void **state)
{
    (void)state;
    static const char *const env[] = {ID "=AKIAX", SECRET "=s", NULL};
    static const char *const empty[] = {ID "=AKIAX", SECRET "=s", TOKEN "=", NULL};
    struct credentials keys;
    struct why why = {0};
    assert_int_equal(credentials_from_env(env, &keys, &why).kind, ERR_NONE);
    assert_int_equal(keys.session_token.len, 0);
    assert_int_equal(keys.account_id.len, 0);
    assert_int_equal(credentials_from_env(empty, &keys, &why).kind, ERR_NONE);
    assert_int_equal(keys.session_token.len, 0);
}

static void expect_refused(const char *row, const char *const *env, const char *variable)
{
    struct credentials keys;
    struct why why = {0};
    err result = credentials_from_env(env, &keys, &why);
    if (result.kind != ERR_DENIED || !str_starts(str_from(why.text), str_from(variable)) ||
        strstr(why.text, "leak")) {
        fail_msg("%s: %s, %s", row, err_kind_name(result.kind), why.text);
    }
}

static void a_missing_variable_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *env[3];
        const char *variable;
    } rows[] = {
        {"nothing set", {NULL}, ID},
        {"no id", {SECRET "=leak", NULL}, ID},
        {"empty id", {ID "=", SECRET "=leak", NULL}, ID},
        {"no secret", {ID "=leak", NULL}, SECRET},
        {"empty secret", {ID "=leak", SECRET "=", NULL}, SECRET},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        expect_refused(rows[i].name, rows[i].env, rows[i].variable);
    }
}

static void a_value_no_key_has_is_refused_without_being_shown(void **state)
{
    (void)state;
    static const char *const variables[] = {ID, SECRET, TOKEN};
    static const char *const values[] = {
        "leak\r", "leak\n",   "leak\r\nx: y", "\tleak",       " leak",    "leak ",
        "le ak",  "leak\x01", "leak\x7f",     "leak\xc3\xa4", "leak\xff",
    };
    for (size_t v = 0; v < ROW_COUNT(variables); v++) {
        for (size_t i = 0; i < ROW_COUNT(values); i++) {
            char bad[64];
            (void)snprintf(bad, sizeof bad, "%s=%s", variables[v], values[i]);
            const char *const env[] = {bad, ID "=leak", SECRET "=leak", TOKEN "=leak", NULL};
            expect_refused(values[i], env, variables[v]);
        }
    }
}

/* They would end it inside "Credential=<id>/<date>/..., SignedHeaders=...". */
static void a_key_id_that_breaks_the_authorization_header_is_refused(void **state)
{
    (void)state;
    static const char *const slash[] = {ID "=leak/20260101", SECRET "=s", NULL};
    static const char *const comma[] = {ID "=leak,Signature", SECRET "=s", NULL};
    expect_refused("slash", slash, ID);
    expect_refused("comma", comma, ID);
}

/* It becomes a label of a host. */
static void an_account_id_that_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {"leak", "12345678901x", "evil.example/", "1 2", "-1"};
    for (size_t i = 0; i < ROW_COUNT(values); i++) {
        char bad[64];
        (void)snprintf(bad, sizeof bad, NUMBER "=%s", values[i]);
        const char *const env[] = {bad, ID "=leak", SECRET "=leak", NULL};
        expect_refused(values[i], env, NUMBER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temporary_keys_are_read),
        cmocka_unit_test(long_term_keys_have_no_token),
        cmocka_unit_test(a_missing_variable_is_named),
        cmocka_unit_test(a_value_no_key_has_is_refused_without_being_shown),
        cmocka_unit_test(a_key_id_that_breaks_the_authorization_header_is_refused),
        cmocka_unit_test(an_account_id_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

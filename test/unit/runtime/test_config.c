/* The function's settings: their defaults, and every bad value named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "runtime/config.h"

#include <stdio.h>
#include <string.h>

static void an_empty_environment_gives_the_original_application_s_names(void **state)
{
    const char *const env[] = {NULL};
    struct config config;
    struct why why = {0};
    (void)state;
    assert_int_equal(config_read(env, &config, &why).kind, ERR_NONE);
    assert_true(str_eq(config.table_name, STR("user-data-table")));
    assert_false(config.batch);
    assert_false(config.partial_response);
    assert_int_equal(config.work_queue_url.len, 0);
    assert_int_equal(config.rejects_queue_url.len, 0);
    assert_int_equal(config.phone_region.len, 0);
    assert_int_equal(config.max_record_bytes, 1048576);
    assert_int_equal(config.fanout_min, 67108864);
}

static void every_variable_is_read(void **state)
{
    const char *const env[] = {
        "TABLE_NAME=people",
        "WRITE_MODE=batch",
        "PARTIAL_RESPONSE=on",
        "WORK_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/123456789012/work",
        "REJECTS_QUEUE_URL=http://127.0.0.1:5000/123456789012/rejects",
        "PHONE_REGION=DE",
        "MAX_RECORD_BYTES=4096",
        "FANOUT_MIN=1",
        NULL,
    };
    struct config config;
    struct why why = {0};
    (void)state;
    assert_int_equal(config_read(env, &config, &why).kind, ERR_NONE);
    assert_true(str_eq(config.table_name, STR("people")));
    assert_true(config.batch);
    assert_true(config.partial_response);
    assert_true(str_ends(config.work_queue_url, STR("/work")));
    assert_true(str_ends(config.rejects_queue_url, STR("/rejects")));
    assert_true(str_eq(config.phone_region, STR("DE")));
    assert_int_equal(config.max_record_bytes, 4096);
    assert_int_equal(config.fanout_min, 1);
}

static void every_bad_value_names_its_variable(void **state)
{
    static const char *const rows[] = {
        "TABLE_NAME=ab",
        "TABLE_NAME=with space",
        "WRITE_MODE=Newest",
        "WRITE_MODE=oldest",
        "PARTIAL_RESPONSE=true",
        "WORK_QUEUE_URL=user-data-queue",
        "WORK_QUEUE_URL=https://host/a b",
        "REJECTS_QUEUE_URL=ftp://host/queue",
        "REJECTS_QUEUE_URL=http://host/q\r\nX: y",
        "WORK_QUEUE_URL=https://host/work.fifo",
        "REJECTS_QUEUE_URL=https://host/rejects.fifo",
        "PHONE_REGION=XX",
        "PHONE_REGION=+49",
        "MAX_RECORD_BYTES=0",
        "MAX_RECORD_BYTES=-1",
        "MAX_RECORD_BYTES=1e6",
        "MAX_RECORD_BYTES=99999999999999999999",
        "FANOUT_MIN=0",
        "FANOUT_MIN=64MiB",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const env[] = {rows[i], NULL};
        struct config config;
        struct why why = {0};
        str name = str_cut(str_from(rows[i]), '=').head;
        if (config_read(env, &config, &why).kind != ERR_BUG) {
            fail_msg("accepted: %s", rows[i]);
        }
        assert_true(str_starts(str_from(why.text), name));
        assert_string_equal(why.code, "Runtime.InvalidConfiguration");
    }
}

static void the_rejects_queue_is_not_the_work_queue(void **state)
{
    const char *const env[] = {"WORK_QUEUE_URL=http://h/q", "REJECTS_QUEUE_URL=http://h/q", NULL};
    struct config config;
    struct why why = {0};
    (void)state;
    assert_int_equal(config_read(env, &config, &why).kind, ERR_BUG);
    assert_true(str_starts(str_from(why.text), STR("REJECTS_QUEUE_URL")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_environment_gives_the_original_application_s_names),
        cmocka_unit_test(every_variable_is_read),
        cmocka_unit_test(the_rejects_queue_is_not_the_work_queue),
        cmocka_unit_test(every_bad_value_names_its_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

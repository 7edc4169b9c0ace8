#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/dynamodb_item.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct dynamodb_config newest = {
    .mode = DYNAMODB_NEWEST, .key_name = {"user_id", 7}, .version_name = {"_v", 2}};
static const struct dynamodb_config batch = {
    .mode = DYNAMODB_BATCH, .key_name = {"user_id", 7}, .version_name = {"_v", 2}};

static enum err_kind check(const struct dynamodb_item *item)
{
    struct why why = {0};
    return dynamodb_item_check(&newest, item, &why).kind;
}

static void an_item_is_written_as_typed_attributes(void **state)
{
    (void)state;
    const struct dynamodb_attribute attributes[] = {
        {STR("user_name"), STR("Zo\xc3\xab \"x\"\n"), false},
        {STR("age"), STR("42"), true},
        {STR("note"), STR(""), false},
    };
    const struct dynamodb_item item = {.key = STR("u\\1"),
                                       .version = STR("001"),
                                       .attributes = attributes,
                                       .attribute_count = COUNT(attributes)};
    struct buf b;
    buf_init(&b, 4096);
    dynamodb_item_add(&newest, &item, &b);
    assert_true(str_eq(buf_str(&b), STR("{\"user_id\":{\"S\":\"u\\\\1\"},\"_v\":{\"S\":\"001\"},"
                                        "\"user_name\":{\"S\":\"Zo\xc3\xab \\\"x\\\"\\n\"},"
                                        "\"age\":{\"N\":\"42\"},\"note\":{\"S\":\"\"}}")));
    buf_close(&b);
}

static void a_batch_item_without_a_version_has_none(void **state)
{
    (void)state;
    const struct dynamodb_item item = {.key = STR("a")};
    struct buf b;
    buf_init(&b, 4096);
    dynamodb_item_add(&batch, &item, &b);
    assert_true(str_eq(buf_str(&b), STR("{\"user_id\":{\"S\":\"a\"}}")));
    buf_close(&b);
}

static void numbers_are_those_of_dynamodb(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"0", true},
        {"-0", true},
        {"42", true},
        {"-12.50", true},
        {"1e125", true},
        {"9.99E+125", true},
        {"1e126", false},
        {"10e125", false},
        {"1e-130", true},
        {"1e-131", false},
        {"0.1e-129", true},
        {"0.1e-130", false},
        {"0e999999", true},
        {"1e99999999999999999999", false},
        {"12345678901234567890123456789012345678", true},
        {"123456789012345678901234567890123456789", false},
        {"123456789012345678901234567890123456780", true},
        {"0.0012345678901234567890123456789012345678", true},
        {"1.00000000000000000000000000000000000001", false},
        {"1000000000000000000000000000000000000000000", true},
        {"", false},
        {"-", false},
        {".", false},
        {"e5", false},
        {"1e", false},
        {"1e+", false},
        {"1.2.3", false},
        {"0x1", false},
        {"1 ", false},
        {"NaN", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dynamodb_attribute number = {STR("n"), str_from(rows[i].text), true};
        const struct dynamodb_item item = {
            .key = STR("a"), .attributes = &number, .attribute_count = 1};
        if ((check(&item) == ERR_NONE) != rows[i].good) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void keys_of_1_to_2048_bytes_are_taken(void **state)
{
    (void)state;
    static char key[DYNAMODB_MAX_KEY_BYTES + 1];
    memset(key, 'k', sizeof key);
    assert_int_equal(check(&(struct dynamodb_item){.key = {key, 0}}), ERR_INPUT);
    assert_int_equal(check(&(struct dynamodb_item){.key = {key, 1}}), ERR_NONE);
    assert_int_equal(check(&(struct dynamodb_item){.key = {key, sizeof key - 1}}), ERR_NONE);
    assert_int_equal(check(&(struct dynamodb_item){.key = {key, sizeof key}}), ERR_INPUT);
}

static void an_item_of_400_kb_is_taken_and_no_larger_one(void **state)
{
    (void)state;
    static char text[DYNAMODB_MAX_ITEM_BYTES];
    memset(text, 't', sizeof text);
    /* user_id + a + _v + 1 + name n */
    size_t rest = DYNAMODB_MAX_ITEM_BYTES - (7 + 1 + 2 + 1 + 1);
    struct dynamodb_attribute attribute = {STR("n"), {text, rest}, false};
    const struct dynamodb_item item = {
        .key = STR("a"), .version = STR("1"), .attributes = &attribute, .attribute_count = 1};
    assert_int_equal(dynamodb_item_bytes(&newest, &item), DYNAMODB_MAX_ITEM_BYTES);
    assert_int_equal(check(&item), ERR_NONE);
    attribute.value.len++;
    assert_int_equal(check(&item), ERR_LIMIT);
}

static void numbers_count_by_their_digits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
    } rows[] = {{"0", 1},      {"7", 2},      {"42", 2}, {"-42", 3},
                {"420000", 2}, {"0.0042", 2}, {"123", 3}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dynamodb_attribute number = {STR("n"), str_from(rows[i].text), true};
        const struct dynamodb_item item = {
            .key = STR("a"), .attributes = &number, .attribute_count = 1};
        assert_int_equal(dynamodb_item_bytes(&batch, &item), 7 + 1 + 1 + rows[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_is_written_as_typed_attributes),
        cmocka_unit_test(a_batch_item_without_a_version_has_none),
        cmocka_unit_test(numbers_are_those_of_dynamodb),
        cmocka_unit_test(keys_of_1_to_2048_bytes_are_taken),
        cmocka_unit_test(an_item_of_400_kb_is_taken_and_no_larger_one),
        cmocka_unit_test(numbers_count_by_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Rejects as JSON, read back with jansson, and versions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/base64.h"
#include "transform/reject.h"
#include "transform/version.h"

#include <jansson.h>
#include <string.h>

static struct delivery message = {.origin = ORIGIN_SQS, .id = {"m-1", 3}};
static struct delivery notification = {.origin = ORIGIN_S3};
static struct input text = {.kind = INPUT_TEXT};
static struct input object = {
    .kind = INPUT_OBJECT,
    .bucket = {"bucket", 6},
    .key = {"a \"b\".csv", 9},
    .etag = {"e1", 2},
};

static json_t *write_and_read(const struct reject *reject)
{
    struct buf out;
    buf_init(&out, (size_t)1 << 20);
    reject_add_json(&out, reject, STR("id0"));
    assert_false(out.failed);
    json_t *root = json_loadb(out.at, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    buf_close(&out);
    return root;
}

static const char *member(json_t *root, const char *name)
{
    return json_string_value(json_object_get(root, name));
}

static void a_reject_says_what_why_and_where(void **state)
{
    struct reject reject = {
        .from =
            {.delivery = &notification, .input = &object, .offset = 1000, .length = 7, .line = 12},
        .reason = REASON_E_PHONE,
        .field = STR("phone_number"),
        .raw = STR("a\xff,b\r\n1"),
    };
    (void)state;
    json_t *root = write_and_read(&reject);
    assert_string_equal(member(root, "id"), "id0");
    assert_string_equal(member(root, "reason"), "E_PHONE");
    assert_string_equal(member(root, "field"), "phone_number");
    assert_string_equal(member(root, "source"), "s3://bucket/a \"b\".csv");
    assert_int_equal(json_integer_value(json_object_get(root, "offset")), 1000);
    assert_int_equal(json_integer_value(json_object_get(root, "length")), 7);
    assert_int_equal(json_integer_value(json_object_get(root, "line")), 12);
    char raw[16];
    size_t len = 0;
    assert_true(base64_decode(str_from(member(root, "raw")), raw, &len));
    assert_int_equal(len, 7);
    assert_memory_equal(raw, "a\xff,b\r\n1", 7);
    assert_null(json_object_get(root, "truncated"));
    json_decref(root);
}

/* U+FFFE is UTF-8, and no character of XML: SQS would refuse the message. */
static void any_key_is_written_in_plain_ascii(void **state)
{
    struct input odd = {
        .kind = INPUT_OBJECT,
        .bucket = STR("bucket"),
        .key = STR("100% \xEF\xBF\xBE\x7F\x01/\xC3\xBC"),
    };
    struct reject reject = {
        .from = {.delivery = &notification, .input = &odd, .offset = 0, .length = 0, .line = 1},
        .reason = REASON_E_JSON};
    (void)state;
    json_t *root = write_and_read(&reject);
    assert_string_equal(member(root, "source"), "s3://bucket/100%25 %EF%BF%BE%7F%01/%C3%BC");
    json_decref(root);
}

static void a_long_record_of_an_object_is_cut_and_says_so(void **state)
{
    static char bytes[REJECT_MAX_OBJECT_RAW_BYTES + 10];
    struct reject reject = {
        .from = {.delivery = &notification,
                 .input = &object,
                 .offset = 0,
                 .length = sizeof bytes,
                 .line = 1},
        .reason = REASON_E_JSON,
        .raw = {bytes, sizeof bytes},
    };
    (void)state;
    json_t *root = write_and_read(&reject);
    assert_true(json_is_true(json_object_get(root, "truncated")));
    assert_int_equal(strlen(member(root, "raw")), (REJECT_MAX_OBJECT_RAW_BYTES + 2) / 3 * 4);
    json_decref(root);
}

/* A shard must not wait for ever for what no message can hold. */
static void a_long_record_of_a_stream_is_cut_where_a_message_ends(void **state)
{
    static char bytes[REJECT_MAX_STREAM_RAW_BYTES + 10];
    memset(bytes, 'x', sizeof bytes);
    struct delivery shard = {.origin = ORIGIN_KINESIS, .id = STR("1")};
    struct input data = {.kind = INPUT_TEXT, .text = {bytes, sizeof bytes}};
    struct reject reject = {.from = {.delivery = &shard, .input = &data, .length = sizeof bytes},
                            .reason = REASON_E_JSON};
    (void)state;
    json_t *root = write_and_read(&reject);
    assert_true(json_is_true(json_object_get(root, "truncated")));
    assert_int_equal(strlen(member(root, "raw")), (REJECT_MAX_STREAM_RAW_BYTES + 2) / 3 * 4);
    json_decref(root);
    data.text.len = reject.from.length = REJECT_MAX_STREAM_RAW_BYTES;
    root = write_and_read(&reject);
    assert_null(json_object_get(root, "truncated"));
    json_decref(root);
}

/* Its offsets are not the text's: the record's own bytes, or all of the text. */
static void of_a_packed_text_the_record_is_kept_or_all_of_it(void **state)
{
    static const struct {
        str raw;
        enum reason reason;
        bool packed;
        const char *kept;
    } rows[] = {
        {STR_INIT("cde"), REASON_E_JSON, false, "Y2Rl"},
        {STR_INIT("cd"), REASON_E_TOO_LONG, true, "AAECAw=="},
        {STR_INIT(""), REASON_E_ITEM_REFUSED, true, "AAECAw=="},
        {STR_INIT("cde"), REASON_E_GZIP, true, "AAECAw=="},
    };
    struct input packed = {.kind = INPUT_TEXT, .packed = true, .text = STR("\0\1\2\3")};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reject reject = {
            .from = {.delivery = &message, .input = &packed, .offset = 2000, .length = 3},
            .reason = rows[i].reason,
            .raw = rows[i].raw};
        json_t *root = write_and_read(&reject);
        assert_string_equal(member(root, "raw"), rows[i].kept);
        assert_int_equal(json_is_true(json_object_get(root, "packed")), rows[i].packed);
        assert_null(json_object_get(root, "truncated"));
        json_decref(root);
    }
}

static void a_record_of_a_message_is_kept_from_its_text(void **state)
{
    struct input long_text = {.kind = INPUT_TEXT, .text = STR("abcdefgh")};
    struct reject reject = {
        .from = {.delivery = &message, .input = &long_text, .offset = 2, .length = 3, .line = 1},
        .reason = REASON_E_JSON};
    (void)state;
    json_t *root = write_and_read(&reject);
    assert_null(json_object_get(root, "truncated"));
    assert_string_equal(member(root, "raw"), "Y2Rl"); /* cde */
    assert_string_equal(member(root, "source"), "sqs:m-1");
    json_decref(root);
}

static void expect_identity(const struct reject *reject, const char *wanted)
{
    char memory[256] = {0};
    struct buf out;
    buf_wrap(&out, memory, sizeof memory - 1);
    reject_add_identity(&out, reject);
    assert_string_equal(memory, wanted);
}

static void a_reject_is_the_same_when_its_delivery_comes_again(void **state)
{
    struct input bad = {.kind = INPUT_BAD, .text = {"x", 1}};
    (void)state;
    expect_identity(&(struct reject){.from = {.delivery = &notification,
                                              .input = &object,
                                              .offset = 5,
                                              .length = 1,
                                              .line = 1}},
                    "s3://bucket/a \"b\".csv|e1|5");
    expect_identity(
        &(struct reject){
            .from = {.delivery = &message, .input = &text, .offset = 9, .length = 1, .line = 1}},
        "sqs:m-1||9");
    expect_identity(
        &(struct reject){
            .from = {.delivery = &message, .input = &bad, .offset = 0, .length = 1, .line = 1}},
        "sqs:m-1||0|x");
}

static int compare_versions(const struct ticket *a, const struct ticket *b, int64_t updated_ms)
{
    char memory[2][VERSION_LEN];
    for (size_t i = 0; i < 2; i++) {
        struct buf out;
        buf_wrap(&out, memory[i], VERSION_LEN);
        version_add(&out, updated_ms, i ? b : a);
        assert_int_equal(out.len, VERSION_LEN);
        assert_false(out.failed);
    }
    return memcmp(memory[0], memory[1], VERSION_LEN);
}

static void versions_sort_by_time_then_tie_then_offset(void **state)
{
    struct delivery shard = {.origin = ORIGIN_KINESIS};
    const struct {
        const char *what;
        struct delivery *delivery;
        struct input early, late;
        uint64_t early_offset, late_offset;
        int64_t updated_ms;
    } rows[] = {
        {"time", &message, {.event_ms = 999}, {.event_ms = 1000}, 5, 0, -1},
        {"sequence numbers are numbers",
         &shard,
         {.event_ms = 1, .tie = STR_INIT("99"), .tie_is_number = true},
         {.event_ms = 1, .tie = STR_INIT("100"), .tie_is_number = true},
         5,
         0,
         -1},
        {"sequencers are padded on the right",
         &notification,
         {.event_ms = 1, .tie = STR_INIT("0055A05")},
         {.event_ms = 1, .tie = STR_INIT("0055A1")},
         5,
         0,
         -1},
        {"a correction", &message, {.event_ms = 5}, {.event_ms = 6}, 1, 0, 7},
        {"offset", &message, {.event_ms = 1}, {.event_ms = 1}, 9, 10, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct input inputs[] = {rows[i].early, rows[i].late};
        struct ticket early = {
            .delivery = rows[i].delivery, .input = &inputs[0], .offset = rows[i].early_offset};
        struct ticket late = {
            .delivery = rows[i].delivery, .input = &inputs[1], .offset = rows[i].late_offset};
        if (compare_versions(&early, &late, rows[i].updated_ms) >= 0) {
            fail_msg("%s", rows[i].what);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reject_says_what_why_and_where),
        cmocka_unit_test(any_key_is_written_in_plain_ascii),
        cmocka_unit_test(a_long_record_of_an_object_is_cut_and_says_so),
        cmocka_unit_test(a_long_record_of_a_stream_is_cut_where_a_message_ends),
        cmocka_unit_test(a_record_of_a_message_is_kept_from_its_text),
        cmocka_unit_test(of_a_packed_text_the_record_is_kept_or_all_of_it),
        cmocka_unit_test(a_reject_is_the_same_when_its_delivery_comes_again),
        cmocka_unit_test(versions_sort_by_time_then_tie_then_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

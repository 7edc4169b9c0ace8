/* The services' events as they come, field by field. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/unit/transform/event_fixture.h"

#include <string.h>

#define BUCKET   "shehan-user-data"
#define MESSAGE1 "059f36b4-87a3-44ab-83d2-661975830a7d"
#define MESSAGE2 "2e1424d4-f796-459a-8184-9c92662be6da"
#define MESSAGE3 "c80e8021-a70a-42c7-a470-796e1186f753"
#define SHARD1   "49590338271490256608559692538361571095921575989136588898"
#define SHARD2   "49590338271490256608559692540925702759324208523137515618"
#define ETAG     "d41d8cd98f00b204e9800998ecf8427e"
#define USER1                                                                                      \
    "{\"user_id\":\"u-1\",\"user_name\":\"Ada Lovelace\","                                         \
    "\"phone_number\":\"+442079460958\"}"

static const int64_t noon_ms = 1772368245123; /* 2026-03-01T12:30:45.123Z */

/* One input of an event; the rows of an event stand together, in order. Strings that are NULL must
 * be empty. */
struct expected {
    const char *file;
    size_t delivery;
    enum origin origin;
    const char *id, *group;
    enum input_kind kind;
    enum reason bad;
    const char *text, *bucket, *key, *version, *etag, *tie;
    uint64_t size;
    int64_t ms;
};

#define OBJECT(named)                                                                              \
    .kind = INPUT_OBJECT, .bucket = BUCKET, .etag = ETAG, .size = 1024, .ms = noon_ms,             \
    .tie = "0055AED6DCD90281E5", .key = named

static const struct expected inputs[] = {
    {"s3-put.json", OBJECT("users/2026/march.json"), .version = "096fKKXTRTtl3on89fVO.nfljtsv6qko"},
    {"s3-copy.json", .kind = INPUT_OBJECT, .bucket = BUCKET, .key = "users/copy.csv",
     .etag = "0123456789abcdef0123456789abcdef", .tie = "0A1B2C3D4E5F678901", .size = 2048,
     .ms = noon_ms},
    {"s3-multipart.json", .kind = INPUT_OBJECT, .bucket = BUCKET, .key = "users/large.ndjson.gz",
     .etag = "9b2cf535f27731c974343645a3985328-640", .tie = "0061F1B2C3D4E5F601",
     .size = 5368709120, .ms = noon_ms},
    {"s3-delete.json", .kind = INPUT_IGNORED},
    {"s3-delete.json", .delivery = 1, .kind = INPUT_IGNORED},
    {"s3-test-event.json", .kind = INPUT_IGNORED},
    {"sqs.json", 0, ORIGIN_SQS, MESSAGE1, .kind = INPUT_TEXT, .text = USER1, .ms = noon_ms,
     .tie = MESSAGE1, .size = sizeof USER1 - 1},
    {"sqs.json", 1, ORIGIN_SQS, MESSAGE2, .kind = INPUT_TEXT,
     .text = "user_id=u-2\nuser_name=Grace Hopper\nphone_number=+12025550143\n",
     .ms = 1772368246000, .tie = MESSAGE2, .size = 61},
    {"sqs.json", 2, ORIGIN_SQS, MESSAGE3, .kind = INPUT_TEXT,
     .text = "{\"user_id\":\"u-3\",\"user_name\":\"Zo\\u00eb \\\"Z\\\"\"}", .ms = 1772368247000,
     .tie = MESSAGE3, .size = 46},
    {"sqs-fifo.json", 0, ORIGIN_SQS, MESSAGE1, "group-a", .kind = INPUT_TEXT, .text = USER1,
     .ms = noon_ms, .tie = MESSAGE1, .size = sizeof USER1 - 1},
    {"sqs-fifo.json", 1, ORIGIN_SQS, MESSAGE2, "group-b", .kind = INPUT_TEXT,
     .text = "{\"user_id\":\"u-2\"}", .ms = noon_ms, .tie = MESSAGE2, .size = 17},
    {"sqs-fifo.json", 2, ORIGIN_SQS, MESSAGE3, "group-a", .kind = INPUT_TEXT,
     .text = "{\"user_id\":\"u-3\"}", .ms = noon_ms, .tie = MESSAGE3, .size = 17},
    {"sqs-s3.json", 0, ORIGIN_SQS, MESSAGE1, OBJECT("new users/one.json")},
    {"sqs-s3.json", 0, ORIGIN_SQS, MESSAGE1, .kind = INPUT_OBJECT, .bucket = BUCKET,
     .key = "two.csv", .etag = ETAG, .size = 1024, .ms = noon_ms, .tie = "0055AED6DCD90281E6"},
    {"sqs-s3.json", 0, ORIGIN_SQS, MESSAGE1, .kind = INPUT_IGNORED},
    {"sqs-s3.json", 1, ORIGIN_SQS, MESSAGE2, .kind = INPUT_TEXT, .text = USER1, .ms = noon_ms,
     .tie = MESSAGE2, .size = sizeof USER1 - 1},
    {"sqs-s3-test-event.json", 0, ORIGIN_SQS, MESSAGE1, .kind = INPUT_IGNORED},
    {"sqs-sns-s3.json", 0, ORIGIN_SQS, MESSAGE1, OBJECT("new users/one.json")},
    {"sqs-sns-s3.json", 1, ORIGIN_SQS, MESSAGE2, .kind = INPUT_TEXT, .text = USER1, .ms = noon_ms,
     .tie = MESSAGE2, .size = sizeof USER1 - 1},
    {"kinesis.json", 0, ORIGIN_KINESIS, SHARD1, .kind = INPUT_TEXT, .text = USER1,
     .ms = 1772368245987, .tie = SHARD1, .size = sizeof USER1 - 1},
    {"kinesis.json", 1, ORIGIN_KINESIS, SHARD2, .kind = INPUT_TEXT,
     .text = "user_id=u-2\nuser_name=J\u00fcrgen\n", .ms = 1772368246000, .tie = SHARD2,
     .size = 30},
    {"eventbridge-object-created.json", .kind = INPUT_OBJECT, .bucket = BUCKET,
     .key = "new users/a+b%20c.json", .version = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
     .etag = "b1946ac92492d2347c6235b4d2611184", .tie = "00617F08299329D189", .size = 5,
     .ms = 1772368245000},
    {"direct-object.json", 0, ORIGIN_DIRECT, .kind = INPUT_OBJECT, .bucket = BUCKET,
     .key = "new users/a+b.json", .size = UINT64_MAX},
    {"mixed.json", OBJECT("users/one.json")},
    {"mixed.json", 1, ORIGIN_SQS, MESSAGE1, .kind = INPUT_TEXT, .text = USER1, .ms = noon_ms,
     .tie = MESSAGE1, .size = sizeof USER1 - 1},
    {"mixed.json", 2, ORIGIN_KINESIS, SHARD1, .kind = INPUT_TEXT, .text = USER1,
     .ms = 1772368245987, .tie = SHARD1, .size = sizeof USER1 - 1},
    {"mixed.json", 3, .kind = INPUT_IGNORED},
};

static void check_text(const struct expected *want, const char *what, str got, const char *text)
{
    if (!str_eq(got, str_from(text))) {
        fail_msg("%s, delivery %zu: %s is \"%.*s\"", want->file, want->delivery, what, (int)got.len,
                 got.at);
    }
}

static void check_number(const struct expected *want, const char *what, uint64_t got,
                         uint64_t number)
{
    if (got != number) {
        fail_msg("%s, delivery %zu: %s is %llu", want->file, want->delivery, what,
                 (unsigned long long)got);
    }
}

static void check_input(const struct expected *want, const struct input *got)
{
    check_number(want, "kind", got->kind, want->kind);
    check_number(want, "reason", got->bad, want->bad);
    check_text(want, "text", got->kind == INPUT_OBJECT ? STR("") : got->text, want->text);
    check_text(want, "bucket", got->bucket, want->bucket);
    check_text(want, "key", got->key, want->key);
    check_text(want, "version", got->version_id, want->version);
    check_text(want, "etag", got->etag, want->etag);
    check_text(want, "tie", got->tie, want->tie);
    check_number(want, "size", got->size, want->size);
    check_number(want, "time", (uint64_t)got->event_ms, (uint64_t)want->ms);
}

static void check_delivery(const struct expected *want, const struct delivery *got)
{
    check_number(want, "origin", got->origin, want->origin);
    check_text(want, "id", got->id, want->id);
    check_text(want, "group", got->group_id, want->group);
    check_number(want, "fifo", got->fifo, want->group != NULL);
    check_number(want, "failed", got->failed, 0);
    check_number(want, "pending", got->pending, 0);
}

/* Checks the event of the rows that start at `want`; how many there are. */
static size_t check_event(const struct expected *want)
{
    struct result result = read_event(load_event(want->file));
    size_t n = 0;
    size_t rows = 0;
    if (result.err.kind) {
        fail_msg("%s: %s", want->file, result.why.text);
    }
    for (const struct delivery *d = result.first; d; d = d->next, n++) {
        for (const struct input *in = d->inputs; in; in = in->next, rows++) {
            if (want + rows == inputs + COUNT(inputs) || strcmp(want[rows].file, want->file) != 0) {
                fail_msg("%s: more inputs than expected", want->file);
            }
            check_number(&want[rows], "delivery", n, want[rows].delivery);
            check_delivery(&want[rows], d);
            check_input(&want[rows], in);
        }
    }
    return rows;
}

static void each_canned_event_is_read_field_by_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(inputs);) {
        size_t rows = check_event(&inputs[i]);
        assert_true(rows > 0);
        assert_true(i + rows == COUNT(inputs) ||
                    strcmp(inputs[i + rows].file, inputs[i].file) != 0);
        i += rows;
    }
}

static void keys_are_decoded_as_forms_and_a_bad_one_is_refused_alone(void **state)
{
    static const char *const keys[] = {
        "new users/a b+c.json",
        "with space.json",
        "users/encoded/slash.csv",
        "J\u00fcrgen/\u65e5\u672c.csv",
        "100%.json",
        "\U0001f600.json",
        "a&b=c?d#e.json",
        NULL,
        NULL,
        "plain.json",
    };
    struct result result = read_event(load_event("s3-awkward-keys.json"));
    size_t n = 0;
    (void)state;
    assert_int_equal(result.err.kind, ERR_NONE);
    for (const struct delivery *d = result.first; d; d = d->next, n++) {
        const struct input *in = d->inputs;
        assert_true(n < COUNT(keys));
        assert_int_equal(in->kind, keys[n] ? INPUT_OBJECT : INPUT_BAD);
        assert_int_equal(in->bad, keys[n] ? REASON_NONE : REASON_E_KEY);
        assert_true(str_eq(in->key, str_from(keys[n])));
        assert_true(str_starts(in->text, STR("{\n")) && str_ends(in->text, STR("}")));
    }
    assert_int_equal(n, COUNT(keys));
}

static void the_record_of_an_object_is_kept_for_handing_on(void **state)
{
    str text = load_event("s3-put.json");
    struct result result = read_event(text);
    str kept = result.first->inputs->notification;
    (void)state;
    assert_true(kept.at > text.at && kept.at + kept.len < text.at + text.len);
    assert_true(str_starts(kept, STR("{")) && str_ends(kept, STR("}")));
    assert_non_null(memmem(kept.at, kept.len, "\"eventVersion\"", 14));
    assert_non_null(memmem(kept.at, kept.len, "\"sequencer\"", 11));
}

static void check_same(const char *file, const struct input *a, const struct input *b)
{
    bool same = a->kind == b->kind && str_eq(a->bucket, b->bucket) && str_eq(a->key, b->key) &&
                str_eq(a->etag, b->etag) && str_eq(a->version_id, b->version_id) &&
                str_eq(a->tie, b->tie) && a->size == b->size && a->event_ms == b->event_ms;
    if (!same) {
        fail_msg("%s: not the same when handed on", file);
    }
}

static void an_object_is_the_same_when_it_is_handed_on(void **state)
{
    static const char *const files[] = {"s3-put.json", "eventbridge-object-created.json",
                                        "direct-object.json"};
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct arena arena = arena_start(&block);
        struct delivery *first = NULL;
        struct delivery *again = NULL;
        struct why why = {0};
        assert_int_equal(event_read(load_event(files[i]), &arena, &first, &why).kind, ERR_NONE);
        char text[8192];
        str kept = first->inputs->notification;
        int len = snprintf(text, sizeof text, "{\"Records\":[%.*s]}", (int)kept.len, kept.at);
        assert_true(len > 0 && (size_t)len < sizeof text);
        assert_int_equal(event_read((str){text, (size_t)len}, &arena, &again, &why).kind, ERR_NONE);
        check_same(files[i], first->inputs, again->inputs);
    }
}

static void a_direct_invocation_is_its_own_text(void **state)
{
    str text = load_event("direct.json");
    struct result result = read_event(text);
    (void)state;
    assert_int_equal(result.err.kind, ERR_NONE);
    assert_int_equal(result.first->origin, ORIGIN_DIRECT);
    assert_null(result.first->next);
    assert_int_equal(result.first->inputs->kind, INPUT_TEXT);
    assert_true(str_eq(result.first->inputs->text, text));
    assert_null(result.first->inputs->next);
}

static void another_service_s_event_is_unknown(void **state)
{
    struct result result = read_event(load_event("unknown.json"));
    (void)state;
    assert_true(is_unknown(&result));
}

static void the_arn_says_where_a_message_came_from(void **state)
{
    struct result result = read_event(load_event("sqs.json"));
    (void)state;
    assert_true(str_eq(result.first->arn, STR(QUEUE_ARN)));
    result = read_event(load_event("kinesis.json"));
    assert_true(str_eq(result.first->arn,
                       STR("arn:aws:kinesis:eu-west-1:123456789012:stream/user-data-stream")));
}

static void texts_without_escapes_are_borrowed_from_the_event(void **state)
{
    str text = load_event("sqs.json");
    struct result result = read_event(text);
    (void)state;
    assert_true(result.first->id.at > text.at && result.first->id.at < text.at + text.len);
}

static void every_origin_has_a_name(void **state)
{
    (void)state;
    assert_true(str_eq(event_origin_name(ORIGIN_S3), STR("s3")));
    assert_true(str_eq(event_origin_name(ORIGIN_SQS), STR("sqs")));
    assert_true(str_eq(event_origin_name(ORIGIN_KINESIS), STR("kinesis")));
    assert_true(str_eq(event_origin_name(ORIGIN_DIRECT), STR("direct")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_canned_event_is_read_field_by_field),
        cmocka_unit_test(keys_are_decoded_as_forms_and_a_bad_one_is_refused_alone),
        cmocka_unit_test(the_record_of_an_object_is_kept_for_handing_on),
        cmocka_unit_test(an_object_is_the_same_when_it_is_handed_on),
        cmocka_unit_test(a_direct_invocation_is_its_own_text),
        cmocka_unit_test(another_service_s_event_is_unknown),
        cmocka_unit_test(the_arn_says_where_a_message_came_from),
        cmocka_unit_test(texts_without_escapes_are_borrowed_from_the_event),
        cmocka_unit_test(every_origin_has_a_name),
    };
    return cmocka_run_group_tests(tests, open_block, close_block);
}

/* The message itself: written and read back, and read from anybody. */
#include "test/unit/transform/hops.h"
#include "transform/continuation.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static struct input *read_body(str body)
{
    struct arena arena = arena_start(&block);
    struct delivery *first = NULL;
    struct why why = {0};
    struct buf event;
    buf_init(&event, 1 << 20);
    hops_wrap(body, &event);
    str copy = arena_copy(&arena, buf_str(&event));
    buf_close(&event);
    assert_int_equal(event_read(copy, &arena, &first, &why).kind, ERR_NONE);
    assert_non_null(first);
    assert_non_null(first->inputs);
    return first->inputs;
}

#define RECORD                                                                                     \
    "\"record\":{\"eventTime\":\"2026-05-28T20:26:30.123Z\",\"s3\":{\"bucket\":{\"name\":\"b\"},"  \
    "\"object\":{\"key\":\"k\",\"size\":99,\"eTag\":\"e\",\"sequencer\":\"00A1\"}}}"
#define BEGINNING     "{\"user-ingest-continuation\":{\"version\":1,\"job\":\"r-1\",\"hop\":1,"
#define PLACE         "\"offset\":10,\"line\":3,\"place\":1,"
#define REST          PLACE RECORD "}}"
#define GZIP(members) BEGINNING "\"format\":\"json\"," PLACE "\"gzip\":{" members "}," RECORD "}}"

static void what_is_written_is_read_back(void **state)
{
    static const str columns[] = {STR_INIT("user_id"), STR_INIT(""),
                                  STR_INIT("50%, \"\xC3\xA9\"\n")};
    static char bytes[INFLATE_WINDOW_BYTES];
    static char memory[1 << 20];
    const struct continuation c = {
        .job = STR("11111111-2222"),
        .hop = 7,
        .stalled = 2,
        .state = {.at = {123456789012, 345, 3},
                  .format = FORMAT_CSV,
                  .wrapped = true,
                  .delimiter = '\t',
                  .columns = columns,
                  .column_count = 3},
        .packed = true,
        .point = {.in = 99,
                  .out = 98,
                  .inside = true,
                  .bits = 7,
                  .crc = UINT32_MAX,
                  .length = 5,
                  .window = {bytes, sizeof bytes}},
    };
    const struct input object = {.bucket = STR("b"),
                                 .key = STR("a b/\xC3\xA9+%"),
                                 .version_id = STR("v.1"),
                                 .size = 200000000000,
                                 .event_ms = 1234567890123,
                                 .tie = STR("00A1")};
    struct arena scratch = {memory, memory + sizeof memory};
    struct continuation again;
    struct buf body;
    (void)state;
    memset(bytes, 'x', sizeof bytes / 2);
    buf_init(&body, CONTINUATION_MAX_BYTES);
    assert_true(continuation_write(&body, &c, &object, scratch));
    const struct input *in = read_body(buf_str(&body));
    assert_int_equal(in->kind, INPUT_OBJECT);
    assert_true(str_eq(in->key, object.key) && str_eq(in->bucket, object.bucket));
    assert_true(str_eq(in->version_id, object.version_id) && str_eq(in->tie, object.tie));
    assert_true(in->event_ms == object.event_ms && in->size == 200000000000 && in->start == 99);
    assert_true(continuation_unpack(in->from, &scratch, &again));
    assert_true(str_eq(again.job, c.job) && again.hop == 7 && again.stalled == 2);
    assert_memory_equal(&again.state.at.offset, &c.state.at.offset, 2 * sizeof(uint64_t));
    assert_true(again.state.at.place == 3 && again.state.wrapped && again.state.delimiter == '\t');
    assert_int_equal(again.state.column_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_eq(again.state.columns[i], columns[i]));
    }
    assert_true(again.point.out == 98 && again.point.inside && again.point.bits == 7);
    assert_true(again.point.crc == UINT32_MAX && again.point.length == 5);
    assert_true(str_eq(again.point.window, c.point.window));
    buf_close(&body);
}

static const struct {
    const char *word, *body;
    enum reason bad;
} messages[] = {
    {"good", BEGINNING "\"format\":\"json\"," REST, REASON_NONE},
    {"no format", BEGINNING REST, REASON_E_CONTINUATION},
    {"unknown format", BEGINNING "\"format\":\"xml\"," REST, REASON_E_CONTINUATION},
    {"rows without columns", BEGINNING "\"format\":\"csv\"," REST, REASON_E_CONTINUATION},
    {"another version",
     "{\"user-ingest-continuation\":{\"version\":2,\"job\":\"j\","
     "\"format\":\"json\"," REST,
     REASON_E_CONTINUATION},
    {"no version", "{\"user-ingest-continuation\":{\"job\":\"j\",\"format\":\"json\"," REST,
     REASON_E_CONTINUATION},
    {"no job", "{\"user-ingest-continuation\":{\"version\":1,\"format\":\"json\"," REST,
     REASON_E_CONTINUATION},
    {"job with a line feed",
     "{\"user-ingest-continuation\":{\"version\":1,\"job\":\"a\\n\","
     "\"format\":\"json\"," REST,
     REASON_E_CONTINUATION},
    {"job with a NUL",
     "{\"user-ingest-continuation\":{\"version\":1,\"job\":\"a\\u0000\","
     "\"format\":\"json\"," REST,
     REASON_E_CONTINUATION},
    {"no record", BEGINNING "\"format\":\"json\",\"offset\":1,\"line\":1}}", REASON_E_EVENT_RECORD},
    {"record of nothing", BEGINNING "\"format\":\"json\",\"line\":1,\"record\":{}}}",
     REASON_E_EVENT_RECORD},
    {"bucket with a slash",
     BEGINNING
     "\"format\":\"json\"," PLACE
     "\"record\":{\"s3\":{\"bucket\":{\"name\":\"b/c\"},\"object\":{\"key\":\"k\",\"eTag\":"
     "\"e\"}}}}}",
     REASON_E_EVENT_RECORD},
    {"key with a bad escape",
     BEGINNING
     "\"format\":\"json\"," PLACE
     "\"record\":{\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"%zz\",\"eTag\":"
     "\"e\"}}}}}",
     REASON_E_KEY},
    {"not pinned",
     BEGINNING "\"format\":\"json\"," PLACE
               "\"record\":{\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}}}",
     REASON_E_CONTINUATION},
    {"offset of text", BEGINNING "\"format\":\"json\",\"offset\":\"1\",\"line\":1," RECORD "}}",
     REASON_E_CONTINUATION},
    {"offset below zero", BEGINNING "\"format\":\"json\",\"offset\":-1,\"line\":1," RECORD "}}",
     REASON_E_CONTINUATION},
    {"offset past all",
     BEGINNING "\"format\":\"json\",\"offset\":1000000000000000,\"line\":1," RECORD "}}",
     REASON_E_CONTINUATION},
    {"offset past 64 bits",
     BEGINNING "\"format\":\"json\",\"offset\":99999999999999999999,\"line\":1," RECORD "}}",
     REASON_E_CONTINUATION},
    {"line zero", BEGINNING "\"format\":\"json\",\"offset\":1,\"line\":0," RECORD "}}",
     REASON_E_CONTINUATION},
    {"place past all", BEGINNING "\"format\":\"json\",\"line\":1,\"place\":6," RECORD "}}",
     REASON_E_CONTINUATION},
    {"delimiter unknown", BEGINNING "\"format\":\"json\",\"delimiter\":\"x\"," REST,
     REASON_E_CONTINUATION},
    {"delimiter NUL", BEGINNING "\"format\":\"json\",\"delimiter\":\"\\u0000\"," REST,
     REASON_E_CONTINUATION},
    {"delimiter of two", BEGINNING "\"format\":\"json\",\"delimiter\":\",,\"," REST,
     REASON_E_CONTINUATION},
    {"offset behind the end",
     BEGINNING "\"format\":\"json\",\"offset\":100,\"line\":1," RECORD "}}", REASON_E_CONTINUATION},
    {"text to its end", BEGINNING "\"format\":\"json\",\"offset\":99,\"line\":1," RECORD "}}",
     REASON_NONE},
    {"gzip at its end", GZIP("\"in\":99,\"out\":9"), REASON_E_CONTINUATION},
    {"gzip good", GZIP("\"in\":5,\"out\":9"), REASON_NONE},
    {"gzip past the offset", GZIP("\"in\":5,\"out\":11"), REASON_E_CONTINUATION},
    {"gzip bits", GZIP("\"bits\":8"), REASON_E_CONTINUATION},
    {"gzip CRC", GZIP("\"crc\":4294967296"), REASON_E_CONTINUATION},
    {"gzip length", GZIP("\"length\":4294967296"), REASON_E_CONTINUATION},
};

static void a_message_that_is_none_of_ours_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        const struct input *in = read_body(str_from(messages[i].body));
        bool good = in->kind == INPUT_OBJECT && in->from;
        if (in->bad != messages[i].bad || good != !messages[i].bad ||
            (!good && in->kind != INPUT_BAD)) {
            fail_msg("%s: %s", messages[i].word, reason_code(in->bad).at);
        }
    }
}

/* Cut off, it is no JSON any more, and so it is data. */
static void a_message_cut_at_each_byte_is_never_acted_on(void **state)
{
    static const char good[] = GZIP("\"in\":5,\"out\":9,\"window\":\"AwA=\"");
    (void)state;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        assert_int_equal(read_body((str){good, len})->kind, INPUT_TEXT);
    }
    assert_int_equal(read_body(str_from(good))->kind, INPUT_OBJECT);
}

static void a_user_who_has_such_a_member_is_a_user(void **state)
{
    (void)state;
    assert_int_equal(
        read_body(STR("{\"user_id\":\"1\",\"user-ingest-continuation\":{\"version\":1}}"))->kind,
        INPUT_TEXT);
    assert_int_equal(read_body(STR("{\"user-ingest-continuation\":\"yes\"}"))->kind, INPUT_TEXT);
}

static void expect_refused(const char *body)
{
    static struct hops h;
    struct buf event;
    buf_init(&event, 1 << 20);
    h = (struct hops){.object = STR("{\"user_id\":\"a\"}")};
    hops_wrap(str_from(body), &event);
    hops_run(&h, buf_str(&event));
    buf_close(&event);
    assert_int_equal(h.result.kind, ERR_NONE);
    assert_string_equal(h.answer, "{\"batchItemFailures\":[]}");
    assert_int_equal(h.reject_count, 1);
    assert_non_null(strstr(h.rejects[0].text, "E_CONTINUATION"));
}

/* They are looked at when the object is opened. */
static void columns_and_windows_that_are_none_are_refused(void **state)
{
    (void)state;
    expect_refused(BEGINNING "\"format\":\"csv\",\"columns\":\"user_id,%4\"," REST);
    expect_refused(BEGINNING "\"format\":\"csv\",\"columns\":\"%\"," REST);
    expect_refused(GZIP("\"inside\":true,\"window\":\"!\""));
    expect_refused(GZIP("\"inside\":true,\"window\":\"\""));
    expect_refused(GZIP("\"inside\":true"));
    expect_refused(GZIP("\"inside\":true,\"window\":\"/////w==\""));
}

static void more_columns_than_there_may_be_are_refused(void **state)
{
    static char body[8192];
    struct buf b;
    (void)state;
    buf_wrap(&b, body, sizeof body - 1);
    buf_add(&b, STR(BEGINNING "\"format\":\"csv\",\"columns\":\"user_id"));
    for (size_t i = 0; i < RECORD_MAX_FIELDS; i++) {
        buf_char(&b, ',');
    }
    buf_add(&b, STR("\"," REST));
    assert_false(b.failed);
    expect_refused(body);
}

/* What it says of the object is wrong: the data are what they are then, and nothing worse. */
static void a_place_that_is_none_gives_bad_records_only(void **state)
{
    static const char *const bodies[] = {
        GZIP("\"in\":1,\"out\":0,\"inside\":true,\"bits\":3,\"window\":\"AwA=\""),
        GZIP("\"in\":0,\"out\":0,\"inside\":false"),
        BEGINNING "\"format\":\"kv\"," REST,
        BEGINNING "\"format\":\"unknown\"," REST,
        BEGINNING "\"format\":\"json\",\"wrapped\":true,\"offset\":3,\"line\":1,\"place\":5," RECORD
                  "}}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        static struct hops h;
        struct buf event;
        buf_init(&event, 1 << 20);
        h = (struct hops){.object = STR("{\"user_id\":\"a\"}\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n")};
        hops_wrap(str_from(bodies[i]), &event);
        hops_run(&h, buf_str(&event));
        buf_close(&event);
        assert_int_equal(h.result.kind, ERR_NONE);
        assert_int_equal(h.user_count, 0);
        assert_int_equal(h.sums.in, h.reject_count);
    }
}

static void without_memory_it_says_so(void **state)
{
    static char memory[64];
    struct event_parts parts = {0};
    struct arena arena = {memory, memory + sizeof memory};
    struct input input = {.bucket = STR("b"), .key = STR("k"), .etag = STR("e")};
    const struct continuation packed = {.job = STR("j"), .packed = true};
    struct buf body;
    (void)state;
    buf_init(&body, CONTINUATION_MAX_BYTES);
    assert_false(continuation_write(&body, &packed, &input, arena));
    buf_close(&body);
    struct buf small;
    buf_wrap(&small, memory, sizeof memory);
    assert_false(continuation_write(&small, &packed, &input, arena_start(&block)));
    assert_int_equal(continuation_read(&parts, &arena, &input).kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_message_that_is_none_of_ours_is_refused),
        cmocka_unit_test(a_message_cut_at_each_byte_is_never_acted_on),
        cmocka_unit_test(a_user_who_has_such_a_member_is_a_user),
        cmocka_unit_test(columns_and_windows_that_are_none_are_refused),
        cmocka_unit_test(more_columns_than_there_may_be_are_refused),
        cmocka_unit_test(a_place_that_is_none_gives_bad_records_only),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

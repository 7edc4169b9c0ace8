/* gzip objects, read in one go and in many. */
#include "base/base64.h"
#include "test/support/gzip.h"
#include "test/unit/transform/hops.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const struct gzip_how hows[] = {
    {0},
    {.small_blocks = true, .full_header = true},
    {.stored = true},
    {.member_bytes = 3000, .padding = 100},
    {.member_bytes = 40000, .small_blocks = true},
    {.flush_bytes = 5000},
};

/* Nobody can go on but between blocks: in bytes, about. */
static const size_t longest_block[COUNT(hows)] = {30000, 2000, 140000, 6000, 6000, 10000};

static const char *const heads[] = {"", "[", "{\"n\":0,\"records\":[", "name;user_id;email\n"};

static void add_digits(struct buf *b, uint64_t value)
{
    buf_u64(b, value * 0x9E3779B97F4A7C15 >> 8); /* as good as random */
}

static void add_line(struct buf *b, uint64_t i, bool row)
{
    buf_add(b, row ? STR("Somebody ") : STR("{\"user_name\":\"Somebody "));
    add_digits(b, i);
    buf_add(b, row ? STR(";") : STR("\",\"user_id\":\""));
    buf_u64(b, i * 2654435761 % 1999);
    buf_add(b, row ? STR(";") : STR("\",\"email\":\""));
    if (i % 97) {
        add_digits(b, i + 1);
        buf_char(b, '@');
    }
    buf_add(b, row ? STR("example.com\n") : STR("example.com\"}"));
}

static str lines(size_t kind, size_t count)
{
    static char text[600 * 1000];
    bool list = kind == 1 || kind == 2;
    struct buf b;
    buf_wrap(&b, text, sizeof text);
    buf_add(&b, str_from(heads[kind]));
    for (uint64_t i = 0; i < count; i++) {
        buf_add(&b, list && i ? STR(",\n") : STR(""));
        add_line(&b, i, kind == 3);
        buf_add(&b, kind ? STR("") : STR("\n"));
    }
    buf_add(&b, list ? STR("]") : STR(""));
    buf_add(&b, kind == 2 ? STR("}") : STR(""));
    assert_false(b.failed);
    return buf_str(&b);
}

static void a_gzip_read_in_many_hops_ends_as_in_one_go(void **state)
{
    static struct hops how;
    size_t hops = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(hows) * COUNT(heads); i++) {
        struct buf packed;
        buf_init(&packed, 4 << 20);
        gzip_add(&packed, lines(i % COUNT(heads), 3000), &hows[i / COUNT(heads)]);
        how = (struct hops){.object = buf_str(&packed), .chunk = 500};
        how.bytes_a_hop = packed.len / 10 + longest_block[i / COUNT(heads)];
        how.fails_when_late = i % 3 == 0;
        size_t these = hops_expect_same("gzip", &how);
        assert_true(these > 1);
        hops += these;
        buf_close(&packed);
    }
    assert_true(hops > 100);
}

/* A hop must not begin at the beginning again. */
static void a_hop_reads_little_of_what_was_read_before(void **state)
{
    static struct hops h;
    struct buf packed;
    (void)state;
    buf_init(&packed, 4 << 20);
    gzip_add(&packed, lines(0, 4000), &(struct gzip_how){.small_blocks = true});
    h = (struct hops){.object = buf_str(&packed), .chunk = 500, .bytes_a_hop = packed.len / 2};
    hops_run(&h, STR(HOPS_S3));
    assert_in_range(h.hops, 3, 6);
    for (size_t i = 1; i < h.hops; i++) {
        assert_true(h.starts[i] > h.starts[i - 1] + packed.len / 8);
    }
    assert_true(h.longest_message < 48 * 1024);
    buf_close(&packed);
}

/* Records that stand complete before the fault are written; the rest is one reject, in however many
 * hops. */
static void a_gzip_cut_anywhere_gives_its_beginning_and_one_reject(void **state)
{
    static struct hops how;
    struct buf packed;
    (void)state;
    buf_init(&packed, 1 << 20);
    gzip_add(&packed, lines(0, 60), &(struct gzip_how){.small_blocks = true});
    for (size_t len = 2; len < packed.len; len += 3) {
        how = (struct hops){.object = str_take(buf_str(&packed), len), .chunk = 1};
        how.bytes_a_hop = 250;
        (void)hops_expect_same("cut", &how);
        hops_run(&how, STR(HOPS_S3));
        assert_int_equal(how.result.kind, ERR_NONE);
        assert_int_equal(how.sums.of[OUTCOME_FAILED], 0);
    }
    buf_close(&packed);
}

static void every_whole_record_before_the_fault_is_written(void **state)
{
    static struct hops h;
    struct buf packed;
    str text = lines(0, 300);
    (void)state;
    buf_init(&packed, 1 << 20);
    gzip_add(&packed, text, &(struct gzip_how){.stored = true});
    h = (struct hops){.object = str_take(buf_str(&packed), packed.len - 8)}; /* no trailer */
    hops_run(&h, STR(HOPS_S3));
    assert_int_equal(h.sums.in, 301);
    assert_int_equal(h.sums.of[OUTCOME_REJECTED], 5);
    assert_true(strstr(h.answer, "\"failed\":0") != NULL);
    buf_close(&packed);
}

/* What the name says counts for the format only when the bytes are what it says. */
static void an_object_that_is_said_to_be_packed_and_is_not_is_read_as_what_it_is(void **state)
{
    static struct hops h;
    (void)state;
    h = (struct hops){.object = STR("user_id=1\n"), .format = FORMAT_JSON, .encoded = true};
    hops_run(&h, STR(HOPS_S3));
    assert_int_equal(h.sums.of[OUTCOME_WRITTEN], 1);
    h = (struct hops){.object = STR("x\ny\nz\n"), .format = FORMAT_JSON, .encoded = true};
    hops_run(&h, STR(HOPS_S3));
    assert_int_equal(h.sums.of[OUTCOME_REJECTED], 1);
}

/* {"user_id":"z"} and {"user_id":true}, packed, in base64. */
static void a_stream_s_record_may_be_gzip(void **state)
{
    static struct hops h;
    struct buf packed;
    struct buf event;
    (void)state;
    buf_init(&packed, 1 << 20);
    buf_init(&event, 1 << 20);
    gzip_add(&packed, STR("{\"user_id\":\"z\"}\n{\"user_id\":true}\n"), &hows[0]);
    buf_add(&event, STR("{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{"
                        "\"sequenceNumber\":\"7\",\"data\":\""));
    base64_add(&event, buf_str(&packed));
    buf_add(&event, STR("\"}}]}"));
    h = (struct hops){0};
    hops_run(&h, buf_str(&event));
    assert_int_equal(h.result.kind, ERR_NONE);
    assert_int_equal(h.sums.of[OUTCOME_WRITTEN], 1);
    assert_int_equal(h.sums.of[OUTCOME_REJECTED], 1);
    assert_true(str_starts(str_from(h.rejects[0].text), STR("kinesis:7||16 E_ID_TYPE 2 16")));
    buf_close(&packed);
    buf_close(&event);
}

/* A thousand times what it takes; one bad record, and little memory. */
static void a_gzip_bomb_is_one_reject(void **state)
{
    static char zeros[1 << 20];
    static struct hops h;
    struct buf packed;
    (void)state;
    buf_init(&packed, 1 << 20);
    for (size_t i = 0; i < 100; i++) {
        gzip_add(&packed, (str){zeros, sizeof zeros}, &hows[0]);
    }
    h = (struct hops){.object = buf_str(&packed), .format = FORMAT_JSON};
    hops_run(&h, STR(HOPS_S3));
    assert_int_equal(h.sums.in, 1);
    assert_int_equal(h.sums.of[OUTCOME_REJECTED], 1);
    buf_close(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gzip_read_in_many_hops_ends_as_in_one_go),
        cmocka_unit_test(a_hop_reads_little_of_what_was_read_before),
        cmocka_unit_test(a_gzip_cut_anywhere_gives_its_beginning_and_one_reject),
        cmocka_unit_test(every_whole_record_before_the_fault_is_written),
        cmocka_unit_test(an_object_that_is_said_to_be_packed_and_is_not_is_read_as_what_it_is),
        cmocka_unit_test(a_stream_s_record_may_be_gzip),
        cmocka_unit_test(a_gzip_bomb_is_one_reject),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

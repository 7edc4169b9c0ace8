/* Objects whose replies say what checksum they have. */
#include "test/unit/aws/bucket.h"

enum { SIZE = 100000 };

/* Of the bucket's object of SIZE bytes, by Python's zlib and hashlib, and bit by bit. */
#define CRC64NVME "x-amz-checksum-crc64nvme: RDXzOpTvgRg=\r\n"
#define CRC32C    "x-amz-checksum-crc32c: pQ0r8A==\r\n"
#define CRC32     "x-amz-checksum-crc32: y6TY1Q==\r\n"
#define SHA1      "x-amz-checksum-sha1: X5fEw/0MuUBn8ljZZjV759tI7Ms=\r\n"
#define SHA256    "x-amz-checksum-sha256: 2n2VLEMYO/bTOpEQyVW7IyJ9fcklgZ0/V5zi4B6BtgM=\r\n"

#define BAD_CRC64NVME "x-amz-checksum-crc64nvme: RDXzOpTvgRk=\r\n"
#define BAD_CRC32C    "x-amz-checksum-crc32c: pQ0r8Q==\r\n"
#define BAD_CRC32     "x-amz-checksum-crc32: y6TY1A==\r\n"
#define BAD_SHA1      "x-amz-checksum-sha1: X5fEw/0MuUBn8ljZZjV759tI7Mw=\r\n"
#define BAD_SHA256    "x-amz-checksum-sha256: 2n2VLEMYO/bTOpEQyVW7IyJ9fcklgZ0/V5zi4B6BtgN=\r\n"

/* The wrong bytes have been read by then, but never an end after them. */
static void expect(const char *word, size_t size, const struct fault *plan, size_t plan_count,
                   enum err_kind wanted)
{
    struct reading r;
    size_t total = 0;
    size_t got = 1;
    char byte = 0;
    reading_start(&r, size, plan, plan_count);
    enum err_kind kind = reading_open(&r, &bucket_object, &total);
    if (kind != wanted || total != size) {
        fail_msg("%s: %s after %zu bytes: %s", word, err_kind_name(kind), total, r.why.text);
    }
    /* The verdict stays. */
    struct source source = s3_source(r.download);
    assert_int_equal(source.read(source.ctx, &byte, 1, &got, &r.why).kind, wanted);
    assert_int_equal(got, 0);
    reading_finish(&r);
}

static void the_bytes_must_have_the_checksum_of_the_object(void **state)
{
    (void)state;
    static char too_long[400];
    const struct {
        const char *headers;
        enum err_kind kind;
    } rows[] = {
        {"", ERR_NONE},
        {CRC64NVME, ERR_NONE},
        {CRC32C, ERR_NONE},
        {CRC32, ERR_NONE},
        {SHA1, ERR_NONE},
        {SHA256, ERR_NONE},
        {"X-AMZ-CHECKSUM-CRC32: y6TY1Q==\r\n", ERR_NONE},
        {BAD_CRC64NVME, ERR_BUSY},
        {BAD_CRC32C, ERR_BUSY},
        {BAD_CRC32, ERR_BUSY},
        {BAD_SHA1, ERR_BUSY},
        {BAD_SHA256, ERR_BUSY},
        {"x-amz-checksum-crc32: pQ0r8A==\r\n", ERR_BUSY}, /* the CRC-32C */
        {"x-amz-checksum-crc32: y6TY1Q\r\n", ERR_BUSY},
        {"x-amz-checksum-crc32: y6TY1Q==AAAA\r\n", ERR_BUSY},
        {"x-amz-checksum-crc32: cba4d8d5\r\n", ERR_BUSY}, /* hexadecimal */
        {too_long, ERR_BUSY},
    };
    (void)snprintf(too_long, sizeof too_long, "x-amz-checksum-crc32: y6TY1Q==%0350d\r\n", 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fault plan = {.more = rows[i].headers};
        expect(rows[i].headers, SIZE, &plan, 1, rows[i].kind);
    }
}

static void of_many_checksums_the_first_known_one_counts(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        enum err_kind kind;
    } rows[] = {
        {CRC64NVME BAD_CRC32C BAD_CRC32 BAD_SHA1 BAD_SHA256, ERR_NONE},
        {SHA256 SHA1 CRC32 CRC32C BAD_CRC64NVME, ERR_BUSY},
        {CRC32C BAD_CRC32 BAD_SHA1 BAD_SHA256, ERR_NONE},
        {CRC32 BAD_SHA1 BAD_SHA256, ERR_NONE},
        {SHA1 BAD_SHA256, ERR_NONE},
        {BAD_SHA1 SHA256, ERR_BUSY},
        {"x-amz-checksum-xxhash64: AAAAAAAAAAA=\r\n", ERR_NONE},
        {"x-amz-checksum-xxhash64: AAAAAAAAAAA=\r\n" BAD_CRC32, ERR_BUSY},
        {"x-amz-checksum-type: FULL_OBJECT\r\n" CRC32, ERR_NONE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fault plan = {.more = rows[i].headers};
        expect(rows[i].headers, SIZE, &plan, 1, rows[i].kind);
    }
}

static void a_checksum_of_an_uploads_parts_is_skipped(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        enum err_kind kind;
    } rows[] = {
        {"x-amz-checksum-crc32: AAAAAA==-2\r\n", ERR_NONE},
        {"x-amz-checksum-sha256: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=-10000\r\n", ERR_NONE},
        {"x-amz-checksum-crc64nvme: AAAAAAAAAAA=-1\r\n" CRC32, ERR_NONE},
        {"x-amz-checksum-crc64nvme: AAAAAAAAAAA=-1\r\n" BAD_CRC32, ERR_BUSY},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fault plan = {.more = rows[i].headers};
        expect(rows[i].headers, SIZE, &plan, 1, rows[i].kind);
    }
}

static void an_empty_object_has_a_checksum_too(void **state)
{
    (void)state;
    const struct fault good = {.more = "x-amz-checksum-crc64nvme: AAAAAAAAAAA=\r\n"};
    const struct fault bad = {.more = CRC64NVME};
    expect("good", 0, &good, 1, ERR_NONE);
    expect("bad", 0, &bad, 1, ERR_BUSY);
}

static void the_checksum_goes_on_over_resumed_parts(void **state)
{
    (void)state;
    static const char *const good[] = {CRC64NVME, CRC32C, CRC32, SHA1, SHA256};
    static const char *const bad[] = {BAD_CRC64NVME, BAD_CRC32C, BAD_CRC32, BAD_SHA1, BAD_SHA256};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct fault plan[] = {
            {.cut_after = 1},
            {.cut_after = 12345, .reset = true},
            {.status = 503, .body = ""},
            {.headless = true},
            {.cut_after = 54321},
            {.status = 0},
        };
        plan[0].more = good[i];
        expect(good[i], SIZE, plan, COUNT(plan), ERR_NONE);
        plan[0].more = bad[i];
        expect(bad[i], SIZE, plan, COUNT(plan), ERR_BUSY);
    }
}

static void an_object_cut_at_each_place_keeps_its_checksum(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 100; cut++) {
        const struct fault plan[] = {
            {.cut_after = cut, .more = "x-amz-checksum-crc64nvme: +lhkd0zmJfU=\r\n"},
            {.status = 0},
        };
        expect("cut", 100, plan, COUNT(plan), ERR_NONE);
    }
}

static void the_checksum_of_a_part_is_no_matter(void **state)
{
    (void)state;
    const struct fault of_whole_and_part[] = {{.cut_after = 5000, .more = CRC32},
                                              {.more = BAD_CRC32}};
    const struct fault of_part[] = {{.cut_after = 5000}, {.more = BAD_CRC64NVME}};
    const struct fault bad_whole[] = {{.cut_after = 5000, .more = BAD_CRC32}, {.more = CRC32}};
    expect("of the whole and of the part", SIZE, of_whole_and_part, 2, ERR_NONE);
    expect("of the part alone", SIZE, of_part, 2, ERR_NONE);
    expect("of the part, good", SIZE, bad_whole, 2, ERR_BUSY);
}

static void a_checksum_is_asked_for_once_and_signed(void **state)
{
    (void)state;
    const struct fault plan[] = {{.cut_after = 10}, {.status = 0}};
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
    reading_stop(&r);
    str heads = buf_str(&r.bucket.heads);
    const char *second = memmem(heads.at + 1, heads.len - 1, "GET ", 4);
    assert_non_null(second);
    str first = str_span(heads.at, second);
    assert_true(rig_contains(first, "x-amz-checksum-mode: ENABLED\r\n"));
    assert_true(rig_contains(first, ";x-amz-checksum-mode;"));
    assert_false(rig_contains(str_span(second, heads.at + heads.len), "x-amz-checksum-mode"));
    reading_forget(&r);
}

static void checksums_are_left_alone_when_they_are_not_required(void **state)
{
    (void)state;
    static const struct {
        const char *variable;
        bool compared;
    } rows[] = {
        {"AWS_RESPONSE_CHECKSUM_VALIDATION=when_required", false},
        {"AWS_RESPONSE_CHECKSUM_VALIDATION=WHEN_REQUIRED", false},
        {"AWS_RESPONSE_CHECKSUM_VALIDATION=when_supported", true},
        {"AWS_RESPONSE_CHECKSUM_VALIDATION=", true},
        {"AWS_RESPONSE_CHECKSUM_VALIDATION=nonsense", true},
    };
    const struct fault bad = {.more = BAD_CRC32};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reading r;
        size_t total = 0;
        reading_start_with(&r, SIZE, &bad, 1, rows[i].variable);
        enum err_kind kind = reading_open(&r, &bucket_object, &total);
        assert_int_equal(kind, rows[i].compared ? ERR_BUSY : ERR_NONE);
        reading_stop(&r);
        bool asked = rig_contains(buf_str(&r.bucket.heads), "x-amz-checksum-mode");
        assert_int_equal(asked, rows[i].compared);
        reading_forget(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_must_have_the_checksum_of_the_object),
        cmocka_unit_test(of_many_checksums_the_first_known_one_counts),
        cmocka_unit_test(a_checksum_of_an_uploads_parts_is_skipped),
        cmocka_unit_test(an_empty_object_has_a_checksum_too),
        cmocka_unit_test(the_checksum_goes_on_over_resumed_parts),
        cmocka_unit_test(an_object_cut_at_each_place_keeps_its_checksum),
        cmocka_unit_test(the_checksum_of_a_part_is_no_matter),
        cmocka_unit_test(a_checksum_is_asked_for_once_and_signed),
        cmocka_unit_test(checksums_are_left_alone_when_they_are_not_required),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Downloads that break off. */
#include "test/unit/aws/bucket.h"

static void a_download_that_breaks_off_goes_on_where_it_broke(void **state)
{
    (void)state;
    static const struct fault plan[] = {
        {.cut_after = 1},
        {.cut_after = 300000, .reset = true},
        {.status = 503, .body = ""},
        {.cut_after = 100000},
        {.cut_after = 17},
        {.status = 0},
    };
    struct reading r;
    size_t total = 0;
    reading_start(&r, 1 << 20, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
    assert_int_equal(total, 1 << 20);
    assert_true(s3_resumes(r.download) >= 3);
    reading_stop(&r);
    assert_true(rig_contains(buf_str(&r.bucket.heads), "range: bytes=1-\r\n"));
    assert_true(rig_contains(buf_str(&r.bucket.heads), "if-match: \"tag\"\r\n"));
    /* The first request names no ETag, as none was known. */
    str first = str_take(buf_str(&r.bucket.heads), 500);
    assert_false(rig_contains(first, "if-match"));
    reading_forget(&r);
}

static void a_download_cut_at_each_place_is_whole_or_a_failure(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 40; cut++) {
        const struct fault plan[] = {{.cut_after = cut}, {.cut_after = cut}, {.status = 0}};
        struct reading r;
        size_t total = 0;
        reading_start(&r, 100, plan, COUNT(plan));
        assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
        assert_int_equal(total, 100);
        reading_finish(&r);
    }
}

static void a_download_that_gets_nowhere_ends(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.cut_after = 5000}, {.status = 500, .body = ""}};
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100000, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_BUSY);
    assert_int_equal(total, 5000);
    reading_finish(&r);
    assert_int_equal(r.rig.service.requests, 1 + 3);
}

/* A connection that is cut after each byte must not become a storm of requests. */
static void a_download_that_brings_little_pauses(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.cut_after = 1}};
    struct reading r;
    size_t total = 0;
    reading_start(&r, 4000, plan, COUNT(plan));
    client_set_deadline(&r.rig.client, rig_now_ms() + 1000);
    enum err_kind kind = reading_open(&r, &bucket_object, &total);
    assert_true(kind == ERR_BUSY || kind == ERR_DEADLINE);
    assert_true(total < 100);
    reading_finish(&r);
}

static void a_resumed_part_must_be_the_one_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        struct fault fault;
        enum err_kind kind;
        int status;
    } rows[] = {
        {"other start", {.range = "bytes 0-99999/100000"}, ERR_BUG, 0},
        {"other end", {.range = "bytes 5000-99998/100000"}, ERR_BUG, 0},
        {"other size", {.range = "bytes 5000-99999/100001"}, ERR_BUG, 0},
        {"unknown size", {.range = "bytes 5000-99999/*"}, ERR_BUG, 0},
        {"garbage", {.range = "x"}, ERR_BUG, 0},
        {"the range is ignored", {.status = 200}, ERR_BUG, 0},
        {"another object by now", {.etag = "other"}, ERR_MISSING, 412},
        {"412",
         {.status = 412, .body = "<E><Code>PreconditionFailed</Code></E>"},
         ERR_MISSING,
         412},
        {"deleted", {.status = 404, .body = "<E><Code>NoSuchKey</Code></E>"}, ERR_MISSING, 404},
        {"forbidden", {.status = 403, .body = ""}, ERR_DENIED, 403},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fault plan[] = {{.cut_after = 5000}, rows[i].fault};
        struct reading r;
        size_t total = 0;
        reading_start(&r, 100000, plan, COUNT(plan));
        enum err_kind kind = reading_open(&r, &bucket_object, &total);
        if (kind != rows[i].kind || total != 5000 || r.why.status != rows[i].status) {
            fail_msg("%s: %s after %zu", rows[i].word, err_kind_name(kind), total);
        }
        reading_finish(&r);
    }
}

static void a_version_is_asked_for_by_its_id(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.cut_after = 10, .etag = ""}, {.etag = ""}};
    struct s3_object with_version = bucket_object;
    with_version.version_id = STR("a/b+c");
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &with_version, &total), ERR_NONE);
    reading_stop(&r);
    str heads = buf_str(&r.bucket.heads);
    assert_true(str_starts(heads, STR("GET /data/key?versionId=a%2Fb%2Bc HTTP/1.1\r\n")));
    assert_false(rig_contains(heads, "if-match"));
    assert_true(rig_contains(heads, "range: bytes=10-\r\n"));
    reading_forget(&r);
}

static void without_a_pin_a_broken_download_is_not_resumed(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.cut_after = 10, .etag = ""}, {.status = 0}};
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_BUSY);
    reading_finish(&r);
    assert_int_equal(r.rig.service.requests, 1);
}

/* Nobody has been told of it then: it is asked for again, and may be another. */
static void an_object_that_breaks_off_before_its_first_byte_is_begun_again(void **state)
{
    (void)state;
    static const struct fault plan[] = {
        {.headless = true, .etag = "older"}, {.headless = true, .reset = true}, {.status = 0}};
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
    assert_int_equal(total, 100);
    assert_true(str_eq(r.facts.etag, STR("tag")));
    reading_stop(&r);
    assert_false(rig_contains(buf_str(&r.bucket.heads), "if-match"));
    assert_false(rig_contains(buf_str(&r.bucket.heads), "range: "));
    reading_forget(&r);
}

/* RFC 9110: If-Match compares strongly, so a weak one would never match. */
static void a_weak_etag_is_none(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.cut_after = 10, .etag = "W/\"tag\""}, {.status = 0}};
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_BUSY);
    assert_int_equal(r.facts.etag.len, 0);
    reading_finish(&r);
    assert_int_equal(r.rig.service.requests, 1);
}

/* The bytes from `from` on, each checked. */
static enum err_kind read_tail(struct reading *r, size_t from, size_t *total)
{
    static char into[10000];
    struct s3_object tail = bucket_object;
    tail.start = from;
    size_t got = 1;
    *total = 0;
    err result = s3_open(&r->rig.client, &tail, &r->download, &r->facts, &r->why);
    while (!result.kind && got) {
        struct source source = s3_source(r->download);
        result = source.read(source.ctx, into, sizeof into, &got, &r->why);
        for (size_t i = 0; !result.kind && i < got; i++) {
            assert_int_equal(into[i], bucket_byte(from + *total + i));
        }
        *total += result.kind ? 0 : got;
    }
    return result.kind;
}

static void an_object_is_read_from_its_middle_on(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.cut_after = 1000},
                                        {.headless = true},
                                        {.cut_after = 300000, .reset = true},
                                        {.status = 0}};
    for (size_t faults = 0; faults < 2; faults++) {
        for (size_t from = 1; from < 1 << 20; from = from * 3 + 1) {
            struct reading r;
            size_t total = 0;
            reading_start(&r, 1 << 20, plan, faults ? COUNT(plan) : 0);
            assert_int_equal(read_tail(&r, from, &total), ERR_NONE);
            assert_int_equal(total, (1 << 20) - from);
            assert_int_equal(r.facts.size, 1 << 20);
            assert_int_equal(s3_bytes(r.download), total);
            reading_stop(&r);
            char wanted[64];
            (void)snprintf(wanted, sizeof wanted, "range: bytes=%zu-\r\n", from);
            assert_true(rig_contains(buf_str(&r.bucket.heads), wanted));
            assert_false(rig_contains(buf_str(&r.bucket.heads), "x-amz-checksum-mode"));
            reading_forget(&r);
        }
    }
}

static void of_the_middle_no_other_part_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        struct fault fault;
        enum err_kind kind;
    } rows[] = {
        {"the whole", {.status = 200}, ERR_BUG},
        {"other start", {.range = "bytes 0-99999/100000"}, ERR_BUG},
        {"other end", {.range = "bytes 5000-99998/100000"}, ERR_BUG},
        {"other size", {.range = "bytes 5000-99999/100001"}, ERR_BUG},
        {"unknown size", {.range = "bytes 5000-99999/*"}, ERR_BUG},
        {"another object",
         {.status = 412, .body = "<E><Code>PreconditionFailed</Code></E>"},
         ERR_MISSING},
        {"behind its end", {.status = 416, .body = "<E><Code>InvalidRange</Code></E>"}, ERR_INPUT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reading r;
        size_t total = 0;
        reading_start(&r, 100000, &rows[i].fault, 1);
        if (read_tail(&r, 5000, &total) != rows[i].kind || total) {
            fail_msg("%s: %s", rows[i].word, r.why.text);
        }
        reading_finish(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download_that_breaks_off_goes_on_where_it_broke),
        cmocka_unit_test(a_download_cut_at_each_place_is_whole_or_a_failure),
        cmocka_unit_test(a_download_that_gets_nowhere_ends),
        cmocka_unit_test(a_download_that_brings_little_pauses),
        cmocka_unit_test(a_resumed_part_must_be_the_one_asked_for),
        cmocka_unit_test(a_version_is_asked_for_by_its_id),
        cmocka_unit_test(without_a_pin_a_broken_download_is_not_resumed),
        cmocka_unit_test(an_object_that_breaks_off_before_its_first_byte_is_begun_again),
        cmocka_unit_test(a_weak_etag_is_none),
        cmocka_unit_test(an_object_is_read_from_its_middle_on),
        cmocka_unit_test(of_the_middle_no_other_part_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

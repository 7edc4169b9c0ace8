/* Objects, read without faults or not at all. */
#include "test/unit/aws/bucket.h"

static void an_object_is_read_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0,
        1,
        9999,
        10000,
        S3_WINDOW_BYTES - 1,
        S3_WINDOW_BYTES,
        S3_WINDOW_BYTES + 1,
        3 * S3_WINDOW_BYTES + 7,
    };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct reading r;
        size_t total = 0;
        reading_start(&r, sizes[i], NULL, 0);
        assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
        assert_int_equal(total, sizes[i]);
        assert_int_equal(r.facts.size, sizes[i]);
        assert_true(str_eq(r.facts.etag, STR("tag")));
        assert_true(str_eq(r.facts.content_type, STR("text/csv")));
        assert_true(str_eq(r.facts.content_encoding, STR("gzip")));
        assert_int_equal(s3_bytes(r.download), sizes[i]);
        assert_int_equal(s3_resumes(r.download), 0);
        reading_finish(&r);
        assert_int_equal(r.rig.service.requests, 1);
    }
}

static void a_slow_reader_holds_no_more_than_the_window(void **state)
{
    (void)state;
    struct reading r;
    static char into[50000];
    size_t read = 0, got = 1;
    reading_start(&r, 20 << 20, NULL, 0);
    assert_int_equal(s3_open(&r.rig.client, &bucket_object, &r.download, &r.facts, &r.why).kind,
                     ERR_NONE);
    struct source source = s3_source(r.download);
    while (got) {
        for (int i = 0; i < 3; i++) {
            client_pump(&r.rig.client, 0);
        }
        assert_true(s3_bytes(r.download) - read <= S3_WINDOW_BYTES);
        assert_int_equal(source.read(source.ctx, into, sizeof into, &got, &r.why).kind, ERR_NONE);
        read += got;
    }
    assert_int_equal(read, 20 << 20);
    reading_finish(&r);
    assert_int_equal(r.rig.service.requests, 1);
}

static void opening_fails_by_kind(void **state)
{
    (void)state;
    static const struct {
        struct fault fault;
        enum err_kind kind;
        const char *code;
        unsigned requests;
    } rows[] = {
        {{.status = 404, .body = "<E><Code>NoSuchKey</Code></E>"}, ERR_MISSING, "NoSuchKey", 1},
        {{.status = 404, .body = "<E><Code>NoSuchBucket</Code></E>"}, ERR_INPUT, "NoSuchBucket", 1},
        {{.status = 403, .body = "<E><Code>AccessDenied</Code></E>"},
         ERR_DENIED,
         "AccessDenied",
         1},
        {{.status = 301, .body = "<E><Code>PermanentRedirect</Code></E>"},
         ERR_BUG,
         "PermanentRedirect",
         2}, /* with HeadBucket */
        {{.status = 500, .body = ""}, ERR_BUSY, "", 3},
        {{.status = 206}, ERR_BUG, "", 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reading r;
        size_t total = 0;
        reading_start(&r, 100, &rows[i].fault, 1);
        assert_int_equal(reading_open(&r, &bucket_object, &total), rows[i].kind);
        assert_null(r.download);
        assert_string_equal(r.why.code, rows[i].code);
        reading_finish(&r);
        assert_int_equal(r.rig.service.requests, rows[i].requests);
    }
}

static void another_object_than_the_one_asked_for_is_missing(void **state)
{
    (void)state;
    struct s3_object older = bucket_object;
    older.etag = STR("older");
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, NULL, 0);
    assert_int_equal(reading_open(&r, &older, &total), ERR_MISSING);
    assert_int_equal(r.why.status, 412);
    reading_finish(&r);
}

static void the_etag_asked_for_is_in_each_request(void **state)
{
    (void)state;
    static const struct fault plan[] = {{.status = 503, .body = ""}, {.status = 0}};
    struct s3_object with_etag = bucket_object;
    with_etag.etag = STR("tag");
    struct reading r;
    size_t total = 0;
    reading_start(&r, 100, plan, COUNT(plan));
    assert_int_equal(reading_open(&r, &with_etag, &total), ERR_NONE);
    reading_stop(&r);
    str heads = buf_str(&r.bucket.heads);
    const char *second = memmem(heads.at + 1, heads.len - 1, "GET ", 4);
    assert_non_null(second);
    assert_true(rig_contains(str_span(heads.at, second), "if-match: \"tag\"\r\n"));
    assert_true(rig_contains(str_span(second, heads.at + heads.len), "if-match: \"tag\"\r\n"));
    reading_forget(&r);
}

static void keys_are_sent_byte_for_byte(void **state)
{
    (void)state;
    static const struct {
        const char *key, *target;
    } rows[] = {
        {"a+b", "/data/a%2Bb"},
        {"%", "/data/%25"},
        {"%2F", "/data/%252F"},
        {"a//b", "/data/a//b"},
        {".", "/data/."},
        {"..", "/data/.."},
        {"a/../b/./c", "/data/a/../b/./c"},
        {"\xc3\xbc", "/data/%C3%BC"},
        {"\xe6\x97\xa5\xe6\x9c\xac", "/data/%E6%97%A5%E6%9C%AC"},
        {"\xf0\x9f\x98\x80", "/data/%F0%9F%98%80"},
        {"a b", "/data/a%20b"},
        {"/lead", "/data//lead"},
        {"//", "/data///"},
        {"\xff\r\n\x01", "/data/%FF%0D%0A%01"},
        {"?a=b&c#d", "/data/%3Fa%3Db%26c%23d"},
        {"day=1/~_-.", "/data/day%3D1/~_-."},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct s3_object odd = bucket_object;
        odd.key = str_from(rows[i].key);
        struct reading r;
        size_t total = 0;
        reading_start(&r, 1, NULL, 0);
        assert_int_equal(reading_open(&r, &odd, &total), ERR_NONE);
        reading_stop(&r);
        char wanted[128];
        (void)snprintf(wanted, sizeof wanted, "GET %s HTTP/1.1\r\n", rows[i].target);
        if (!str_starts(buf_str(&r.bucket.heads), str_from(wanted))) {
            fail_msg("%s", wanted);
        }
        reading_forget(&r);
    }
}

static void an_open_download_can_be_dropped(void **state)
{
    (void)state;
    struct reading r;
    reading_start(&r, 5 << 20, NULL, 0);
    assert_int_equal(s3_open(&r.rig.client, &bucket_object, &r.download, &r.facts, &r.why).kind,
                     ERR_NONE);
    s3_close(r.download);
    size_t total = 0;
    assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
    assert_int_equal(total, 5 << 20);
    reading_finish(&r);
}

static void many_objects_share_a_connection(void **state)
{
    (void)state;
    struct reading r;
    reading_start(&r, 70000, NULL, 0);
    for (int i = 0; i < 20; i++) {
        size_t total = 0;
        assert_int_equal(reading_open(&r, &bucket_object, &total), ERR_NONE);
        s3_close(r.download);
        r.download = NULL;
    }
    reading_finish(&r);
    assert_int_equal(r.rig.service.connections, 1);
}

static void a_download_ends_at_the_deadline(void **state)
{
    (void)state;
    struct reading r;
    size_t total = 0;
    reading_start(&r, 5 << 20, NULL, 0);
    client_set_deadline(&r.rig.client, rig_now_ms() + 100);
    assert_int_equal(s3_open(&r.rig.client, &bucket_object, &r.download, &r.facts, &r.why).kind,
                     ERR_NONE);
    while (rig_now_ms() < r.rig.client.deadline_ms + 20) {
        client_pump(&r.rig.client, 10); /* nobody reads: the window is full */
    }
    assert_int_equal(reading_read(&r, &total), ERR_DEADLINE);
    reading_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_read_whole),
        cmocka_unit_test(a_slow_reader_holds_no_more_than_the_window),
        cmocka_unit_test(opening_fails_by_kind),
        cmocka_unit_test(another_object_than_the_one_asked_for_is_missing),
        cmocka_unit_test(the_etag_asked_for_is_in_each_request),
        cmocka_unit_test(keys_are_sent_byte_for_byte),
        cmocka_unit_test(an_open_download_can_be_dropped),
        cmocka_unit_test(many_objects_share_a_connection),
        cmocka_unit_test(a_download_ends_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

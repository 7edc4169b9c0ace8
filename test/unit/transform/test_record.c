/* transform/record: which format it is, and what holds for all of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/records_expect.h"

#include <string.h>

static void the_format_is_told_by_content_type_then_by_suffix(void **state)
{
    (void)state;
    static const struct {
        const char *word, *type, *key;
        enum record_format format;
    } rows[] = {
        {"nothing", "", "", FORMAT_UNKNOWN},
        {"json", "application/json", "", FORMAT_JSON},
        {"json, parameter, case", "Application/JSON; charset=utf-8", "", FORMAT_JSON},
        {"ndjson", "application/x-ndjson", "", FORMAT_JSON},
        {"csv", "text/csv", "", FORMAT_CSV},
        {"csv, header", "text/csv ;header=present", "", FORMAT_CSV},
        {"type before suffix", "text/csv", "a.json", FORMAT_CSV},
        {"S3's default type", "binary/octet-stream", "a.json", FORMAT_JSON},
        {"text says nothing", "text/plain", "a.txt", FORMAT_UNKNOWN},
        {"no more than a type", "text/csvx", "", FORMAT_UNKNOWN},
        {".ndjson", "", "in/a.ndjson", FORMAT_JSON},
        {".jsonl", "", "a.JSONL", FORMAT_JSON},
        {".csv", "", "a.b.csv", FORMAT_CSV},
        {".tsv", "", "a.tsv", FORMAT_CSV},
        {".csv.gz", "", "a.csv.gz", FORMAT_CSV},
        {".json.GZ", "", "a.json.GZ", FORMAT_JSON},
        {"no suffix", "", "csv", FORMAT_UNKNOWN},
        {"a folder's suffix", "", "a.csv/b", FORMAT_UNKNOWN},
        {"only .gz", "", "a.gz", FORMAT_UNKNOWN},
    };
    for (size_t i = 0; i < RECORDS_COUNT(rows); i++) {
        if (record_format_of(str_from(rows[i].type), str_from(rows[i].key)) != rows[i].format) {
            fail_msg("%s", rows[i].word);
        }
    }
}

static void the_format_is_seen_in_the_first_bytes(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"object", "{\"a\":1}", "0+7@1 a:1\n"},
        {"array", "[{\"a\":1}]", "1+7@1 a:1\n"},
        {"after blanks", "\n \t\r\n  {\"a\":1}", "7+7@3 a:1\n"},
        {"key=value", "user_id=1\n", "0+9@1 user_id=1\n"},
        {"a CSV header", "user_id,a\n1,2\n", "10+3@2 user_id=1 a=2\n"},
        {"one column", "ID\n1\n", "3+1@2 user_id=1\n"},
        {"quoted", "\"id\";\"a\"\r\n1;2\r\n", "10+3@2 user_id=1 a=2\n"},
        {"a column with = in it", "id,a=b\n1,2\n", "7+3@2 user_id=1 a=b=2\n"},
        {"Excel's line", "sep=;\nid;a\n1;2\n", "11+3@3 user_id=1 a=2\n"},
        {"another key named sep", "sep=x\nuser_id=1\n", "0+15@1 sep=x user_id=1\n"},
        {"a value with a delimiter", "user_id=1,2\n", "0+11@1 user_id=1,2\n"},
        {"text", "hello\nworld=1\n", "0+14@1 E_FORMAT\n"},
        {"CSV without an id", "a,b\n1,2\n", "0+8@1 E_FORMAT\n"},
        {"text after blanks", "\n\nhello", "2+5@3 E_FORMAT\n"},
        {"zeros", "\1\2", "0+2@1 E_FORMAT\n"},
        {"UTF-16", "\xFF\xFEu\1", "0+4@1 E_FORMAT\n"},
        {"nothing", "", ""},
        {"blanks", " \n\r\n\t", ""},
    };
    struct records_reading reading = {.format = FORMAT_UNKNOWN};
    for (size_t i = 0; i < RECORDS_COUNT(rows); i++) {
        for (reading.chunk = 0; reading.chunk < 20; reading.chunk++) {
            records_expect_text(rows[i].word, &reading, str_from(rows[i].text),
                                str_from(rows[i].expected));
        }
    }
}

static void encodings_and_suffixes_tell_what_is_said_to_be_packed(void **state)
{
    static const struct {
        const char *encoding, *key;
        bool encoded;
    } rows[] = {
        {"", "users.csv", false},    {"identity", "users.csv", false},
        {"aws-chunked", "u", false}, {"aws-chunked,", "u", false},
        {"gzip", "users.csv", true}, {"aws-chunked, GZIP", "u", true},
        {"br", "users.csv", true},   {"", "users.csv.gz", true},
        {"", "USERS.GZ", true},      {"", "gz", false},
    };
    (void)state;
    for (size_t i = 0; i < RECORDS_COUNT(rows); i++) {
        if (record_is_encoded(str_from(rows[i].encoding), str_from(rows[i].key)) !=
            rows[i].encoded) {
            fail_msg("%s, %s", rows[i].encoding, rows[i].key);
        }
    }
}

/* Such as comes out of another gzip: not each of its lines. */
static void packed_bytes_are_one_reject_whatever_their_name_says(void **state)
{
    static const enum record_format formats[] = {FORMAT_UNKNOWN, FORMAT_KV, FORMAT_JSON,
                                                 FORMAT_CSV};
    (void)state;
    for (size_t i = 0; i < RECORDS_COUNT(formats); i++) {
        struct records_reading reading = {.format = formats[i]};
        for (reading.chunk = 0; reading.chunk < 12; reading.chunk++) {
            records_expect_text("gzip", &reading, STR("\x1f\x8b\x08\nid\n{\"a\":1}\n"),
                                STR("0+15@1 E_FORMAT\n"));
        }
    }
}

static void one_byte_order_mark_at_the_start_is_taken_off(void **state)
{
    (void)state;
    static const struct records_row rows[] = {
        {"kv", "\xEF\xBB\xBFuser_id=1\n", "3+9@1 user_id=1\n"},
        {"JSON", "\xEF\xBB\xBF{\"a\":1}\n", "3+7@1 a:1\n"},
        {"CSV", "\xEF\xBB\xBFid\n1\n", "6+1@2 user_id=1\n"},
        {"nothing after it", "\xEF\xBB\xBF", ""},
        {"not a second one", "\xEF\xBB\xBF\xEF\xBB\xBFx=1\n", "3+6@1 \xEF\xBB\xBFx=1\n"},
        {"not later", "x=1\n\xEF\xBB\xBFy=1\n", "0+10@1 x=1 \xEF\xBB\xBFy=1\n"},
        {"half of one", "\xEF\xBB", "0+2@1 E_FORMAT\n"},
    };
    struct records_reading reading = {.format = FORMAT_UNKNOWN};
    for (size_t i = 0; i < RECORDS_COUNT(rows); i++) {
        for (reading.chunk = 0; reading.chunk < 20; reading.chunk++) {
            records_expect_text(rows[i].word, &reading, str_from(rows[i].text),
                                str_from(rows[i].expected));
        }
    }
}

static void an_empty_source_has_no_records_whatever_its_format(void **state)
{
    (void)state;
    static const struct records_row rows[] = {{"empty", "", ""}, {"blank", " \n\n ", ""}};
    for (int format = FORMAT_UNKNOWN; format <= FORMAT_CSV; format++) {
        records_expect((enum record_format)format, rows, RECORDS_COUNT(rows));
    }
}

static void many_small_records_touch_little_memory(void **state)
{
    (void)state;
    struct records_reading reading = {.max_record_bytes = 16 * 1024 * 1024, .chunk = 16000};
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    for (uint64_t i = 0; i < 50 * 1000; i++) {
        buf_add(&text, STR("{\"user_id\":\""));
        buf_u64(&text, i);
        buf_add(&text, STR("\",\"user_name\":\"Ada Lovelace\"}\n"));
    }
    assert_true(text.len > 2 * 1024 * 1024);
    assert_in_range(records_touched(buf_str(&text), &reading), 1, 100 * 1024);
    buf_close(&text);
}

static void a_long_record_touches_little_more_than_twice_its_length(void **state)
{
    (void)state;
    struct records_reading reading = {.max_record_bytes = 16 * 1024 * 1024};
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"a\":\""));
    for (size_t i = 0; i < 1000 * 1000; i++) {
        buf_char(&text, 'x');
    }
    buf_add(&text, STR("\"}\n{}"));
    for (size_t i = 0; i < 8 * 1000 * 1000; i++) {
        buf_char(&text, '\n');
    }
    assert_in_range(records_touched(buf_str(&text), &reading), 1000 * 1000, 2400 * 1000);
    buf_close(&text);
}

/* A reader over a text, with the records' limit; lives until the next one. */
static struct record_reader *open_text(str *left, size_t max_record_bytes)
{
    static char memory[1024 * 1024];
    struct arena arena = {memory, memory + sizeof memory};
    struct record_options options = {.format = FORMAT_UNKNOWN,
                                     .max_record_bytes = max_record_bytes};
    struct record_reader *reader = NULL;
    struct why why = {0};
    assert_int_equal(record_open(source_of_text(left), &options, &arena, &reader, &why).kind,
                     ERR_NONE);
    return reader;
}

static void a_bad_record_keeps_its_first_bytes(void **state)
{
    (void)state;
    struct buf text;
    struct record *record = NULL;
    struct why why = {0};
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"a\":\""));
    for (uint64_t i = 0; i < 100 * 1000; i++) {
        buf_u64(&text, i);
    }
    buf_add(&text, STR("\"}\n{}"));
    str left = buf_str(&text);
    struct record_reader *reader = open_text(&left, 100 * 1000);
    assert_int_equal(record_next(reader, &record, &why).kind, ERR_NONE);
    assert_int_equal(record->bad, REASON_E_TOO_LONG);
    assert_int_equal(record->length, text.len - 3);
    assert_int_equal(record->raw.len, 64 * 1024);
    assert_true(str_starts(buf_str(&text), record->raw));
    buf_close(&text);
}

static void a_record_of_the_source_that_fails_in_it_is_not_given(void **state)
{
    (void)state;
    static const char *const texts[] = {"user_id=1\nx=", "{\"a\":\"", "[{\"a\":\"", "id,a\n1,\"",
                                        "hello"};
    for (size_t i = 0; i < RECORDS_COUNT(texts); i++) {
        struct records_reading reading = {.max_record_bytes = 100, .fails = true};
        char memory[100];
        struct buf text;
        struct buf out;
        buf_init(&text, SIZE_MAX / 2);
        buf_wrap(&out, memory, sizeof memory);
        buf_add(&text, str_from(texts[i]));
        for (size_t n = 0; n < 200 * 1000; n++) {
            buf_char(&text, 'x');
        }
        for (reading.fails_after = 0; reading.fails_after <= text.len;
             reading.fails_after += 9000) {
            assert_int_equal(records_dump(buf_str(&text), &reading, &out), ERR_BUSY);
            assert_int_equal(out.len, 0);
        }
        buf_close(&text);
    }
}

static void a_full_arena_is_a_failure(void **state)
{
    (void)state;
    static char memory[512 * 1024];
    struct record_options options = {.format = FORMAT_UNKNOWN, .max_record_bytes = 100 * 1000};
    str left = STR("");
    size_t refused = 0;
    for (size_t room = 0; room <= sizeof memory; room += 1000) {
        struct arena arena = {memory, memory + room};
        struct record_reader *reader = NULL;
        struct why why = {0};
        err result = record_open(source_of_text(&left), &options, &arena, &reader, &why);
        assert_int_equal(result.kind, reader ? ERR_NONE : ERR_LIMIT);
        assert_int_equal(why.kind, result.kind);
        refused += !reader;
    }
    assert_in_range(refused, 100, 400);
    options.max_record_bytes = SIZE_MAX;
    struct arena arena = {memory, memory + sizeof memory};
    struct record_reader *reader = NULL;
    struct why why = {0};
    assert_int_equal(record_open(source_of_text(&left), &options, &arena, &reader, &why).kind,
                     ERR_LIMIT);
}

static void a_text_that_must_be_decoded_needs_room(void **state)
{
    (void)state;
    char memory[8];
    struct arena none = {memory, memory};
    struct arena some = {memory, memory + sizeof memory};
    struct field plain = {STR("a"), STR("x\"\"y"), FIELD_STRING};
    struct field quoted = {STR("a"), STR("x\"\"y"), FIELD_CSV_QUOTED};
    struct field escaped = {STR("a"), STR("x\\ny"), FIELD_JSON_STRING};
    assert_true(str_eq(record_text(&plain, &none), STR("x\"\"y")));
    assert_null(record_text(&quoted, &none).at);
    assert_null(record_text(&escaped, &none).at);
    struct arena again = some;
    assert_true(str_eq(record_text(&quoted, &again), STR("x\"y")));
    assert_true(str_eq(record_text(&escaped, &some), STR("x\ny")));
}

static err give_a_byte(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    str *left = ctx;
    (void)why;
    *got = left->len && room ? 1 : 0;
    if (*got) {
        *into = left->at[0];
    }
    *left = str_drop(*left, *got);
    return OK;
}

/* Were it read anew for each byte, this test would take minutes. */
static void a_record_that_comes_byte_by_byte_is_read_in_linear_time(void **state)
{
    (void)state;
    static char memory[2 * 1024 * 1024];
    static char text[1000 * 1000];
    static const char *const beginnings[] = {
        "[{\"a\":\"", "{\"a\":\"", "{\"users\"",  "{\"n\":1,\"users\"", "{\"users\":[],\"n\":\"",
        "id\n",       "id,",       "user_id=\nx="};
    for (size_t i = 0; i < RECORDS_COUNT(beginnings); i++) {
        struct arena arena = {memory, memory + sizeof memory};
        struct record_options options = {.format = FORMAT_UNKNOWN, .max_record_bytes = sizeof text};
        struct record_reader *reader = NULL;
        struct record *record = NULL;
        struct why why = {0};
        memset(text, ' ', sizeof text);
        memcpy(text, beginnings[i], strlen(beginnings[i]));
        text[sizeof text - 1] = 'x';
        str left = {text, sizeof text};
        struct source source = {give_a_byte, &left};
        assert_int_equal(record_open(source, &options, &arena, &reader, &why).kind, ERR_NONE);
        assert_int_equal(record_next(reader, &record, &why).kind, ERR_NONE);
        assert_int_equal(left.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_told_by_content_type_then_by_suffix),
        cmocka_unit_test(the_format_is_seen_in_the_first_bytes),
        cmocka_unit_test(encodings_and_suffixes_tell_what_is_said_to_be_packed),
        cmocka_unit_test(packed_bytes_are_one_reject_whatever_their_name_says),
        cmocka_unit_test(one_byte_order_mark_at_the_start_is_taken_off),
        cmocka_unit_test(an_empty_source_has_no_records_whatever_its_format),
        cmocka_unit_test(many_small_records_touch_little_memory),
        cmocka_unit_test(a_long_record_touches_little_more_than_twice_its_length),
        cmocka_unit_test(a_bad_record_keeps_its_first_bytes),
        cmocka_unit_test(a_record_of_the_source_that_fails_in_it_is_not_given),
        cmocka_unit_test(a_full_arena_is_a_failure),
        cmocka_unit_test(a_text_that_must_be_decoded_needs_room),
        cmocka_unit_test(a_record_that_comes_byte_by_byte_is_read_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

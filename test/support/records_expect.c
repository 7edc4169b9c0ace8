#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/records_expect.h"

#include <string.h>

enum { MOST = 64 * 1024 };

static void fail_row(const char *word, const char *how, size_t n, str got, str expected)
{
    print_error("%s, %s %zu: got\n%.*s\nnot\n%.*s\n", word, how, n, (int)got.len, got.at,
                (int)expected.len, expected.at);
    fail();
}

static void expect_chunks(const char *word, const struct records_reading *reading, str text,
                          str expected)
{
    struct records_reading chunked = *reading;
    char memory[MOST];
    struct buf out;
    buf_wrap(&out, memory, sizeof memory);
    assert_int_equal(records_dump(text, &chunked, &out), ERR_NONE);
    if (!str_eq(buf_str(&out), expected)) {
        fail_row(word, "chunk of", chunked.chunk, buf_str(&out), expected);
    }
}

static bool has_line_from(str dump, str start)
{
    for (struct str_halves h = str_cut(dump, '\n'); h.found; h = str_cut(h.tail, '\n')) {
        if (str_starts(h.head, start)) {
            return true;
        }
    }
    return false;
}

static bool is_bad(str line)
{
    return str_starts(str_cut(line, ' ').tail, STR("E_"));
}

static void expect_cut(const struct records_row *row, enum record_format format, size_t len)
{
    struct records_reading reading = {.format = format};
    char memory[MOST];
    struct buf out;
    buf_wrap(&out, memory, sizeof memory);
    str text = str_take(str_from(row->text), len);
    assert_int_equal(records_dump(text, &reading, &out), ERR_NONE);
    str dump = buf_str(&out);
    for (struct str_halves h = str_cut(dump, '\n'); h.found; h = str_cut(h.tail, '\n')) {
        str offset = str_take(h.head, str_cut(h.head, '+').head.len + 1);
        if (!is_bad(h.head) && !has_line_from(str_from(row->expected), offset)) {
            fail_row(row->word, "cut at", len, dump, str_from(row->expected));
        }
    }
}

static void expect_break(const struct records_row *row, enum record_format format, size_t after)
{
    struct records_reading reading = {.format = format, .fails = true, .fails_after = after};
    char memory[MOST];
    struct buf out;
    buf_wrap(&out, memory, sizeof memory);
    assert_int_equal(records_dump(str_from(row->text), &reading, &out), ERR_BUSY);
    if (!str_starts(str_from(row->expected), buf_str(&out))) {
        fail_row(row->word, "broken after", after, buf_str(&out), str_from(row->expected));
    }
}

void records_expect(enum record_format format, const struct records_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        str text = str_from(rows[i].text);
        struct records_reading reading = {.format = format};
        for (; reading.chunk <= text.len; reading.chunk++) {
            expect_chunks(rows[i].word, &reading, text, str_from(rows[i].expected));
        }
        for (size_t len = 0; len <= text.len; len++) {
            expect_cut(&rows[i], format, len);
            expect_break(&rows[i], format, len);
        }
    }
}

void records_expect_text(const char *word, const struct records_reading *reading, str text,
                         str expected)
{
    static const size_t chunks[] = {0, 1000, 4096, 65537};
    struct records_reading chunked = *reading;
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        chunked.chunk = chunks[i];
        expect_chunks(word, &chunked, text, expected);
    }
}

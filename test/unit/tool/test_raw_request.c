/* Requests as people paste them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/tool/raw_request.h"
#include "test/support/guard.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 5000, ROOM = 1 << 20 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void expect(const char *row, const char *what, str got, str wanted)
{
    if (!str_eq(got, wanted)) {
        fail_msg("%s, %s: got '%.*s'", row, what, (int)got.len, got.at);
    }
}

static void the_parts_of_a_request_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        str text;
        const char *method, *path, *query, *eol;
        str body;
        size_t headers;
    } rows[] = {
        {"LF", STR_INIT("GET /a?b=c HTTP/1.1\nHost: h\n\n"), "GET", "/a", "b=c", "\n", STR_INIT(""),
         1},
        {"CRLF", STR_INIT("PUT /a HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\nbody\r\n"), "PUT", "/a", "",
         "\r\n", STR_INIT("body\r\n"), 2},
        {"nothing after the headers", STR_INIT("GET / HTTP/1.1\nHost: h"), "GET", "/", "", "\n",
         STR_INIT(""), 1},
        {"no headers", STR_INIT("GET / HTTP/1.1"), "GET", "/", "", "\n", STR_INIT(""), 0},
        {"space in the path", STR_INIT("GET /a b/ HTTP/1.1\n"), "GET", "/a b/", "", "\n",
         STR_INIT(""), 0},
        {"spaces in the query", STR_INIT("GET /?a= b &c HTTP/1.1\n"), "GET", "/", "a= b &c", "\n",
         STR_INIT(""), 0},
        {"a version within the path", STR_INIT("GET /a HTTP/1.1 HTTP/1.0\n"), "GET", "/a HTTP/1.1",
         "", "\n", STR_INIT(""), 0},
        {"UTF-8", STR_INIT("GET /\xe1\x88\xb4?\xc3\xa4 HTTP/1.1\n"), "GET", "/\xe1\x88\xb4",
         "\xc3\xa4", "\n", STR_INIT(""), 0},
        {"a second '?'", STR_INIT("GET /a?b?c HTTP/1.1\n"), "GET", "/a", "b?c", "\n", STR_INIT(""),
         0},
        {"query only", STR_INIT("GET ?a HTTP/1.1\n"), "GET", "", "a", "\n", STR_INIT(""), 0},
        {"body with NUL and empty lines", STR_INIT("PUT / HTTP/1.1\n\n\n\0\r\n\n"), "PUT", "/", "",
         "\n", STR_INIT("\n\0\r\n\n"), 0},
        {"mixed line ends", STR_INIT("GET / HTTP/1.1\r\nA: 1\nB: 2\r\n\nx"), "GET", "/", "", "\r\n",
         STR_INIT("x"), 2},
        {"CRLF for the empty line only", STR_INIT("GET / HTTP/1.1\nA: 1\n\r\nx"), "GET", "/", "",
         "\n", STR_INIT("x"), 1},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct raw_request request;
        struct why why = {0};
        size_t count = 0;
        assert_int_equal(raw_request_parse(&request, rows[i].text, &why).kind, ERR_NONE);
        (void)raw_request_headers(&request, &count);
        expect(rows[i].name, "method", request.method, str_from(rows[i].method));
        expect(rows[i].name, "path", request.path, str_from(rows[i].path));
        expect(rows[i].name, "query", request.query, str_from(rows[i].query));
        expect(rows[i].name, "line end", request.eol, str_from(rows[i].eol));
        expect(rows[i].name, "body", request.body, rows[i].body);
        assert_int_equal(count, rows[i].headers);
        raw_request_close(&request);
        raw_request_close(&request);
    }
}

static void a_header_keeps_its_blanks_and_folds(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *value;
    } rows[] = {
        {"A:1\n", "1"},
        {"A: 1 \n", " 1 "},
        {"A:\n", ""},
        {"A:b:c\n", "b:c"},
        {"A:1\n 2\n", "1\n 2"},
        {"A:1\r\n\t2\r\n", "1\r\n\t2"},
        {"A:1\n  \n", "1\n  "},
        {"A:\n 1\n", "\n 1"},
        {"A:1\n 2:3\n", "1\n 2:3"},
        {"A:1\n 2\n 3", "1\n 2\n 3"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct raw_request request;
        struct why why = {0};
        struct buf text;
        size_t count = 0;
        buf_init(&text, ROOM);
        buf_add(&text, STR("GET / HTTP/1.1\n"));
        buf_add(&text, str_from(rows[i].lines));
        assert_int_equal(raw_request_parse(&request, buf_str(&text), &why).kind, ERR_NONE);
        const struct header *headers = raw_request_headers(&request, &count);
        assert_int_equal(count, 1);
        expect(rows[i].lines, "name", headers[0].name, STR("A"));
        expect(rows[i].lines, "value", headers[0].value, str_from(rows[i].value));
        raw_request_close(&request);
        buf_close(&text);
    }
}

static void a_header_is_found_by_its_name_in_any_case(void **state)
{
    (void)state;
    struct raw_request request;
    struct why why = {0};
    const str text = STR("GET / HTTP/1.1\nhOsT:  h \nA: 1\na: 2\n\n");
    assert_int_equal(raw_request_parse(&request, text, &why).kind, ERR_NONE);
    expect("host", "value", raw_request_header(&request, STR("Host")), STR("h"));
    expect("a", "value", raw_request_header(&request, STR("a")), STR("1"));
    expect("b", "value", raw_request_header(&request, STR("b")), STR(""));
    raw_request_close(&request);
}

static void what_cannot_be_understood_is_refused_by_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        str text;
        const char *said;
    } rows[] = {
        {"nothing", STR_INIT(""), "there is no request"},
        {"empty line", STR_INIT("\nGET / HTTP/1.1\n"), "line 1 "},
        {"no version", STR_INIT("GET /\n"), "line 1 "},
        {"no target", STR_INIT("GET\n"), "line 1 "},
        {"no method", STR_INIT(" / HTTP/1.1\n"), "line 1 "},
        {"blank after the version", STR_INIT("GET / HTTP/1.1 \n"), "line 1 "},
        {"a URL as target", STR_INIT("GET https://h/ HTTP/1.1\n"), "line 1: the target"},
        {"no colon", STR_INIT("GET / HTTP/1.1\nHost: h\nfoo\n"), "line 3 "},
        {"no name", STR_INIT("GET / HTTP/1.1\n: h\n"), "line 2 "},
        {"blank before the colon", STR_INIT("GET / HTTP/1.1\nHost : h\n"), "line 2 "},
        {"fold without a header", STR_INIT("GET / HTTP/1.1\n a: b\n"), "line 2 begins"},
        {"NUL in the target", STR_INIT("GET /\0 HTTP/1.1\n"), "line 1 holds"},
        {"NUL in a header", STR_INIT("GET / HTTP/1.1\nA: \0\n"), "line 2 holds"},
        {"CR within a line", STR_INIT("GET / HTTP/1.1\nA: 1\rB: 2\n"), "line 2 holds"},
        {"CR at the very end", STR_INIT("GET / HTTP/1.1\nA: 1\r"), "line 2 holds"},
        {"CR twice", STR_INIT("GET / HTTP/1.1\nA: 1\r\r\n"), "line 2 holds"},
        {"UTF-8 in a name", STR_INIT("GET / HTTP/1.1\n\xc3\xa4: 1\n"), "line 2 "},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct raw_request request;
        struct why why = {0};
        err result = raw_request_parse(&request, rows[i].text, &why);
        raw_request_close(&request);
        if (result.kind != ERR_INPUT || !str_starts(str_from(why.text), str_from(rows[i].said))) {
            fail_msg("%s: %s", rows[i].name, why.text);
        }
    }
}

static void any_number_of_headers_is_taken(void **state)
{
    (void)state;
    struct raw_request request;
    struct why why = {0};
    struct buf text;
    size_t count = 0;
    buf_init(&text, ROOM);
    buf_add(&text, STR("GET / HTTP/1.1\n"));
    for (size_t i = 0; i < MANY; i++) {
        buf_add(&text, STR("a: b\n"));
    }
    assert_int_equal(raw_request_parse(&request, buf_str(&text), &why).kind, ERR_NONE);
    (void)raw_request_headers(&request, &count);
    assert_int_equal(count, MANY);
    raw_request_close(&request);
    buf_close(&text);
}

/* Everything that was found lies within the text. */
static void check_within(const struct raw_request *request, str text)
{
    size_t count = 0;
    const struct header *headers = raw_request_headers(request, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(headers[i].name.at >= text.at);
        assert_true(headers[i].value.at + headers[i].value.len <= text.at + text.len);
    }
}

/* Cut off at every byte, before a page that must not be touched. */
static void nothing_is_read_past_the_end(void **state)
{
    (void)state;
    const str text = STR("POST /a b?c=%4 HTTP/1.1\r\nHost: h\r\nA: 1\r\n  2\r\n\r\nbody\0\n");
    struct guard guard;
    guard_init(&guard, text.len);
    for (size_t len = 0; len <= text.len; len++) {
        struct raw_request request;
        struct why why = {0};
        str cut = guard_lay(&guard, str_take(text, len));
        if (!raw_request_parse(&request, cut, &why).kind) {
            check_within(&request, cut);
        }
        raw_request_close(&request);
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_request_are_found),
        cmocka_unit_test(a_header_keeps_its_blanks_and_folds),
        cmocka_unit_test(a_header_is_found_by_its_name_in_any_case),
        cmocka_unit_test(what_cannot_be_understood_is_refused_by_its_line),
        cmocka_unit_test(any_number_of_headers_is_taken),
        cmocka_unit_test(nothing_is_read_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/http1_head.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct http1_reply reply;
static struct http1_framing framing;

static enum err_kind parse(str head)
{
    struct why why = {0};
    reply = (struct http1_reply){0};
    return http1_head_parse(head, &reply, &framing, &why).kind;
}

static void assert_str(str got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.at, expected, got.len);
}

static void a_status_line_and_headers_are_read(void **state)
{
    (void)state;
    assert_int_equal(
        parse(STR("HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\nA: \t b c \r\n\r\n")), 0);
    assert_int_equal(reply.status, 202);
    assert_int_equal(reply.header_count, 2);
    assert_str(reply.headers[1].name, "A");
    assert_str(reply.headers[1].value, "b c");
    assert_int_equal(framing.kind, HTTP1_BODY_LENGTH);
    assert_int_equal(framing.length, 16);
    assert_true(framing.keep);
}

static void header_names_are_found_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(parse(STR("HTTP/1.1 200 OK\r\nlAMBDA-rUNTIME-Aws-Request-Id: 7\r\n\r\n")), 0);
    assert_str(http1_header(&reply, STR("Lambda-Runtime-Aws-Request-Id")), "7");
}

static void an_absent_header_and_an_empty_one_are_empty(void **state)
{
    (void)state;
    assert_int_equal(parse(STR("HTTP/1.1 200 OK\r\nEmpty:\r\nBlank:  \t \r\n\r\n")), 0);
    assert_str(http1_header(&reply, STR("Empty")), "");
    assert_str(http1_header(&reply, STR("Blank")), "");
    assert_str(http1_header(&reply, STR("Absent")), "");
}

static void what_delimits_the_body_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *head;
        enum http1_body_kind kind;
        bool keep;
    } rows[] = {
        {"length", "HTTP/1.1 200 OK\r\ncontent-LENGTH: 0\r\n\r\n", HTTP1_BODY_LENGTH, true},
        {"leading zeros", "HTTP/1.1 200 OK\r\nContent-Length: 0007\r\n\r\n", HTTP1_BODY_LENGTH,
         true},
        {"chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n", HTTP1_BODY_CHUNKED,
         true},
        {"both", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         HTTP1_BODY_CHUNKED, false},
        {"chunked in 1.0",
         "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
         HTTP1_BODY_CHUNKED, false},
        {"neither", "HTTP/1.1 200 OK\r\n\r\n", HTTP1_BODY_UNTIL_CLOSE, false},
        {"1.0", "HTTP/1.0 200 OK\r\n\r\n", HTTP1_BODY_UNTIL_CLOSE, false},
        {"1.0 with length", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", HTTP1_BODY_LENGTH,
         false},
        {"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\n",
         HTTP1_BODY_LENGTH, true},
        {"closed", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 3\r\n\r\n",
         HTTP1_BODY_LENGTH, false},
        {"close wins",
         "HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\nContent-Length: "
         "3\r\n\r\n",
         HTTP1_BODY_LENGTH, false},
        {"204", "HTTP/1.1 204 No Content\r\n\r\n", HTTP1_BODY_NONE, true},
        {"304 with length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
         HTTP1_BODY_NONE, true},
        {"100", "HTTP/1.1 100 Continue\r\n\r\n", HTTP1_BODY_NONE, true},
        {"no reason", "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n", HTTP1_BODY_LENGTH, true},
        {"line feeds", "HTTP/1.1 200 OK\nContent-Length: 3\n\n", HTTP1_BODY_LENGTH, true},
        {"later minor", "HTTP/1.9 200 OK\r\nContent-Length: 3\r\n\r\n", HTTP1_BODY_LENGTH, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        assert_int_equal(parse(str_from(rows[i].head)), ERR_NONE);
        assert_int_equal(framing.kind, rows[i].kind);
        assert_int_equal(framing.keep, rows[i].keep);
    }
}

static void what_is_not_http_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *head;
    } rows[] = {
        {"empty line", "\r\n"},
        {"another protocol", "SIP/2.0 200 OK\r\n\r\n"},
        {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"},
        {"no digit", "HTTP/1.x 200 OK\r\n\r\n"},
        {"no space", "HTTP/1.1_200 OK\r\n\r\n"},
        {"two spaces", "HTTP/1.1  200 OK\r\n\r\n"},
        {"short status", "HTTP/1.1 20\r\n\r\n"},
        {"long status", "HTTP/1.1 2000 OK\r\n\r\n"},
        {"signed status", "HTTP/1.1 +20 OK\r\n\r\n"},
        {"status below 100", "HTTP/1.1 099 OK\r\n\r\n"},
        {"status past 599", "HTTP/1.1 600 OK\r\n\r\n"},
        {"control in reason", "HTTP/1.1 200 O\1K\r\n\r\n"},
        {"no colon", "HTTP/1.1 200 OK\r\nName\r\n\r\n"},
        {"no name", "HTTP/1.1 200 OK\r\n: value\r\n\r\n"},
        {"space before colon", "HTTP/1.1 200 OK\r\nName : value\r\n\r\n"},
        {"folded line", "HTTP/1.1 200 OK\r\nName: a\r\n b: c\r\n\r\n"},
        {"folded with a tab", "HTTP/1.1 200 OK\r\nName: a\r\n\tb\r\n\r\n"},
        {"bare CR", "HTTP/1.1 200 OK\r\nName: a\rb\r\n\r\n"},
        {"DEL", "HTTP/1.1 200 OK\r\nName: \x7f\r\n\r\n"},
        {"length twice", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"},
        {"lengths differ", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"},
        {"length list", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n"},
        {"length empty", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"},
        {"length negative", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"},
        {"length with plus", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n"},
        {"length in hex", "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n"},
        {"length with more", "HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n"},
        {"length past 2^64", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"},
        {"gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
        {"gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
        {"coding empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n"},
        {"chunked twice",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].word);
        assert_int_equal(parse(str_from(rows[i].head)), ERR_BUG);
        assert_int_equal(reply.status, 0);
    }
}

static void a_nul_in_a_value_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse(STR("HTTP/1.1 200 OK\r\nName: a\0b\r\n\r\n")), ERR_BUG);
    assert_int_equal(parse(STR("HTTP/1.1 200 OK\r\nNa\0me: a\r\n\r\n")), ERR_BUG);
}

static void headers_past_the_bound_are_refused(void **state)
{
    (void)state;
    struct buf head;
    buf_init(&head, HTTP1_MAX_HEAD_BYTES);
    buf_add(&head, STR("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < HTTP1_MAX_HEADERS; i++) {
        buf_add(&head, STR("X: y\r\n"));
    }
    assert_int_equal(parse(buf_str(&head)), ERR_NONE);
    assert_int_equal(reply.header_count, HTTP1_MAX_HEADERS);
    buf_add(&head, STR("X: y\r\n\r\n"));
    assert_int_equal(parse(buf_str(&head)), ERR_LIMIT);
    buf_close(&head);
}

/* Each beginning of a head lies right before memory that must not be read. */
static void a_head_is_not_read_past_its_end(void **state)
{
    (void)state;
    str head = STR("HTTP/1.1 200 OK\r\nConnection: a , close\r\nContent-Length: 12\r\nX:\r\n\r\n");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    assert_int_equal(mprotect(at + page, page, PROT_NONE), 0);
    for (size_t len = 0; len <= head.len; len++) {
        char *start = at + page - len;
        memcpy(start, head.at, len);
        (void)parse((str){start, len});
    }
    assert_int_equal(reply.status, 200);
    assert_int_equal(munmap(at, page * 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_line_and_headers_are_read),
        cmocka_unit_test(header_names_are_found_in_any_case),
        cmocka_unit_test(an_absent_header_and_an_empty_one_are_empty),
        cmocka_unit_test(what_delimits_the_body_is_known),
        cmocka_unit_test(what_is_not_http_is_refused),
        cmocka_unit_test(a_nul_in_a_value_is_refused),
        cmocka_unit_test(headers_past_the_bound_are_refused),
        cmocka_unit_test(a_head_is_not_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

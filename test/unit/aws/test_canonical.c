/* The canonical request: one row for each way that signers are known to go wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/sigv4.h"
#include "test/support/guard.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_HEADERS = 6, MANY = 10000, ROOM = 8 << 20 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct header plain_host = {{"host", 4}, {"h", 1}};

static err sign(struct sigv4_keys *keys, const struct sigv4_request *request)
{
    const struct credentials credentials = {.access_key_id = STR("ID"),
                                            .secret_access_key = STR("secret")};
    const struct sigv4_scope scope = {STR("r"), STR("s"), 0};
    struct buf authorization;
    struct why why = {0};
    buf_init(&authorization, ROOM);
    err result = sigv4_sign(keys, &credentials, &scope, request, &authorization, &why);
    buf_close(&authorization);
    return result;
}

static void write_canonical(const struct sigv4_request *request, struct buf *out)
{
    struct sigv4_keys keys = {0};
    buf_clear(out);
    assert_int_equal(sign(&keys, request).kind, ERR_NONE);
    buf_add(out, sigv4_steps(&keys).canonical_request);
    sigv4_forget(&keys);
}

/* The `number`th line, counted from 0. */
static str line_of(const struct buf *text, size_t number)
{
    struct str_halves line = str_cut(buf_str(text), '\n');
    while (number--) {
        line = str_cut(line.tail, '\n');
    }
    return line.head;
}

static void expect_line(const char *row, const struct sigv4_request *request, size_t number,
                        str wanted)
{
    struct buf out;
    buf_init(&out, ROOM);
    write_canonical(request, &out);
    str line = line_of(&out, number);
    if (!str_eq(line, wanted)) {
        fail_msg("%s: got %.*s, not %.*s", row, (int)line.len, line.at, (int)wanted.len, wanted.at);
    }
    buf_close(&out);
}

static void a_path_is_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool s3;
        const char *path, *wanted;
    } rows[] = {
        {"S3: empty path", true, "", "/"},
        {"S3: '=' in a key, hive style", true, "/dt%3D2026-10-01/a", "/dt%3D2026-10-01/a"},
        {"S3: space, plus, at", true, "/a%20b%2Bc%40d", "/a%20b%2Bc%40d"},
        {"S3: percent in a key", true, "/100%25", "/100%25"},
        {"S3: emoji", true, "/%F0%9F%98%80", "/%F0%9F%98%80"},
        {"S3: braces", true, "/%7Bid%7D", "/%7Bid%7D"},
        {"S3: doubled slash", true, "/a//b", "/a//b"},
        {"S3: leading slash of a key", true, "//a", "//a"},
        {"S3: dot segments are names", true, "/a/../b/./c/..", "/a/../b/./c/.."},
        {"empty path", false, "", "/"},
        {"root", false, "/", "/"},
        {"no leading slash", false, "a", "/a"},
        {"doubled slashes", false, "//a///b", "/a/b"},
        {"slashes only", false, "///", "/"},
        {"trailing slash stays", false, "/a/", "/a/"},
        {"dot", false, "/./a/./b", "/a/b"},
        {"dot-dot", false, "/a/../b", "/b"},
        {"dot-dot twice", false, "/a/b/../../c", "/c"},
        {"dot-dot past the root", false, "/../../a", "/a"},
        {"dot-dot to the root", false, "/a/..", "/"},
        {"dot-dot and a slash", false, "/a/b/../", "/a/"},
        {"three dots are a name", false, "/a/.../b", "/a/.../b"},
        {"names that start with dots", false, "/..a/.b", "/..a/.b"},
        {"encoded twice: %3D", false, "/x%3Dy", "/x%253Dy"},
        {"encoded twice: space", false, "/a%20b", "/a%2520b"},
        {"encoded dots are a name", false, "/a/%2E%2E", "/a/%252E%252E"},
        {"encoded slash is no slash", false, "/a%2F..%2Fb", "/a%252F..%252Fb"},
        {"unencoded bytes", false, "/a b\xc3\xa4*", "/a%20b%C3%A4%2A"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct sigv4_request request = {
            .path = str_from(rows[i].path),
            .headers = &plain_host,
            .header_count = 1,
            .verbatim_path = rows[i].s3,
            .single_encode = rows[i].s3,
        };
        expect_line(rows[i].name, &request, 1, str_from(rows[i].wanted));
    }
}

static void verbatim_and_single_encoded_are_two_switches(void **state)
{
    (void)state;
    static const struct {
        const char *path, *normal, *verbatim, *single, *both;
    } rows[] = {
        {"", "/", "/", "/", "/"},
        {"a", "/a", "a", "/a", "a"},
        {"//a/../%3D b/", "/%253D%20b/", "//a/../%253D%20b/", "/%3D%20b/", "//a/../%3D%20b/"},
        {"/%2e/%", "/%252e/%25", "/%252e/%25", "/%2e/%25", "/%2e/%25"},
        {"/..", "/", "/..", "/", "/.."},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        const char *const wanted[] = {rows[i].normal, rows[i].verbatim, rows[i].single,
                                      rows[i].both};
        for (size_t way = 0; way < ROW_COUNT(wanted); way++) {
            const struct sigv4_request request = {
                .path = str_from(rows[i].path),
                .headers = &plain_host,
                .header_count = 1,
                .verbatim_path = way & 1,
                .single_encode = way & 2,
            };
            expect_line(rows[i].path, &request, 1, str_from(wanted[way]));
        }
    }
}

static void a_query_is_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *name, *query, *wanted;
    } rows[] = {
        {"no query", "", ""},
        {"key without a value", "versioning", "versioning="},
        {"key with an empty value", "uploads=", "uploads="},
        {"two keys without values", "v&acl", "acl=&v="},
        {"sorted by name", "b=1&a=2&c=0", "a=2&b=1&c=0"},
        {"capitals first", "a=1&B=1&b=1&A=1", "A=1&B=1&a=1&b=1"},
        {"same name: sorted by value", "a=b&a=a&a=&a=B", "a=&a=B&a=a&a=b"},
        {"same name and value", "a=1&a=1", "a=1&a=1"},
        {"shorter value first", "a=10&a=1&a=2", "a=1&a=10&a=2"},
        {"prefix before '-'", "Param-3=3&Param=2", "Param=2&Param-3=3"},
        {"prefix before '.'", "a.b=1&a=1", "a=1&a.b=1"},
        {"sorted as encoded", "Param=2&%E1%88%B4=1", "%E1%88%B4=1&Param=2"},
        {"slash, colon in a value", "a=x/y:z", "a=x%2Fy%3Az"},
        {"space in a value", "a=x y", "a=x%20y"},
        {"star", "a=*", "a=%2A"},
        {"encoded colon and slash stay", "a=%3A%2F", "a=%3A%2F"},
        {"lower-case digits", "a=%e6%96%87", "a=%E6%96%87"},
        {"needless encoding", "%61=%7e%2D%5f%2e", "a=~-_."},
        {"encoded '&' and '=' are data", "a=%26b%3D&c=", "a=%26b%3D&c="},
        {"'=' in a value", "a=b=c==", "a=b%3Dc%3D%3D"},
        {"plus is a plus", "a=b+c", "a=b%2Bc"},
        {"encoded plus", "a=b%2Bc", "a=b%2Bc"},
        {"percent that starts nothing", "a=%&b=%4&c=%zz&d=100%", "a=%25&b=%254&c=%25zz&d=100%25"},
        {"doubled '&'", "a=1&&b=2", "a=1&b=2"},
        {"leading and trailing '&'", "&a=1&", "a=1"},
        {"'&' only", "&&", ""},
        {"value without a name", "=x&a=1", "=x&a=1"},
        {"'=' only", "=", "="},
        {"UTF-8 unencoded", "\xe1\x88\xb4=bar", "%E1%88%B4=bar"},
        {"a control", "a=\x01\x7f", "a=%01%7F"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct sigv4_request request = {
            .query = str_from(rows[i].query), .headers = &plain_host, .header_count = 1};
        expect_line(rows[i].name, &request, 2, str_from(rows[i].wanted));
    }
}

struct header_row {
    const char *name;
    struct {
        const char *name, *value;
    } headers[MOST_HEADERS];
    const char *wanted; /* the lines of the headers, an empty one, and their names */
};

static void expect_headers(const struct header_row *row)
{
    struct header headers[MOST_HEADERS];
    size_t count = 0;
    for (; count < MOST_HEADERS && row->headers[count].name; count++) {
        headers[count].name = str_from(row->headers[count].name);
        headers[count].value = str_from(row->headers[count].value);
    }
    struct sigv4_request request = {.headers = headers, .header_count = count};
    struct buf out;
    buf_init(&out, ROOM);
    write_canonical(&request, &out);
    str lines = str_drop(buf_str(&out), strlen("\n/\n\n"));
    lines.len--; /* before the hash, which is empty here */
    if (!str_eq(lines, str_from(row->wanted))) {
        fail_msg("%s: got\n%.*s", row->name, (int)lines.len, lines.at);
    }
    buf_close(&out);
}

static void headers_are_canonical(void **state)
{
    (void)state;
    static const struct header_row rows[] = {
        {"lower case, sorted", {{"X-B", "1"}, {"Host", "h"}}, "host:h\nx-b:1\n\nhost;x-b"},
        {"names that share a beginning",
         {{"x-amz-meta-test-two", "2"}, {"x-amz-meta-test", "1"}, {"host", "h"}},
         "host:h\nx-amz-meta-test:1\nx-amz-meta-test-two:2\n\n"
         "host;x-amz-meta-test;x-amz-meta-test-two"},
        {"'-' before '.' before a letter",
         {{"ab", "1"}, {"a.b", "1"}, {"a-b", "1"}, {"a", "1"}},
         "a:1\na-b:1\na.b:1\nab:1\n\na;a-b;a.b;ab"},
        {"duplicates in the order they came",
         {{"a", "2"}, {"host", "h"}, {"A", "1"}, {"a", "2"}},
         "a:2,1,2\nhost:h\n\na;host"},
        {"duplicates with empty values", {{"a", ""}, {"a", "1"}, {"a", ""}}, "a:,1,\n\na"},
        {"trimmed at both ends", {{"a", "  \t1 \t "}, {"b", "2  "}}, "a:1\nb:2\n\na;b"},
        {"blanks inside made one", {{"a", "1  2\t\t3 \t 4"}}, "a:1 2 3 4\n\na"},
        {"blanks inside quotes too", {{"a", "\"a   b\""}}, "a:\"a b\"\n\na"},
        {"empty value", {{"a", ""}, {"b", "1"}}, "a:\nb:1\n\na;b"},
        {"blank value", {{"a", " \t "}}, "a:\n\na"},
        {"value of several lines", {{"a", "1\n  2\r\n     3"}}, "a:1 2 3\n\na"},
        {"value with colons and semicolons", {{"a", "b:c;d=e,f"}}, "a:b:c;d=e,f\n\na"},
        {"host with a port", {{"Host", "h:8000"}}, "host:h:8000\n\nhost"},
        {"host in brackets", {{"Host", "[::1]:8000"}}, "host:[::1]:8000\n\nhost"},
        {"host twice is named once", {{"Host", "h"}, {"host", "h"}}, "host:h,h\n\nhost"},
        {"x-amz-date twice is named once",
         {{"x-amz-date", "d"}, {"X-Amz-Date", "d"}},
         "x-amz-date:d,d\n\nx-amz-date"},
        {"every x-amz- header is signed",
         {{"x-amz-security-token", "t"}, {"x-amz-trace-id", "i"}, {"x-amz-user-agent", "u"}},
         "x-amz-security-token:t\nx-amz-trace-id:i\nx-amz-user-agent:u\n\n"
         "x-amz-security-token;x-amz-trace-id;x-amz-user-agent"},
        {"names near the never-signed ones are signed",
         {{"t", "1"}, {"tea", "1"}, {"expects", "1"}, {"user-agen", "1"}},
         "expects:1\nt:1\ntea:1\nuser-agen:1\n\nexpects;t;tea;user-agen"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        expect_headers(&rows[i]);
    }
}

static void what_changes_on_the_way_is_never_signed(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Authorization",
        "Baggage",
        "Connection",
        "Expect",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Traceparent",
        "Tracestate",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
        "X-Amzn-Trace-Id",
    };
    for (size_t i = 0; i < ROW_COUNT(names); i++) {
        struct header_row row = {names[i], {{names[i], "v"}, {"host", "h"}}, "host:h\n\nhost"};
        expect_headers(&row);
    }
}

static void any_number_of_parameters_is_signed(void **state)
{
    (void)state;
    struct buf query;
    struct buf wanted;
    buf_init(&query, ROOM);
    buf_init(&wanted, ROOM);
    for (size_t i = 0; i < MANY; i++) {
        buf_u64_padded(&query, MANY - 1 - i, 5);
        buf_char(&query, '&');
        buf_add(&wanted, i ? STR("&") : STR(""));
        buf_u64_padded(&wanted, i, 5);
        buf_char(&wanted, '=');
    }
    struct sigv4_request request = {
        .query = buf_str(&query), .headers = &plain_host, .header_count = 1};
    expect_line("many", &request, 2, buf_str(&wanted));
    buf_close(&query);
    buf_close(&wanted);
}

static void any_number_of_headers_is_signed(void **state)
{
    (void)state;
    static char names[MANY][8];
    static struct header headers[MANY];
    struct buf wanted;
    buf_init(&wanted, ROOM);
    for (size_t i = 0; i < MANY; i++) {
        struct buf name;
        buf_wrap(&name, names[i], sizeof names[i]);
        buf_u64_padded(&name, MANY - 1 - i, 5);
        headers[i] = (struct header){buf_str(&name), STR("v")};
        buf_add(&wanted, i ? STR(";") : STR(""));
        buf_u64_padded(&wanted, i, 5);
    }
    struct sigv4_request request = {.headers = headers, .header_count = MANY};
    expect_line("many", &request, 3 + MANY + 1, buf_str(&wanted));
    buf_close(&wanted);
}

static void a_name_with_a_nul_is_not_taken_for_its_beginning(void **state)
{
    (void)state;
    const struct header header = {STR("te\0zz"), STR("v")};
    const struct sigv4_request request = {.headers = &header, .header_count = 1};
    expect_line("nul", &request, 3, STR("te\0zz:v"));
}

/* A text cut off at every byte, before a page that must not be touched. */
static void nothing_is_read_past_the_end_of_a_text(void **state)
{
    (void)state;
    const str text = STR("/a%2F../%zz//b c&x=%41&=&y=%4\xc3&=%");
    struct guard guard;
    struct buf out;
    guard_init(&guard, text.len);
    buf_init(&out, ROOM);
    for (size_t len = 0; len <= text.len; len++) {
        str cut = guard_lay(&guard, str_take(text, len));
        struct header header = {STR("h"), cut};
        struct header named = {cut, STR("v")};
        struct sigv4_request requests[] = {
            {.path = cut, .headers = &header, .header_count = 1},
            {.query = cut, .headers = &named, .header_count = 1},
        };
        write_canonical(&requests[0], &out);
        write_canonical(&requests[1], &out);
    }
    buf_close(&out);
    guard_close(&guard);
}

static void a_request_past_all_bounds_is_refused_whole(void **state)
{
    (void)state;
    const size_t len = 6 << 20; /* three times that when encoded */
    struct sigv4_keys keys = {0};
    struct buf query;
    buf_init(&query, len);
    char *at = buf_reserve(&query, len);
    assert_non_null(at);
    memset(at, ' ', len);
    struct sigv4_request request = {.query = {at, len}, .headers = &plain_host, .header_count = 1};
    assert_int_equal(sign(&keys, &request).kind, ERR_LIMIT);
    buf_close(&query);
    sigv4_forget(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_canonical),
        cmocka_unit_test(verbatim_and_single_encoded_are_two_switches),
        cmocka_unit_test(a_query_is_canonical),
        cmocka_unit_test(headers_are_canonical),
        cmocka_unit_test(what_changes_on_the_way_is_never_signed),
        cmocka_unit_test(any_number_of_parameters_is_signed),
        cmocka_unit_test(any_number_of_headers_is_signed),
        cmocka_unit_test(a_name_with_a_nul_is_not_taken_for_its_beginning),
        cmocka_unit_test(nothing_is_read_past_the_end_of_a_text),
        cmocka_unit_test(a_request_past_all_bounds_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

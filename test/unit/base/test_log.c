/* Log lines, read back from a packet socket: one write is one packet. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/log.h"

#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    struct log log;
    int reader;
    char packet[2 * LOG_LINE_MAX];
};

static int64_t fixed_clock(void)
{
    return 1440938160250; /* 2015-08-30T12:36:00.250Z */
}

static int open_log(void **state)
{
    static struct fixture fixture;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) != 0) {
        return -1;
    }
    fixture = (struct fixture){
        .log = {.fd = ends[1], .level = LOG_INFO, .now_ms = fixed_clock},
        .reader = ends[0],
    };
    *state = &fixture;
    return 0;
}

static int close_log(void **state)
{
    struct fixture *fixture = *state;
    (void)close(fixture->log.fd);
    (void)close(fixture->reader);
    return 0;
}

/* The next packet; empty when nothing was written. */
static str read_packet(struct fixture *fixture)
{
    ssize_t len = recv(fixture->reader, fixture->packet, sizeof fixture->packet, 0);
    return len > 0 ? (str){fixture->packet, (size_t)len} : STR("");
}

static void assert_line(struct fixture *fixture, const char *expected)
{
    str line = read_packet(fixture);
    if (!str_eq(line, str_from(expected))) {
        fail_msg("wrote %.*s", (int)line.len, line.at);
    }
    assert_int_equal(read_packet(fixture).len, 0);
}

/* New: the one packet, which is one line of JSON. */
static json_t *read_json(struct fixture *fixture)
{
    str line = read_packet(fixture);
    assert_true(line.len > 0 && line.len <= LOG_LINE_MAX);
    assert_ptr_equal(memchr(line.at, '\n', line.len), line.at + line.len - 1);
    json_t *root = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_true(json_is_object(root));
    return root;
}

static void an_event_is_one_line_of_json_in_one_write(void **state)
{
    struct fixture *fixture = *state;
    struct log_line line;
    fixture->log.request_id = STR("r-1");
    fixture->log.tenant_id = STR("t-1");
    fixture->log.trace_id = STR("Root=1");
    assert_true(log_start(&fixture->log, &line, LOG_WARN, "object is gone"));
    log_u64(&line, "offset", UINT64_MAX);
    log_i64(&line, "left", -5);
    log_str(&line, "origin", STR("s3"));
    log_end(&line);
    assert_line(
        fixture,
        "{\"timestamp\":\"2015-08-30T12:36:00.250Z\",\"level\":\"WARN\",\"message\":\"object "
        "is gone\",\"requestId\":\"r-1\",\"tenantId\":\"t-1\",\"traceId\":\"Root=1\",\"offset\":"
        "18446744073709551615,\"left\":-5,\"origin\":\"s3\"}\n");
}

static void between_invocations_there_are_no_ids(void **state)
{
    struct fixture *fixture = *state;
    log_message(&fixture->log, LOG_INFO, "started");
    assert_line(fixture, "{\"timestamp\":\"2015-08-30T12:36:00.250Z\",\"level\":\"INFO\","
                         "\"message\":\"started\"}\n");
}

static void plain_text_is_one_record_whatever_it_holds(void **state)
{
    struct fixture *fixture = *state;
    struct log_line line;
    fixture->log.text = true;
    fixture->log.request_id = STR("r-1");
    assert_true(log_start(&fixture->log, &line, LOG_ERROR, "two\nlines"));
    log_str(&line, "code", STR("a\n\nb\n"));
    log_u64(&line, "n", 7);
    log_end(&line);
    assert_line(fixture, "2015-08-30T12:36:00.250Z ERROR two\rlines requestId=r-1 code=a\r\rb\r "
                         "n=7\n");
}

static void levels_below_the_set_one_are_not_written(void **state)
{
    struct fixture *fixture = *state;
    for (int set = LOG_TRACE; set <= LOG_OFF; set++) {
        fixture->log.level = (enum log_level)set;
        for (int level = LOG_TRACE; level < LOG_OFF; level++) {
            log_message(&fixture->log, (enum log_level)level, "x");
            assert_int_equal(read_packet(fixture).len > 0, level >= set);
        }
    }
}

static void a_failure_is_told_with_all_that_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {.kind = ERR_BUSY,
                      .status = 503,
                      .file = "aws/s3.c",
                      .line = 12,
                      .code = "SlowDown",
                      .request_id = "abc",
                      .text = "gave up after 3 attempts"};
    fixture->log.request_id = STR("r-1");
    log_failure(&fixture->log, LOG_ERROR, "cannot read", &why);
    assert_line(fixture,
                "{\"timestamp\":\"2015-08-30T12:36:00.250Z\",\"level\":\"ERROR\",\"message\":"
                "\"cannot read\",\"requestId\":\"r-1\",\"kind\":\"BUSY\",\"code\":\"SlowDown\","
                "\"status\":503,\"text\":\"gave up after 3 attempts\",\"serviceRequestId\":\"abc\","
                "\"at\":\"aws/s3.c:12\"}\n");
}

static void what_is_not_known_of_a_failure_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {.kind = ERR_BUG};
    log_failure(&fixture->log, LOG_ERROR, "x", &why);
    assert_line(fixture, "{\"timestamp\":\"2015-08-30T12:36:00.250Z\",\"level\":\"ERROR\","
                         "\"message\":\"x\",\"kind\":\"BUG\"}\n");
}

static void any_bytes_make_a_line_of_json(void **state)
{
    struct fixture *fixture = *state;
    char bytes[256];
    struct log_line line;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(unsigned char)i;
    }
    fixture->log.request_id = STR("\"\n\xFF");
    assert_true(log_start(&fixture->log, &line, LOG_INFO, "quote \" and \n"));
    log_str(&line, "all", (str){bytes, sizeof bytes});
    log_end(&line);
    json_t *root = read_json(fixture);
    assert_string_equal(json_string_value(json_object_get(root, "message")), "quote \" and \n");
    assert_string_equal(json_string_value(json_object_get(root, "requestId")), "\"\n\xEF\xBF\xBD");
    assert_int_equal(json_object_size(root), 5);
    json_decref(root);
}

static void a_line_of_any_length_is_json_and_says_when_it_is_cut(void **state)
{
    struct fixture *fixture = *state;
    static char value[LOG_LINE_MAX * 2];
    memset(value, 'a', sizeof value);
    for (size_t len = LOG_LINE_MAX - 300; len < LOG_LINE_MAX + 100; len++) {
        struct log_line line;
        assert_true(log_start(&fixture->log, &line, LOG_INFO, "m"));
        log_u64(&line, "before", 1);
        log_str(&line, "long", (str){value, len});
        log_u64(&line, "after", 2);
        log_str(&line, "later", STR("x"));
        log_end(&line);
        json_t *root = read_json(fixture);
        bool cut = json_is_true(json_object_get(root, "truncated"));
        assert_int_equal(json_integer_value(json_object_get(root, "before")), 1);
        assert_int_equal(json_object_get(root, "later") == NULL, cut);
        json_t *whole = json_object_get(root, "long");
        assert_true(!whole || json_string_length(whole) == len);
        assert_true(cut || whole);
        json_decref(root);
    }
}

static void nothing_follows_the_field_that_was_left_out(void **state)
{
    struct fixture *fixture = *state;
    static char value[LOG_LINE_MAX];
    struct log_line line;
    memset(value, '\n', sizeof value);
    assert_true(log_start(&fixture->log, &line, LOG_INFO, "m"));
    log_str(&line, "long", (str){value, sizeof value});
    log_u64(&line, "after", 2);
    log_end(&line);
    assert_line(fixture, "{\"timestamp\":\"2015-08-30T12:36:00.250Z\",\"level\":\"INFO\","
                         "\"message\":\"m\",\"truncated\":true}\n");
}

static void a_cut_line_of_plain_text_says_so(void **state)
{
    struct fixture *fixture = *state;
    static char value[LOG_LINE_MAX];
    struct log_line line;
    memset(value, 'a', sizeof value);
    fixture->log.text = true;
    assert_true(log_start(&fixture->log, &line, LOG_INFO, "m"));
    log_str(&line, "long", (str){value, sizeof value});
    log_end(&line);
    assert_line(fixture, "2015-08-30T12:36:00.250Z INFO m truncated\n");
}

static void a_request_id_past_the_line_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    static char value[LOG_LINE_MAX * 4];
    memset(value, 'a', sizeof value);
    fixture->log.request_id = (str){value, sizeof value};
    log_message(&fixture->log, LOG_INFO, "m");
    json_t *root = read_json(fixture);
    assert_true(json_is_true(json_object_get(root, "truncated")));
    assert_null(json_object_get(root, "requestId"));
    json_decref(root);
}

static void a_log_that_cannot_be_written_does_no_harm(void **state)
{
    struct fixture *fixture = *state;
    struct log broken = fixture->log;
    broken.fd = -1;
    log_message(&broken, LOG_INFO, "m");
    assert_int_equal(read_packet(fixture).len, 0);
}

/* 2015-08-30T12:36:00.250Z in microseconds is 0x00051e868f2f5c90. */
static void a_framed_record_says_its_kind_level_length_and_time(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        bool text;
        enum log_level level;
        const char *head;
    } rows[] = {
        {false, LOG_TRACE, "\xa5\x5a\x00\x06"}, {false, LOG_INFO, "\xa5\x5a\x00\x0e"},
        {false, LOG_FATAL, "\xa5\x5a\x00\x1a"}, {true, LOG_DEBUG, "\xa5\x5a\x00\x0b"},
        {true, LOG_WARN, "\xa5\x5a\x00\x13"},   {true, LOG_ERROR, "\xa5\x5a\x00\x17"},
    };
    fixture->log.framed = true;
    fixture->log.level = LOG_TRACE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture->log.text = rows[i].text;
        log_message(&fixture->log, rows[i].level, "m");
        str record = read_packet(fixture);
        assert_true(record.len > 16 && record.len < 16 + 256);
        assert_memory_equal(record.at, rows[i].head, 4);
        assert_int_equal(record.at[4] | record.at[5] | record.at[6], 0);
        assert_int_equal((unsigned char)record.at[7], record.len - 16);
        assert_memory_equal(record.at + 8, "\x00\x05\x1e\x86\x8f\x2f\x5c\x90", 8);
        assert_memory_equal(record.at + 16, rows[i].text ? "2015" : "{\"ti", 4);
        assert_memory_equal(record.at + record.len - 1, rows[i].text ? "m" : "}", 1);
    }
}

static void a_framed_record_of_any_length_is_one_write_that_a_pipe_takes(void **state)
{
    struct fixture *fixture = *state;
    static char value[LOG_LINE_MAX];
    struct log_line line;
    memset(value, 'a', sizeof value);
    fixture->log.framed = true;
    for (size_t len = LOG_LINE_MAX - 300; len < LOG_LINE_MAX; len++) {
        assert_true(log_start(&fixture->log, &line, LOG_INFO, "m"));
        log_str(&line, "long", (str){value, len});
        log_end(&line);
        str record = read_packet(fixture);
        assert_true(record.len <= LOG_LINE_MAX);
        assert_int_equal((unsigned char)record.at[6] * 256 + (unsigned char)record.at[7],
                         record.len - 16);
    }
}

static void level_names_are_read_in_any_case(void **state)
{
    static const char *const names[] = {"TRACE", "debug", "Info", "WARN", "error", "FATAL", "off"};
    (void)state;
    for (int i = 0; i < 7; i++) {
        enum log_level level = LOG_OFF;
        assert_true(log_level_parse(str_from(names[i]), &level));
        assert_int_equal(level, i);
        assert_true(str_eq_nocase(str_from(log_level_name(level)), str_from(names[i])));
    }
    enum log_level level = LOG_WARN;
    assert_false(log_level_parse(STR(""), &level));
    assert_false(log_level_parse(STR("WARNING"), &level));
    assert_false(log_level_parse(STR("INF"), &level));
    assert_int_equal(level, LOG_WARN);
}

#define ON_LOG(test) cmocka_unit_test_setup_teardown(test, open_log, close_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOG(an_event_is_one_line_of_json_in_one_write),
        ON_LOG(between_invocations_there_are_no_ids),
        ON_LOG(plain_text_is_one_record_whatever_it_holds),
        ON_LOG(levels_below_the_set_one_are_not_written),
        ON_LOG(a_failure_is_told_with_all_that_is_known),
        ON_LOG(what_is_not_known_of_a_failure_is_left_out),
        ON_LOG(any_bytes_make_a_line_of_json),
        ON_LOG(a_line_of_any_length_is_json_and_says_when_it_is_cut),
        ON_LOG(nothing_follows_the_field_that_was_left_out),
        ON_LOG(a_cut_line_of_plain_text_says_so),
        ON_LOG(a_request_id_past_the_line_is_left_out),
        ON_LOG(a_log_that_cannot_be_written_does_no_harm),
        cmocka_unit_test_setup_teardown(a_framed_record_says_its_kind_level_length_and_time,
                                        open_log, close_log),
        cmocka_unit_test_setup_teardown(
            a_framed_record_of_any_length_is_one_write_that_a_pipe_takes, open_log, close_log),
        cmocka_unit_test(level_names_are_read_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

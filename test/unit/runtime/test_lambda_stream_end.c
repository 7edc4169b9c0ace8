/* How a response that is sent while it is made ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "test/unit/runtime/stream_script.h"

static struct script script;

static void no_status_but_500_at_its_end_ends_the_loop(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {0};
    struct act act = {.head = &head, .pieces = {"x"}};
    script_open(&script, perform, &act);
    for (int status = 200; status <= 599; status++) {
        if (status != 500) {
            script_invocation(&script, "", "{}");
            script_status(&script, status);
        }
    }
    script_answer(&script, BROKEN);
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_true(script.server.played);
    assert_int_equal(script_received(&script, "/id-1/response"), 399);
    assert_int_equal(script_received(&script, "/error"), 0);
    assert_int_equal(script_logged(&script, "a post was refused"), 299);
    assert_int_equal(pauses.count, 0);
    script_close(&script);
}

static void a_500_at_its_end_ends_the_process(void **state)
{
    (void)state;
    const struct lambda_stream_head head = {0};
    struct act act = {.head = &head, .pieces = {"x"}};
    script_open(&script, perform, &act);
    script_invocation(&script, "", "{}");
    script_answer(&script, BROKEN);
    script_invocation(&script, "", "{}");
    assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
    assert_int_equal(script_received(&script, "GET "), 1);
    assert_int_equal(script_logged(&script, "\"FATAL\""), 1);
    script_close(&script);
}

static err write_for_ever(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                          struct why *why)
{
    (void)reply;
    static const char piece[64 * 1024];
    const struct lambda_stream_head head = {0};
    unsigned *calls = ctx;
    if (++*calls > 1) {
        return OK; /* the invocation after it */
    }
    TRY(lambda_stream_open(in->stream, &head, why));
    for (;;) {
        TRY(lambda_stream_write(in->stream, (str){piece, sizeof piece}, why));
    }
}

/* Refused or lost in the middle: the handler sees it, nothing more is posted, the next invocation
 * is served. */
static void what_ends_it_in_the_middle_ends_the_invocation_alone(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum byte_step_kind then;
        const char *logged;
    } rows[] = {
        {"", STEP_CLOSE, "the end of a response was lost"},
        {"", STEP_RESET, "the end of a response was lost"},
        {"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", STEP_CLOSE, "\"status\":413"},
        {"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", STEP_CLOSE, "\"status\":400"},
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", STEP_CLOSE, "\"status\":403"},
        {"HTTP/1.1 410 No\r\nContent-Length: 0\r\n\r\n", STEP_CLOSE, "\"status\":410"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %s\n", rows[i].logged);
        unsigned calls = 0;
        script_open(&script, write_for_ever, &calls);
        script_invocation(&script, "", "{}");
        script_step(&script, STEP_RECEIVE_HEAD, STR(""));
        script_step(&script, STEP_SEND, str_from(rows[i].answer));
        script_step(&script, rows[i].then, STR(""));
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(script_run(&script), LAMBDA_EXIT_API);
        assert_true(script.server.played);
        assert_int_equal(calls, 2);
        assert_int_equal(script_received(&script, "/error"), 0);
        assert_int_equal(script_logged(&script, rows[i].logged), 1);
        assert_int_equal(script_logged(&script, "invocation failed"), 1);
        script_close(&script);
    }
}

/* Takes all there is and says so. The end may come in two. */
static void *take_all(void *arg)
{
    static char some[256 * 1024];
    const int *listener = arg;
    int fd = accept(*listener, NULL, NULL);
    str end = STR("0\r\n\r\n");
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && !str_ends((str){some, len}, end)) {
        size_t kept = len < end.len ? len : end.len;
        memmove(some, some + len - kept, kept);
        got = recv(fd, some + kept, sizeof some - kept, 0);
        len = kept + (got > 0 ? (size_t)got : 0);
    }
    (void)send(fd, ACCEPTED, sizeof ACCEPTED - 1, MSG_NOSIGNAL);
    (void)close(fd);
    return NULL;
}

static void it_has_no_limit_of_ours(void **state)
{
    (void)state;
    enum { PIECES = 210 };
    static char piece[1024 * 1024];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char address[32];
    pthread_t thread;
    struct lambda_api api = {.request_id = STR("id-1")};
    struct lambda_stream stream = {.api = &api};
    const struct lambda_stream_head head = {0};
    struct why why = {0};
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &at_len), 0);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(http1_init(&api.http, str_from(address), &why).kind, ERR_NONE);
    buf_init(&api.answer, 1000);
    assert_int_equal(pthread_create(&thread, NULL, take_all, &listener), 0);
    assert_int_equal(lambda_stream_open(&stream, &head, &why).kind, ERR_NONE);
    for (int i = 0; i < PIECES; i++) {
        str bytes = {piece, sizeof piece};
        assert_int_equal(lambda_stream_write(&stream, bytes, &why).kind, ERR_NONE);
    }
    assert_int_equal(lambda_stream_end(&stream, &why), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(str_eq(buf_str(&api.answer), STR("{\"status\":\"OK\"}\n")));
    (void)close(listener);
    http1_close(&api.http);
    buf_close(&api.answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_status_but_500_at_its_end_ends_the_loop),
        cmocka_unit_test(a_500_at_its_end_ends_the_process),
        cmocka_unit_test(what_ends_it_in_the_middle_ends_the_invocation_alone),
        cmocka_unit_test(it_has_no_limit_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/lambda_script.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define RESTORE  "GET /2018-06-01/runtime/restore/next "
#define NEXT     "GET /2018-06-01/runtime/invocation/next "

static struct script script;

/* What happened in which order, a letter each. */
struct course {
    char letters[16];
    size_t count;
    bool fails_before, fails_after;
};

static void note(struct course *course, char letter)
{
    assert_true(course->count < sizeof course->letters - 1);
    course->letters[course->count++] = letter;
}

static err before(void *ctx, struct why *why)
{
    struct course *course = ctx;
    note(course, 'b');
    return course->fails_before ? FAIL(why, ERR_BUG, "cannot be frozen") : OK;
}

static err after(void *ctx, struct why *why)
{
    struct course *course = ctx;
    note(course, 'a');
    return course->fails_after ? FAIL(why, ERR_BUG, "cannot be thawed") : OK;
}

static err handle(void *ctx, const struct lambda_invocation *in, struct buf *reply, struct why *why)
{
    (void)in;
    (void)why;
    note(ctx, 'h');
    buf_add(reply, STR("1"));
    return OK;
}

static void open_script(struct course *course, const char *type)
{
    script_open(&script, handle, course);
    script.env[1] = type;
    script.config.before_snapshot = before;
    script.config.after_restore = after;
}

static int run(void)
{
    script_start(&script);
    int code = lambda_run(&script.config);
    script_stop(&script);
    return code;
}

#define SNAP_START "AWS_LAMBDA_INITIALIZATION_TYPE=snap-start"

static void the_hooks_are_called_around_the_restore(void **state)
{
    (void)state;
    struct course course = {0};
    open_script(&course, SNAP_START);
    script_answer(&script, OK_EMPTY);
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(run(), LAMBDA_EXIT_API);
    assert_string_equal(course.letters, "bah");
    assert_true(str_starts(buf_str(&script.server.received), STR(RESTORE)));
    assert_int_equal(script_received(&script, RESTORE), 1);
    assert_int_equal(script.server.accepted, 2); /* nothing from before is used after */
    script_close(&script);
}

static void only_a_snapshot_has_hooks(void **state)
{
    (void)state;
    static const char *const types[] = {
        "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
        "AWS_LAMBDA_INITIALIZATION_TYPE=", "AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency",
        "UNRELATED=snap-start"};
    for (size_t i = 0; i < COUNT(types); i++) {
        struct course course = {0};
        open_script(&course, types[i]);
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(run(), LAMBDA_EXIT_API);
        assert_string_equal(course.letters, "h");
        assert_int_equal(script_received(&script, RESTORE), 0);
        script_close(&script);
    }
}

static void a_snapshot_needs_no_hooks(void **state)
{
    (void)state;
    struct course course = {0};
    open_script(&course, SNAP_START);
    script.config.before_snapshot = NULL;
    script.config.after_restore = NULL;
    script_answer(&script, OK_EMPTY);
    script_answer(&script, BROKEN);
    assert_int_equal(run(), LAMBDA_EXIT_API);
    assert_int_equal(script_received(&script, NEXT), 1);
    script_close(&script);
}

/* The one request of this path, with its type and message. */
static void assert_posted(const char *path, const char *type, const char *message)
{
    char request[200], header[200], body[300];
    (void)snprintf(request, sizeof request, "POST /2018-06-01/runtime/%s HTTP/1.1\r\n", path);
    (void)snprintf(header, sizeof header, "\r\nLambda-Runtime-Function-Error-Type: %s\r\n", type);
    (void)snprintf(body, sizeof body,
                   "\r\n\r\n{\"errorMessage\":\"%s\",\"errorType\":\"%s\",\"stackTrace\":[\"",
                   message, type);
    assert_int_equal(script_received(&script, "POST "), 1);
    assert_int_equal(script_received(&script, request), 1);
    assert_int_equal(script_received(&script, header), 1);
    assert_int_equal(script_received(&script, body), 1);
}

static void a_failure_before_the_snapshot_is_an_init_error(void **state)
{
    (void)state;
    struct course course = {.fails_before = true};
    open_script(&course, SNAP_START);
    script_answer(&script, ACCEPTED);
    assert_int_equal(run(), 64);
    assert_string_equal(course.letters, "b");
    assert_posted("init/error", "Runtime.BeforeSnapshotError", "cannot be frozen");
    assert_int_equal(script_received(&script, RESTORE), 0);
    script_close(&script);
}

static void a_failure_after_the_restore_is_a_restore_error(void **state)
{
    (void)state;
    struct course course = {.fails_after = true};
    open_script(&course, SNAP_START);
    script_answer(&script, OK_EMPTY);
    script_answer(&script, ACCEPTED);
    assert_int_equal(run(), 65);
    assert_string_equal(course.letters, "ba");
    assert_posted("restore/error", "Runtime.AfterRestoreError", "cannot be thawed");
    assert_int_equal(script_received(&script, NEXT), 0);
    script_close(&script);
}

static void a_failed_hook_ends_the_same_way_whatever_the_api_says(void **state)
{
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        struct course course = {.fails_after = true};
        open_script(&course, SNAP_START);
        script_answer(&script, OK_EMPTY);
        script_answer(&script, refused ? "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" : BROKEN);
        assert_int_equal(run(), 65);
        script_close(&script);
    }
}

static void an_api_without_snapshots_is_served_all_the_same(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        "this is not HTTP\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct course course = {0};
        open_script(&course, SNAP_START);
        script_answer(&script, answers[i]);
        script_invocation(&script, "", "{}");
        script_answer(&script, ACCEPTED);
        script_answer(&script, BROKEN);
        assert_int_equal(run(), LAMBDA_EXIT_API);
        assert_string_equal(course.letters, "bah");
        assert_int_equal(script_logged(&script, "not restored from a snapshot"), 1);
        script_close(&script);
    }
}

static void a_connection_that_the_snapshot_cut_is_no_failure(void **state)
{
    (void)state;
    struct course course = {0};
    open_script(&course, SNAP_START);
    script_step(&script, STEP_RECEIVE, STR(""));
    script_step(&script, STEP_RESET, STR(""));
    script_invocation(&script, "", "{}");
    script_answer(&script, ACCEPTED);
    script_answer(&script, BROKEN);
    assert_int_equal(run(), LAMBDA_EXIT_API);
    assert_string_equal(course.letters, "bah");
    script_close(&script);
}

static void a_broken_api_ends_the_process(void **state)
{
    (void)state;
    struct course course = {0};
    open_script(&course, SNAP_START);
    script_answer(&script, BROKEN);
    assert_int_equal(run(), LAMBDA_EXIT_API);
    assert_string_equal(course.letters, "b");
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hooks_are_called_around_the_restore),
        cmocka_unit_test(only_a_snapshot_has_hooks),
        cmocka_unit_test(a_snapshot_needs_no_hooks),
        cmocka_unit_test(a_failure_before_the_snapshot_is_an_init_error),
        cmocka_unit_test(a_failure_after_the_restore_is_a_restore_error),
        cmocka_unit_test(a_failed_hook_ends_the_same_way_whatever_the_api_says),
        cmocka_unit_test(an_api_without_snapshots_is_served_all_the_same),
        cmocka_unit_test(a_connection_that_the_snapshot_cut_is_no_failure),
        cmocka_unit_test(a_broken_api_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

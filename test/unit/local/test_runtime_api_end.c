#include "test/unit/local/api_stage.h"

#include <sys/syscall.h>
#include <sys/wait.h>

static void only_ask(struct actor *a)
{
    actor_next(a);
}

static void no_answer_in_time_is_a_timeout(void **state)
{
    struct stage *s = *state;
    s->context.timeout_ms = 50;
    stage_start(s, only_ask);
    stage_invoke(s, STR("{}"));
    assert_int_equal(s->result.outcome, RUNTIME_API_TIMEOUT);
    assert_true(s->result.handed);
    assert_string_equal(s->result.error_type, "Sandbox.Timedout");
    assert_non_null(memmem(s->result.body.at, s->result.body.len, "after 0.05 seconds", 18));
    stage_finish(s);
}

/* A body that hardly ends, as fast as it is taken. */
static void flood(struct actor *a)
{
    enum { PIECES = 20000 };
    static const char piece[64 * 1024];
    actor_next(a);
    raw_send(a->fd, STR("POST /x HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\n"), 0);
    for (size_t i = 0; i < PIECES && !a->over; i++) {
        raw_send(a->fd, (str){piece, sizeof piece}, 0);
    }
    a->status[0] = a->over ? 1 : 0;
    (void)shutdown(a->fd, SHUT_RDWR);
}

static void bytes_that_keep_coming_do_not_put_the_timeout_off(void **state)
{
    struct stage *s = *state;
    s->context.timeout_ms = 50;
    stage_start(s, flood);
    stage_invoke(s, STR("{}"));
    s->actor.over = true;
    assert_int_equal(s->result.outcome, RUNTIME_API_TIMEOUT);
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 1);
}

static void answer_late(struct actor *a)
{
    a->status[0] = raw_answer(a->fd, &a->next, "response", "", STR("late"));
    a->status[1] = raw_answer(a->fd, &a->next, "error", "", STR("late"));
}

static void an_answer_after_the_timeout_is_refused_as_unknown(void **state)
{
    struct stage *s = *state;
    s->context.timeout_ms = 50;
    stage_start(s, only_ask);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    stage_start(s, answer_late);
    stage_finish(s);
    assert_int_equal(s->actor.status[0], 400);
    assert_int_equal(s->actor.status[1], 400);
}

/* The child of a test: talks to the API, then ends. */
static pid_t fork_client(struct stage *s, bool answers, int *death_fd)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct raw_reply got;
        char path[128];
        int fd = raw_connect(s->api.server.port);
        raw_next(fd, &got);
        raw_path(&got, "response", path, sizeof path);
        if (answers) {
            raw_post(fd, path, "", STR("\"last words\""));
        }
        _exit(0);
    }
    *death_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pid;
}

static void the_death_of_the_process_ends_the_wait(void **state)
{
    struct stage *s = *state;
    pid_t pid = fork_client(s, false, &s->context.death_fd);
    stage_invoke(s, STR("{}"));
    assert_int_equal(s->result.outcome, RUNTIME_API_DEATH);
    assert_true(s->result.handed);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(s->context.death_fd);
}

static void an_answer_sent_just_before_death_counts(void **state)
{
    struct stage *s = *state;
    for (size_t i = 0; i < 20; i++) {
        pid_t pid = fork_client(s, true, &s->context.death_fd);
        stage_invoke(s, STR("{}"));
        assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
        assert_str(buf_str(&s->result.body), STR("\"last words\""));
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void)close(s->context.death_fd);
        runtime_api_forget(&s->api);
    }
}

static void a_process_that_dies_without_asking_is_a_death(void **state)
{
    struct stage *s = *state;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(1);
    }
    s->context.death_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    stage_invoke(s, STR("{}"));
    assert_int_equal(s->result.outcome, RUNTIME_API_DEATH);
    assert_false(s->result.handed);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(s->context.death_fd);
}

static void a_word_on_the_stop_fd_ends_the_wait(void **state)
{
    struct stage *s = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    s->context.stop_fd = ends[0];
    stage_invoke(s, STR("{}"));
    assert_int_equal(s->result.outcome, RUNTIME_API_STOPPED);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_forgotten_process_gets_no_event(void **state)
{
    struct stage *s = *state;
    int dead = raw_connect(s->api.server.port);
    raw_send(dead, STR("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"), 0);
    runtime_api_forget(&s->api);
    stage_start(s, actor_respond);
    stage_invoke(s, STR("{}"));
    stage_finish(s);
    assert_int_equal(s->result.outcome, RUNTIME_API_RESPONSE);
    assert_int_equal(s->actor.status[0], 202);
    (void)close(dead);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_answer_in_time_is_a_timeout),
        TEST(bytes_that_keep_coming_do_not_put_the_timeout_off),
        TEST(an_answer_after_the_timeout_is_refused_as_unknown),
        TEST(the_death_of_the_process_ends_the_wait),
        TEST(an_answer_sent_just_before_death_counts),
        TEST(a_process_that_dies_without_asking_is_a_death),
        TEST(a_word_on_the_stop_fd_ends_the_wait),
        TEST(a_forgotten_process_gets_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

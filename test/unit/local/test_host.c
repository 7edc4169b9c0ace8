#include "deploy/local/host.h"
#include "test/unit/local/poll_stage.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ONE                                                                                        \
    "{\"Messages\":[{\"MessageId\":\"m0\",\"ReceiptHandle\":\"h\",\"Body\":\"private\","           \
    "\"Attributes\":{}}]}"

/* A folder with the files of a run. */
struct run {
    char folder[64], event[80], outcomes[80], out[80], errors[80];
    struct stage *stage;
    struct options options;
    int stop_fd, code;
};

static const char *put(char into[80], const char *folder, const char *name)
{
    (void)snprintf(into, 80, "%s/%s", folder, name);
    return into;
}

static struct run *new_run(struct stage *s, const char *answer)
{
    struct run *r = test_calloc(1, sizeof *r);
    (void)snprintf(r->folder, sizeof r->folder, "/tmp/test-host-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    (void)put(r->event, r->folder, "event");
    (void)put(r->out, r->folder, "out");
    (void)put(r->errors, r->folder, "errors");
    (void)snprintf(s->answer, sizeof s->answer, "TEST_ANSWER=%s", answer);
    r->stage = s;
    r->stop_fd = -1;
    r->options = (struct options){
        .function = "/proc/self/exe",
        .batch = 10,
        .timeout_ms = 20000,
        .memory_mb = 128,
        .visibility_s = -1,
        .retry_delay_s = -1,
        .max_retries = -1,
        .outcomes = put(r->outcomes, r->folder, "outcomes"),
        .env_file = "/dev/null", /* not the one of whoever runs the tests */
        .env = {s->answer},
    };
    return r;
}

static int redirect(int fd, const char *path)
{
    int saved = dup(fd), file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)dup2(file, fd);
    (void)close(file);
    return saved;
}

static void restore(int fd, int saved)
{
    (void)dup2(saved, fd);
    (void)close(saved);
}

static void run(struct run *r)
{
    (void)fflush(stdout);
    int out = redirect(STDOUT_FILENO, r->out), errors = redirect(STDERR_FILENO, r->errors);
    r->code = host_run(&r->options, r->stage->env, r->stop_fd);
    restore(STDOUT_FILENO, out);
    restore(STDERR_FILENO, errors);
}

/* Good until the next call. */
static const char *text_of(const char *path)
{
    static char text[4096];
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    text[len] = 0;
    return text;
}

static void end_run(struct run *r)
{
    (void)unlink(r->event);
    (void)unlink(r->outcomes);
    (void)unlink(r->out);
    (void)unlink(r->errors);
    assert_int_equal(rmdir(r->folder), 0);
    test_free(r);
}

static void write_event(const struct run *r, const char *text)
{
    FILE *file = fopen(r->event, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void one_event_gives_its_answer_on_standard_output(void **state)
{
    struct run *r = new_run(*state, "{\"written\":1}");
    r->stage->env[0] = NULL; /* no AWS at all */
    r->options.event_file = r->event;
    write_event(r, "{}");
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    assert_string_equal(text_of(r->out), "{\"written\":1}\n");
    assert_string_equal(text_of(r->errors), "");
    end_run(r);
}

/* The function's TEST_ANSWER comes from the file; what the process has stays. */
static void variables_of_the_env_file_reach_the_function(void **state)
{
    struct run *r = new_run(*state, "x");
    char path[80];
    FILE *file = fopen(put(path, r->folder, "env"), "we");
    assert_non_null(file);
    (void)fputs("# answers\nTEST_ANSWER='{\"of\":\"file\"}'\n", file);
    (void)fclose(file);
    r->options.event_file = r->event;
    r->options.env_file = path;
    r->options.env[0] = NULL;
    write_event(r, "{}");
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    assert_string_equal(text_of(r->out), "{\"of\":\"file\"}\n");
    assert_int_equal(unlink(path), 0);
    run(r);
    assert_int_equal(r->code, HOST_EXIT_HOST);
    assert_non_null(strstr(text_of(r->errors), "the env file"));
    end_run(r);
}

static void a_function_error_is_printed_and_is_exit_code_one(void **state)
{
    struct run *r = new_run(*state, "error");
    r->options.event_file = r->event;
    write_event(r, "{}");
    run(r);
    assert_int_equal(r->code, HOST_EXIT_FUNCTION);
    assert_string_equal(text_of(r->out), "{\"errorMessage\":\"no\"}\n");
    end_run(r);
}

static void an_event_that_is_not_there_is_exit_code_two(void **state)
{
    struct run *r = new_run(*state, "{}");
    r->options.event_file = r->event;
    run(r);
    assert_int_equal(r->code, HOST_EXIT_HOST);
    assert_non_null(strstr(text_of(r->errors), "cannot open the event"));
    end_run(r);
}

static void an_event_that_never_comes_is_waited_for_until_the_host_shall_stop(void **state)
{
    struct run *r = new_run(*state, "{}");
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    r->stop_fd = ends[0];
    r->options.event_file = r->event;
    assert_int_equal(mkfifo(r->event, 0600), 0);
    run(r);
    assert_int_equal(r->code, HOST_EXIT_HOST);
    assert_non_null(strstr(text_of(r->errors), "interrupted"));
    assert_string_equal(text_of(r->out), "");
    assert_non_null(strstr(text_of(r->outcomes), "{\"invocations\":0,"));
    (void)close(ends[0]);
    (void)close(ends[1]);
    end_run(r);
}

/* Opens the FIFO once the host waits there, and writes in two pieces. */
static pid_t fork_writer(const struct run *r)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(10); /* nobody waits there after a failure */
        int fd = open(r->event, O_WRONLY | O_CLOEXEC);
        ssize_t first = write(fd, "{\"a\":", 5);
        (void)poll(NULL, 0, 20);
        ssize_t second = write(fd, "1}", 2);
        _exit(first == 5 && second == 2 ? 0 : 1);
    }
    return pid;
}

static void an_event_may_come_through_a_fifo(void **state)
{
    struct run *r = new_run(*state, "echo");
    r->options.event_file = r->event;
    assert_int_equal(mkfifo(r->event, 0600), 0);
    pid_t writer = fork_writer(r);
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    assert_string_equal(text_of(r->out), "{\"a\":1}\n");
    int status = -1;
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
    end_run(r);
}

static void add_queue(struct run *r)
{
    r->options.sources[r->options.source_count++] =
        (struct options_source){OPTIONS_SQS, "http://h/123/q"};
}

static void until_idle_ends_once_all_is_done_and_tells_the_outcomes(void **state)
{
    struct stage *s = *state;
    struct run *r = new_run(s, "{}");
    s->canned[0] = (struct canned){.operation = "ReceiveMessage", .status = 200, .body = ONE};
    add_queue(r);
    r->options.idle_polls = 1;
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    const char *text = text_of(r->outcomes);
    assert_non_null(strstr(text, "{\"source\":\"sqs\",\"records\":1,\"failed\":0,\"ms\":"));
    assert_non_null(strstr(text, "\"status\":\"ok\"}\n{\"invocations\":1,\"records\":1,"));
    assert_non_null(strstr(text, "\"processes\":1,\"peak_rss_kb\":"));
    assert_null(strstr(text, "\"peak_rss_kb\":0}"));
    const char *told = text_of(r->errors);
    assert_null(strstr(told, "private"));
    assert_non_null(strstr(told, "polling 1 source\n"));
    stage_assert_seen(
        s, (const char *const[]){"ReceiveMessage", "DeleteMessageBatch", "ReceiveMessage", NULL});
    end_run(r);
}

static void until_idle_waits_for_what_comes_again(void **state)
{
    struct stage *s = *state;
    struct run *r = new_run(s, "error");
    s->canned[0] = (struct canned){.operation = "ReceiveMessage", .status = 200, .body = ONE};
    add_queue(r);
    r->options.idle_polls = 1;
    r->options.retry_delay_s = 1;
    int64_t before = clock_steady_ms();
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    assert_true(clock_steady_ms() - before >= 1000);
    end_run(r);
}

static void a_missing_queue_ends_the_host_and_is_told(void **state)
{
    struct stage *s = *state;
    struct run *r = new_run(s, "{}");
    s->canned[0] = (struct canned){.operation = "ReceiveMessage",
                                   .status = 400,
                                   .body = "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}"};
    add_queue(r);
    run(r);
    assert_int_equal(r->code, HOST_EXIT_HOST);
    const char *told = text_of(r->errors);
    assert_non_null(strstr(told, "ReceiveMessage"));
    assert_non_null(strstr(told, "QueueDoesNotExist"));
    end_run(r);
}

static void a_service_out_of_order_is_waited_for(void **state)
{
    struct stage *s = *state;
    struct run *r = new_run(s, "{}");
    s->canned[0] = (struct canned){.operation = "ReceiveMessage", .status = 503, .body = "{}"};
    add_queue(r);
    r->options.idle_polls = 1;
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    assert_non_null(strstr(text_of(r->errors), "receiving messages: "));
    stage_assert_seen(s, (const char *const[]){"ReceiveMessage", "ReceiveMessage", NULL});
    end_run(r);
}

static void a_variable_that_is_missing_is_named(void **state)
{
    struct run *r = new_run(*state, "{}");
    r->stage->env[2] = "OTHER=1";
    add_queue(r);
    run(r);
    assert_int_equal(r->code, HOST_EXIT_HOST);
    assert_non_null(strstr(text_of(r->errors), "AWS_ACCESS_KEY_ID"));
    end_run(r);
}

static void a_host_that_is_told_to_stop_ends_without_a_failure(void **state)
{
    struct run *r = new_run(*state, "{}");
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    r->stop_fd = ends[0];
    add_queue(r);
    run(r);
    assert_int_equal(r->code, HOST_EXIT_OK);
    (void)close(ends[0]);
    (void)close(ends[1]);
    end_run(r);
}

int main(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    const char *answer = getenv("TEST_ANSWER");
    if (answer) {
        return stage_run_function(answer, (const char *const *)env);
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_event_gives_its_answer_on_standard_output),
        TEST(variables_of_the_env_file_reach_the_function),
        TEST(a_function_error_is_printed_and_is_exit_code_one),
        TEST(an_event_that_is_not_there_is_exit_code_two),
        TEST(an_event_that_never_comes_is_waited_for_until_the_host_shall_stop),
        TEST(an_event_may_come_through_a_fifo),
        TEST(until_idle_ends_once_all_is_done_and_tells_the_outcomes),
        TEST(until_idle_waits_for_what_comes_again),
        TEST(a_missing_queue_ends_the_host_and_is_told),
        TEST(a_service_out_of_order_is_waited_for),
        TEST(a_variable_that_is_missing_is_named),
        TEST(a_host_that_is_told_to_stop_ends_without_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

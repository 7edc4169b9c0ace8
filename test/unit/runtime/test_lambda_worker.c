#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/runtime/meeting.h"
#include "test/unit/runtime/worker_api.h"

#include <dirent.h>

enum { WORKERS = 4 };

static struct worker_api api;

static err answer_number(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                         struct why *why)
{
    (void)ctx;
    (void)why;
    buf_add(reply, in->event);
    return OK;
}

/* --- Opening and closing --- */

struct opened {
    unsigned opened, closed, fails_at;
    bool asked_too_early, wrong_number;
    void *seen[WORKERS];
};

static bool asked(void)
{
    (void)pthread_mutex_lock(&api.server.lock);
    bool any = api.most_waiting > 0;
    (void)pthread_mutex_unlock(&api.server.lock);
    return any;
}

static err open_one(void *ctx, unsigned number, void **worker, struct why *why)
{
    struct opened *opened = ctx;
    opened->asked_too_early |= asked();
    opened->wrong_number |= number != opened->opened;
    if (opened->fails_at && number == opened->fails_at) {
        err_code(why, STR("Runtime.NoTable"));
        return FAIL(why, ERR_BUG, "no table for worker %u", number);
    }
    opened->opened++;
    *worker = &opened->seen[number];
    return OK;
}

static void close_one(void *ctx, void *worker)
{
    struct opened *opened = ctx;
    void **seen = worker;
    assert_true(seen >= opened->seen && seen < opened->seen + WORKERS);
    opened->closed++;
}

static void all_workers_are_opened_before_the_first_asks(void **state)
{
    (void)state;
    struct opened opened = {0};
    worker_api_open(&api, "4", answer_number, &opened);
    api.config.worker_open = open_one;
    api.config.worker_close = close_one;
    api.park = WORKERS;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    assert_int_equal(opened.opened, WORKERS);
    assert_int_equal(opened.closed, WORKERS);
    assert_false(opened.asked_too_early);
    assert_false(opened.wrong_number);
    worker_api_close(&api);
}

static void one_that_cannot_be_opened_is_a_failed_start(void **state)
{
    (void)state;
    struct opened opened = {.fails_at = 2};
    worker_api_open(&api, "4", answer_number, &opened);
    api.config.worker_open = open_one;
    api.config.worker_close = close_one;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_CONFIG);
    assert_int_equal(opened.opened, 2);
    assert_int_equal(opened.closed, 2);
    assert_int_equal(worker_api_received(&api, "POST /2018-06-01/runtime/init/error "), 1);
    assert_int_equal(
        worker_api_received(&api, "Lambda-Runtime-Function-Error-Type: Runtime.NoTable\r\n"), 1);
    assert_int_equal(worker_api_received(&api, "no table for worker 2"), 2);
    assert_int_equal(worker_api_received(&api, NEXT), 0);
    worker_api_close(&api);
}

/* --- At once --- */

static err meet_the_others(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                           struct why *why)
{
    (void)in;
    (void)why;
    join_in(ctx);
    buf_add(reply, STR("1"));
    return OK;
}

static void as_many_invocations_run_at_once_as_there_are_workers(void **state)
{
    (void)state;
    struct meeting meeting;
    meet(&meeting, WORKERS);
    worker_api_open(&api, "4", meet_the_others, &meeting);
    api.park = WORKERS;
    api.invocations = 3 * WORKERS;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    assert_false(meeting.failed);
    assert_int_equal(meeting.most, WORKERS);
    assert_int_equal(api.most_waiting, WORKERS);
    for (unsigned i = 1; i <= api.invocations; i++) {
        assert_int_equal(api.responses[i], 1);
    }
    part(&meeting);
    worker_api_close(&api);
}

struct sightings {
    struct meeting meeting; /* all are in the handler together, so that no two take turns */
    struct {
        const void *worker, *arena, *log, *stream, *reply;
    } of[WORKERS + 1];
};

static err note_what_is_mine(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                             struct why *why)
{
    struct sightings *sightings = ctx;
    uint64_t number = 0;
    (void)why;
    (void)str_to_u64(in->event, &number);
    sightings->of[number].worker = in->worker;
    sightings->of[number].arena = arena_alloc(in->arena, 1, 1);
    sightings->of[number].log = in->log;
    sightings->of[number].stream = in->stream;
    sightings->of[number].reply = reply;
    join_in(&sightings->meeting);
    buf_add(reply, STR("1"));
    return OK;
}

static err open_of_sightings(void *ctx, unsigned number, void **worker, struct why *why)
{
    struct sightings *sightings = ctx;
    (void)why;
    *worker = &sightings->of[number];
    return OK;
}

static void workers_share_nothing(void **state)
{
    (void)state;
    static struct sightings all;
    memset(&all, 0, sizeof all);
    meet(&all.meeting, WORKERS);
    worker_api_open(&api, "4", note_what_is_mine, &all);
    api.config.worker_open = open_of_sightings;
    api.park = api.invocations = WORKERS;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    for (unsigned i = 1; i <= WORKERS; i++) {
        assert_non_null(all.of[i].worker);
        for (unsigned j = i + 1; j <= WORKERS; j++) {
            assert_ptr_not_equal(all.of[i].worker, all.of[j].worker);
            assert_ptr_not_equal(all.of[i].arena, all.of[j].arena);
            assert_ptr_not_equal(all.of[i].log, all.of[j].log);
            assert_ptr_not_equal(all.of[i].stream, all.of[j].stream);
            assert_ptr_not_equal(all.of[i].reply, all.of[j].reply);
        }
    }
    assert_int_equal(api.server.count, WORKERS);
    part(&all.meeting);
    worker_api_close(&api);
}

/* --- What goes wrong with one --- */

static err fail_the_second(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                           struct why *why)
{
    (void)ctx;
    if (str_eq(in->event, STR("2"))) {
        return FAIL(why, ERR_INPUT, "not this one");
    }
    buf_add(reply, in->event);
    return OK;
}

static void what_happens_to_one_disturbs_no_other(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        lambda_handler *handler;
        int status;
        unsigned responses, errors;
    } rows[] = {
        {"its handler fails", fail_the_second, 0, 0, 1},
        {"its response has an unknown id", answer_number, 400, 1, 0},
        {"its response is out of turn", answer_number, 403, 1, 0},
        {"its response is late", answer_number, 410, 1, 0},
        {"its response is too large", answer_number, 413, 1, 0},
        {"the API is busy", answer_number, 503, 1, 0},
        {"its connection is reset", answer_number, WORKER_API_RESET, 2, 0},
    };
    for (size_t row = 0; row < COUNT(rows); row++) {
        print_message("%s\n", rows[row].what);
        worker_api_open(&api, "4", rows[row].handler, NULL);
        api.park = WORKERS;
        api.invocations = 12;
        api.status[2] = rows[row].status;
        assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
        for (unsigned i = 1; i <= api.invocations; i++) {
            assert_int_equal(api.responses[i], i == 2 ? rows[row].responses : 1);
            assert_int_equal(api.errors[i], i == 2 ? rows[row].errors : 0);
        }
        worker_api_close(&api);
    }
}

/* The first answers, and its worker learns that the API is broken; the others are still at it. */
static err outlast_the_first(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                             struct why *why)
{
    (void)why;
    sigset_t pending;
    (void)sigemptyset(&pending);
    join_in(ctx);
    buf_add(reply, in->event);
    for (int ms = 0; !str_eq(in->event, STR("1")) && ms < PATIENCE_S * 1000; ms++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        (void)sigpending(&pending);
        if (sigismember(&pending, SIGTERM)) {
            return OK;
        }
    }
    return OK;
}

static void a_broken_api_ends_all_after_their_invocations(void **state)
{
    (void)state;
    struct meeting meeting;
    meet(&meeting, WORKERS);
    worker_api_open(&api, "4", outlast_the_first, &meeting);
    api.park = api.invocations = WORKERS;
    api.end = WORKER_API_SILENT;
    api.status[1] = 500;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    for (unsigned i = 1; i <= WORKERS; i++) {
        assert_int_equal(api.responses[i], 1);
    }
    assert_int_equal(api.given, WORKERS);
    char *logged = worker_api_logged(&api);
    assert_null(strstr(logged, "a post was lost"));
    free(logged);
    part(&meeting);
    worker_api_close(&api);
}

/* --- What is left of them --- */

static err note_thread(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                       struct why *why)
{
    pthread_t *thread = ctx;
    (void)in;
    (void)why;
    *thread = pthread_self();
    buf_add(reply, STR("1"));
    return OK;
}

static void one_worker_needs_no_thread(void **state)
{
    (void)state;
    pthread_t thread = {0};
    worker_api_open(&api, "1", note_thread, &thread);
    api.invocations = 1;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    assert_true(pthread_equal(thread, pthread_self()));
    worker_api_close(&api);
}

static unsigned count_entries(const char *folder)
{
    unsigned count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    while (readdir(open)) {
        count++;
    }
    (void)closedir(open);
    return count;
}

static void nothing_is_left_of_many(void **state)
{
    (void)state;
    sigset_t before, after, pending;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    unsigned fds = count_entries("/proc/self/fd");
    unsigned threads = count_entries("/proc/self/task");
    worker_api_open(&api, "32", answer_number, NULL);
    api.park = 32;
    api.invocations = WORKER_API_INVOCATIONS;
    assert_int_equal(worker_api_run(&api), LAMBDA_EXIT_API);
    worker_api_close(&api);
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    assert_int_equal(count_entries("/proc/self/task"), threads);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    (void)sigpending(&pending);
    assert_false(sigismember(&pending, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_workers_are_opened_before_the_first_asks),
        cmocka_unit_test(one_that_cannot_be_opened_is_a_failed_start),
        cmocka_unit_test(as_many_invocations_run_at_once_as_there_are_workers),
        cmocka_unit_test(workers_share_nothing),
        cmocka_unit_test(what_happens_to_one_disturbs_no_other),
        cmocka_unit_test(a_broken_api_ends_all_after_their_invocations),
        cmocka_unit_test(one_worker_needs_no_thread),
        cmocka_unit_test(nothing_is_left_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

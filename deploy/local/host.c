#include "deploy/local/host.h"
#include "deploy/local/clock.h"
#include "deploy/local/env_file.h"
#include "deploy/local/host_event.h"
#include "deploy/local/poll_kinesis.h"
#include "deploy/local/poll_s3.h"
#include "deploy/local/poll_sqs.h"

#include <poll.h>
#include <sys/random.h>

enum {
    IDLE_MS = 200,
    FIRST_BACKOFF_MS = 1000,
    MAX_BACKOFF_MS = 30000,
    ENV_COUNT = 4096,
    ENV_ROOM = 1024 * 1024,
};

struct source {
    enum options_source_kind kind;
    const char *name;
    union {
        struct poll_sqs sqs;
        struct poll_s3 s3;
        struct poll_kinesis kinesis;
    } as;
    unsigned empty;     /* turns in a row that brought nothing while nothing was due */
    int64_t due_ms;     /* until then something may come back */
    int64_t wait_ms;    /* back-off after a failed call; 0: the last one went well */
    int64_t not_before; /* steady clock */
};

struct host {
    const struct options *options;
    int stop_fd;
    struct function function;
    struct report report;
    struct client client;
    struct poll poll;
    struct source sources[OPTIONS_MAX_SOURCES];
    struct child_env env;
    struct why why;
};

static bool is_stopped(const struct host *h, int64_t wait_ms)
{
    struct pollfd fd = {.fd = h->stop_fd, .events = POLLIN};
    return poll(&fd, 1, (int)wait_ms) > 0 || h->poll.stopped;
}

static void init_source(struct host *h, struct source *s, const struct options_source *option)
{
    str name = str_from(option->name), region = str_from(h->client.region);
    *s = (struct source){.kind = option->kind, .name = option->name};
    if (s->kind == OPTIONS_SQS) {
        poll_sqs_init(&s->as.sqs, name, region);
    } else if (s->kind == OPTIONS_S3) {
        s->as.s3 = (struct poll_s3){.url = name};
    } else {
        poll_kinesis_init(&s->as.kinesis, name, region);
    }
}

static MUST_USE err turn(struct host *h, struct source *s, struct poll_turn *turn, struct why *why)
{
    switch (s->kind) {
    case OPTIONS_SQS:
        return poll_sqs_turn(&h->poll, &s->as.sqs, turn, why);
    case OPTIONS_S3:
        return poll_s3_turn(&h->poll, &s->as.s3, turn, why);
    default:
        return poll_kinesis_turn(&h->poll, &s->as.kinesis, turn, why);
    }
}

/* What no patience heals ends the host. */
static bool is_fatal(enum err_kind kind)
{
    return kind == ERR_DENIED || kind == ERR_MISSING;
}

static void back_off(struct source *s)
{
    int64_t doubled = s->wait_ms ? s->wait_ms * 2 : FIRST_BACKOFF_MS;
    s->wait_ms = doubled < MAX_BACKOFF_MS ? doubled : MAX_BACKOFF_MS;
    s->not_before = clock_steady_ms() + s->wait_ms;
    s->empty = 0;
}

static void note_turn(struct source *s, const struct poll_turn *turn)
{
    s->wait_ms = 0;
    s->due_ms = turn->due_ms > s->due_ms ? turn->due_ms : s->due_ms;
    bool idle = !turn->records && clock_steady_ms() >= s->due_ms;
    s->empty = idle ? s->empty + 1 : 0;
}

/* One source's turn. Failures that time may heal are told and waited out. */
static MUST_USE err take_turn(struct host *h, struct source *s, size_t *records, struct why *why)
{
    struct poll_turn came = {0};
    struct why failure = {0};
    if (clock_steady_ms() < s->not_before) {
        return OK;
    }
    err result = turn(h, s, &came, &failure);
    *records += came.records;
    if (!result.kind) {
        note_turn(s, &came);
        return OK;
    }
    if (is_fatal(result.kind)) {
        *why = failure;
        return result;
    }
    report_failure(h->poll.operation, &failure);
    back_off(s);
    return OK;
}

static bool all_idle(const struct host *h)
{
    unsigned wanted = h->options->idle_polls;
    for (size_t i = 0; i < h->options->source_count; i++) {
        if (!wanted || h->sources[i].empty < wanted) {
            return false;
        }
    }
    return true;
}

static MUST_USE err poll_sources(struct host *h, struct why *why)
{
    while (!is_stopped(h, 0)) {
        size_t records = 0;
        for (size_t i = 0; i < h->options->source_count && !is_stopped(h, 0); i++) {
            TRY(take_turn(h, &h->sources[i], &records, why));
        }
        if (all_idle(h)) {
            report_note(&h->report, "every source is empty");
            return OK;
        }
        if (!records && is_stopped(h, IDLE_MS)) {
            break;
        }
    }
    report_note(&h->report, "stopped");
    return OK;
}

static MUST_USE err open_client(struct host *h, const char *const *env, struct why *why)
{
    uint64_t seed = 0;
    (void)getrandom(&seed, sizeof seed, 0);
    const struct client_config config = {.env = env, .now_ms = clock_wall_ms, .seed = seed};
    return client_init(&h->client, &config, why);
}

static MUST_USE err run_sources(struct host *h, const char *const *env, struct why *why)
{
    const struct options *o = h->options;
    TRY(open_client(h, env, why));
    h->poll = (struct poll){
        .client = &h->client,
        .function = &h->function,
        .report = &h->report,
        .settings =
            {
                .batch = o->batch,
                .visibility_s = o->visibility_s,
                .retry_delay_s = o->retry_delay_s,
                .max_retries = o->max_retries,
                .partial_reply = o->partial_response,
                .on_failure = str_from(o->on_failure),
                .wait_s = o->idle_polls || o->source_count > 1 ? 0 : 1,
            },
    };
    TRY(poll_init(&h->poll, why));
    for (size_t i = 0; i < o->source_count; i++) {
        init_source(h, &h->sources[i], &o->sources[i]);
    }
    report_note(&h->report, "polling %zu source%s", o->source_count,
                report_plural(o->source_count));
    return poll_sources(h, why);
}

/* The process's variables, and behind them those of the env file. */
static MUST_USE err gather_env(const struct options *o, const char *const *env,
                               struct child_env *all, struct why *why)
{
    struct why failure = {0};
    child_env_add_all(all, env);
    if (all->failed) {
        return FAIL(why, ERR_LIMIT, "the environment has more than %d variables", ENV_COUNT);
    }
    err read = env_file_read(all, o->env_file ? o->env_file : ".env", &failure);
    if (!read.kind || (read.kind == ERR_MISSING && !o->env_file)) {
        return OK;
    }
    *why = failure;
    return read;
}

static MUST_USE err run(struct host *h, const char *const *own_env, int *code, struct why *why)
{
    const struct options *o = h->options;
    TRY(gather_env(o, own_env, &h->env, why));
    const char *const *env = h->env.at;
    const struct function_config config = {
        .path = o->function,
        .env = env,
        .extra_env = o->env,
        .memory_mb = o->memory_mb,
        .timeout_ms = o->timeout_ms,
        .stop_fd = h->stop_fd,
    };
    TRY(report_open(&h->report, o->outcomes, o->quiet, why));
    TRY(function_open(&h->function, &config, why));
    return o->event_file ? host_event(&h->function, &h->report, o->event_file, code, why)
                         : run_sources(h, env, why);
}

static int close_all(struct host *h, err done, int code)
{
    struct why late = {0};
    function_close(&h->function);
    poll_close(&h->poll);
    client_close(&h->client);
    if (done.kind) {
        report_failure(h->poll.operation ? h->poll.operation : "cannot go on", &h->why);
    }
    err closed = report_close(&h->report, h->function.peak_rss_kb, h->function.starts, &late);
    if (closed.kind) {
        report_failure("cannot report", &late);
    }
    return done.kind || closed.kind ? HOST_EXIT_HOST : code;
}

int host_run(const struct options *options, const char *const *env, int stop_fd)
{
    struct arena_block block; /* a host is too large for a stack */
    if (!arena_block_init(&block, sizeof(struct host) + ENV_ROOM)) {
        return HOST_EXIT_HOST;
    }
    struct arena arena = arena_start(&block);
    struct host *h = ARENA_NEW(&arena, struct host);
    int code = HOST_EXIT_OK;
    h->options = options;
    h->stop_fd = stop_fd;
    child_env_init(&h->env, &arena, ENV_COUNT);
    err done = run(h, env, &code, &h->why);
    code = close_all(h, done, code);
    arena_block_close(&block);
    return code;
}

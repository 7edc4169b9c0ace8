#include "deploy/replay/session.h"

#include "deploy/local/clock.h"
#include "deploy/local/env_file.h"
#include "deploy/replay/show.h"

#include <signal.h>
#include <sys/random.h>

enum { ENV_COUNT = 4096, ENV_ROOM = 1024 * 1024 };

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
enum { END_COUNT = sizeof ends / sizeof ends[0] };

/* Blocked, they stay pending, which is all that anybody wants to know of them. */
static void hold_signals(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    for (size_t i = 0; i < END_COUNT; i++) {
        (void)sigaddset(&signals, ends[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* libcurl with CURLOPT_NOSIGNAL leaves this to us */
}

bool session_is_stopped(void)
{
    sigset_t pending;
    (void)sigemptyset(&pending);
    (void)sigpending(&pending);
    for (size_t i = 0; i < END_COUNT; i++) {
        if (sigismember(&pending, ends[i]) == 1) {
            return true;
        }
    }
    return false;
}

/* The process's variables, and behind them those of the .env file. */
static MUST_USE err gather_env(struct session *s, const char *const *own_env, struct why *why)
{
    const char *named = s->options->env_file;
    struct why failure = {0};
    child_env_add_all(&s->env, own_env);
    if (s->env.failed) {
        return FAIL(why, ERR_LIMIT, "the environment has more than %d variables", ENV_COUNT);
    }
    err read = env_file_read(&s->env, named ? named : ".env", &failure);
    if (!read.kind || (read.kind == ERR_MISSING && !named)) {
        return OK;
    }
    *why = failure;
    return read;
}

err session_open(struct session *session, const struct replay_options *options,
                 const char *const *own_env, struct why *why)
{
    uint64_t seed = 0;
    *session = (struct session){.options = options};
    if (!arena_block_init(&session->memory, ENV_ROOM)) {
        return FAIL(why, ERR_LIMIT, "no memory");
    }
    struct arena arena = arena_start(&session->memory);
    child_env_init(&session->env, &arena, ENV_COUNT);
    TRY(gather_env(session, own_env, why));
    session->env.arena = NULL; /* it is complete */
    (void)getrandom(&seed, sizeof seed, 0);
    const struct client_config config = {
        .env = session->env.at, .now_ms = clock_wall_ms, .seed = seed};
    TRY(client_init(&session->client, &config, why));
    hold_signals();
    return OK;
}

void session_close(struct session *session)
{
    client_close(&session->client);
    arena_block_close(&session->memory);
}

void session_complain(str about, const struct why *why)
{
    (void)fputs("replay: ", stderr);
    show_text(stderr, about, false);
    (void)fprintf(stderr, "%s%s%s%s%s\n", about.len ? ": " : "", why->text,
                  why->code[0] ? " (" : "", why->code, why->code[0] ? ")" : "");
}

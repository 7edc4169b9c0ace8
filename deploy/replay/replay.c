/* replay: what the function refused, to be seen, mended and sent again. */
#include "deploy/replay/list.h"
#include "deploy/replay/save.h"
#include "deploy/replay/send.h"

enum { EXIT_DONE, EXIT_LEFT, EXIT_USAGE };

static MUST_USE err run(struct session *session, bool *complete, struct why *why)
{
    switch (session->options->command) {
    case REPLAY_LIST:
        return list_run(session, stdout, complete, why);
    case REPLAY_SAVE:
        return save_run(session, stdout, complete, why);
    default:
        return send_run(session, stdout, complete, why);
    }
}

static int run_session(const struct replay_options *options, const char *const *env)
{
    struct session session;
    struct why why = {0};
    bool complete = false;
    err done = session_open(&session, options, env, &why);
    if (!done.kind) {
        done = run(&session, &complete, &why);
    }
    session_close(&session);
    if (done.kind) {
        session_complain(STR(""), &why);
    }
    return done.kind || !complete ? EXIT_LEFT : EXIT_DONE;
}

int main(int argc, char **argv, char **env)
{
    struct replay_options options;
    switch (replay_options_parse(argc, argv, &options, stderr)) {
    case REPLAY_HELP:
        replay_options_print_help(stdout);
        return EXIT_DONE;
    case REPLAY_BAD:
        return EXIT_USAGE;
    default:
        return run_session(&options, (const char *const *)env);
    }
}

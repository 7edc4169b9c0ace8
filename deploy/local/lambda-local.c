/* lambda-local: a Lambda host for a laptop. */
#include "deploy/local/host.h"

#include <signal.h>
#include <sys/signalfd.h>

/* Readable once SIGINT, SIGTERM or SIGHUP came; they do nothing else any more. */
static int watch_signals(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    /* libcurl with CURLOPT_NOSIGNAL leaves this to us; the function's process has it undone. */
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

int main(int argc, char **argv, char **env)
{
    struct options options;
    switch (options_parse(argc, argv, &options, stderr)) {
    case OPTIONS_HELP:
        options_print_help(stdout);
        return HOST_EXIT_OK;
    case OPTIONS_BAD:
        return HOST_EXIT_HOST;
    default:
        return host_run(&options, (const char *const *)env, watch_signals());
    }
}

/* The command line of replay. */
#ifndef DEPLOY_REPLAY_REPLAY_OPTIONS_H
#define DEPLOY_REPLAY_REPLAY_OPTIONS_H

#include "base/str.h"

#include <stdio.h>

enum replay_command { REPLAY_LIST, REPLAY_SAVE, REPLAY_SEND };

struct replay_options {
    enum replay_command command;
    const char *queue;    /* URL: of the rejects (list, save), or the one to send to */
    const char *folder;   /* NULL for list */
    const char *env_file; /* NULL: ".env", if there is one */
    size_t max;           /* messages to receive */
    int visibility_s;     /* how long they stay hidden from others */
    bool raw, unchanged;
};

enum replay_verdict { REPLAY_RUN, REPLAY_HELP, REPLAY_BAD };

/* Everything is borrowed from `argv`. Of a bad command line one line is written to `complaints`. */
enum replay_verdict replay_options_parse(int argc, char **argv, struct replay_options *options,
                                         FILE *complaints);
void replay_options_print_help(FILE *out);

#endif

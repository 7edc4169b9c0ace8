/* sigv4's command line. */
#ifndef AWS_TOOL_SIGV4_OPTIONS_H
#define AWS_TOOL_SIGV4_OPTIONS_H

#include "base/str.h"

#include <stdio.h>

enum sigv4_show {
    SIGV4_SHOW_ALL,
    SIGV4_SHOW_CANONICAL_REQUEST,
    SIGV4_SHOW_STRING_TO_SIGN,
    SIGV4_SHOW_SIGNATURE,
    SIGV4_SHOW_REQUEST,
};

struct sigv4_options {
    str service, region; /* region: empty when not given */
    int64_t now_ms;      /* --date; -1: not given */
    int64_t expires_s;   /* 0: not given */
    bool query, no_normalize, single_encode, sign_body, unsigned_payload, omit_token;
    enum sigv4_show show;
};

enum sigv4_verdict { SIGV4_RUN, SIGV4_HELP, SIGV4_BAD };

/* Everything is borrowed from `argv`. Of a bad command line one line is written to `complaints`. */
enum sigv4_verdict sigv4_options_parse(int argc, char **argv, struct sigv4_options *options,
                                       FILE *complaints);
void sigv4_options_print_help(FILE *out);

#endif

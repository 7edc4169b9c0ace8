/* The command line of lambda-local. */
#ifndef DEPLOY_LOCAL_OPTIONS_H
#define DEPLOY_LOCAL_OPTIONS_H

#include "base/str.h"

#include <stdio.h>

enum { OPTIONS_MAX_SOURCES = 16, OPTIONS_MAX_ENV = 64 };

enum options_source_kind { OPTIONS_SQS, OPTIONS_S3, OPTIONS_KINESIS };

struct options_source {
    enum options_source_kind kind;
    const char *name; /* a queue's URL or a stream's name */
};

struct options {
    const char *function;   /* a bootstrap or a .zip */
    const char *event_file; /* NULL: poll the sources */
    struct options_source sources[OPTIONS_MAX_SOURCES];
    size_t source_count;
    size_t batch;
    int64_t timeout_ms;
    unsigned memory_mb;
    int visibility_s, retry_delay_s, max_retries; /* -1: not given */
    bool partial_response, quiet;
    unsigned idle_polls;                  /* --until-idle; 0: never end by itself */
    const char *on_failure, *outcomes;    /* NULL: not given */
    const char *env_file;                 /* likewise: ".env", if there is one */
    const char *env[OPTIONS_MAX_ENV + 1]; /* --env, ends with NULL */
    size_t env_count;
};

enum options_verdict { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD };

/* Everything is borrowed from `argv`. Of a bad command line one line is written to `complaints`. */
enum options_verdict options_parse(int argc, char **argv, struct options *options,
                                   FILE *complaints);
void options_print_help(FILE *out);

#endif

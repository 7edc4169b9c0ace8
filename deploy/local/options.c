#include "deploy/local/options.h"
#include "deploy/local/poll.h"

#include <getopt.h>
#include <string.h>

enum { IDLE_POLLS = 3, MAX_SECONDS = 43200, MAX_TIMEOUT_S = 900, MAX_MEMORY_MB = 10240 };

static const char help[] =
    "Usage: lambda-local [options] BOOTSTRAP|FUNCTION.zip\n"
    "\n"
    "Runs a Lambda function (custom runtime) on this machine: starts its bootstrap, serves it the\n"
    "Lambda Runtime API, and hands it events as AWS would.\n"
    "\n"
    "One event:\n"
    "  --event FILE          invoke once with the JSON of FILE ('-': standard input) and print "
    "the\n"
    "                        answer on standard output. Needs no AWS.\n"
    "\n"
    "Sources, polled until SIGINT or SIGTERM (endpoint, region and keys by the usual AWS_* "
    "variables):\n"
    "  --sqs URL             a queue, as an event source mapping (may be repeated)\n"
    "  --s3-queue URL        a queue that receives a bucket's notifications; each is handed over "
    "as\n"
    "                        an asynchronous invocation by S3 (may be repeated)\n"
    "  --kinesis STREAM      a stream by its name, from its beginning (may be repeated)\n"
    "  --batch N             most records of an event, 1 to 100 (10)\n"
    "  --partial-response    honour batchItemFailures (ReportBatchItemFailures)\n"
    "  --visibility SECONDS  how long received messages stay hidden (the queue's own setting)\n"
    "  --retry-delay SECONDS when what failed is tried again (SQS: when its visibility ends;\n"
    "                        S3, Kinesis: 1)\n"
    "  --max-retries N       before a notification or a shard's batch is given up (S3: 2;\n"
    "                        Kinesis: without end; SQS: the queue's redrive policy alone)\n"
    "  --on-failure URL      queue for the record of what was given up\n"
    "  --until-idle[=N]      end once every source was empty N times in a row (3) and nothing is\n"
    "                        waiting to be tried again\n"
    "\n"
    "The function:\n"
    "  --timeout SECONDS     of one invocation, fractions allowed (30); then it is killed and\n"
    "                        started anew\n"
    "  --memory MB           what it is told to have (512)\n"
    "  --env NAME=VALUE      a variable of its environment (may be repeated); the rest it "
    "inherits\n"
    "  --env-file FILE       lines NAME=VALUE, for it and for this host, of what is not set\n"
    "                        already ('.env', where there is one)\n"
    "\n"
    "Reports:\n"
    "  --outcomes FILE       append one JSON line per invocation, and a last one with the totals\n"
    "                        and the function's peak memory\n"
    "  --quiet               only errors on standard error; the function's own lines always pass\n"
    "  --help                this text\n"
    "\n"
    "Exit status: 0 success; 1 the function failed (--event); 2 usage, or the host could not do\n"
    "its work.\n";

enum {
    OPT_EVENT = 256,
    OPT_SQS,
    OPT_S3,
    OPT_KINESIS,
    OPT_BATCH,
    OPT_TIMEOUT,
    OPT_MEMORY,
    OPT_VISIBILITY,
    OPT_RETRY_DELAY,
    OPT_MAX_RETRIES,
    OPT_PARTIAL,
    OPT_ON_FAILURE,
    OPT_UNTIL_IDLE,
    OPT_ENV,
    OPT_ENV_FILE,
    OPT_OUTCOMES,
    OPT_QUIET,
    OPT_HELP,
};

static const struct option known[] = {
    {"event", required_argument, NULL, OPT_EVENT},
    {"sqs", required_argument, NULL, OPT_SQS},
    {"s3-queue", required_argument, NULL, OPT_S3},
    {"kinesis", required_argument, NULL, OPT_KINESIS},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"visibility", required_argument, NULL, OPT_VISIBILITY},
    {"retry-delay", required_argument, NULL, OPT_RETRY_DELAY},
    {"max-retries", required_argument, NULL, OPT_MAX_RETRIES},
    {"partial-response", no_argument, NULL, OPT_PARTIAL},
    {"on-failure", required_argument, NULL, OPT_ON_FAILURE},
    {"until-idle", optional_argument, NULL, OPT_UNTIL_IDLE},
    {"env", required_argument, NULL, OPT_ENV},
    {"env-file", required_argument, NULL, OPT_ENV_FILE},
    {"outcomes", required_argument, NULL, OPT_OUTCOMES},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

void options_print_help(FILE *out)
{
    (void)fputs(help, out);
}

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    return str_to_u64(str_from(text), out) && *out >= least && *out <= most;
}

static bool read_int(const char *text, int most, int *out)
{
    uint64_t value = 0;
    bool good = read_number(text, 0, (uint64_t)most, &value);
    *out = good ? (int)value : -1;
    return good;
}

/* "2", "0.25": whole milliseconds, at least one. */
static bool read_seconds(const char *text, int64_t *ms)
{
    struct str_halves parts = str_cut(str_from(text), '.');
    uint64_t seconds = 0, thousandths = 0;
    char digits[] = "000";
    bool good = str_to_u64(parts.head, &seconds) && seconds <= MAX_TIMEOUT_S &&
                parts.tail.len < sizeof digits && (!parts.found || parts.tail.len);
    if (!good) {
        return false;
    }
    if (parts.tail.len) {
        memcpy(digits, parts.tail.at, parts.tail.len);
    }
    good = str_to_u64(str_from(digits), &thousandths);
    *ms = (int64_t)(seconds * 1000 + thousandths);
    return good && *ms > 0;
}

static bool add_source(struct options *o, enum options_source_kind kind, const char *name)
{
    if (o->source_count == OPTIONS_MAX_SOURCES || !name[0]) {
        return false;
    }
    o->sources[o->source_count++] = (struct options_source){kind, name};
    return true;
}

static bool add_env(struct options *o, const char *pair)
{
    struct str_halves parts = str_cut(str_from(pair), '=');
    if (o->env_count == OPTIONS_MAX_ENV || !parts.found || !parts.head.len) {
        return false;
    }
    o->env[o->env_count++] = pair;
    return true;
}

static bool read_numeric(struct options *o, int option, const char *value)
{
    uint64_t number = 0;
    bool good = true;
    switch (option) {
    case OPT_BATCH:
        good = read_number(value, 1, POLL_BATCH_MAX, &number);
        o->batch = (size_t)number;
        return good;
    case OPT_MEMORY:
        good = read_number(value, 128, MAX_MEMORY_MB, &number);
        o->memory_mb = (unsigned)number;
        return good;
    case OPT_UNTIL_IDLE:
        good = !value || read_number(value, 1, 1000, &number);
        o->idle_polls = value ? (unsigned)number : IDLE_POLLS;
        return good;
    case OPT_TIMEOUT:
        return read_seconds(value, &o->timeout_ms);
    case OPT_VISIBILITY:
        return read_int(value, MAX_SECONDS, &o->visibility_s);
    case OPT_RETRY_DELAY:
        return read_int(value, MAX_SECONDS, &o->retry_delay_s);
    default:
        return read_int(value, 10000, &o->max_retries);
    }
}

static bool read_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case OPT_EVENT:
        o->event_file = value;
        return true;
    case OPT_SQS:
        return add_source(o, OPTIONS_SQS, value);
    case OPT_S3:
        return add_source(o, OPTIONS_S3, value);
    case OPT_KINESIS:
        return add_source(o, OPTIONS_KINESIS, value);
    case OPT_PARTIAL:
        o->partial_response = true;
        return true;
    case OPT_ON_FAILURE:
        o->on_failure = value;
        return true;
    case OPT_ENV:
        return add_env(o, value);
    case OPT_ENV_FILE:
        o->env_file = value;
        return true;
    case OPT_OUTCOMES:
        o->outcomes = value;
        return true;
    case OPT_QUIET:
        o->quiet = true;
        return true;
    default:
        return read_numeric(o, option, value);
    }
}

static enum options_verdict complain(FILE *out, const char *text, const char *about)
{
    (void)fprintf(out, "lambda-local: %s%s; --help tells more\n", text, about);
    return OPTIONS_BAD;
}

static const char *name_of(int option)
{
    const struct option *o = known;
    while (o->name && o->val != option) {
        o++;
    }
    return o->name ? o->name : "?";
}

static enum options_verdict check(const struct options *o, FILE *complaints)
{
    if (!o->function) {
        return complain(complaints, "no BOOTSTRAP or FUNCTION.zip", "");
    }
    if (!o->event_file && !o->source_count) {
        return complain(complaints, "neither --event nor a source", "");
    }
    if (o->event_file && o->source_count) {
        return complain(complaints, "--event and sources exclude each other", "");
    }
    return OPTIONS_RUN;
}

enum options_verdict options_parse(int argc, char **argv, struct options *options, FILE *complaints)
{
    *options = (struct options){
        .batch = 10,
        .timeout_ms = 30000,
        .memory_mb = 512,
        .visibility_s = -1,
        .retry_delay_s = -1,
        .max_retries = -1,
    };
    optind = 0; /* glibc: start over, also when called again */
    opterr = 0;
    for (int option = getopt_long(argc, argv, ":", known, NULL); option != -1;
         option = getopt_long(argc, argv, ":", known, NULL)) {
        if (option == OPT_HELP) {
            return OPTIONS_HELP;
        }
        if (option == '?' || option == ':') {
            return complain(complaints, option == '?' ? "unknown option " : "no value for ",
                            argv[optind - 1]);
        }
        if (!read_option(options, option, optarg)) {
            return complain(complaints, "bad value for --", name_of(option));
        }
    }
    options->function = argv[optind];
    if (options->function && argv[optind + 1]) {
        return complain(complaints, "more than one function", "");
    }
    return check(options, complaints);
}

#include "deploy/replay/replay_options.h"

#include <getopt.h>
#include <string.h>

enum { MAX_MESSAGES = 10000, USUAL_MESSAGES = 1000, MAX_SECONDS = 43200, USUAL_SECONDS = 900 };

static const char help[] =
    "Usage: replay list --queue URL [--raw]\n"
    "       replay save --queue URL --to FOLDER\n"
    "       replay send --from FOLDER --to URL [--unchanged]\n"
    "\n"
    "Shows what the function refused, saves it as files to be mended, and sends them again.\n"
    "\n"
    "list shows the rejects that wait in a queue and leaves them there.\n"
    "  --raw                 the records too: they hold personal data\n"
    "\n"
    "save writes each reject's record to a file of its own, and what is known of it to a line of\n"
    "rejects.ndjson; then only is its message deleted. What is there already is never written\n"
    "over. A record that the message holds only the beginning of becomes a file *.cut: the whole\n"
    "lies in the object that rejects.ndjson names as its source. Mend it there, or put the whole\n"
    "record in the file and rename it to *.txt.\n"
    "\n"
    "send sends each *.txt as a message and moves it to FOLDER/sent once SQS has taken it. A row\n"
    "of a CSV needs the header above it. A record without updated_at counts as new as the "
    "message.\n"
    "  --unchanged           also the files that are still as they were saved\n"
    "\n"
    "  --queue URL           the queue of the rejects\n"
    "  --to FOLDER | URL     save: made if it is not there, readable for you alone;\n"
    "                        send: a queue that is mapped to the function\n"
    "  --max N               receive no more than N messages, 1 to 10000 (1000)\n"
    "  --visibility SECONDS  how long they stay hidden from others meanwhile (900)\n"
    "  --env-file FILE       lines NAME=VALUE of what is not set already ('.env', where there is\n"
    "                        one)\n"
    "  --help                this text\n"
    "\n"
    "Endpoint, region and keys come by the usual AWS_* variables and files.\n"
    "\n"
    "Exit status: 0 all done; 1 something failed, or is left for you to look at; 2 usage.\n";

enum {
    OPT_QUEUE = 256,
    OPT_TO,
    OPT_FROM,
    OPT_MAX,
    OPT_VISIBILITY,
    OPT_RAW,
    OPT_UNCHANGED,
    OPT_ENV_FILE,
    OPT_HELP,
};

static const struct option known[] = {
    {"queue", required_argument, NULL, OPT_QUEUE},
    {"to", required_argument, NULL, OPT_TO},
    {"from", required_argument, NULL, OPT_FROM},
    {"max", required_argument, NULL, OPT_MAX},
    {"visibility", required_argument, NULL, OPT_VISIBILITY},
    {"raw", no_argument, NULL, OPT_RAW},
    {"unchanged", no_argument, NULL, OPT_UNCHANGED},
    {"env-file", required_argument, NULL, OPT_ENV_FILE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

void replay_options_print_help(FILE *out)
{
    (void)fputs(help, out);
}

static bool read_command(const char *word, enum replay_command *out)
{
    static const char *const names[] = {
        [REPLAY_LIST] = "list", [REPLAY_SAVE] = "save", [REPLAY_SEND] = "send"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = (enum replay_command)i;
            return true;
        }
    }
    return false;
}

static bool is_taken_by(int option, enum replay_command command)
{
    switch (option) {
    case OPT_RAW:
        return command == REPLAY_LIST;
    case OPT_QUEUE:
    case OPT_MAX:
    case OPT_VISIBILITY:
        return command != REPLAY_SEND;
    case OPT_TO:
        return command != REPLAY_LIST;
    case OPT_FROM:
    case OPT_UNCHANGED:
        return command == REPLAY_SEND;
    default:
        return true;
    }
}

static bool read_url(const char *value, const char **out)
{
    str url = str_from(value);
    *out = value;
    return str_starts(url, STR("http://")) || str_starts(url, STR("https://"));
}

/* A URL here is a mix-up of the two meanings of --to. */
static bool read_folder(const char *value, const char **out)
{
    const char *unused = NULL;
    *out = value;
    return value[0] && !read_url(value, &unused);
}

static bool read_number(const char *value, uint64_t most, uint64_t *out)
{
    return str_to_u64(str_from(value), out) && *out >= 1 && *out <= most;
}

static bool read_option(struct replay_options *o, int option, const char *value)
{
    uint64_t number = 0;
    bool good = true;
    switch (option) {
    case OPT_QUEUE:
        return read_url(value, &o->queue);
    case OPT_FROM:
        return read_folder(value, &o->folder);
    case OPT_TO:
        return o->command == REPLAY_SEND ? read_url(value, &o->queue)
                                         : read_folder(value, &o->folder);
    case OPT_MAX:
        good = read_number(value, MAX_MESSAGES, &number);
        o->max = (size_t)number;
        return good;
    case OPT_VISIBILITY:
        good = read_number(value, MAX_SECONDS, &number);
        o->visibility_s = good ? (int)number : 0;
        return good;
    case OPT_ENV_FILE:
        o->env_file = value;
        return true;
    case OPT_RAW:
        o->raw = true;
        return true;
    default:
        o->unchanged = true;
        return true;
    }
}

static enum replay_verdict complain(FILE *out, const char *text, const char *about)
{
    (void)fprintf(out, "replay: %s%s; --help tells more\n", text, about);
    return REPLAY_BAD;
}

static const char *name_of(int option)
{
    const struct option *o = known;
    while (o->name && o->val != option) {
        o++;
    }
    return o->name ? o->name : "?";
}

static enum replay_verdict check(const struct replay_options *o, FILE *complaints)
{
    bool sends = o->command == REPLAY_SEND;
    if (!o->queue) {
        return complain(complaints, sends ? "no --to URL" : "no --queue URL", "");
    }
    if (!o->folder && o->command != REPLAY_LIST) {
        return complain(complaints, sends ? "no --from FOLDER" : "no --to FOLDER", "");
    }
    if (sends && str_ends(str_from(o->queue), STR(".fifo"))) {
        return complain(complaints, "send does not know the groups of a FIFO queue", "");
    }
    return REPLAY_RUN;
}

static enum replay_verdict read_options(int argc, char **argv, struct replay_options *options,
                                        FILE *complaints)
{
    optind = 0; /* glibc: start over, also when called again */
    opterr = 0;
    for (int option = getopt_long(argc, argv, ":", known, NULL); option != -1;
         option = getopt_long(argc, argv, ":", known, NULL)) {
        if (option == OPT_HELP) {
            return REPLAY_HELP;
        }
        if (option == '?' || option == ':') {
            return complain(complaints, option == '?' ? "unknown option " : "no value for ",
                            argv[optind - 1]);
        }
        if (!is_taken_by(option, options->command)) {
            return complain(complaints, "not for this command: --", name_of(option));
        }
        if (!read_option(options, option, optarg)) {
            return complain(complaints, "bad value for --", name_of(option));
        }
    }
    return argv[optind] ? complain(complaints, "not an option: ", argv[optind])
                        : check(options, complaints);
}

enum replay_verdict replay_options_parse(int argc, char **argv, struct replay_options *options,
                                         FILE *complaints)
{
    *options = (struct replay_options){.max = USUAL_MESSAGES, .visibility_s = USUAL_SECONDS};
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return REPLAY_HELP;
    }
    if (argc < 2 || !read_command(argv[1], &options->command)) {
        return complain(complaints, "the first word must be list, save or send", "");
    }
    return read_options(argc - 1, argv + 1, options, complaints);
}

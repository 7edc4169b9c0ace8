#include "deploy/local/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_WORDS = 20 };

/* Words apart by blanks; the line must outlive the options. */
static enum options_verdict parse(char *line, struct options *options, FILE *complaints)
{
    char *words[MAX_WORDS + 1] = {(char[]){"lambda-local"}};
    int count = 1;
    for (char *at = line; at && *at && count < MAX_WORDS;) {
        words[count++] = at;
        at = strchr(at, ' ');
        if (at) {
            *at++ = 0;
        }
    }
    return options_parse(count, words, options, complaints);
}

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    char line[] = "--sqs http://q boot";
    struct options o;
    assert_int_equal(parse(line, &o, stderr), OPTIONS_RUN);
    assert_string_equal(o.function, "boot");
    assert_int_equal(o.batch, 10);
    assert_int_equal(o.timeout_ms, 30000);
    assert_int_equal(o.visibility_s, -1);
    assert_int_equal(o.retry_delay_s, -1);
    assert_int_equal(o.max_retries, -1);
    assert_int_equal(o.idle_polls, 0);
    assert_false(o.partial_response || o.quiet);
    assert_null(o.on_failure);
    assert_null(o.event_file);
    assert_null(o.env_file);
    assert_null(o.env[0]);
}

static void every_option_is_read(void **state)
{
    (void)state;
    char first[] = "--batch 7 --timeout 2.5 --memory 128 --visibility 0 --retry-delay 1 "
                   "--max-retries 0 f.zip --kinesis st";
    char second[] = "--partial-response --on-failure http://f --until-idle=5 --outcomes o "
                    "--quiet --env A=1 --env B= f.zip --s3-queue http://s --env-file e";
    struct options o;
    assert_int_equal(parse(first, &o, stderr), OPTIONS_RUN);
    assert_int_equal(o.batch, 7);
    assert_int_equal(o.timeout_ms, 2500);
    assert_int_equal(o.memory_mb, 128);
    assert_int_equal(o.visibility_s, 0);
    assert_int_equal(o.retry_delay_s, 1);
    assert_int_equal(o.max_retries, 0);
    assert_string_equal(o.function, "f.zip");
    assert_int_equal(o.sources[0].kind, OPTIONS_KINESIS);
    assert_int_equal(parse(second, &o, stderr), OPTIONS_RUN);
    assert_true(o.partial_response && o.quiet);
    assert_string_equal(o.on_failure, "http://f");
    assert_string_equal(o.outcomes, "o");
    assert_int_equal(o.idle_polls, 5);
    assert_string_equal(o.env[0], "A=1");
    assert_string_equal(o.env[1], "B=");
    assert_null(o.env[2]);
    assert_string_equal(o.env_file, "e");
    assert_int_equal(o.sources[0].kind, OPTIONS_S3);
}

static void sources_may_be_repeated(void **state)
{
    (void)state;
    char line[] = "--sqs a --s3-queue b --sqs c --until-idle boot";
    struct options o;
    assert_int_equal(parse(line, &o, stderr), OPTIONS_RUN);
    assert_int_equal(o.source_count, 3);
    assert_string_equal(o.sources[2].name, "c");
    assert_int_equal(o.idle_polls, 3);
}

static void a_bad_command_line_is_told_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *line, *told;
    } rows[] = {
        {"", "no BOOTSTRAP"},
        {"boot", "neither --event nor a source"},
        {"--event e --sqs q boot", "exclude each other"},
        {"--event e boot other", "more than one"},
        {"--nonsense boot", "unknown option --nonsense"},
        {"--sqs", "no value for --sqs"},
        {"--batch 0 --sqs q boot", "--batch"},
        {"--batch 101 --sqs q boot", "--batch"},
        {"--batch ten --sqs q boot", "--batch"},
        {"--timeout 0 --sqs q boot", "--timeout"},
        {"--timeout 0.0001 --sqs q boot", "--timeout"},
        {"--timeout 1. --sqs q boot", "--timeout"},
        {"--timeout -1 --sqs q boot", "--timeout"},
        {"--timeout 901 --sqs q boot", "--timeout"},
        {"--memory 64 --sqs q boot", "--memory"},
        {"--visibility 43201 --sqs q boot", "--visibility"},
        {"--retry-delay 18446744073709551616 --sqs q boot", "--retry-delay"},
        {"--max-retries -1 --sqs q boot", "--max-retries"},
        {"--until-idle=0 --sqs q boot", "--until-idle"},
        {"--env =1 --sqs q boot", "--env"},
        {"--env A --sqs q boot", "--env"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[128], *told = NULL;
        size_t len = 0;
        struct options o;
        FILE *complaints = open_memstream(&told, &len);
        (void)snprintf(line, sizeof line, "%s", rows[i].line);
        enum options_verdict verdict = parse(line, &o, complaints);
        (void)fclose(complaints);
        if (verdict != OPTIONS_BAD || !strstr(told, rows[i].told) ||
            strchr(told, '\n') != told + len - 1) {
            fail_msg("%s: %s", rows[i].line, told);
        }
        free(told);
    }
}

static void more_sources_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    char option[] = "--sqs=q", function[] = "boot", name[] = "lambda-local";
    char *words[OPTIONS_MAX_SOURCES + 4] = {name};
    struct options o;
    char *told = NULL;
    size_t len = 0;
    int count = 1;
    while (count <= OPTIONS_MAX_SOURCES) {
        words[count++] = option;
    }
    words[count] = function;
    assert_int_equal(options_parse(count + 1, words, &o, stderr), OPTIONS_RUN);
    words[count++] = option;
    words[count++] = function;
    FILE *complaints = open_memstream(&told, &len);
    assert_int_equal(options_parse(count, words, &o, complaints), OPTIONS_BAD);
    (void)fclose(complaints);
    free(told);
}

static void the_help_names_every_option(void **state)
{
    (void)state;
    static const char *const names[] = {"--event",      "--sqs",         "--s3-queue",
                                        "--kinesis",    "--batch",       "--timeout",
                                        "--memory",     "--visibility",  "--env",
                                        "--env-file",   "--outcomes",    "--quiet",
                                        "--help",       "--retry-delay", "--max-retries",
                                        "--on-failure", "--until-idle",  "--partial-response"};
    char line[] = "--help";
    char *told = NULL;
    size_t len = 0;
    struct options o;
    assert_int_equal(parse(line, &o, stderr), OPTIONS_HELP);
    FILE *out = open_memstream(&told, &len);
    options_print_help(out);
    (void)fclose(out);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_non_null(strstr(told, names[i]));
    }
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(every_option_is_read),
        cmocka_unit_test(sources_may_be_repeated),
        cmocka_unit_test(a_bad_command_line_is_told_in_one_line),
        cmocka_unit_test(more_sources_than_there_is_room_for_are_refused),
        cmocka_unit_test(the_help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

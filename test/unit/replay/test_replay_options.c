/* replay's command line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "deploy/replay/replay_options.h"

#include <string.h>

enum { MOST_WORDS = 20 };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Splits at blanks; the words are good until the next call. */
static enum replay_verdict parse(const char *line, struct replay_options *options, FILE *complaints)
{
    static char memory[400];
    static char name[] = "replay";
    char *words[MOST_WORDS + 2] = {name};
    int count = 1;
    assert_true(str_to_c(str_from(line), memory, sizeof memory));
    for (char *at = memory; *at && count <= MOST_WORDS; count++) {
        words[count] = at;
        at += strcspn(at, " ");
        if (*at) {
            *at++ = 0;
        }
    }
    return replay_options_parse(count, words, options, complaints);
}

static void each_command_is_read(void **state)
{
    (void)state;
    struct replay_options o;
    assert_int_equal(parse("list --queue https://q/1/r --raw --max 7 --visibility 60", &o, stderr),
                     REPLAY_RUN);
    assert_int_equal(o.command, REPLAY_LIST);
    assert_string_equal(o.queue, "https://q/1/r");
    assert_true(o.raw);
    assert_int_equal(o.max, 7);
    assert_int_equal(o.visibility_s, 60);
    assert_int_equal(parse("save --queue http://q/1/r --to f --env-file e", &o, stderr),
                     REPLAY_RUN);
    assert_int_equal(o.command, REPLAY_SAVE);
    assert_string_equal(o.folder, "f");
    assert_string_equal(o.env_file, "e");
    assert_int_equal(parse("send --from f --to https://q/1/w --unchanged", &o, stderr), REPLAY_RUN);
    assert_int_equal(o.command, REPLAY_SEND);
    assert_string_equal(o.folder, "f");
    assert_string_equal(o.queue, "https://q/1/w");
    assert_true(o.unchanged);
}

static void without_options_nothing_is_on(void **state)
{
    (void)state;
    struct replay_options o;
    assert_int_equal(parse("list --queue https://q", &o, stderr), REPLAY_RUN);
    assert_false(o.raw || o.unchanged);
    assert_null(o.folder);
    assert_null(o.env_file);
    assert_int_equal(o.max, 1000);
    assert_int_equal(o.visibility_s, 900);
}

static void help_is_help_with_and_without_a_command(void **state)
{
    (void)state;
    struct replay_options o;
    assert_int_equal(parse("--help", &o, stderr), REPLAY_HELP);
    assert_int_equal(parse("send --help", &o, stderr), REPLAY_HELP);
}

static void a_bad_command_line_is_told_in_one_line(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "remove",
        "--queue https://q list",
        "list",
        "list --queue",
        "list --queue user-data-rejects",
        "list --queue https://q --to f",
        "list --queue https://q --unchanged",
        "list --queue https://q --max 0",
        "list --queue https://q --max 10001",
        "list --queue https://q --max -1",
        "list --queue https://q --visibility 43201",
        "list --queue https://q --visibility 0",
        "list --queue https://q more",
        "list --queue https://q --nonsense",
        "save --queue https://q",
        "save --to f",
        "save --queue https://q --to https://w",
        "save --queue https://q --to f --raw",
        "save --queue https://q --to f --from g",
        "send --from f",
        "send --to https://w",
        "send --from f --to g",
        "send --from https://w --to https://w",
        "send --from f --to https://w --queue https://q",
        "send --from f --to https://w.fifo",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char said[300] = "";
        struct replay_options o;
        FILE *complaints = fmemopen(said, sizeof said, "w");
        assert_non_null(complaints);
        enum replay_verdict verdict = parse(rows[i], &o, complaints);
        (void)fclose(complaints);
        if (verdict != REPLAY_BAD || strchr(said, '\n') != said + strlen(said) - 1) {
            fail_msg("'%s': %d, said: %s", rows[i], (int)verdict, said);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_is_read),
        cmocka_unit_test(without_options_nothing_is_on),
        cmocka_unit_test(help_is_help_with_and_without_a_command),
        cmocka_unit_test(a_bad_command_line_is_told_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

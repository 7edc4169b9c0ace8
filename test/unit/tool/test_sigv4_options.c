/* sigv4's command line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/tool/sigv4_options.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 20 };

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Splits at blanks; the words are good until the next call. */
static enum sigv4_verdict parse(const char *line, struct sigv4_options *options, FILE *complaints)
{
    static char memory[400];
    static char name[] = "sigv4";
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
    return sigv4_options_parse(count, words, options, complaints);
}

static void every_option_is_read(void **state)
{
    (void)state;
    struct sigv4_options o;
    assert_int_equal(parse("--service s3 --region eu-central-1 --date 20150830T123600Z --query "
                           "--expires 60 --no-normalize --single-encode --sign-body --omit-token "
                           "--show string-to-sign",
                           &o, stderr),
                     SIGV4_RUN);
    assert_true(str_eq(o.service, STR("s3")));
    assert_true(str_eq(o.region, STR("eu-central-1")));
    assert_int_equal(o.now_ms, 1440938160000);
    assert_int_equal(o.expires_s, 60);
    assert_true(o.query && o.no_normalize && o.single_encode && o.sign_body && o.omit_token);
    assert_false(o.unsigned_payload);
    assert_int_equal(o.show, SIGV4_SHOW_STRING_TO_SIGN);
}

static void without_options_nothing_is_on(void **state)
{
    (void)state;
    struct sigv4_options o;
    assert_int_equal(parse("--service=s3", &o, stderr), SIGV4_RUN);
    assert_int_equal(o.region.len, 0);
    assert_int_equal(o.now_ms, -1);
    assert_int_equal(o.expires_s, 0);
    assert_false(o.query || o.no_normalize || o.single_encode || o.sign_body || o.omit_token ||
                 o.unsigned_payload);
    assert_int_equal(o.show, SIGV4_SHOW_ALL);
}

static void each_text_can_be_shown_alone(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum sigv4_show show;
    } rows[] = {
        {"--service s --show canonical-request", SIGV4_SHOW_CANONICAL_REQUEST},
        {"--service s --show string-to-sign", SIGV4_SHOW_STRING_TO_SIGN},
        {"--service s --show signature", SIGV4_SHOW_SIGNATURE},
        {"--service s --show request", SIGV4_SHOW_REQUEST},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct sigv4_options o;
        assert_int_equal(parse(rows[i].line, &o, stderr), SIGV4_RUN);
        assert_int_equal(o.show, rows[i].show);
    }
}

static void help_is_help_whatever_else_is_there(void **state)
{
    (void)state;
    struct sigv4_options o;
    assert_int_equal(parse("--help", &o, stderr), SIGV4_HELP);
    assert_int_equal(parse("--service s3 --help", &o, stderr), SIGV4_HELP);
}

static void a_bad_command_line_is_told_in_one_line(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "--region r",
        "--service",
        "--service s/3",
        "--service s --region eu/1",
        "--service s --date 2015",
        "--service s --date 20150230T000000Z",
        "--service s --expires 60",
        "--service s --query --expires 0",
        "--service s --query --expires 604801",
        "--service s --query --expires 1h",
        "--service s --query --expires -1",
        "--service s --show body",
        "--service s --show",
        "--service s --sign-body --unsigned-payload",
        "--service s --nonsense",
        "--service s request.txt",
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        char said[300] = "";
        struct sigv4_options o;
        FILE *complaints = fmemopen(said, sizeof said, "w");
        assert_non_null(complaints);
        enum sigv4_verdict verdict = parse(rows[i], &o, complaints);
        (void)fclose(complaints);
        if (verdict != SIGV4_BAD || strchr(said, '\n') != said + strlen(said) - 1) {
            fail_msg("'%s': %d, said: %s", rows[i], (int)verdict, said);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_read),
        cmocka_unit_test(without_options_nothing_is_on),
        cmocka_unit_test(each_text_can_be_shown_alone),
        cmocka_unit_test(help_is_help_whatever_else_is_there),
        cmocka_unit_test(a_bad_command_line_is_told_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

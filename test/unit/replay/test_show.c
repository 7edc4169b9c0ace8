/* Text of strangers on a terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "deploy/replay/show.h"
#include "test/support/guard.h"

static void assert_shown(str text, bool keep_lines, const char *wanted)
{
    char shown[256] = "";
    FILE *out = fmemopen(shown, sizeof shown, "w");
    assert_non_null(out);
    show_text(out, text, keep_lines);
    (void)fclose(out);
    assert_string_equal(shown, wanted);
}

static void what_could_steer_a_terminal_is_spelled_out(void **state)
{
    (void)state;
    static const struct {
        str text;
        const char *wanted;
    } rows[] = {
        {STR_INIT("plain, Zo\xc3\xab \xf0\x9f\x98\x80"), "plain, Zo\xc3\xab \xf0\x9f\x98\x80"},
        {STR_INIT("\x1b[2J"), "\\u{1b}[2J"},
        {STR_INIT("a\0b\r\n\t\x7f"), "a\\u{0}b\\u{d}\\u{a}\\u{9}\\u{7f}"},
        {STR_INIT("\xc2\x9b"), "\\u{9b}"},       /* CSI */
        {STR_INIT("\xe2\x80\xae"), "\\u{202e}"}, /* right to left */
        {STR_INIT("\xff\xc3"), "\\xff\\xc3"},    /* no UTF-8 */
        {STR_INIT("\xc0\x9b"), "\\xc0\\x9b"},    /* overlong */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_shown(rows[i].text, false, rows[i].wanted);
    }
}

static void lines_are_kept_when_asked_for(void **state)
{
    (void)state;
    assert_shown(STR("a=1\nb=2"), true, "a=1\n    b=2");
}

static void text_cut_off_anywhere_is_not_read_past_its_end(void **state)
{
    (void)state;
    static const str text = STR_INIT("a\xc2\x9b\xe2\x80\xae\xf0\x9f\x98\x80");
    struct guard guard;
    guard_init(&guard, text.len);
    for (size_t len = 0; len <= text.len; len++) {
        char shown[256] = "";
        FILE *out = fmemopen(shown, sizeof shown, "w");
        assert_non_null(out);
        show_text(out, guard_lay(&guard, str_take(text, len)), false);
        (void)fclose(out);
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_steer_a_terminal_is_spelled_out),
        cmocka_unit_test(lines_are_kept_when_asked_for),
        cmocka_unit_test(text_cut_off_anywhere_is_not_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "deploy/local/env_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/env.h"
#include "test/support/guard.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

enum { MEMORY = 160 * 1024, VARIABLES = 8 };

struct list {
    _Alignas(16) char memory[MEMORY];
    struct arena arena;
    struct child_env env;
    struct why why;
};

static void start(struct list *list)
{
    list->arena = (struct arena){list->memory, list->memory + sizeof list->memory};
    list->why = (struct why){0};
    child_env_init(&list->env, &list->arena, VARIABLES);
}

static void a_line_gives_a_variable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pair; /* NULL: none */
    } rows[] = {
        {"A=b", "A=b"},
        {"A=b\n", "A=b"},
        {"A=b\r\n", "A=b"},
        {"\xEF\xBB\xBF"
         "A=b",
         "A=b"},
        {"  A = b c  ", "A=b c"},
        {"A=", "A="},
        {"A= # c", "A="},
        {"A=b # c", "A=b"},
        {"A=b#c", "A=b#c"},
        {"A=b=c", "A=b=c"},
        {"export A=b", "A=b"},
        {"export\tA=b", "A=b"},
        {"exportA=b", "exportA=b"},
        {"_a1=b", "_a1=b"},
        {"A='b # c'", "A=b # c"},
        {"A='b\\n\"$c'", "A=b\\n\"$c"},
        {"A=\"b 'c'\" # d", "A=b 'c'"},
        {"A=\"b\\n\\t\\\"\\\\\\$\\x\"", "A=b\n\t\"\\$\\x"},
        {"A=\"$HOME\"", "A=$HOME"},
        {"A=''", "A="},
        {"A=b'c'", "A=b'c'"},
        {"", NULL},
        {"\n \n\t\n", NULL},
        {"# A=b", NULL},
        {"   #A=b", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct list list;
        start(&list);
        err added = env_file_add(&list.env, str_from(rows[i].text), &list.why);
        const char *found = list.env.at[0];
        bool same = rows[i].pair ? found && strcmp(found, rows[i].pair) == 0 : !found;
        if (added.kind || !same) {
            fail_msg("%s: %s %s", rows[i].text, found ? found : "none", list.why.text);
        }
    }
}

static void what_is_set_already_stays(void **state)
{
    (void)state;
    static struct list list;
    start(&list);
    child_env_add(&list.env, "A=of the process");
    child_env_add(&list.env, "B=");
    str text = STR("A=1\nB=2\nC=3\nC=4\n");
    assert_int_equal(env_file_add(&list.env, text, &list.why).kind, ERR_NONE);
    assert_string_equal(list.env.at[0], "A=of the process");
    assert_string_equal(list.env.at[1], "B=");
    assert_string_equal(list.env.at[2], "C=3");
    assert_null(list.env.at[3]);
}

static void a_bad_line_is_named_by_its_number_alone(void **state)
{
    (void)state;
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"A=1\n\nLEAK\n", "line 3: not NAME=VALUE"},
        {"=LEAK", "line 1: not NAME=VALUE"},
        {"1LEAK=LEAK", "line 1: not NAME=VALUE"},
        {"LE-AK=LEAK", "line 1: not NAME=VALUE"},
        {"LE AK=LEAK", "line 1: not NAME=VALUE"},
        {"# c\nA='LEAK", "line 2: a quote is open"},
        {"A=\"LEAK", "line 1: a quote is open"},
        {"A=\"LEAK\\\"", "line 1: a quote is open"},
        {"A='LEAK' LEAK", "line 1: a quote is open, or text follows it"},
        {"A='LEAK'#LEAK", "line 1: a quote is open, or text follows it"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct list list;
        start(&list);
        err added = env_file_add(&list.env, str_from(rows[i].text), &list.why);
        if (added.kind != ERR_BUG || !strstr(list.why.text, rows[i].told) ||
            strstr(list.why.text, "LEAK")) {
            fail_msg("%s: %s", rows[i].text, list.why.text);
        }
    }
}

static void a_nul_and_too_many_variables_are_refused(void **state)
{
    (void)state;
    static struct list list;
    start(&list);
    assert_int_equal(env_file_add(&list.env, STR("A=b\0c"), &list.why).kind, ERR_BUG);
    start(&list);
    str text = STR("A=\nB=\nC=\nD=\nE=\nF=\nG=\nH=\nI=\n");
    assert_int_equal(env_file_add(&list.env, text, &list.why).kind, ERR_LIMIT);
}

static void a_text_cut_off_at_any_byte_is_read_or_refused(void **state)
{
    (void)state;
    static struct list list;
    str text = STR("\xEF\xBB\xBF# c\r\nexport A='b' # d\r\nB=\"c\\n\\\"\"\nC=e f # g\n");
    struct guard guard;
    guard_init(&guard, text.len);
    for (size_t len = 0; len <= text.len; len++) {
        start(&list);
        err added = env_file_add(&list.env, guard_lay(&guard, str_take(text, len)), &list.why);
        assert_true(added.kind == ERR_NONE || added.kind == ERR_BUG);
    }
    assert_true(str_eq(env_get(list.env.at, STR("B")), STR("c\n\"")));
    guard_close(&guard);
}

static void a_file_is_read_if_there_is_one(void **state)
{
    (void)state;
    static struct list list;
    char path[] = "/tmp/env-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "A=b\n", 4), 4);
    start(&list);
    assert_int_equal(env_file_read(&list.env, path, &list.why).kind, ERR_NONE);
    assert_string_equal(list.env.at[0], "A=b");
    assert_int_equal(ftruncate(fd, ENV_FILE_MAX + 1), 0);
    start(&list);
    assert_int_equal(env_file_read(&list.env, path, &list.why).kind, ERR_BUG);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    start(&list);
    assert_int_equal(env_file_read(&list.env, path, &list.why).kind, ERR_MISSING);
    start(&list);
    assert_int_equal(env_file_read(&list.env, "/tmp", &list.why).kind, ERR_BUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_gives_a_variable),
        cmocka_unit_test(what_is_set_already_stays),
        cmocka_unit_test(a_bad_line_is_named_by_its_number_alone),
        cmocka_unit_test(a_nul_and_too_many_variables_are_refused),
        cmocka_unit_test(a_text_cut_off_at_any_byte_is_read_or_refused),
        cmocka_unit_test(a_file_is_read_if_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The names that rejects are saved under. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "deploy/replay/name.h"
#include "test/support/guard.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* Of "x": printf x | sha256sum */
#define HASH "2d711642b726b044"

static void a_name_is_id_and_hash(void **state)
{
    (void)state;
    assert_string_equal(name_make(STR(ID), STR("x"), NAME_WHOLE).at, ID "." HASH ".txt");
    assert_string_equal(name_make(STR(ID), STR("x"), NAME_CUT).at, ID "." HASH ".cut");
}

static void a_name_tells_its_kind(void **state)
{
    (void)state;
    struct name whole = name_make(STR(ID), STR("x"), NAME_WHOLE);
    assert_int_equal(name_kind(str_from(whole.at)), NAME_WHOLE);
    struct name cut = name_as(&whole, NAME_CUT);
    assert_int_equal(name_kind(str_from(cut.at)), NAME_CUT);
    struct name again = name_as(&cut, NAME_WHOLE);
    assert_string_equal(again.at, whole.at);
}

static void a_name_knows_its_bytes(void **state)
{
    (void)state;
    struct name name = name_make(STR(ID), STR("x"), NAME_WHOLE);
    assert_true(name_is_of(&name, STR("x")));
    assert_false(name_is_of(&name, STR("x\n")));
    assert_false(name_is_of(&name, STR("")));
    name = name_make(STR(ID), STR(""), NAME_CUT);
    assert_true(name_is_of(&name, STR("")));
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    char id[NAME_ID_LEN + 1] = ID;
    assert_true(name_is_id(STR(ID)));
    assert_false(name_is_id(STR("")));
    assert_false(name_is_id(str_drop(STR(ID), 1)));
    assert_false(name_is_id(STR(ID "0")));
    for (size_t i = 0; i < NAME_ID_LEN; i++) {
        for (int c = 0; c < 256; c++) {
            id[i] = (char)c;
            bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            assert_int_equal(name_is_id((str){id, NAME_ID_LEN}), good);
        }
        id[i] = ID[i];
    }
}

static void other_files_have_no_kind(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ".",
        "..",
        "rejects.ndjson",
        ID,
        ID ".txt",
        ID "." HASH,
        ID "." HASH ".tx",
        ID "." HASH ".txt~",
        ID "." HASH ".txt.swp",
        ID "." HASH ".TXT",
        ID "/" HASH ".txt",
        ID "." HASH "/txt",
        ID ".2d711642b726b04/.txt",
        "../" ID "." HASH ".txt",
        "/123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef." HASH ".txt",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(name_kind(str_from(rows[i])), NAME_NONE);
    }
}

static void a_name_cut_off_anywhere_has_no_kind(void **state)
{
    (void)state;
    struct guard guard;
    struct name name = name_make(STR(ID), STR("x"), NAME_WHOLE);
    guard_init(&guard, NAME_LEN);
    for (size_t len = 0; len <= NAME_LEN; len++) {
        enum name_kind kind = name_kind(guard_lay(&guard, (str){name.at, len}));
        assert_int_equal(kind, len == NAME_LEN ? NAME_WHOLE : NAME_NONE);
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_id_and_hash),
        cmocka_unit_test(a_name_tells_its_kind),
        cmocka_unit_test(a_name_knows_its_bytes),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(other_files_have_no_kind),
        cmocka_unit_test(a_name_cut_off_anywhere_has_no_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

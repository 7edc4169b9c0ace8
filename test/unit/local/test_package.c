#include "deploy/local/package.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A zip whose bootstrap is `exec "$TEST_PROGRAM"`, stored, mode 0755. */
static const unsigned char zip[] = {
    0x50, 0x4b, 0x03, 0x04, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa5, 0x5d, 0x76, 0x5d, 0x81,
    0xd3, 0x83, 0x4a, 0x1f, 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00,
    0x62, 0x6f, 0x6f, 0x74, 0x73, 0x74, 0x72, 0x61, 0x70, 0x23, 0x21, 0x2f, 0x62, 0x69, 0x6e,
    0x2f, 0x73, 0x68, 0x0a, 0x65, 0x78, 0x65, 0x63, 0x20, 0x22, 0x24, 0x54, 0x45, 0x53, 0x54,
    0x5f, 0x50, 0x52, 0x4f, 0x47, 0x52, 0x41, 0x4d, 0x22, 0x0a, 0x50, 0x4b, 0x01, 0x02, 0x1e,
    0x03, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa5, 0x5d, 0x76, 0x5d, 0x81, 0xd3, 0x83, 0x4a,
    0x1f, 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0xed, 0x81, 0x00, 0x00, 0x00, 0x00, 0x62, 0x6f, 0x6f, 0x74,
    0x73, 0x74, 0x72, 0x61, 0x70, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
    0x01, 0x00, 0x37, 0x00, 0x00, 0x00, 0x46, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static size_t count_entries(const char *folder)
{
    size_t count = 0;
    DIR *open_folder = opendir(folder);
    while (open_folder && readdir(open_folder)) {
        count++;
    }
    if (open_folder) {
        (void)closedir(open_folder);
    }
    return count;
}

static void write_zip(const char *path, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(zip, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

struct stage {
    char folder[64], zip[80];
    struct package package;
    struct why why;
};

static int set_up(void **state)
{
    struct stage *s = test_calloc(1, sizeof *s);
    *state = s;
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/test-package-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    (void)snprintf(s->zip, sizeof s->zip, "%s/f.zip", s->folder);
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    package_close(&s->package);
    (void)unlink(s->zip);
    int removed = rmdir(s->folder);
    test_free(s);
    return removed;
}

static void a_zip_is_unpacked_and_cleaned_away(void **state)
{
    struct stage *s = *state;
    write_zip(s->zip, sizeof zip);
    size_t before = count_entries(s->folder);
    assert_int_equal(package_open(&s->package, s->zip, str_from(s->folder), &s->why).kind,
                     ERR_NONE);
    assert_int_equal(access(s->package.program, X_OK), 0);
    assert_true(str_starts(str_from(s->package.program), str_from(s->package.folder)));
    assert_int_equal(count_entries(s->folder), before + 1);
    package_close(&s->package);
    package_close(&s->package);
    assert_int_equal(count_entries(s->folder), before);
}

/* unzip's complaints do not belong into a test's output. */
static err open_silently(struct stage *s)
{
    int saved = dup(STDERR_FILENO), nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(nothing, STDERR_FILENO);
    err opened = package_open(&s->package, s->zip, str_from(s->folder), &s->why);
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)close(nothing);
    return opened;
}

static void a_zip_cut_off_is_refused_and_leaves_nothing(void **state)
{
    struct stage *s = *state;
    for (size_t len = 0; len < sizeof zip; len += 21) {
        write_zip(s->zip, len);
        size_t before = count_entries(s->folder);
        assert_int_equal(open_silently(s).kind, ERR_BUG);
        assert_int_equal(count_entries(s->folder), before);
    }
}

static void a_bootstrap_is_taken_where_it_is(void **state)
{
    struct stage *s = *state;
    assert_int_equal(package_open(&s->package, "/bin/../bin/sh", STR(""), &s->why).kind, ERR_NONE);
    assert_false(s->package.unpacked);
    assert_int_equal(s->package.program[0], '/');
    assert_null(strstr(s->package.program, ".."));
    package_close(&s->package);
    assert_int_equal(access("/bin/sh", X_OK), 0);
}

static void what_cannot_be_run_is_refused_with_a_reason(void **state)
{
    struct stage *s = *state;
    static const struct {
        const char *path, *text;
        enum err_kind kind;
    } rows[] = {
        {"/nowhere/bootstrap", "No such file", ERR_MISSING},
        {"/etc/passwd", "not executable", ERR_BUG},
        {"/tmp", "no such bootstrap", ERR_MISSING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s->why = (struct why){0};
        err opened = package_open(&s->package, rows[i].path, STR(""), &s->why);
        assert_int_equal(opened.kind, rows[i].kind);
        assert_non_null(strstr(s->why.text, rows[i].text));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_zip_is_unpacked_and_cleaned_away),
        TEST(a_zip_cut_off_is_refused_and_leaves_nothing),
        TEST(a_bootstrap_is_taken_where_it_is),
        TEST(what_cannot_be_run_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The folder that rejects are saved in. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/file.h"
#include "deploy/replay/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_A "aa23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_B "bb23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct stage {
    char path[64];
    int fd; /* of it */
    struct folder folder;
    struct why why;
};

static int set_up(void **state)
{
    static struct stage stage;
    stage = (struct stage){.path = "/tmp/test-folder-XXXXXX", .folder = {-1, -1}};
    *state = &stage;
    assert_non_null(mkdtemp(stage.path));
    stage.fd = open(stage.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return stage.fd < 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    struct folder rest;
    struct buf names;
    size_t others = 0;
    struct why why = {0};
    buf_init(&names, SIZE_MAX);
    folder_close(&s->folder);
    (void)fchmod(s->fd, 0700);
    if (!folder_open_to_send(&rest, s->path, &why).kind &&
        !folder_names(&rest, &names, &others, &why).kind) {
        for (size_t at = 0; at < names.len; at += sizeof(struct name)) {
            (void)unlinkat(s->fd, names.at + at, 0);
        }
    }
    folder_close(&rest);
    buf_close(&names);
    static const char *const known[] = {"rejects.ndjson", ".part", "other", "target"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        (void)unlinkat(s->fd, known[i], 0);
    }
    (void)close(s->fd);
    return rmdir(s->path);
}

static void open_to_save(struct stage *s)
{
    assert_int_equal(folder_open_to_save(&s->folder, s->path, &s->why).kind, ERR_NONE);
}

static void put(const struct stage *s, const char *name, const char *text)
{
    int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static void assert_holds(const struct stage *s, const char *name, const char *wanted)
{
    char path[256], text[256];
    struct buf into;
    (void)snprintf(path, sizeof path, "%s/%s", s->path, name);
    buf_wrap(&into, text, sizeof text);
    assert_int_equal(file_read(path, &into), 0);
    assert_true(str_eq(buf_str(&into), str_from(wanted)));
}

static void keep(struct stage *s, const struct name *name, const char *bytes, const char *line)
{
    assert_int_equal(folder_keep(&s->folder, name, str_from(bytes), str_from(line), &s->why).kind,
                     ERR_NONE);
    assert_int_equal(folder_sync(&s->folder, &s->why).kind, ERR_NONE);
}

static void a_record_is_kept_with_its_line(void **state)
{
    struct stage *s = *state;
    struct name name = name_make(STR(ID_A), STR("x"), NAME_WHOLE);
    open_to_save(s);
    assert_false(folder_has(&s->folder, &name));
    keep(s, &name, "x", "{}\n");
    assert_true(folder_has(&s->folder, &name));
    assert_holds(s, name.at, "x");
    assert_holds(s, "rejects.ndjson", "{}\n");
}

static void a_record_is_known_under_each_of_its_names(void **state)
{
    struct stage *s = *state;
    struct name cut = name_make(STR(ID_A), STR("x"), NAME_CUT);
    struct name whole = name_as(&cut, NAME_WHOLE);
    struct name other = name_make(STR(ID_A), STR("y"), NAME_CUT);
    open_to_save(s);
    put(s, whole.at, "made whole");
    assert_true(folder_has(&s->folder, &cut));
    assert_true(folder_has(&s->folder, &whole));
    assert_false(folder_has(&s->folder, &other));
    put(s, other.at, "y");
    assert_true(folder_has(&s->folder, &other));
}

static void a_sent_record_is_known_and_listed_no_more(void **state)
{
    struct stage *s = *state;
    struct name name = name_make(STR(ID_A), STR("x"), NAME_WHOLE);
    struct buf names;
    size_t others = 0;
    buf_init(&names, SIZE_MAX);
    open_to_save(s);
    keep(s, &name, "x", "{}\n");
    assert_int_equal(folder_move_to_sent(&s->folder, &name, &s->why).kind, ERR_NONE);
    assert_true(folder_has(&s->folder, &name));
    assert_int_equal(folder_names(&s->folder, &names, &others, &s->why).kind, ERR_NONE);
    assert_int_equal(names.len, 0);
    assert_int_equal(others, 0);
    buf_close(&names);
    int sent = openat(s->fd, "sent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(unlinkat(sent, name.at, 0), 0);
    (void)close(sent);
    assert_int_equal(unlinkat(s->fd, "sent", AT_REMOVEDIR), 0);
}

static void a_half_written_record_is_none(void **state)
{
    struct stage *s = *state;
    struct name name = name_make(STR(ID_A), STR("x"), NAME_WHOLE);
    put(s, ".part", "the beginning of something long");
    open_to_save(s);
    assert_false(folder_has(&s->folder, &name));
    keep(s, &name, "x", "{}\n");
    assert_holds(s, name.at, "x");
}

static void a_torn_line_of_the_index_is_ended(void **state)
{
    struct stage *s = *state;
    struct name name = name_make(STR(ID_A), STR("x"), NAME_WHOLE);
    put(s, "rejects.ndjson", "{}\n{\"id");
    open_to_save(s);
    keep(s, &name, "x", "{}\n");
    assert_holds(s, "rejects.ndjson", "{}\n{\"id\n{}\n");
}

static void files_are_listed_in_order_and_strangers_counted(void **state)
{
    struct stage *s = *state;
    struct name a = name_make(STR(ID_A), STR("x"), NAME_CUT);
    struct name b = name_make(STR(ID_B), STR("x"), NAME_WHOLE);
    struct buf names;
    size_t others = 0;
    buf_init(&names, SIZE_MAX);
    open_to_save(s);
    keep(s, &b, "x", "{}\n");
    keep(s, &a, "x", "{}\n");
    put(s, "other", "");
    assert_int_equal(folder_names(&s->folder, &names, &others, &s->why).kind, ERR_NONE);
    assert_int_equal(names.len, 2 * sizeof(struct name));
    assert_string_equal(names.at, a.at);
    assert_string_equal(names.at + sizeof(struct name), b.at);
    assert_int_equal(others, 1);
    buf_close(&names);
}

static void a_folder_that_others_may_read_is_refused(void **state)
{
    struct stage *s = *state;
    static const mode_t rows[] = {0750, 0705, 0701, 0770, 0777};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct why why = {0};
        assert_int_equal(fchmod(s->fd, rows[i]), 0);
        assert_int_equal(folder_open_to_save(&s->folder, s->path, &why).kind, ERR_DENIED);
        folder_close(&s->folder);
    }
}

static void two_at_once_are_refused(void **state)
{
    struct stage *s = *state;
    struct folder second;
    open_to_save(s);
    assert_int_equal(folder_open_to_send(&second, s->path, &s->why).kind, ERR_DENIED);
    folder_close(&second);
    folder_close(&s->folder);
    assert_int_equal(folder_open_to_send(&second, s->path, &s->why).kind, ERR_NONE);
    folder_close(&second);
}

static void links_are_not_followed(void **state)
{
    struct stage *s = *state;
    struct name name = name_make(STR(ID_A), STR("x"), NAME_WHOLE);
    struct buf text;
    struct why why = {0};
    buf_init(&text, 100);
    put(s, "target", "secret");
    assert_int_equal(symlinkat("target", s->fd, name.at), 0);
    assert_int_equal(symlinkat("target", s->fd, ".part"), 0);
    open_to_save(s);
    assert_int_equal(folder_read(&s->folder, &name, &text, &s->why).kind, ERR_BUG);
    struct name other = name_make(STR(ID_B), STR("x"), NAME_WHOLE);
    assert_int_equal(folder_keep(&s->folder, &other, STR("x"), STR("{}\n"), &why).kind, ERR_BUG);
    assert_holds(s, "target", "secret");
    buf_close(&text);
}

static void a_file_is_read_up_to_its_bound(void **state)
{
    struct stage *s = *state;
    struct name name = name_make(STR(ID_A), STR("x"), NAME_WHOLE);
    put(s, name.at, "12345");
    open_to_save(s);
    for (size_t room = 0; room < 8; room++) {
        struct buf text;
        struct why why = {0};
        buf_init(&text, room);
        enum err_kind kind = folder_read(&s->folder, &name, &text, &why).kind;
        assert_int_equal(kind, room < 5 ? ERR_LIMIT : ERR_NONE);
        assert_int_equal(text.len, room < 5 ? 0 : 5);
        buf_close(&text);
    }
}

static void a_folder_that_is_not_there_is_missing(void **state)
{
    struct stage *s = *state;
    assert_int_equal(folder_open_to_send(&s->folder, "/tmp/no/such", &s->why).kind, ERR_MISSING);
    assert_int_equal(folder_open_to_save(&s->folder, "/tmp/no/such", &(struct why){0}).kind,
                     ERR_MISSING);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_record_is_kept_with_its_line),
        STAGED(a_record_is_known_under_each_of_its_names),
        STAGED(a_sent_record_is_known_and_listed_no_more),
        STAGED(a_half_written_record_is_none),
        STAGED(a_torn_line_of_the_index_is_ended),
        STAGED(files_are_listed_in_order_and_strangers_counted),
        STAGED(a_folder_that_others_may_read_is_refused),
        STAGED(two_at_once_are_refused),
        STAGED(links_are_not_followed),
        STAGED(a_file_is_read_up_to_its_bound),
        STAGED(a_folder_that_is_not_there_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

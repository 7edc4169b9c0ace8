/* Small files, whole. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void it_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    char path[] = "/tmp/file-XXXXXX", memory[8];
    make_file(path, "12345678");
    for (size_t room = 0; room <= sizeof memory; room++) {
        struct buf into;
        buf_wrap(&into, memory, room);
        assert_int_equal(file_read(path, &into), room < sizeof memory ? EFBIG : 0);
    }
    assert_memory_equal(memory, "12345678", sizeof memory);
    assert_int_equal(unlink(path), 0);
}

static void it_is_added_to_what_is_there(void **state)
{
    (void)state;
    char path[] = "/tmp/file-XXXXXX";
    make_file(path, "b");
    struct buf into;
    buf_init(&into, 100 * 1000);
    buf_char(&into, 'a');
    assert_int_equal(file_read(path, &into), 0);
    assert_true(str_eq(buf_str(&into), STR("ab")));
    buf_close(&into);
    assert_int_equal(unlink(path), 0);
}

static void what_cannot_be_read_has_its_errno(void **state)
{
    (void)state;
    char memory[8], path[] = "/tmp/pipe-XXXXXX";
    struct buf into;
    buf_wrap(&into, memory, sizeof memory);
    assert_int_equal(file_read("/nowhere/at/all", &into), ENOENT);
    assert_int_equal(file_read("/tmp", &into), EISDIR);
    assert_int_equal(file_read("/dev/null", &into), 0);
    assert_int_equal(file_read("/dev/zero", &into), EFBIG);
    /* Nobody writes to it: it is not waited for. */
    make_file(path, "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    buf_clear(&into);
    assert_int_equal(file_read(path, &into), 0);
    assert_int_equal(into.len, 0);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_whole_or_not_at_all),
        cmocka_unit_test(it_is_added_to_what_is_there),
        cmocka_unit_test(what_cannot_be_read_has_its_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

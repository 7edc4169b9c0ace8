#include "test/support/guard.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void guard_init(struct guard *guard, size_t room)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    guard->len = (room + page) / page * page;
    void *at =
        mmap(NULL, guard->len + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED);
    guard->at = at;
    assert_int_equal(mprotect(guard->at + guard->len, page, PROT_NONE), 0);
}

void guard_close(struct guard *guard)
{
    (void)munmap(guard->at, guard->len + (size_t)sysconf(_SC_PAGESIZE));
}

char *guard_room(struct guard *guard, size_t len)
{
    assert_true(len <= guard->len);
    return guard->at + guard->len - len;
}

str guard_lay(struct guard *guard, str s)
{
    char *at = guard_room(guard, s.len);
    if (s.len) {
        memcpy(at, s.at, s.len);
    }
    return (str){at, s.len};
}

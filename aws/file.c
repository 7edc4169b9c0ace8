#include "aws/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static ssize_t read_again(int fd, char *into, size_t room)
{
    ssize_t got;
    do {
        got = read(fd, into, room);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int read_all(int fd, struct buf *into)
{
    for (;;) {
        char beyond;
        bool full = into->len == into->max || !buf_reserve(into, 1);
        ssize_t got = full ? read_again(fd, &beyond, 1)
                           : read_again(fd, into->at + into->len, into->room - into->len);
        if (got <= 0) {
            return got < 0 ? errno : 0;
        }
        if (full) {
            return EFBIG;
        }
        into->len += (size_t)got;
    }
}

int file_read(const char *path, struct buf *into)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno;
    }
    int failed = read_all(fd, into);
    (void)close(fd);
    return failed;
}

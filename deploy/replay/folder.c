#include "deploy/replay/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char index_name[] = "rejects.ndjson";
static const char sent_name[] = "sent";
static const char part_name[] = ".part"; /* a record until it is whole */

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, OTHERS = 077 };

struct sent_path {
    char at[sizeof sent_name + NAME_LEN + 1]; /* "sent/" and a name */
};

static MUST_USE err refuse(struct why *why, const char *what)
{
    int number = errno;
    return FAIL(why, number == ENOENT ? ERR_MISSING : ERR_BUG, "%s: %s", what, strerror(number));
}

/* --- Opening --- */

static MUST_USE err check_folder(const struct folder *folder, struct why *why)
{
    struct stat is;
    if (fstat(folder->fd, &is)) {
        return refuse(why, "the folder");
    }
    if (is.st_uid != geteuid() || is.st_mode & OTHERS) {
        return FAIL(why, ERR_DENIED,
                    "the folder is not yours alone: records hold personal data; chmod 700 it, or "
                    "take another");
    }
    if (flock(folder->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
        return FAIL(why, ERR_DENIED, "another replay is at work in the folder");
    }
    return OK;
}

static MUST_USE err open_folder(struct folder *folder, const char *path, struct why *why)
{
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0) {
        return refuse(why, "the folder");
    }
    return check_folder(folder, why);
}

static MUST_USE err write_all(int fd, str bytes, struct why *why)
{
    while (bytes.len) {
        ssize_t wrote = write(fd, bytes.at, bytes.len);
        if (wrote < 0 && errno != EINTR) {
            return refuse(why, "a file cannot be written");
        }
        bytes = str_drop(bytes, wrote > 0 ? (size_t)wrote : 0);
    }
    return OK;
}

/* A line that was cut off when the machine stopped is ended, so that the next one begins its own.
 */
static MUST_USE err end_last_line(int fd, struct why *why)
{
    char last = '\n';
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < 0 || (end > 0 && pread(fd, &last, 1, end - 1) != 1)) {
        return refuse(why, index_name);
    }
    return last == '\n' ? OK : write_all(fd, STR("\n"), why);
}

err folder_open_to_save(struct folder *folder, const char *path, struct why *why)
{
    *folder = (struct folder){-1, -1};
    if (mkdir(path, FOLDER_MODE) && errno != EEXIST) {
        return refuse(why, "the folder cannot be made");
    }
    TRY(open_folder(folder, path, why));
    if (syncfs(folder->fd)) { /* the folder's own entry, in case it is new */
        return refuse(why, "the folder cannot be synced");
    }
    folder->index_fd = openat(folder->fd, index_name,
                              O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    return folder->index_fd < 0 ? refuse(why, index_name) : end_last_line(folder->index_fd, why);
}

err folder_open_to_send(struct folder *folder, const char *path, struct why *why)
{
    *folder = (struct folder){-1, -1};
    return open_folder(folder, path, why);
}

static void close_one(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

void folder_close(struct folder *folder)
{
    close_one(&folder->index_fd);
    close_one(&folder->fd);
}

/* --- Saving --- */

static struct sent_path name_in_sent(const struct name *name)
{
    struct sent_path path = {0};
    struct buf b;
    buf_wrap(&b, path.at, sizeof path.at);
    buf_add(&b, str_from(sent_name));
    buf_char(&b, '/');
    buf_add(&b, str_from(name->at));
    buf_char(&b, 0);
    return path;
}

static bool is_there(const struct folder *folder, const char *path)
{
    return faccessat(folder->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool folder_has(const struct folder *folder, const struct name *name)
{
    struct name whole = name_as(name, NAME_WHOLE), cut = name_as(name, NAME_CUT);
    return is_there(folder, whole.at) || is_there(folder, cut.at) ||
           is_there(folder, name_in_sent(&whole).at);
}

static MUST_USE err fill(int fd, str bytes, struct why *why)
{
    TRY(write_all(fd, bytes, why));
    return fsync(fd) ? refuse(why, "a file cannot be written") : OK;
}

static MUST_USE err write_part(const struct folder *folder, str bytes, struct why *why)
{
    int fd = openat(folder->fd, part_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    FILE_MODE);
    if (fd < 0) {
        return refuse(why, "a file cannot be made");
    }
    err done = fill(fd, bytes, why);
    close_one(&fd);
    return done;
}

err folder_keep(struct folder *folder, const struct name *name, str bytes, str line,
                struct why *why)
{
    TRY(write_part(folder, bytes, why));
    TRY(write_all(folder->index_fd, line, why));
    return renameat(folder->fd, part_name, folder->fd, name->at)
               ? refuse(why, "a file cannot be given its name")
               : OK;
}

err folder_sync(struct folder *folder, struct why *why)
{
    return fsync(folder->index_fd) || fsync(folder->fd) ? refuse(why, "the folder cannot be synced")
                                                        : OK;
}

/* --- Sending --- */

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct name));
}

static bool is_ours(const char *entry)
{
    return entry[0] == '.' || strcmp(entry, index_name) == 0 || strcmp(entry, sent_name) == 0;
}

static void take_entry(const char *entry, struct buf *names, size_t *others)
{
    struct name name;
    if (name_kind(str_from(entry)) == NAME_NONE) {
        *others += is_ours(entry) ? 0 : 1;
        return;
    }
    memcpy(name.at, entry, sizeof name.at);
    buf_add(names, (str){(const char *)&name, sizeof name});
}

static MUST_USE err read_entries(DIR *list, struct buf *names, size_t *others, struct why *why)
{
    errno = 0;
    for (const struct dirent *entry = readdir(list); entry; entry = readdir(list)) {
        take_entry(entry->d_name, names, others);
        errno = 0;
    }
    if (errno) {
        return refuse(why, "the folder cannot be read");
    }
    return names->failed ? FAIL(why, ERR_LIMIT, "the folder holds too many files") : OK;
}

err folder_names(const struct folder *folder, struct buf *names, size_t *others, struct why *why)
{
    *others = 0;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list) {
        close_one(&fd);
        return refuse(why, "the folder cannot be read");
    }
    err done = read_entries(list, names, others, why);
    (void)closedir(list);
    if (!done.kind && names->len) {
        qsort(names->at, names->len / sizeof(struct name), sizeof(struct name), compare);
    }
    return done;
}

static MUST_USE err read_open(int fd, struct buf *into, struct why *why)
{
    struct stat is;
    ssize_t got = 1;
    if (fstat(fd, &is) || !S_ISREG(is.st_mode)) {
        return FAIL(why, ERR_BUG, "it is not a file");
    }
    size_t room = into->max - into->len;
    if (is.st_size > (off_t)room) {
        return FAIL(why, ERR_LIMIT, "it is larger than %zu bytes, which a message may be", room);
    }
    while (got && into->len < into->max) {
        size_t piece = into->max - into->len < 65536 ? into->max - into->len : 65536;
        char *at = buf_reserve(into, piece);
        got = at ? read(fd, at, piece) : -1;
        if (got < 0 && (!at || errno != EINTR)) {
            return FAIL(why, ERR_BUG, "it cannot be read");
        }
        into->len += got > 0 ? (size_t)got : 0;
    }
    return OK;
}

err folder_read(const struct folder *folder, const struct name *name, struct buf *into,
                struct why *why)
{
    int fd = openat(folder->fd, name->at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return refuse(why, "it cannot be read");
    }
    err done = read_open(fd, into, why);
    close_one(&fd);
    return done;
}

err folder_move_to_sent(const struct folder *folder, const struct name *name, struct why *why)
{
    struct sent_path to = name_in_sent(name);
    if (mkdirat(folder->fd, sent_name, FOLDER_MODE) && errno != EEXIST) {
        return refuse(why, "the folder \"sent\" cannot be made");
    }
    return renameat(folder->fd, name->at, folder->fd, to.at)
               ? refuse(why, "a sent file cannot be moved to the folder \"sent\"")
               : OK;
}

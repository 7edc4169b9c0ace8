#include "deploy/local/package.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static MUST_USE err check_program(const struct package *package, struct why *why)
{
    struct stat facts;
    if (stat(package->program, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return FAIL(why, ERR_MISSING, "there is no such bootstrap");
    }
    if (access(package->program, X_OK) != 0) {
        return FAIL(why, ERR_BUG, "the bootstrap is not executable");
    }
    return OK;
}

/* The program's exit status, -1 when it could not be run. Its output goes nowhere but errors. */
static int run_and_wait(char *const *arguments)
{
    char *const no_env[] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return -1;
    }
    bool ready =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0;
    if (ready && posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, no_env) == 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return status;
}

static MUST_USE err make_folder(struct package *package, str tmp, struct why *why)
{
    struct buf path;
    buf_wrap(&path, package->folder, sizeof package->folder - 1);
    buf_add(&path, tmp.len ? tmp : STR("/tmp"));
    buf_add(&path, STR("/lambda-local-XXXXXX"));
    if (path.failed || !mkdtemp(package->folder)) {
        return FAIL(why, ERR_BUG, "cannot make a temporary folder: %s", strerror(errno));
    }
    package->unpacked = true;
    return OK;
}

static MUST_USE err set_program(struct package *package, struct why *why)
{
    struct buf path;
    buf_wrap(&path, package->program, sizeof package->program - 1);
    buf_add(&path, str_from(package->folder));
    buf_add(&path, STR("/bootstrap"));
    if (path.failed) {
        return FAIL(why, ERR_LIMIT, "the path is too long");
    }
    package->program[path.len] = 0;
    return OK;
}

static MUST_USE err unpack(struct package *package, str tmp, struct why *why)
{
    char zip[PATH_MAX];
    memcpy(zip, package->program, sizeof zip);
    TRY(make_folder(package, tmp, why));
    char command[] = "unzip", quiet[] = "-qo", into[] = "-d";
    char *const arguments[] = {command, quiet, zip, into, package->folder, NULL};
    int status = run_and_wait(arguments);
    if (status != 0) {
        return FAIL(why, ERR_BUG, "unzip could not take the zip apart (status %d)", status);
    }
    return set_program(package, why);
}

static MUST_USE err set_folder(struct package *package, struct why *why)
{
    char *slash = strrchr(package->program, '/');
    size_t len = slash > package->program ? (size_t)(slash - package->program) : 1;
    if (!str_to_c((str){package->program, len}, package->folder, sizeof package->folder)) {
        return FAIL(why, ERR_LIMIT, "the path is too long");
    }
    return OK;
}

err package_open(struct package *package, const char *path, str tmp, struct why *why)
{
    *package = (struct package){0};
    if (!realpath(path, package->program)) {
        return FAIL(why, ERR_MISSING, "cannot find the function: %s", strerror(errno));
    }
    bool zip = str_ends(str_from(package->program), STR(".zip"));
    err opened = zip ? unpack(package, tmp, why) : set_folder(package, why);
    if (!opened.kind) {
        opened = check_program(package, why);
    }
    if (opened.kind) {
        package_close(package);
    }
    return opened;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void package_close(struct package *package)
{
    enum { OPEN_FOLDERS = 16 };
    if (package->unpacked) {
        (void)nftw(package->folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    }
    *package = (struct package){0};
}

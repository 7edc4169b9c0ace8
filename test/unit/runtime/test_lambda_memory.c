#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/lambda.h"
#include "test/support/many_server.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INVOCATIONS = 10000, WARM = 1000, NOISE_PAGES = 32 };

/* --- The API, in the parent, whose memory is not looked at --- */

struct served {
    unsigned given, responses, errors;
};

static enum many_then serve(void *ctx, struct many_server *server, str request, struct buf *reply)
{
    struct served *served = ctx;
    char text[400];
    buf_clear(&server->received);
    if (!str_starts(request, STR("GET "))) {
        bool response = memmem(request.at, request.len, "/response ", 10) != NULL;
        served->responses += response;
        served->errors += !response;
        buf_add(reply, STR("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"));
        return MANY_KEEP;
    }
    if (served->given == INVOCATIONS) {
        buf_add(reply, STR("HTTP/1.1 500 End\r\nContent-Length: 0\r\n\r\n"));
        return MANY_KEEP;
    }
    served->given++;
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-%u\r\n"
                   "Lambda-Runtime-Trace-Id: Root=1-%u\r\nLambda-Runtime-Aws-Tenant-Id: t-%u\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\n%05u\r\n0\r\n\r\n",
                   served->given, served->given, served->given, served->given);
    buf_add(reply, str_from(text));
    return MANY_KEEP;
}

/* --- The function, in the child --- */

struct measure {
    unsigned calls;
    unsigned long warm_pages, pages;
    unsigned warm_fds, fds;
};

/* The second number in the file. */
static unsigned long resident_pages(void)
{
    char line[200], *at = NULL;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    (void)strtoul(line, &at, 10);
    return strtoul(at, NULL, 10);
}

static unsigned count_fds(void)
{
    unsigned count = 0;
    DIR *open = opendir("/proc/self/fd");
    assert_non_null(open);
    while (readdir(open)) {
        count++;
    }
    (void)closedir(open);
    return count;
}

/* Every second one fails; each takes memory that must be given back. */
static err take_turns(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                      struct why *why)
{
    struct measure *measure = ctx;
    char *taken = arena_alloc(in->arena, 32768, 1);
    assert_non_null(taken);
    memset(taken, 1, 32768);
    measure->calls++;
    if (measure->calls == WARM / 2 || measure->calls == WARM) { /* measuring takes some itself */
        measure->warm_pages = resident_pages();
        measure->warm_fds = count_fds();
    } else if (measure->calls == INVOCATIONS) {
        measure->pages = resident_pages();
        measure->fds = count_fds();
    }
    buf_add(reply, in->event);
    return measure->calls % 2 ? OK : FAIL(why, ERR_INPUT, "number %u", measure->calls);
}

static int run(const char *address, struct measure *measure)
{
    struct log log = {.fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .now_ms = lambda_now_ms};
    const char *env[] = {address, NULL};
    return lambda_run(
        &(struct lambda_config){.env = env, .handler = take_turns, .ctx = measure, .log = &log});
}

static void ten_thousand_invocations_leave_nothing_behind(void **state)
{
    (void)state;
    static struct many_server server;
    struct served served = {0};
    char address[64];
    int status = 0;
    struct measure *measure =
        mmap(NULL, sizeof *measure, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(measure, MAP_FAILED);
    many_server_listen(&server, serve, &served);
    (void)snprintf(address, sizeof address, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", server.port);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where this test fails */
        _exit(run(address, measure));
    }
    many_server_start(&server);
    assert_int_equal(waitpid(child, &status, 0), child);
    many_server_stop(&server);
    many_server_free(&server);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), LAMBDA_EXIT_API);
    assert_int_equal(served.responses, INVOCATIONS / 2);
    assert_int_equal(served.errors, INVOCATIONS / 2);
    assert_int_equal(server.count, 1); /* one connection all along */
    assert_in_range(measure->pages, 1, measure->warm_pages + NOISE_PAGES);
    assert_int_equal(measure->fds, measure->warm_fds);
    print_message("resident pages after %d: %lu, after %d: %lu\n", WARM, measure->warm_pages,
                  INVOCATIONS, measure->pages);
    (void)munmap(measure, sizeof *measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_invocations_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

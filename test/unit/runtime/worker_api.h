/* For the tests of several workers: a Runtime API that hands out invocations "id-1", "id-2", ...
 * to as many as ask at the same time, on connections of their own.
 */
#ifndef TEST_UNIT_RUNTIME_WORKER_API_H
#define TEST_UNIT_RUNTIME_WORKER_API_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/lambda.h"
#include "test/support/many_server.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NEXT         "GET /2018-06-01/runtime/invocation/next "

enum {
    WORKER_API_INVOCATIONS = 64,
    WORKER_API_RESET = -1,
    WORKER_API_MUTE = -2,
    WORKER_API_NAMELESS = 200
};

/* Afterwards one /next is answered with 500 and the others with nothing, or none with anything. */
enum worker_api_end { WORKER_API_BROKEN, WORKER_API_SILENT };

struct worker_api {
    struct many_server server;
    enum worker_api_end end;
    unsigned park;        /* so many must wait for an invocation before the first is given */
    unsigned invocations; /* to give */
    int status[WORKER_API_INVOCATIONS + 1]; /* to a post for id-<i>; 0: 202 */
    int register_status;                    /* to an extension; 0: 200; NAMELESS: no identifier */
    bool terminate; /* SIGTERM for the process once `park` wait and nothing is left to give */
    bool broken;    /* the 500 was sent */

    unsigned waiting, most_waiting, given, answered;
    unsigned responses[WORKER_API_INVOCATIONS + 1], errors[WORKER_API_INVOCATIONS + 1];
    struct log log;
    char address[64], concurrency[64];
    const char *env[8];
    struct lambda_config config;
};

static inline int64_t worker_api_now_ms(void)
{
    return 1700000000000;
}

static inline enum many_then worker_api_status(struct buf *reply, int status)
{
    char head[100];
    if (status == WORKER_API_RESET) {
        return MANY_RESET;
    }
    if (status == WORKER_API_MUTE) {
        return MANY_KEEP;
    }
    (void)snprintf(head, sizeof head, "HTTP/1.1 %d Reason\r\nContent-Length: 0\r\n\r\n", status);
    buf_add(reply, str_from(head));
    return MANY_KEEP;
}

static inline void worker_api_invocation(struct worker_api *api, struct buf *reply)
{
    char head[1000];
    unsigned number = ++api->given;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-%u\r\n"
                   "Lambda-Runtime-Invocation-Id: inv-%u\r\nLambda-Runtime-Trace-Id: "
                   "trace-%u\r\nLambda-Runtime-Aws-Tenant-Id: tenant-%u"
                   "\r\nContent-Length: %d\r\n\r\n%u",
                   number, number, number, number, number < 10 ? 1 : 2, number);
    buf_add(reply, str_from(head));
}

static inline bool worker_api_holds(const struct worker_api *api)
{
    if (api->most_waiting < api->park) {
        return true;
    }
    if (api->given < api->invocations) {
        return false;
    }
    return api->end == WORKER_API_SILENT || api->broken || api->answered < api->invocations;
}

static inline enum many_then worker_api_next(struct worker_api *api, struct buf *reply)
{
    bool goes_on = true;
    api->waiting++;
    if (api->waiting > api->most_waiting) {
        api->most_waiting = api->waiting;
    }
    many_server_move(&api->server);
    if (api->terminate && api->given == api->invocations && api->waiting >= api->park) {
        api->terminate = false;
        (void)kill(getpid(), SIGTERM);
    }
    while (goes_on && worker_api_holds(api)) {
        goes_on = many_server_wait(&api->server);
    }
    api->waiting--;
    if (!goes_on) {
        return MANY_CLOSE;
    }
    if (api->given == api->invocations) {
        api->broken = true;
        return worker_api_status(reply, 500);
    }
    worker_api_invocation(api, reply);
    return MANY_KEEP;
}

static inline enum many_then worker_api_post(struct worker_api *api, str what, struct buf *reply)
{
    struct str_halves parts = str_cut(what, '/');
    uint64_t number = 0;
    if (!str_to_u64(str_drop(parts.head, 3), &number) || number < 1 || number > api->given) {
        return worker_api_status(reply, 400);
    }
    if (api->responses[number] + api->errors[number] == 0) {
        api->answered++;
    }
    ++(str_starts(parts.tail, STR("response ")) ? api->responses : api->errors)[number];
    many_server_move(&api->server);
    return worker_api_status(reply, api->status[number] ? api->status[number] : 202);
}

static inline enum many_then worker_api_register(struct worker_api *api, struct buf *reply)
{
    char head[200];
    int status = api->register_status ? api->register_status : 200;
    if (status < 0 || api->register_status == WORKER_API_NAMELESS) {
        return worker_api_status(reply, status);
    }
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %d Reason\r\nLambda-Extension-Identifier: ext-1\r\n"
                   "Content-Length: 2\r\n\r\n{}",
                   status);
    buf_add(reply, str_from(head));
    return MANY_KEEP;
}

static inline enum many_then worker_api_answer(void *ctx, struct many_server *server, str request,
                                               struct buf *reply)
{
    struct worker_api *api = ctx;
    str post = STR("POST /2018-06-01/runtime/invocation/");
    if (str_starts(request, STR(NEXT))) {
        return worker_api_next(api, reply);
    }
    if (str_starts(request, post)) {
        return worker_api_post(api, str_drop(request, post.len), reply);
    }
    if (str_starts(request, STR("POST /2020-01-01/extension/register "))) {
        return worker_api_register(api, reply);
    }
    if (str_starts(request, STR("GET /2020-01-01/extension/event/next "))) {
        while (many_server_wait(server)) {
        }
        return MANY_CLOSE;
    }
    return worker_api_status(reply, 202); /* init/error */
}

static inline void worker_api_open(struct worker_api *api, const char *concurrency,
                                   lambda_handler *handler, void *ctx)
{
    memset(api, 0, sizeof *api);
    (void)snprintf(api->concurrency, sizeof api->concurrency, "AWS_LAMBDA_MAX_CONCURRENCY=%s",
                   concurrency);
    api->log = (struct log){.fd = memfd_create("log", MFD_CLOEXEC), .now_ms = worker_api_now_ms};
    assert_true(api->log.fd >= 0);
    /* Threads that write to memory at the same place overwrite each other. */
    assert_int_equal(fcntl(api->log.fd, F_SETFL, O_APPEND), 0);
    api->env[0] = api->address;
    api->env[1] = api->concurrency;
    api->config = (struct lambda_config){.env = api->env,
                                         .handler = handler,
                                         .ctx = ctx,
                                         .log = &api->log,
                                         .arena_bytes = (size_t)64 * 1024};
}

/* A test that forks does it between this and many_server_start. */
static inline void worker_api_listen(struct worker_api *api)
{
    many_server_listen(&api->server, worker_api_answer, api);
    (void)snprintf(api->address, sizeof api->address, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u",
                   api->server.port);
}

/* lambda_run from beginning to end; the exit code. */
static inline int worker_api_run(struct worker_api *api)
{
    worker_api_listen(api);
    many_server_start(&api->server);
    int code = lambda_run(&api->config);
    many_server_stop(&api->server);
    return code;
}

static inline size_t worker_api_received(const struct worker_api *api, const char *part)
{
    size_t found = 0;
    str left = buf_str(&api->server.received);
    for (; left.len; left = str_drop(left, 1)) {
        found += str_starts(left, str_from(part));
    }
    return found;
}

/* The log as text; the caller frees it. */
static inline char *worker_api_logged(const struct worker_api *api)
{
    size_t len = (size_t)lseek(api->log.fd, 0, SEEK_END);
    char *text = malloc(len + 1);
    assert_non_null(text);
    assert_int_equal(pread(api->log.fd, text, len, 0), len);
    text[len] = 0;
    return text;
}

static inline void worker_api_close(struct worker_api *api)
{
    many_server_free(&api->server);
    (void)close(api->log.fd);
}

#endif

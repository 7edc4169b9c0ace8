/* For the tests of runtime/lambda: a Runtime API on a byte_server, said in words, with a log in
 * memory and pauses that are noted instead of waited for.
 */
#ifndef TEST_UNIT_RUNTIME_LAMBDA_SCRIPT_H
#define TEST_UNIT_RUNTIME_LAMBDA_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/lambda_worker.h"
#include "test/support/byte_server.h"

enum { SCRIPT_STEPS = 4096, SCRIPT_TEXT = 1024 * 1024, SCRIPT_PAUSES = 64 };

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ACCEPTED     "HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n"
#define BROKEN       "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

struct script {
    struct byte_step steps[SCRIPT_STEPS];
    size_t count;
    struct buf text; /* of the steps; never moves */
    struct byte_server server;
    struct log log;
    str logged; /* after script_run */
    char address[64];
    const char *env[4];
    struct lambda_config config;
    unsigned connects;
    int64_t last_timeout_ms;
};

/* A handler that answers "pong" and counts. */
static inline err pong(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                       struct why *why)
{
    (void)in;
    (void)why;
    unsigned *calls = ctx;
    ++*calls;
    buf_add(reply, STR("\"pong\""));
    return OK;
}

/* A handler that fails as `ctx`, a struct why, says. */
static inline err fail_as(void *ctx, const struct lambda_invocation *in, struct buf *reply,
                          struct why *why)
{
    (void)in;
    const struct why *wanted = ctx;
    buf_add(reply, STR("half a reply"));
    *why = *wanted;
    return (err){wanted->kind};
}

static struct {
    int64_t ms[SCRIPT_PAUSES];
    size_t count;
} pauses;

static inline void note_pause(int64_t ms)
{
    assert_true(pauses.count < SCRIPT_PAUSES);
    pauses.ms[pauses.count++] = ms;
}

static inline int64_t script_now_ms(void)
{
    return 1700000000000;
}

static inline void script_open(struct script *script, lambda_handler *handler, void *ctx)
{
    memset(script, 0, sizeof *script);
    pauses.count = 0;
    script->text.at = malloc(SCRIPT_TEXT);
    assert_non_null(script->text.at);
    script->text.room = script->text.max = SCRIPT_TEXT;
    script->log = (struct log){.fd = memfd_create("log", MFD_CLOEXEC), .now_ms = script_now_ms};
    assert_true(script->log.fd >= 0);
    script->config = (struct lambda_config){
        .env = script->env, .handler = handler, .ctx = ctx, .log = &script->log};
}

static inline void script_step(struct script *script, enum byte_step_kind kind, str bytes)
{
    assert_true(script->count < SCRIPT_STEPS);
    size_t start = script->text.len;
    buf_add(&script->text, bytes);
    assert_false(script->text.failed);
    script->steps[script->count++] =
        (struct byte_step){.kind = kind, .bytes = {script->text.at + start, bytes.len}};
}

/* One request is received and answered. */
static inline void script_answer(struct script *script, const char *reply)
{
    script_step(script, STEP_RECEIVE, STR(""));
    script_step(script, STEP_SEND, str_from(reply));
}

/* A reply of this status without a body. */
static inline void script_status(struct script *script, int status)
{
    char reply[100];
    (void)snprintf(reply, sizeof reply, "HTTP/1.1 %d Some Reason\r\n%s\r\n", status,
                   status == 204 || status == 304 ? "" : "Content-Length: 0\r\n");
    script_answer(script, reply);
}

/* An invocation with request id "id-1" and more headers ("A: b\r\n", or ""). */
static inline void script_invocation(struct script *script, const char *headers, const char *event)
{
    char reply[8000];
    (void)snprintf(reply, sizeof reply,
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                   "Lambda-Runtime-Aws-Request-Id: id-1\r\n%sContent-Length: %zu\r\n\r\n%s",
                   headers, strlen(event), event);
    script_answer(script, reply);
}

static inline void script_start(struct script *script)
{
    byte_server_start(&script->server, script->steps, script->count);
    (void)snprintf(script->address, sizeof script->address, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u",
                   script->server.port);
    script->env[0] = script->address;
}

static inline void script_stop(struct script *script)
{
    byte_server_stop(&script->server);
    size_t len = (size_t)lseek(script->log.fd, 0, SEEK_END);
    char *logged = malloc(len + 1);
    assert_non_null(logged);
    assert_int_equal(pread(script->log.fd, logged, len, 0), len);
    logged[len] = 0;
    script->logged = (str){logged, len};
}

/* Serves until the API ends it; the exit code. */
static inline int script_run(struct script *script)
{
    struct why why = {0};
    struct lambda_worker worker = {0};
    script_start(script);
    const struct lambda_shared shared = {.config = &script->config,
                                         .function = lambda_function(script->env)};
    err opened = lambda_worker_open(&worker, &shared, 0, &why);
    worker.api.sleep_ms = note_pause;
    int code = opened.kind == ERR_LIMIT ? LAMBDA_EXIT_MEMORY : lambda_worker_serve(&worker);
    script->connects = worker.api.http.connects;
    script->last_timeout_ms = worker.api.http.timeout_ms;
    lambda_worker_close(&worker);
    script_stop(script);
    return code;
}

static inline size_t count_of(str text, const char *part)
{
    size_t found = 0;
    for (; text.len; text = str_drop(text, 1)) {
        found += str_starts(text, str_from(part));
    }
    return found;
}

/* How often this stands in what the API received, and in what was logged. */
static inline size_t script_received(const struct script *script, const char *part)
{
    return count_of(buf_str(&script->server.received), part);
}

static inline size_t script_logged(const struct script *script, const char *part)
{
    return count_of(script->logged, part);
}

static inline void script_close(struct script *script)
{
    byte_server_free(&script->server);
    buf_close(&script->text);
    free((void *)(uintptr_t)script->logged.at);
    (void)close(script->log.fd);
}

#endif

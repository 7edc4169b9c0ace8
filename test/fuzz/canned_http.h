/* An HTTP without a network, linked instead of aws/http.c: each request is answered with the next
 * reply of a fuzzer's input. For one file of a program only.
 *
 * A reply is two bytes, a status and how it ends; header lines up to an empty one; a body up to a
 * NUL. Where the input is at its end, connections break. Time passes only while nothing else
 * happens.
 */
#ifndef TEST_FUZZ_CANNED_HTTP_H
#define TEST_FUZZ_CANNED_HTTP_H

#include "aws/client.h"
#include "aws/http.h"
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANNED_PIECE = 16 * 1024, CANNED_MOST_REQUESTS = 5000, CANNED_START_MS = 1000000 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct http_exchange {
    struct http *http;
    struct http_exchange *next;
    struct http_request request;
    int status;
    enum http_end end;
    bool stale;
    bool paused;
    str head, body;
};

struct http {
    struct http_exchange *running;
};

/* What a run has come to; reset by canned_client. */
static struct {
    str left; /* of the input */
    int64_t now_ms;
    unsigned started;
    unsigned completed; /* whole replies of 2xx */
    struct buf taken;   /* bodies of 2xx replies, as far as they were taken */
} canned;

static int64_t canned_now_ms(void)
{
    return canned.now_ms;
}

static unsigned char canned_choose(void)
{
    unsigned char choice = canned.left.len ? (unsigned char)canned.left.at[0] : 0;
    canned.left = str_drop(canned.left, 1);
    return choice;
}

static void canned_reply(struct http_exchange *x)
{
    /* Letters, so that an input can be read: a is 200. */
    static const int statuses[] = {200, 206, 400, 403, 404, 412, 429, 500, 503, 301, 307, 204};
    static const enum http_end ends[] = {HTTP_COMPLETE,  HTTP_BROKEN,    HTTP_BROKEN,
                                         HTTP_TIMED_OUT, HTTP_UNTRUSTED, HTTP_TOO_LARGE};
    if (!canned.left.len) {
        x->end = HTTP_BROKEN;
        return;
    }
    unsigned char status = canned_choose();
    unsigned char end = canned_choose();
    struct str_halves whole = str_cut(canned.left, 0);
    canned.left = whole.tail;
    x->status = statuses[(status + 11u) % 12]; /* 'a' is 97 = 1 + 8 * 12 */
    x->end = ends[(end + 5u) % 6];             /* 'a' is complete, 'b' broken, 'c' stale */
    x->stale = (end + 5u) % 6 == 2;
    x->head = whole.head;
    const char *blank = whole.head.len ? memmem(whole.head.at, whole.head.len, "\n\n", 2) : NULL;
    if (blank) {
        x->head = str_span(whole.head.at, blank + 1);
        x->body = str_drop(whole.head, x->head.len + 1);
    }
    if (x->stale || x->end == HTTP_UNTRUSTED) {
        x->status = 0;
        x->head = x->body = STR("");
    }
}

err http_init(struct http **out, const struct trust_config *trust, struct why *why)
{
    (void)trust;
    (void)why;
    *out = calloc(1, sizeof **out);
    CHECK(*out);
    return OK;
}

static void canned_drop(struct http_exchange *x)
{
    struct http_exchange **at = &x->http->running;
    while (*at != x) {
        at = &(*at)->next;
    }
    *at = x->next;
    free(x);
}

void http_close(struct http *http)
{
    while (http && http->running) {
        canned_drop(http->running);
    }
    free(http);
}

/* A download goes on where it is, not a byte before or after. */
static void canned_check_range(const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        uint64_t from = 0;
        str value = request->headers[i].value;
        if (str_eq_nocase(request->headers[i].name, STR("range"))) {
            CHECK(str_starts(value, STR("bytes=")) && str_ends(value, STR("-")));
            CHECK(str_to_u64(str_take(str_drop(value, 6), value.len - 7), &from));
            CHECK(from == canned.taken.len);
        }
    }
}

err http_start(struct http *http, const struct http_request *request, struct http_exchange **out,
               struct why *why)
{
    struct http_exchange *x = calloc(1, sizeof *x);
    (void)why;
    CHECK(x && ++canned.started < CANNED_MOST_REQUESTS);
    canned_check_range(request);
    x->http = http;
    x->request = *request;
    canned_reply(x);
    x->next = http->running;
    http->running = x;
    *out = x;
    return OK;
}

void http_resume(struct http_exchange *exchange)
{
    exchange->paused = false;
}

void http_cancel(struct http_exchange *exchange)
{
    canned_drop(exchange);
}

static void canned_give(struct http_exchange *x)
{
    str piece = str_take(x->body, CANNED_PIECE);
    enum http_take took = x->request.on_body(x->request.ctx, piece);
    x->paused = took == HTTP_LATER;
    if (took == HTTP_STOP) {
        x->end = HTTP_STOPPED;
        x->body = STR("");
    }
    if (took == HTTP_TAKEN) {
        buf_add(&canned.taken, x->status / 100 == 2 ? piece : STR(""));
        x->body = str_drop(x->body, piece.len);
    }
}

static void canned_end(struct http_exchange *x)
{
    canned.completed += x->end == HTTP_COMPLETE && x->status / 100 == 2;
    x->request.on_end(x->request.ctx, x->end);
    canned_drop(x);
}

void http_pump(struct http *http, int64_t wait_ms)
{
    struct http_exchange *x = http->running;
    while (x && x->paused) {
        x = x->next;
    }
    if (!x) {
        canned.now_ms += wait_ms > 0 ? wait_ms : 1;
    } else if (x->body.len) {
        canned_give(x);
    } else {
        canned_end(x);
    }
}

int http_status(const struct http_exchange *exchange)
{
    return exchange->status;
}

str http_header(const struct http_exchange *exchange, str name)
{
    str rest = exchange->head;
    while (rest.len) {
        struct str_halves line = str_cut(rest, '\n');
        struct str_halves pair = str_cut(line.head, ':');
        if (pair.found && str_eq_nocase(pair.head, name)) {
            return str_trim(pair.tail);
        }
        rest = line.tail;
    }
    return STR("");
}

const char *http_reason(const struct http_exchange *exchange)
{
    (void)exchange;
    return "canned";
}

bool http_was_stale(const struct http_exchange *exchange)
{
    return exchange->stale;
}

/* A client with a minute of time, whose requests are answered from `replies`. */
static void canned_client(struct client *client, str replies)
{
    static const char *const env[] = {"AWS_REGION=eu-west-1",
                                      "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                      "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI",
                                      "AWS_CONFIG_FILE=/dev/null",
                                      "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
                                      NULL};
    const struct client_config config = {.env = env, .now_ms = canned_now_ms, .seed = 7};
    struct why why = {0};
    buf_close(&canned.taken);
    canned.left = replies;
    canned.now_ms = CANNED_START_MS;
    canned.started = canned.completed = 0;
    buf_init(&canned.taken, (size_t)1 << 24);
    CHECK(client_init(client, &config, &why).kind == ERR_NONE);
    client_set_deadline(client, CANNED_START_MS + 60000);
}

/* A failure says of which kind it is, in words of ours: a service's text never gets into them. */
static void canned_check_failure(err result, const struct why *why)
{
    CHECK(result.kind == ERR_NONE || result.kind == why->kind);
    CHECK(!strstr(why->text, "SE CRET"));
    for (const char *at = why->text; *at; at++) {
        CHECK(*at >= ' ' && *at <= '~');
    }
}

#endif

/* One exchange with a byte_server, and what became of it. */
#ifndef TEST_UNIT_AWS_TALK_H
#define TEST_UNIT_AWS_TALK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/http.h"
#include "test/support/byte_server.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct talk {
    struct byte_server server;
    struct http *http;
    struct http_exchange *exchange;
    struct buf body;
    bool ended;
    enum http_end end;
    int status;
    char etag[32];
    enum http_take answer; /* of on_body */
    unsigned refused;      /* how often it was HTTP_LATER */
};

static inline enum http_take talk_take(void *ctx, str bytes)
{
    struct talk *talk = ctx;
    talk->refused += talk->answer == HTTP_LATER;
    if (talk->answer == HTTP_TAKEN) {
        buf_add(&talk->body, bytes);
    }
    return talk->answer;
}

static inline void talk_ended(void *ctx, enum http_end end)
{
    struct talk *talk = ctx;
    str etag = http_header(talk->exchange, STR("eTaG"));
    talk->ended = true;
    talk->end = end;
    talk->status = http_status(talk->exchange);
    assert_true(str_to_c(etag, talk->etag, sizeof talk->etag));
}

static inline void talk_start(struct talk *talk, const struct byte_step *steps, size_t count)
{
    struct why why = {0};
    *talk = (struct talk){.answer = HTTP_TAKEN};
    buf_init(&talk->body, 64 << 20);
    byte_server_start(&talk->server, steps, count);
    assert_int_equal(http_init(&talk->http, &(struct trust_config){0}, &why).kind, ERR_NONE);
}

static inline void talk_stop(struct talk *talk)
{
    http_close(talk->http);
    byte_server_stop(&talk->server);
    byte_server_free(&talk->server);
    buf_close(&talk->body);
}

static inline err talk_begin(struct talk *talk, const char *path, struct http_request request,
                             struct why *why)
{
    char url[256];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", talk->server.port, path);
    request.url = str_from(url);
    request.on_body = talk_take;
    request.on_end = talk_ended;
    request.ctx = talk;
    talk->ended = false;
    return http_start(talk->http, &request, &talk->exchange, why);
}

static inline void talk_wait(struct talk *talk)
{
    while (!talk->ended) {
        http_pump(talk->http, 1000);
    }
}

static inline void talk_get(struct talk *talk, struct http_request request)
{
    struct why why = {0};
    assert_int_equal(talk_begin(talk, "/", request, &why).kind, ERR_NONE);
    talk_wait(talk);
}

#endif

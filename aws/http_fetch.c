#include "aws/http_fetch.h"

enum { PUMP_MS = 1000 };

struct fetch {
    struct http_exchange *exchange;
    struct buf *body;
    struct http_fetched *out;
    bool ended;
};

static enum http_take take_body(void *ctx, str bytes)
{
    struct fetch *fetch = ctx;
    buf_add(fetch->body, bytes);
    return fetch->body->failed ? HTTP_STOP : HTTP_TAKEN;
}

static void take_end(void *ctx, enum http_end end)
{
    struct fetch *fetch = ctx;
    *fetch->out = (struct http_fetched){
        .end = end,
        .status = http_status(fetch->exchange),
        .reason = http_reason(fetch->exchange),
    };
    fetch->ended = true;
}

err http_fetch(struct http *http, const struct http_request *request, struct buf *body,
               struct http_fetched *out, struct why *why)
{
    struct fetch fetch = {.body = body, .out = out};
    struct http_request asked = *request;
    asked.on_body = take_body;
    asked.on_end = take_end;
    asked.ctx = &fetch;
    buf_clear(body);
    TRY(http_start(http, &asked, &fetch.exchange, why));
    while (!fetch.ended) {
        http_pump(http, PUMP_MS);
    }
    return OK;
}

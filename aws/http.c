#include "aws/http.h"

#include "aws/http_easy.h"
#include "base/buf.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>

struct http_exchange {
    struct http *http;
    struct http_easy *easy;
    struct http_exchange *next; /* of the running ones or of the idle ones */
    struct http_request request;
    struct buf head;  /* the reply's header lines */
    bool head_whole;  /* the empty line after them came */
    bool stopped;     /* by on_body */
    bool unresumable; /* libcurl failed while resuming */
    bool wide;        /* it began when all that is trusted was known */
    CURLcode result;  /* once it has ended */
};

struct http {
    CURLM *multi;
    struct trust *trust;
    struct http_exchange *running, *idle;
    uint64_t events; /* body chunks and ends so far */
};

/* --- Replies --- */

/* libcurl gives one header line a call, those of 1xx replies and trailers among them. */
static size_t take_head(char *at, size_t size, size_t count, void *ctx)
{
    struct http_exchange *x = ctx;
    str line = {at, size * count};
    if (str_starts(line, STR("HTTP/"))) {
        buf_clear(&x->head);
        x->head_whole = false;
    }
    if (x->head_whole) {
        return line.len;
    }
    buf_add(&x->head, line);
    x->head_whole = str_trim(line).len == 0;
    return x->head.failed ? 0 : line.len;
}

static size_t take_body(char *at, size_t size, size_t count, void *ctx)
{
    struct http_exchange *x = ctx;
    str bytes = {at, size * count};
    if (bytes.len == 0) {
        return 0;
    }
    x->http->events++;
    switch (x->request.on_body(x->request.ctx, bytes)) {
    case HTTP_TAKEN:
        return bytes.len;
    case HTTP_LATER:
        return CURL_WRITEFUNC_PAUSE;
    default:
        x->stopped = true;
        return 0;
    }
}

int http_status(const struct http_exchange *exchange)
{
    long status = 0;
    (void)curl_easy_getinfo(http_easy_handle(exchange->easy), CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

str http_header(const struct http_exchange *exchange, str name)
{
    str rest = buf_str(&exchange->head);
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
    return curl_easy_strerror(exchange->result);
}

bool http_was_stale(const struct http_exchange *exchange)
{
    long connects = 1;
    (void)curl_easy_getinfo(http_easy_handle(exchange->easy), CURLINFO_NUM_CONNECTS, &connects);
    /* Without any connection none was counted either. */
    bool was_open = exchange->result == CURLE_SEND_ERROR || exchange->result == CURLE_RECV_ERROR ||
                    exchange->result == CURLE_GOT_NOTHING;
    return was_open && connects == 0 && exchange->head.len == 0;
}

/* --- Exchanges --- */

static void free_exchange(struct http_exchange *x)
{
    http_easy_free(x->easy);
    buf_close(&x->head);
    free(x);
}

static struct http_exchange *new_exchange(struct http *http)
{
    struct http_exchange *x = calloc(1, sizeof *x);
    if (!x) {
        return NULL;
    }
    x->http = http;
    buf_init(&x->head, HTTP_MAX_HEAD_BYTES);
    x->easy = http_easy_new(http->trust, take_head, take_body, x);
    if (!x->easy) {
        free(x);
        return NULL;
    }
    return x;
}

static struct http_exchange *take_idle(struct http *http)
{
    struct http_exchange *x = http->idle;
    if (!x) {
        return new_exchange(http);
    }
    http->idle = x->next;
    buf_clear(&x->head);
    x->head_whole = x->stopped = x->unresumable = false;
    return x;
}

static void push(struct http_exchange **list, struct http_exchange *x)
{
    x->next = *list;
    *list = x;
}

static void unlink_exchange(struct http_exchange **list, struct http_exchange *x)
{
    while (*list != x) {
        list = &(*list)->next;
    }
    *list = x->next;
}

static MUST_USE err add_to_multi(struct http_exchange *x, struct why *why)
{
    TRY(http_easy_set(x->easy, &x->request, why));
    if (curl_multi_add_handle(x->http->multi, http_easy_handle(x->easy))) {
        return FAIL(why, ERR_LIMIT, "no memory for an HTTP request");
    }
    return OK;
}

err http_start(struct http *http, const struct http_request *request, struct http_exchange **out,
               struct why *why)
{
    struct http_exchange *x = take_idle(http);
    if (!x) {
        return FAIL(why, ERR_LIMIT, "no memory for an HTTP request");
    }
    x->request = *request;
    x->wide = trust_is_wide(http->trust);
    err added = add_to_multi(x, why);
    if (added.kind) {
        push(&http->idle, x);
        return added;
    }
    push(&http->running, x);
    *out = x;
    return OK;
}

void http_cancel(struct http_exchange *exchange)
{
    struct http *http = exchange->http;
    unlink_exchange(&http->running, exchange);
    (void)curl_multi_remove_handle(http->multi, http_easy_handle(exchange->easy));
    push(&http->idle, exchange);
}

void http_resume(struct http_exchange *exchange)
{
    if (curl_easy_pause(http_easy_handle(exchange->easy), CURLPAUSE_CONT)) {
        exchange->unresumable = true; /* the next pump ends it */
    }
}

static enum http_end sort_end(const struct http_exchange *x)
{
    if (x->stopped) {
        return HTTP_STOPPED;
    }
    if (x->head.failed) {
        return HTTP_TOO_LARGE;
    }
    switch (x->result) {
    case CURLE_OK:
        /* To libcurl a connection that closes amid the headers is no failure. */
        return x->head_whole && http_status(x) >= 200 ? HTTP_COMPLETE : HTTP_BROKEN;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMED_OUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        return HTTP_UNTRUSTED;
    default:
        return HTTP_BROKEN;
    }
}

/* Nothing of the request has been sent when a certificate is refused, so it may go out again once
 * more authorities are known. */
static bool starts_again(struct http_exchange *x, CURLcode result)
{
    CURL *curl = http_easy_handle(x->easy);
    bool may_widen = result == CURLE_PEER_FAILED_VERIFICATION && !x->wide;
    x->wide = true;
    return may_widen && trust_widen(x->http->trust) &&
           !curl_multi_remove_handle(x->http->multi, curl) &&
           !curl_multi_add_handle(x->http->multi, curl);
}

static void end_exchange(struct http_exchange *x, CURLcode result)
{
    struct http *http = x->http;
    http->events++;
    if (starts_again(x, result)) {
        return;
    }
    x->result = result;
    unlink_exchange(&http->running, x);
    x->request.on_end(x->request.ctx, sort_end(x));
    (void)curl_multi_remove_handle(http->multi, http_easy_handle(x->easy));
    push(&http->idle, x);
}

/* --- The pool --- */

static MUST_USE err fill(struct http *http, const struct trust_config *trust, struct why *why)
{
    http->multi = curl_multi_init();
    if (!http->multi) {
        return FAIL(why, ERR_LIMIT, "no memory for the HTTP pool");
    }
    return trust_open(&http->trust, trust, why);
}

err http_init(struct http **out, const struct trust_config *trust, struct why *why)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http || curl_global_init(CURL_GLOBAL_DEFAULT)) {
        free(http);
        return FAIL(why, ERR_LIMIT, "no memory for libcurl");
    }
    err filled = fill(http, trust, why);
    if (filled.kind) {
        http_close(http);
        return filled;
    }
    *out = http;
    return OK;
}

void http_close(struct http *http)
{
    if (!http) {
        return;
    }
    while (http->running) {
        http_cancel(http->running);
    }
    while (http->idle) {
        struct http_exchange *x = http->idle;
        http->idle = x->next;
        free_exchange(x);
    }
    (void)curl_multi_cleanup(http->multi);
    trust_close(http->trust);
    free(http);
    curl_global_cleanup();
}

static void end_unresumable(struct http *http)
{
    struct http_exchange *x = http->running;
    while (x && !x->unresumable) {
        x = x->next;
    }
    if (x) {
        end_exchange(x, CURLE_RECV_ERROR);
    }
}

static void end_finished(struct http *http)
{
    int left = 0;
    for (CURLMsg *m = curl_multi_info_read(http->multi, &left); m;
         m = curl_multi_info_read(http->multi, &left)) {
        struct http_exchange *x = NULL;
        CURLcode result = m->data.result;
        if (m->msg == CURLMSG_DONE &&
            !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x)) {
            end_exchange(x, result);
        }
    }
}

/* True when something happened. */
static bool run(struct http *http)
{
    uint64_t before = http->events;
    int running = 0;
    (void)curl_multi_perform(http->multi, &running);
    end_unresumable(http);
    end_finished(http);
    return http->events != before;
}

void http_pump(struct http *http, int64_t wait_ms)
{
    if (run(http) || wait_ms <= 0) {
        return;
    }
    int wait = wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
    (void)curl_multi_poll(http->multi, NULL, 0, wait, NULL);
    (void)run(http);
}

#include "aws/call.h"

#include "aws/attempt.h"
#include "aws/fault.h"
#include "base/ascii.h"

#include <assert.h>

enum {
    MAX_URL_BYTES = 16 * 1024,
    MAX_AUTHORIZATION_BYTES = 8 * 1024,
    DEADLINE_SLACK_MS = 10, /* a time-out this near to the deadline is the deadline's */
};

/* --- Chance --- */

/* splitmix64; for jitter and ids, nothing secret. */
uint64_t call_chance(struct client *client)
{
    client->chance += 0x9e3779b97f4a7c15u;
    uint64_t z = client->chance;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* --- The client's list of calls --- */

static void link_call(struct call *call)
{
    call->next = call->client->calls;
    call->client->calls = call;
}

static bool unlink_call(struct call *call)
{
    for (struct call **at = &call->client->calls; *at; at = &(*at)->next) {
        if (*at == call) {
            *at = call->next;
            return true;
        }
    }
    return false;
}

static void finish(struct call *call)
{
    (void)unlink_call(call);
    call->on_done(call->ctx);
}

/* --- Failures --- */

#define FAULT(call, kind, format, ...)                                                             \
    ((void)FAIL(&(call)->why, (kind), "%.*s %s: " format,                                          \
                (int)endpoint_service_name((call)->request.service).len,                           \
                endpoint_service_name((call)->request.service).at, (call)->request.operation,      \
                __VA_ARGS__))

static void set_request_id(struct why *why, str id)
{
    size_t len = 0;
    for (size_t i = 0; i < id.len && len + 1 < sizeof why->request_id; i++) {
        if (ascii_is_letter_or_digit(id.at[i]) || id.at[i] == '-') {
            why->request_id[len++] = id.at[i];
        }
    }
    why->request_id[len] = 0;
}

static void sort_reply(struct call *call, int status)
{
    struct fault_reply reply = {
        .error_type = call_header(call, STR("x-amzn-errortype")),
        .query_error = call_header(call, STR("x-amzn-query-error")),
        .body = buf_str(&call->reply),
    };
    char room[FAULT_CODE_ROOM];
    str code = fault_code(&reply, room);
    enum err_kind kind = fault_kind(call->request.service, status, code);
    str named = code.len ? code : STR("no code");
    FAULT(call, kind, "%.*s, HTTP %d", (int)named.len, named.at, status);
    err_code(&call->why, code);
    call->why.status = status;
    str id = call_header(call, STR("x-amzn-requestid"));
    set_request_id(&call->why, id.len ? id : call_header(call, STR("x-amz-request-id")));
    call->last = retry_classify(status, code);
    call->client->throttled += call->last == RETRY_THROTTLED;
}

static void sort_timeout(struct call *call)
{
    if (call->deadline_ms && call->client->now_ms() >= call->deadline_ms - DEADLINE_SLACK_MS) {
        FAULT(call, ERR_DEADLINE, "%s", "out of time");
        return;
    }
    FAULT(call, ERR_BUSY, "%s", "timed out");
    call->last = RETRY_TRANSIENT;
}

static bool is_good(int status)
{
    return status >= 200 && status < 300;
}

static void sort_stop(struct call *call, int status)
{
    if (!is_good(status)) {
        sort_reply(call, status); /* an error's body past what is kept of it */
        return;
    }
    /* on_head may have said why already, and then this changes nothing. */
    FAULT(call, ERR_LIMIT, "%s", "the reply is too large");
}

/* Sets `why` and `last` to what became of the attempt. */
static void sort_end(struct call *call, enum http_end end)
{
    int status = http_status(call->exchange);
    call->last = RETRY_NEVER;
    switch (end) {
    case HTTP_COMPLETE:
        if (!is_good(status)) {
            sort_reply(call, status);
        }
        return;
    case HTTP_BROKEN:
        FAULT(call, ERR_BUSY, "no answer: %s", http_reason(call->exchange));
        call->last = RETRY_TRANSIENT;
        return;
    case HTTP_TIMED_OUT:
        sort_timeout(call);
        return;
    case HTTP_UNTRUSTED:
        FAULT(call, ERR_DENIED, "TLS not trusted, see AWS_CA_BUNDLE: %s",
              http_reason(call->exchange));
        return;
    case HTTP_TOO_LARGE:
        FAULT(call, ERR_BUG, "%s", "the reply's headers are too large");
        return;
    case HTTP_STOPPED:
        sort_stop(call, status);
        return;
    }
}

err call_failure(const struct why *from, struct why *why)
{
    if (why->kind == ERR_NONE) {
        *why = *from;
    }
    return (err){from->kind};
}

/* --- One attempt --- */

str call_header(const struct call *call, str name)
{
    return http_header(call->exchange, name);
}

static bool head(struct call *call)
{
    if (!call->headed && call->on_head) {
        call->headed = true;
        return call->on_head(call->ctx, &call->why).kind == ERR_NONE;
    }
    return true;
}

static enum http_take collect(struct call *call, str bytes, size_t max)
{
    size_t room = max > call->reply.len ? max - call->reply.len : 0;
    buf_add(&call->reply, str_take(bytes, room));
    return bytes.len > room || call->reply.failed ? HTTP_STOP : HTTP_TAKEN;
}

static enum http_take take_body(void *ctx, str bytes)
{
    struct call *call = ctx;
    if (!is_good(http_status(call->exchange))) {
        size_t max = call->request.error_bytes ? call->request.error_bytes : CALL_ERROR_BYTES;
        return collect(call, bytes, max);
    }
    if (!head(call)) {
        return HTTP_STOP;
    }
    if (!call->on_body) {
        return collect(call, bytes, call->reply.max);
    }
    enum http_take took = call->on_body(call->ctx, bytes);
    call->streamed += took == HTTP_TAKEN ? bytes.len : 0;
    return took;
}

struct retry_policy call_policy(const struct client *client, enum service service)
{
    struct retry_policy policy =
        service == SERVICE_DYNAMODB ? retry_policy_dynamodb() : retry_policy_standard();
    policy.max_attempts = client->max_attempts ? client->max_attempts : policy.max_attempts;
    return policy;
}

static bool fits(const struct call *call, int64_t at_ms)
{
    return call->deadline_ms == 0 || at_ms < call->deadline_ms;
}

static int64_t retry_after_ms(const struct call *call)
{
    uint64_t ms = 0;
    bool given = str_to_u64(call_header(call, STR("x-amz-retry-after")), &ms);
    return given && ms <= INT32_MAX ? (int64_t)ms : -1;
}

/* When to try again; -1 to give up. */
static int64_t next_due(struct call *call, bool stale)
{
    int64_t now = call->client->now_ms();
    bool ends = call->last == RETRY_THROTTLED && call->request.throttled_ends;
    if (call->streamed || call->last == RETRY_NEVER || ends) {
        return -1;
    }
    if (stale && !call->fresh) {
        call->fresh = true; /* such an attempt says nothing of the service: it is not counted */
        call->tries--;
        return fits(call, now) ? now : -1;
    }
    struct retry_policy policy = call_policy(call->client, call->request.service);
    int64_t delay = retry_delay_ms(&policy, &call->client->quota, call->last, call->tries,
                                   retry_after_ms(call), call_chance(call->client));
    call->paid = delay >= 0 ? call->last : call->paid;
    return delay >= 0 && fits(call, now + delay) ? now + delay : -1;
}

static void end_attempt(void *ctx, enum http_end end)
{
    struct call *call = ctx;
    sort_end(call, end);
    if (call->why.kind == ERR_NONE && head(call)) {
        retry_succeeded(&call->client->quota, call->paid);
    }
    int64_t due = next_due(call, end == HTTP_BROKEN && http_was_stale(call->exchange));
    call->exchange = NULL;
    call->fresh = call->fresh || end == HTTP_TIMED_OUT; /* the other kept ones may be dead too */
    if (due < 0) {
        finish(call);
        return;
    }
    call->due_ms = due;
}

static int64_t attempt_ms(const struct call *call, int64_t now_ms)
{
    int64_t own = call->request.attempt_ms;
    int64_t left = call->deadline_ms ? call->deadline_ms - now_ms : 0;
    return own && (left == 0 || own < left) ? own : left;
}

static MUST_USE err begin(struct call *call, int64_t now_ms)
{
    call->why = (struct why){0};
    buf_clear(&call->reply);
    call->headed = false;
    if (!fits(call, now_ms)) {
        FAULT(call, ERR_DEADLINE, "%s", "no time left to send it");
        return (err){ERR_DEADLINE};
    }
    struct attempt attempt;
    TRY(attempt_sign(&attempt, call, now_ms, &call->why));
    const struct http_request request = {
        .method = call->request.method,
        .url = buf_str(&call->url),
        .headers = attempt.headers,
        .header_count = attempt.header_count,
        .body = call->request.body,
        .timeout_ms = attempt_ms(call, now_ms),
        .stall_ms = call->request.stall_ms,
        .fresh = call->fresh,
        .on_body = take_body,
        .on_end = end_attempt,
        .ctx = call,
    };
    TRY(http_start(call->client->http, &request, &call->exchange, &call->why));
    call->tries++;
    call->sent++;
    call->client->requests++;
    return OK;
}

/* --- For the owner --- */

void call_start(struct call *call, int64_t delay_ms)
{
    assert(call->exchange == NULL && call->request.header_count <= CALL_MAX_HEADERS);
    struct client *client = call->client;
    if (!call->url.max) {
        buf_init(&call->url, MAX_URL_BYTES);
        buf_init(&call->authorization, MAX_AUTHORIZATION_BYTES);
    }
    call->why = (struct why){0};
    call->sent = call->tries = 0;
    call->streamed = 0;
    call->last = call->paid = RETRY_NEVER;
    call->fresh = false;
    call->due_ms = client->now_ms() + delay_ms;
    call->deadline_ms = client->deadline_ms;
    attempt_make_id(client, call->id);
    hash_sha256_hex(call->request.body, call->hash);
    link_call(call);
}

void call_resume(struct call *call)
{
    if (call->exchange) {
        http_resume(call->exchange);
    }
}

void call_close(struct call *call)
{
    if (call->client && unlink_call(call) && call->exchange) {
        http_cancel(call->exchange);
    }
    buf_close(&call->reply);
    buf_close(&call->url);
    buf_close(&call->authorization);
    *call = (struct call){0};
}

static struct call *find_due(struct client *client, int64_t now_ms)
{
    struct call *call = client->calls;
    while (call && (call->exchange || (call->due_ms > now_ms && fits(call, now_ms)))) {
        call = call->next;
    }
    return call;
}

int64_t call_run_due(struct client *client, int64_t wait_ms)
{
    int64_t now = client->now_ms();
    /* From the start each time: on_done may start calls and end others. */
    for (struct call *call = find_due(client, now); call; call = find_due(client, now)) {
        if (begin(call, now).kind) {
            finish(call);
            wait_ms = 0; /* something happened */
        }
    }
    for (const struct call *call = client->calls; call; call = call->next) {
        if (!call->exchange && call->due_ms - now < wait_ms) {
            wait_ms = call->due_ms - now;
        }
    }
    return wait_ms;
}

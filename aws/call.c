#include "aws/call.h"

#include "aws/attempt.h"
#include "aws/call_outcome.h"

#include <assert.h>

enum {
    MAX_URL_BYTES = 16 * 1024,
    MAX_AUTHORIZATION_BYTES = 8 * 1024,
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

/* False when the owner refuses the reply. */
static bool head(struct call *call)
{
    if (call->headed) {
        return true;
    }
    call->headed = true;
    call_outcome_head(call);
    return !call->on_head || !call_outcome_is_good(call) ||
           call->on_head(call->ctx, &call->why).kind == ERR_NONE;
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
    if (!head(call)) {
        return HTTP_STOP;
    }
    if (!call_outcome_is_good(call)) {
        size_t max = call->request.error_bytes ? call->request.error_bytes : CALL_ERROR_BYTES;
        return collect(call, bytes, max);
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

/* After a failure: when to try again; -1 to give up. */
static int64_t next_due(struct call *call)
{
    struct client *client = call->client;
    int64_t now = client->now_ms();
    if (call->streamed || (call->last == RETRY_THROTTLED && call->request.throttled_ends)) {
        return -1;
    }
    if (call->free) {
        call->tries--;
        return fits(call, now) ? now : -1;
    }
    struct retry_policy policy = call_policy(client, call->request.service);
    enum retry_verdict verdict = retry_decide(&policy, &client->quota, call->last, call->tries);
    call->paid = verdict == RETRY_AGAIN ? call->last : call->paid;
    call->ending = verdict == RETRY_UNPAID && call->request.long_poll;
    if (verdict != RETRY_AGAIN && !call->ending) {
        return -1;
    }
    int64_t due = now + retry_wait_ms(&policy, call->last, call->tries, call->retry_after_ms,
                                      call_chance(client));
    return fits(call, due) ? due : -1;
}

static void end_attempt(void *ctx, enum http_end end)
{
    struct call *call = ctx;
    bool whole = end != HTTP_COMPLETE || head(call);
    call_outcome_sort(call, end);
    bool good = whole && call->why.kind == ERR_NONE;
    if (good) {
        retry_succeeded(&call->client->quota, call->paid);
    }
    int64_t due = good ? -1 : next_due(call);
    call->exchange = NULL;
    if (due < 0) {
        finish(call);
        return;
    }
    call->due_ms = due;
}

static int64_t attempt_ms(const struct call *call)
{
    int64_t own = call->request.attempt_ms;
    int64_t left = call->deadline_ms ? call->deadline_ms - call->sent_ms : 0;
    return own && (left == 0 || own < left) ? own : left;
}

static void clear(struct call *call)
{
    call->why = (struct why){0};
    call->headed = false;
    call->off_ms = 0;
    call->retry_after_ms = -1;
    call->moved_to[0] = 0;
    buf_clear(&call->reply);
}

static MUST_USE err fail_late(struct call *call)
{
    str service = endpoint_service_name(call->request.service);
    return FAIL(&call->why, ERR_DEADLINE, "%.*s %s: no time left to send it", (int)service.len,
                service.at, call->request.operation);
}

/* Fetching credentials may take its time. */
static MUST_USE err sign(struct call *call, struct attempt *attempt)
{
    struct client *client = call->client;
    const struct credentials *credentials = NULL;
    TRY(provider_get(client->provider, call->deadline_ms, &credentials, &call->why));
    call->sent_ms = client->now_ms();
    if (!fits(call, call->sent_ms)) {
        return fail_late(call);
    }
    call->signed_skew_ms = client->skew_ms[call->request.service];
    return attempt_sign(attempt, call, credentials, call->sent_ms + call->signed_skew_ms,
                        &call->why);
}

static MUST_USE err begin(struct call *call)
{
    struct attempt attempt;
    clear(call);
    TRY(sign(call, &attempt));
    const struct http_request request = {
        .method = call->request.method,
        .url = buf_str(&call->url),
        .headers = attempt.headers,
        .header_count = attempt.header_count,
        .body = call->request.body,
        .timeout_ms = attempt_ms(call),
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
    call->fresh = call->renewed = call->ending = false;
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
        if (call->ending || begin(call).kind) {
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

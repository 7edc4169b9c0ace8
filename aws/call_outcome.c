#include "aws/call_outcome.h"

#include "aws/checksum.h"
#include "aws/fault.h"
#include "aws/skew.h"
#include "base/ascii.h"

enum { DEADLINE_SLACK_MS = 10 /* a time-out this near to the deadline is the deadline's */ };

#define FAULT(call, kind, format, ...)                                                             \
    ((void)FAIL(&(call)->why, (kind), "%.*s %s: " format,                                          \
                (int)endpoint_service_name((call)->request.service).len,                           \
                endpoint_service_name((call)->request.service).at, (call)->request.operation,      \
                __VA_ARGS__))

bool call_outcome_is_good(const struct call *call)
{
    int status = http_status(call->exchange);
    return status >= 200 && status < 300;
}

/* --- What a reply's headers tell --- */

void call_outcome_head(struct call *call)
{
    struct client *client = call->client;
    const struct skew_sample sample = {
        .sent_ms = call->sent_ms,
        .received_ms = client->now_ms(),
        .date = call_header(call, STR("date")),
        .age = call_header(call, STR("age")),
    };
    int64_t skew_ms = 0;
    if (!client->skew_ignored && skew_measure(&sample, &skew_ms)) {
        client->skew_ms[call->request.service] = skew_ms;
        call->off_ms = skew_ms - call->signed_skew_ms;
    }
}

static int64_t retry_after_ms(const struct call *call)
{
    uint64_t ms = 0;
    if (!str_to_u64(call_header(call, STR("x-amz-retry-after")), &ms)) {
        return -1;
    }
    return ms < INT32_MAX ? (int64_t)ms : INT32_MAX;
}

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

/* The region of a bucket that was asked for in another. */
static void note_region(struct call *call, int status)
{
    bool moves = status == 301 || status == 302 || status == 307 || status == 400 || status == 403;
    if (call->request.service != SERVICE_S3 || !moves) {
        return;
    }
    str asked = call->request.region;
    asked = asked.len ? asked : str_from(call->client->region);
    str named = call_header(call, STR("x-amz-bucket-region"));
    named = named.len ? named : fault_region(buf_str(&call->reply));
    if (endpoint_is_region(named) && !str_eq(named, asked)) {
        (void)str_to_c(named, call->moved_to, sizeof call->moved_to);
    }
}

/* --- Refusals --- */

/* Keys may end before they say, and clocks may differ; there may be others by now. */
static bool is_expiry(str code)
{
    return str_eq(code, STR("ExpiredToken")) || str_eq(code, STR("ExpiredTokenException")) ||
           str_eq(code, STR("RequestExpired")) || str_eq(code, STR("TokenRefreshRequired"));
}

static void renew(struct call *call)
{
    if (!call->renewed && provider_renew(call->client->provider, call->sent_ms)) {
        call->renewed = call->free = true;
    }
}

static void sort_code(struct call *call, int status, str code)
{
    call->last = retry_classify(status, code);
    call->client->throttled += call->last == RETRY_THROTTLED;
    if (skew_explains(call->off_ms, code)) {
        call->last = RETRY_TRANSIENT; /* the next signature has the service's time */
    } else if (is_expiry(code)) {
        renew(call);
    }
}

static void sort_reply(struct call *call)
{
    struct fault_reply reply = {
        .error_type = call_header(call, STR("x-amzn-errortype")),
        .query_error = call_header(call, STR("x-amzn-query-error")),
        .body = buf_str(&call->reply),
    };
    int status = http_status(call->exchange);
    char room[FAULT_CODE_ROOM];
    str code = fault_code(&reply, room);
    enum err_kind kind = fault_kind(status, code);
    str named = code.len ? code : STR("no code");
    FAULT(call, kind, "%.*s, HTTP %d", (int)named.len, named.at, status);
    err_code(&call->why, code);
    call->why.status = status;
    str id = call_header(call, STR("x-amzn-requestid"));
    set_request_id(&call->why, id.len ? id : call_header(call, STR("x-amz-request-id")));
    call->retry_after_ms = retry_after_ms(call);
    note_region(call, status);
    sort_code(call, status, code);
}

/* --- Replies that came whole, or did not --- */

/* DynamoDB sends the CRC-32 of each reply's bytes, as they are on the wire. */
static bool is_intact(const struct call *call)
{
    uint64_t crc = 0;
    str text = call_header(call, STR("x-amz-crc32"));
    if (!text.len || (call->on_body && call_outcome_is_good(call))) {
        return true;
    }
    return str_to_u64(text, &crc) && crc == checksum_crc32(0, buf_str(&call->reply));
}

static void sort_complete(struct call *call)
{
    if (!is_intact(call)) {
        FAULT(call, ERR_BUSY, "%s", "the reply does not have the CRC-32 it says");
        call->last = RETRY_TRANSIENT;
    } else if (!call_outcome_is_good(call)) {
        sort_reply(call);
    }
}

static void sort_broken(struct call *call)
{
    FAULT(call, ERR_BUSY, "no answer: %s", http_reason(call->exchange));
    call->last = RETRY_TRANSIENT;
    if (http_was_stale(call->exchange) && !call->fresh) {
        call->fresh = call->free = true; /* it says nothing of the service */
    }
}

static void sort_timeout(struct call *call)
{
    call->fresh = true; /* the other kept connections may be dead too */
    if (call->deadline_ms && call->client->now_ms() >= call->deadline_ms - DEADLINE_SLACK_MS) {
        FAULT(call, ERR_DEADLINE, "%s", "out of time");
        return;
    }
    FAULT(call, ERR_BUSY, "%s", "timed out");
    call->last = RETRY_TRANSIENT;
}

static void sort_stop(struct call *call)
{
    if (!call_outcome_is_good(call)) {
        sort_reply(call); /* an error's body past what is kept of it */
        return;
    }
    /* on_head may have said why already, and then this changes nothing. */
    FAULT(call, ERR_LIMIT, "%s", "the reply is too large");
}

void call_outcome_sort(struct call *call, enum http_end end)
{
    call->last = RETRY_NEVER;
    call->free = false;
    switch (end) {
    case HTTP_COMPLETE:
        sort_complete(call);
        return;
    case HTTP_BROKEN:
        sort_broken(call);
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
        sort_stop(call);
        return;
    }
}

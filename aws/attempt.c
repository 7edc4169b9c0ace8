#include "aws/attempt.h"

#include <string.h>

/* --- The id that all attempts of a call share --- */

void attempt_make_id(struct client *client, char id[36])
{
    static const size_t part_ends[] = {4, 6, 8, 10, 16};
    uint64_t bits[2] = {call_chance(client), call_chance(client)};
    unsigned char bytes[16];
    memcpy(bytes, bits, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* the variant of RFC 9562 */
    size_t from = 0;
    for (size_t part = 0; part < sizeof part_ends / sizeof part_ends[0]; part++) {
        if (part > 0) {
            *id++ = '-';
        }
        size_t len = part_ends[part] - from;
        hash_hex(bytes + from, len, id);
        id += len * 2;
        from = part_ends[part];
    }
}

/* --- URL --- */

static const struct endpoint *endpoint_of(const struct call *call)
{
    const struct endpoint *own = &call->client->endpoints[call->request.service];
    return call->request.endpoint ? call->request.endpoint : own;
}

static MUST_USE err write_account_host(struct attempt *a, str account, str domain, struct why *why)
{
    struct buf host;
    buf_wrap(&host, a->account_host, sizeof a->account_host);
    buf_add(&host, account);
    buf_char(&host, '.');
    buf_add(&host, domain);
    a->host = buf_str(&host);
    return host.failed ? FAIL(why, ERR_LIMIT, "an account's host does not fit") : OK;
}

static MUST_USE err choose_host(struct attempt *a, const struct call *call, str account,
                                struct why *why)
{
    const struct endpoint *endpoint = endpoint_of(call);
    account = call->request.account.len ? call->request.account : account;
    if (!account.len && endpoint->account_required) {
        return FAIL(why, ERR_BUG,
                    "AWS_ACCOUNT_ID_ENDPOINT_MODE is required, and no account id is known: "
                    "AWS_ACCOUNT_ID is not set");
    }
    if (account.len && endpoint->account_domain[0]) {
        return write_account_host(a, account, str_from(endpoint->account_domain), why);
    }
    a->host = call->request.host.len ? call->request.host : str_from(endpoint->host);
    return OK;
}

/* Gives the URL's path; good until the next one is written. */
static str write_url(struct call *call, str host)
{
    const struct endpoint *endpoint = endpoint_of(call);
    buf_clear(&call->url);
    buf_add(&call->url, str_from(endpoint->scheme));
    buf_add(&call->url, STR("://"));
    buf_add(&call->url, host);
    size_t path_at = call->url.len;
    buf_add(&call->url, str_from(endpoint->prefix));
    buf_add(&call->url, call->request.path);
    size_t path_len = call->url.len - path_at;
    if (call->request.query.len) {
        buf_char(&call->url, '?');
        buf_add(&call->url, call->request.query);
    }
    return str_take(str_drop(buf_str(&call->url), path_at), path_len);
}

/* --- Headers --- */

static void add_header(struct attempt *a, str name, str value)
{
    a->headers[a->header_count++] = (struct header){name, value};
}

static str write_date(struct attempt *a, int64_t now_ms)
{
    struct buf date;
    buf_wrap(&date, a->date, sizeof a->date);
    date_add_amz(&date, now_ms);
    return buf_str(&date);
}

static str write_number(struct attempt *a, const struct call *call)
{
    struct buf number;
    buf_wrap(&number, a->number, sizeof a->number);
    buf_add(&number, STR("attempt="));
    buf_u64(&number, call->tries + 1);
    buf_add(&number, STR("; max="));
    buf_u64(&number, call_policy(call->client, call->request.service).max_attempts);
    return buf_str(&number);
}

static void add_headers(struct attempt *a, const struct call *call, str token, int64_t now_ms)
{
    add_header(a, STR("host"), a->host);
    add_header(a, STR("x-amz-date"), write_date(a, now_ms));
    add_header(a, STR("x-amz-content-sha256"), (str){call->hash, sizeof call->hash});
    add_header(a, STR("amz-sdk-invocation-id"), (str){call->id, sizeof call->id});
    add_header(a, STR("amz-sdk-request"), write_number(a, call));
    if (token.len) {
        add_header(a, STR("x-amz-security-token"), token);
    }
    for (size_t i = 0; i < call->request.header_count; i++) {
        add_header(a, call->request.headers[i].name, call->request.headers[i].value);
    }
}

static str method_name(enum http_method method)
{
    static const char *const names[] = {"GET", "POST", "PUT", "HEAD"};
    return str_from(names[method]);
}

static str region_of(const struct call *call)
{
    const char *other = endpoint_of(call)->signed_as;
    if (other) {
        return str_from(other);
    }
    str region = call->request.region;
    return region.len ? region : str_from(call->client->region);
}

err attempt_sign(struct attempt *attempt, struct call *call, const struct credentials *credentials,
                 int64_t now_ms, struct why *why)
{
    struct client *client = call->client;
    enum service service = call->request.service;
    attempt->header_count = 0;
    TRY(choose_host(attempt, call, credentials->account_id, why));
    str path = write_url(call, attempt->host);
    add_headers(attempt, call, credentials->session_token, now_ms);
    const struct sigv4_request request = {
        .method = method_name(call->request.method),
        .path = path,
        .query = call->request.query,
        .headers = attempt->headers,
        .header_count = attempt->header_count,
        .payload_hash = {call->hash, sizeof call->hash},
        .verbatim_path = service == SERVICE_S3,
        .single_encode = service == SERVICE_S3,
    };
    const struct sigv4_scope scope = {
        .region = region_of(call),
        .service = endpoint_service_name(service),
        .now_ms = now_ms,
    };
    buf_clear(&call->authorization);
    TRY(sigv4_sign(&client->keys[service], credentials, &scope, &request, &call->authorization,
                   why));
    if (call->url.failed || call->authorization.failed) {
        return FAIL(why, ERR_LIMIT, "a request's URL or signature does not fit");
    }
    add_header(attempt, STR("authorization"), buf_str(&call->authorization));
    return OK;
}

#include "runtime/lambda_extension.h"

enum { MAX_REPLY_BYTES = 64 * 1024 };
/* An API that knows extensions answers at once, and the whole start has 10 seconds. */
enum { PATIENCE_MS = 1000 };

/* Copies the identifier that the API gave. */
static MUST_USE err join(struct http1 *http, char *identifier, size_t room, struct why *why)
{
    const struct http1_header headers[] = {{STR("Lambda-Extension-Name"), STR("runtime")},
                                           {STR("Content-Type"), STR("application/json")}};
    const struct http1_request request = {.method = STR("POST"),
                                          .path = STR("/2020-01-01/extension/register"),
                                          .headers = headers,
                                          .header_count = 2,
                                          .body = STR("{\"events\":[]}")};
    struct http1_reply reply;
    struct buf body;
    buf_init(&body, MAX_REPLY_BYTES);
    err sent = http1_send(http, &request, false, &reply, &body, why);
    buf_close(&body);
    why->status = reply.status;
    TRY(sent);
    str given = http1_header(&reply, STR("Lambda-Extension-Identifier"));
    if (reply.status != 200 || !given.len || !str_to_c(given, identifier, room)) {
        return FAIL(why, ERR_BUG, "the extension was not registered");
    }
    return OK;
}

static MUST_USE err park(struct http1 *http, const char *identifier, struct why *why)
{
    const struct http1_header headers[] = {
        {STR("Lambda-Extension-Identifier"), str_from(identifier)}};
    const struct http1_request request = {.method = STR("GET"),
                                          .path = STR("/2020-01-01/extension/event/next"),
                                          .headers = headers,
                                          .header_count = 1};
    return http1_begin(http, &request, why);
}

static MUST_USE err open_parked(struct http1 *http, str address, struct why *why)
{
    char identifier[256];
    TRY(http1_init(http, address, why));
    http->timeout_ms = PATIENCE_MS;
    TRY(join(http, identifier, sizeof identifier, why));
    return park(http, identifier, why);
}

void lambda_extension_open(struct http1 *http, str address, const struct log *log)
{
    struct why why = {0};
    if (open_parked(http, address, &why).kind) {
        log_failure(log, LOG_DEBUG, "no notice before the end: SIGKILL comes without SIGTERM",
                    &why);
    }
}

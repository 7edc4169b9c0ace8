#include "deploy/local/runtime_api.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "deploy/local/clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { ERROR_BODY_BYTES = 512 };

err runtime_api_open(struct runtime_api *api, struct why *why)
{
    *api = (struct runtime_api){0};
    return api_server_open(&api->server, RUNTIME_API_MAX_STREAMED_BYTES,
                           RUNTIME_API_MAX_EVENT_BYTES, why);
}

void runtime_api_close(struct runtime_api *api)
{
    api_server_close(&api->server);
}

void runtime_api_forget(struct runtime_api *api)
{
    api_server_drop_all(&api->server);
    api->asked = api->failed = api->open = false;
    api->request_id[0] = 0;
}

const char *runtime_api_outcome_name(enum runtime_api_outcome outcome)
{
    static const char *const names[] = {"ok", "error", "error", "timeout", "crash", "stopped"};
    return names[outcome];
}

/* A random UUID, RFC 9562 version 4. */
static void make_id(char id[RUNTIME_API_ID_BYTES])
{
    unsigned char bytes[16] = {0};
    (void)getrandom(bytes, sizeof bytes, 0);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            id[at++] = '-';
        }
        id[at++] = "0123456789abcdef"[bytes[i] >> 4];
        id[at++] = "0123456789abcdef"[bytes[i] & 15];
    }
    id[at] = 0;
}

/* (Runtime|Function)\.[A-Z][a-zA-Z]+ is kept; what is not becomes Unknown, as in AWS. */
static void set_type(char out[64], str type)
{
    bool function = str_starts(type, STR("Function."));
    str name = str_cut(type, '.').tail;
    bool good = (function || str_starts(type, STR("Runtime."))) && name.len > 1 &&
                ascii_is_upper(name.at[0]) && type.len < 64;
    for (size_t i = 0; i < name.len && good; i++) {
        good = ascii_is_letter(name.at[i]);
    }
    str unknown = function ? STR("Function.Unknown") : STR("Runtime.Unknown");
    (void)str_to_c(good ? type : unknown, out, 64);
}

void runtime_api_set_error(struct runtime_api_result *result, const char *type, const char *message)
{
    (void)str_to_c(str_from(type), result->error_type, sizeof result->error_type);
    buf_close(&result->body);
    buf_init(&result->body, ERROR_BODY_BYTES);
    buf_add(&result->body, STR("{\"errorType\":\""));
    buf_add(&result->body, str_from(type));
    buf_add(&result->body, STR("\",\"errorMessage\":\"RequestId: "));
    buf_add(&result->body, str_from(result->request_id));
    buf_add(&result->body, STR(" Error: "));
    buf_add(&result->body, str_from(message));
    buf_add(&result->body, STR("\"}"));
}

static void decide(struct runtime_api *api, enum runtime_api_outcome outcome)
{
    api->result->outcome = outcome;
    api->done = true;
    api->open = false;
}

static void refuse(struct api_connection *c, int status, const char *type, const char *message)
{
    char memory[256];
    struct buf body;
    buf_wrap(&body, memory, sizeof memory);
    buf_add(&body, STR("{\"errorMessage\":\""));
    buf_add(&body, str_from(message));
    buf_add(&body, STR("\",\"errorType\":\""));
    buf_add(&body, str_from(type));
    buf_add(&body, STR("\"}\n"));
    api_server_answer(c, &(struct api_answer){.status = status, .body = buf_str(&body)});
}

/* The body goes to the result as it is; the connection gets a fresh one for its next request. */
static void take_body(struct runtime_api *api, struct api_connection *c)
{
    struct buf *body = &c->request.body;
    buf_close(&api->result->body);
    api->result->body = *body;
    buf_init(body, RUNTIME_API_MAX_STREAMED_BYTES);
}

static void take_error(struct runtime_api *api, struct api_connection *c)
{
    set_type(api->result->error_type,
             api_request_header(&c->request, STR("Lambda-Runtime-Function-Error-Type")));
    take_body(api, c);
}

/* A response that is sent while it is made may end with an error, in trailers; what was sent of it
 * gives way to that. */
static enum runtime_api_outcome take_response(struct runtime_api *api, struct api_connection *c)
{
    str type = api_request_trailer(&c->request, STR("Lambda-Runtime-Function-Error-Type"));
    str error = api_request_trailer(&c->request, STR("Lambda-Runtime-Function-Error-Body"));
    struct buf *body = &api->result->body;
    size_t len = 0;
    if (!type.len) {
        take_body(api, c);
        return RUNTIME_API_RESPONSE;
    }
    set_type(api->result->error_type, type);
    buf_close(body);
    buf_init(body, API_REQUEST_MAX_HEAD_BYTES);
    char *into = buf_reserve(body, base64_decoded_max(error.len));
    if (into && base64_decode(error, into, &len)) {
        body->len = len;
    }
    return RUNTIME_API_ERROR;
}

static void accept_post(struct runtime_api *api, struct api_connection *c,
                        enum runtime_api_outcome outcome)
{
    if (outcome == RUNTIME_API_RESPONSE) {
        outcome = take_response(api, c);
    } else {
        take_error(api, c);
    }
    decide(api, outcome);
    api_server_answer(c, &(struct api_answer){.status = 202, .body = STR("{\"status\":\"OK\"}\n")});
}

static void take_init_error(struct runtime_api *api, struct api_connection *c)
{
    if (api->asked || api->failed || !api->result) {
        refuse(c, 403, "InvalidStateTransition", "Initialisation is over");
        return;
    }
    api->failed = true;
    accept_post(api, c, RUNTIME_API_INIT_ERROR);
}

/* An answer to an earlier invocation that came late carries its invocation id. */
static bool is_stale(const struct runtime_api *api, const struct api_connection *c)
{
    str echoed = api_request_header(&c->request, STR("Lambda-Runtime-Invocation-Id"));
    return echoed.len && !str_eq(echoed, str_from(api->invocation_id));
}

static void take_too_large(struct runtime_api *api, struct api_connection *c)
{
    runtime_api_set_error(api->result, "Function.ResponseSizeTooLarge",
                          "Response payload size exceeded maximum allowed payload size "
                          "(6291556 bytes).");
    decide(api, RUNTIME_API_ERROR);
    refuse(c, 413, "RequestEntityTooLarge",
           "Exceeded maximum allowed payload size (6291556 bytes)");
}

/* `what` is "<request id>/response" or "<request id>/error". */
static void take_answer(struct runtime_api *api, struct api_connection *c, str what)
{
    struct str_halves parts = str_cut(what, '/');
    bool response = str_eq(parts.tail, STR("response"));
    if (!response && !str_eq(parts.tail, STR("error"))) {
        refuse(c, 404, "NotFound", "No such path");
        return;
    }
    if (!api->request_id[0] || !str_eq(parts.head, str_from(api->request_id)) || is_stale(api, c)) {
        refuse(c, 400, "InvalidRequestID", "Invalid request ID");
        return;
    }
    if (!api->open) {
        refuse(c, 403, "InvalidStateTransition", "The invocation was answered already");
        return;
    }
    str mode = api_request_header(&c->request, STR("Lambda-Runtime-Function-Response-Mode"));
    if (mode.len && !str_eq(mode, STR("streaming"))) {
        refuse(c, 400, "InvalidFunctionResponseMode", "Invalid response mode");
        return;
    }
    str echoed = api_request_header(&c->request, STR("Lambda-Runtime-Invocation-Id"));
    api->result->echoed = echoed.len > 0;
    if (c->request.too_large ||
        (!mode.len && c->request.body.len > RUNTIME_API_MAX_RESPONSE_BYTES)) {
        take_too_large(api, c);
        return;
    }
    accept_post(api, c, response ? RUNTIME_API_RESPONSE : RUNTIME_API_ERROR);
}

static void route_get(struct runtime_api *api, struct api_connection *c)
{
    str path = c->request.path;
    if (str_eq(path, STR("/2018-06-01/runtime/invocation/next"))) {
        api->asked = true; /* answered once there is an event */
        return;
    }
    if (str_eq(path, STR("/2018-06-01/ping"))) {
        api_server_answer(c, &(struct api_answer){.status = 200, .body = STR("pong")});
        return;
    }
    refuse(c, 404, "NotFound", "No such path");
}

static void route(struct runtime_api *api, struct api_connection *c)
{
    str path = c->request.path;
    str invocation = STR("/2018-06-01/runtime/invocation/");
    if (str_eq(c->request.method, STR("GET"))) {
        route_get(api, c);
    } else if (!str_eq(c->request.method, STR("POST"))) {
        refuse(c, 405, "MethodNotAllowed", "No such method");
    } else if (str_eq(path, STR("/2018-06-01/runtime/init/error"))) {
        take_init_error(api, c);
    } else if (str_starts(path, invocation)) {
        take_answer(api, c, str_drop(path, invocation.len));
    } else {
        refuse(c, 404, "NotFound", "No such path");
    }
}

static void add_header(struct buf *b, str name, str value)
{
    if (value.len) {
        buf_add(b, name);
        buf_add(b, STR(": "));
        buf_add(b, value);
        buf_add(b, STR("\r\n"));
    }
}

/* Gives the event to a process that waits for one; false when none does. */
static bool hand_over(struct runtime_api *api, str event, const struct runtime_api_context *context)
{
    struct api_connection *c = api_server_held(&api->server);
    if (!c) {
        return false;
    }
    char memory[4096], deadline_memory[24];
    struct buf headers, deadline;
    buf_wrap(&deadline, deadline_memory, sizeof deadline_memory);
    buf_i64(&deadline, clock_wall_ms() + context->timeout_ms);
    buf_wrap(&headers, memory, sizeof memory);
    add_header(&headers, STR("Lambda-Runtime-Aws-Request-Id"), str_from(api->request_id));
    add_header(&headers, STR("Lambda-Runtime-Deadline-Ms"), buf_str(&deadline));
    add_header(&headers, STR("Lambda-Runtime-Invoked-Function-Arn"), context->function_arn);
    add_header(&headers, STR("Lambda-Runtime-Trace-Id"), context->trace_id);
    add_header(&headers, STR("Lambda-Runtime-Invocation-Id"), str_from(api->invocation_id));
    assert(!headers.failed);
    api->open = true;
    api->result->handed = true;
    api_server_answer(c, &(struct api_answer){
                             .status = 200,
                             .headers = buf_str(&headers),
                             .body = event,
                             .chunked = event.len > RUNTIME_API_CHUNKED_BYTES,
                         });
    return true;
}

static void serve_requests(struct runtime_api *api)
{
    for (struct api_connection *c = api_server_next(&api->server); c;
         c = api_server_next(&api->server)) {
        route(api, c);
    }
}

static void time_out(struct runtime_api *api, const struct runtime_api_context *context)
{
    char message[96];
    (void)snprintf(message, sizeof message, "%s %.2f seconds",
                   api->result->handed ? "Task timed out after" : "Not ready for work after",
                   (double)(api->result->handed ? context->timeout_ms : RUNTIME_API_START_MS) /
                       1000);
    runtime_api_set_error(api->result, "Sandbox.Timedout", message);
    decide(api, RUNTIME_API_TIMEOUT);
    api->request_id[0] = 0; /* what comes late is not known any more */
}

/* One wait. What a process sent just before it ended counts, so its death is believed only once
 * its connections are quiet. */
static void wait_once(struct runtime_api *api, const struct runtime_api_context *context,
                      int64_t until_ms)
{
    enum { DIED = 1, STOPPED = 2 };
    int64_t left = until_ms - clock_steady_ms();
    const int others[] = {context->death_fd, context->stop_fd};
    unsigned ready = api_server_wait(&api->server, others, 2, left > 0 ? left : 0);
    if (ready & STOPPED) {
        decide(api, RUNTIME_API_STOPPED);
    } else if (ready == DIED) {
        decide(api, RUNTIME_API_DEATH);
    } else if (clock_steady_ms() >= until_ms) {
        time_out(api, context);
    }
}

static void invoke(struct runtime_api *api, str event, const struct runtime_api_context *context)
{
    int64_t until_ms = clock_steady_ms() + RUNTIME_API_START_MS, since_ms = 0;
    while (!api->done) {
        serve_requests(api);
        if (!api->done && !api->result->handed && hand_over(api, event, context)) {
            since_ms = clock_steady_ms();
            until_ms = since_ms + context->timeout_ms;
        }
        if (!api->done) {
            wait_once(api, context, until_ms);
        }
    }
    api->result->ms = api->result->handed ? clock_steady_ms() - since_ms : 0;
}

err runtime_api_invoke(struct runtime_api *api, str event,
                       const struct runtime_api_context *context, struct runtime_api_result *result,
                       struct why *why)
{
    *result = (struct runtime_api_result){0};
    if (event.len > RUNTIME_API_MAX_EVENT_BYTES) {
        return FAIL(why, ERR_LIMIT, "event of %zu bytes: at most %d", event.len,
                    (int)RUNTIME_API_MAX_EVENT_BYTES);
    }
    make_id(api->request_id);
    make_id(api->invocation_id);
    memcpy(result->request_id, api->request_id, sizeof result->request_id);
    api->result = result;
    api->done = api->open = false;
    invoke(api, event, context);
    api->result = NULL;
    return OK;
}

void runtime_api_serve(struct runtime_api *api, int64_t ms)
{
    int64_t until_ms = clock_steady_ms() + ms;
    for (int64_t now = clock_steady_ms(); now < until_ms; now = clock_steady_ms()) {
        (void)api_server_wait(&api->server, NULL, 0, until_ms - now);
        serve_requests(api);
    }
}

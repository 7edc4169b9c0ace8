#include "runtime/lambda_api.h"

#include "base/ascii.h"

#define NEXT_PATH "/2018-06-01/runtime/invocation/next"

/* The copy, or nothing where it does not fit. */
static str copy(str value, char *memory, size_t room)
{
    return str_to_c(value, memory, room) ? (str){memory, value.len} : STR("");
}

static int64_t parse_deadline(str text)
{
    uint64_t ms = 0;
    return str_to_u64(text, &ms) && ms < INT64_MAX ? (int64_t)ms : INT64_MAX;
}

/* Visible ASCII can go into a header of our own. */
static str echoable(struct lambda_api *api, str invocation_id)
{
    str kept = STR("");
    if (ascii_all_visible(invocation_id)) {
        kept = copy(invocation_id, api->invocation_id_memory, sizeof api->invocation_id_memory);
    }
    if (kept.len < invocation_id.len) {
        log_message(api->log, LOG_WARN, "an invocation id that cannot be echoed is left out");
    }
    return kept;
}

static MUST_USE err read_headers(struct lambda_api *api, const struct http1_reply *reply,
                                 struct lambda_invocation *in, struct why *why)
{
    str id = http1_header(reply, STR("Lambda-Runtime-Aws-Request-Id"));
    if (ascii_all_visible(id)) {
        api->request_id = copy(id, api->request_id_memory, sizeof api->request_id_memory);
    }
    if (!api->request_id.len) {
        return FAIL(why, ERR_BUG, "an invocation without a usable request id");
    }
    in->request_id = api->request_id;
    api->log->request_id = api->request_id;
    in->tenant_id = copy(http1_header(reply, STR("Lambda-Runtime-Aws-Tenant-Id")),
                         api->tenant_id_memory, sizeof api->tenant_id_memory);
    api->log->tenant_id = in->tenant_id;
    api->invocation_id = echoable(api, http1_header(reply, STR("Lambda-Runtime-Invocation-Id")));
    in->invocation_id = api->invocation_id;
    in->deadline_ms = parse_deadline(http1_header(reply, STR("Lambda-Runtime-Deadline-Ms")));
    in->function_arn = http1_header(reply, STR("Lambda-Runtime-Invoked-Function-Arn"));
    in->trace_id = http1_header(reply, STR("Lambda-Runtime-Trace-Id"));
    api->log->trace_id = copy(in->trace_id, api->trace_id_memory, sizeof api->trace_id_memory);
    in->client_context = http1_header(reply, STR("Lambda-Runtime-Client-Context"));
    in->cognito_identity = http1_header(reply, STR("Lambda-Runtime-Cognito-Identity"));
    return OK;
}

static void forget(struct lambda_api *api)
{
    api->request_id = STR("");
    api->invocation_id = STR("");
    api->log->request_id = STR("");
    api->log->tenant_id = STR("");
    api->log->trace_id = STR("");
}

/* The headers are read even where the event is not: whoever waits for that invocation shall be
 * told. */
static MUST_USE err ask(struct lambda_api *api, struct lambda_invocation *in, struct why *why)
{
    struct http1_header headers[] = {{STR("User-Agent"), STR(LAMBDA_USER_AGENT)}};
    struct http1_request request = {
        .method = STR("GET"), .path = STR(NEXT_PATH), .headers = headers, .header_count = 1};
    struct http1_reply reply;
    forget(api);
    api->asked = true;
    api->http.timeout_ms = 0;
    err received = http1_send(&api->http, &request, true, &reply, &api->event, why);
    why->status = reply.status;
    if (reply.status == 200) {
        TRY(read_headers(api, &reply, in, why));
    }
    TRY(received);
    if (reply.status != 200) {
        return FAIL(why, ERR_BUSY, "the Runtime API gave no invocation");
    }
    in->event = buf_str(&api->event);
    in->log = api->log;
    return OK;
}

int lambda_next(struct lambda_api *api, struct lambda_invocation *in)
{
    int64_t pause = LAMBDA_FIRST_PAUSE_MS;
    for (int64_t paused = 0; paused < LAMBDA_GIVE_UP_MS;) {
        struct why why = {0};
        if (!ask(api, in, &why).kind) {
            return 0;
        }
        if (why.kind == ERR_DEADLINE) {
            return LAMBDA_STOPPED;
        }
        if (why.status == 500) {
            log_failure(api->log, LOG_FATAL, "the Runtime API has failed", &why);
            return LAMBDA_EXIT_API;
        }
        log_failure(api->log, LOG_WARN, "no invocation; asking again", &why);
        err_code(&why, STR("Runtime.EventNotRead"));
        int ended = api->request_id.len ? lambda_post_error(api, &why) : 0;
        if (ended) {
            return ended;
        }
        api->sleep_ms(pause);
        paused += pause;
        pause = pause * 2 < LAMBDA_LONGEST_PAUSE_MS ? pause * 2 : LAMBDA_LONGEST_PAUSE_MS;
    }
    log_message(api->log, LOG_FATAL, "the Runtime API gave no invocation for too long");
    return LAMBDA_EXIT_API;
}

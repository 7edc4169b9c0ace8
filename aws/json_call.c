#include "aws/json_call.h"

enum { PUMP_MS = 1000 };

static str content_type(enum service service)
{
    return service == SERVICE_KINESIS ? STR("application/x-amz-json-1.1")
                                      : STR("application/x-amz-json-1.0");
}

void json_call_init(struct json_call *json_call, struct client *client,
                    const struct json_operation *operation)
{
    *json_call = (struct json_call){
        .call.client = client,
        .call.request =
            {
                .service = operation->service,
                .operation = operation->name,
                .method = HTTP_POST,
                .path = STR("/"),
                .headers = json_call->headers,
                .attempt_ms = JSON_CALL_ATTEMPT_MS,
                .long_poll = operation->long_poll,
            },
    };
    size_t count = 0;
    json_call->headers[count++] =
        (struct header){STR("content-type"), content_type(operation->service)};
    json_call->headers[count++] = (struct header){STR("x-amz-target"), str_from(operation->target)};
    if (operation->service == SERVICE_SQS) {
        /* Else SQS leaves out the codes it had before it spoke JSON. */
        json_call->headers[count++] = (struct header){STR("x-amzn-query-mode"), STR("true")};
    }
    json_call->call.request.header_count = count;
    buf_init(&json_call->call.reply, JSON_CALL_MAX_REPLY);
}

err json_call_reply(const struct call *call, json_t **out, struct why *why)
{
    str text = buf_str(&call->reply);
    json_t *root = json_loadb(text.at, text.len, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        str service = endpoint_service_name(call->request.service);
        return FAIL(why, ERR_BUG, "%.*s %s: the reply is not a JSON object", (int)service.len,
                    service.at, call->request.operation);
    }
    *out = root;
    return OK;
}

static void take_end(void *ctx)
{
    struct json_call *json_call = ctx;
    json_call->done = true;
}

/* Gives the call's own failure, or OK. */
static MUST_USE err run(struct json_call *json_call, int64_t delay_ms, struct why *why)
{
    struct call *call = &json_call->call;
    call->on_done = take_end;
    call->ctx = json_call;
    call_start(call, delay_ms);
    while (!json_call->done) {
        client_pump(call->client, PUMP_MS);
    }
    return call->why.kind ? call_failure(&call->why, why) : OK;
}

static MUST_USE err run_and_read(struct json_call *json_call, const struct json_request *request,
                                 json_t **reply, struct why *why)
{
    TRY(run(json_call, request->delay_ms, why));
    if (request->operation->silent && json_call->call.reply.len == 0) {
        *reply = json_object();
        return *reply ? OK : FAIL(why, ERR_LIMIT, "no memory for a reply");
    }
    return json_call_reply(&json_call->call, reply, why);
}

err json_call_send(struct client *client, const struct json_request *request, json_t **reply,
                   struct why *why)
{
    struct json_call json_call;
    json_call_init(&json_call, client, request->operation);
    json_call.call.request.body = request->body;
    json_call.call.request.attempt_ms += request->extra_ms;
    err sent = run_and_read(&json_call, request, reply, why);
    call_close(&json_call.call);
    return sent;
}

str json_call_str(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return (str){json_string_value(value), json_string_length(value)};
}

#include "runtime/lambda_stream.h"

#include "base/base64.h"
#include "runtime/http1_socket.h"
#include "runtime/lambda_error.h"
#include "runtime/lambda_stream_end.h"

#define ERROR_TYPE "Lambda-Runtime-Function-Error-Type"
#define ERROR_BODY "Lambda-Runtime-Function-Error-Body"

enum { PRELUDE_END_BYTES = 8 };

static MUST_USE err begin(struct lambda_api *api, str content_type, struct why *why)
{
    char path[LAMBDA_POST_MAX_PATH];
    const struct http1_header headers[] = {
        {STR("User-Agent"), STR(LAMBDA_USER_AGENT)},
        {STR("Content-Type"), content_type},
        {STR("Lambda-Runtime-Function-Response-Mode"), STR("streaming")},
        {STR("Trailer"), STR(ERROR_TYPE ", " ERROR_BODY)},
        {STR("Lambda-Runtime-Invocation-Id"), api->invocation_id},
    };
    size_t count = sizeof headers / sizeof headers[0];
    const struct http1_request request = {.method = STR("POST"),
                                          .path = lambda_post_path(api, STR("/response"), path),
                                          .headers = headers,
                                          .header_count =
                                              api->invocation_id.len ? count : count - 1};
    api->http.timeout_ms = LAMBDA_POST_TIMEOUT_MS;
    return http1_begin(&api->http, &request, why);
}

static MUST_USE err write_prelude(struct lambda_stream *stream, str prelude, struct why *why)
{
    static const char end[PRELUDE_END_BYTES] = {0};
    TRY(lambda_stream_write(stream, prelude, why));
    return lambda_stream_write(stream, (str){end, sizeof end}, why);
}

err lambda_stream_open(struct lambda_stream *stream, const struct lambda_stream_head *head,
                       struct why *why)
{
    str type = head->content_type.len ? head->content_type : STR("application/octet-stream");
    if (head->prelude.len) {
        type = STR("application/vnd.awslambda.http-integration-response");
    }
    if (stream->open) {
        return FAIL(why, ERR_BUG, "the response has begun already");
    }
    TRY(begin(stream->api, type, why));
    stream->open = true;
    return head->prelude.len ? write_prelude(stream, head->prelude, why) : OK;
}

err lambda_stream_write(struct lambda_stream *stream, str bytes, struct why *why)
{
    if (!stream->open) {
        return FAIL(why, ERR_BUG, "a response is written that has not begun");
    }
    return http1_write(&stream->api->http, bytes, why);
}

static int end_with(struct lambda_stream *stream, const struct http1_header *trailers, size_t count)
{
    struct lambda_api *api = stream->api;
    struct http1_reply reply;
    struct why why = {0};
    err ended = http1_end(&api->http, trailers, count, &reply, &api->answer, &why);
    http1_socket_close(&api->http); /* the API wants it so */
    if (reply.status) {
        return lambda_post_judge(api, reply.status);
    }
    if (ended.kind) {
        log_failure(api->log, LOG_WARN, "the end of a response was lost", &why);
    }
    return 0;
}

int lambda_stream_end(struct lambda_stream *stream, const struct why *why)
{
    stream->open = false;
    if (why->kind == ERR_NONE) {
        return end_with(stream, NULL, 0);
    }
    char memory[LAMBDA_ERROR_MAX_TYPE], json_memory[LAMBDA_ERROR_MAX_BODY];
    char encoded_memory[LAMBDA_ERROR_MAX_BODY * 2];
    struct buf json, encoded;
    str type = lambda_error_type(why, STR(""), memory);
    buf_wrap(&json, json_memory, sizeof json_memory);
    buf_wrap(&encoded, encoded_memory, sizeof encoded_memory);
    lambda_error_add_body(&json, why, type);
    base64_add(&encoded, buf_str(&json));
    const struct http1_header trailers[] = {{STR(ERROR_TYPE), type},
                                            {STR(ERROR_BODY), buf_str(&encoded)}};
    return end_with(stream, trailers, 2);
}

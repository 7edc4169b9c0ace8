#include "runtime/lambda_api.h"

#include "runtime/lambda_error.h"

#define API_PATH "/2018-06-01/runtime/"

enum { MAX_HEADERS = 5 };

/* Only a 500 says that the API itself is broken. After any other status the API has made up its
 * mind about the invocation: another post would be refused, the next invocation will not. */
int lambda_post_judge(const struct lambda_api *api, int status)
{
    if (status >= 200 && status < 300) {
        return 0;
    }
    bool broken = status == 500;
    struct log_line line;
    if (log_start(api->log, &line, broken ? LOG_FATAL : LOG_WARN, "a post was refused")) {
        log_i64(&line, "status", status);
        log_end(&line);
    }
    return broken ? LAMBDA_EXIT_API : 0;
}

/* Tried again once, on a new connection. Where the first try had arrived after all, the API answers
 * the second with 400 or 403, and no harm is done. */
static int deliver(struct lambda_api *api, const struct http1_request *request)
{
    api->http.timeout_ms = LAMBDA_POST_TIMEOUT_MS;
    for (int tries = 0; tries < 2; tries++) {
        struct http1_reply reply;
        struct why why = {0};
        err sent = http1_send(&api->http, request, false, &reply, &api->answer, &why);
        if (reply.status) {
            return lambda_post_judge(api, reply.status);
        }
        log_failure(api->log, LOG_WARN, "a post was lost", &why);
        if (sent.kind != ERR_BUSY) {
            return 0;
        }
    }
    return 0;
}

str lambda_post_path(const struct lambda_api *api, str end, char memory[LAMBDA_POST_MAX_PATH])
{
    struct buf path;
    buf_wrap(&path, memory, LAMBDA_POST_MAX_PATH);
    buf_add(&path, STR(API_PATH "invocation/"));
    buf_add(&path, api->request_id);
    buf_add(&path, end);
    return buf_str(&path);
}

/* A JSON body; `more` are up to MAX_HEADERS - 3 headers besides. */
static int post(struct lambda_api *api, str path, const struct http1_header *more,
                size_t more_count, str body)
{
    struct http1_header headers[MAX_HEADERS] = {
        {STR("User-Agent"), STR(LAMBDA_USER_AGENT)},
        {STR("Content-Type"), STR("application/json")},
    };
    size_t count = 2;
    if (api->invocation_id.len) {
        headers[count++] =
            (struct http1_header){STR("Lambda-Runtime-Invocation-Id"), api->invocation_id};
    }
    for (size_t i = 0; i < more_count; i++) {
        headers[count++] = more[i];
    }
    const struct http1_request request = {.method = STR("POST"),
                                          .path = path,
                                          .headers = headers,
                                          .header_count = count,
                                          .body = body};
    return deliver(api, &request);
}

int lambda_post_response(struct lambda_api *api, str response)
{
    char memory[LAMBDA_POST_MAX_PATH];
    return post(api, lambda_post_path(api, STR("/response"), memory), NULL, 0, response);
}

static int post_failure(struct lambda_api *api, str path, const struct why *why, str type)
{
    char body_memory[LAMBDA_ERROR_MAX_BODY], cause_memory[LAMBDA_ERROR_MAX_CAUSE];
    struct buf body, cause;
    buf_wrap(&body, body_memory, sizeof body_memory);
    buf_wrap(&cause, cause_memory, sizeof cause_memory);
    lambda_error_add_body(&body, why, type);
    lambda_error_add_cause(&cause, why, type);
    const struct http1_header headers[] = {
        {STR("Lambda-Runtime-Function-Error-Type"), type},
        {STR("Lambda-Runtime-Function-XRay-Error-Cause"), buf_str(&cause)},
    };
    return post(api, path, headers, cause.failed ? 1 : 2, buf_str(&body));
}

int lambda_post_error(struct lambda_api *api, const struct why *why)
{
    char path[LAMBDA_POST_MAX_PATH], type[LAMBDA_ERROR_MAX_TYPE];
    return post_failure(api, lambda_post_path(api, STR("/error"), path), why,
                        lambda_error_type(why, STR(""), type));
}

int lambda_post_init_error(struct lambda_api *api, const struct why *why)
{
    char type[LAMBDA_ERROR_MAX_TYPE];
    return post_failure(api, STR(API_PATH "init/error"), why,
                        lambda_error_type(why, STR("Runtime.InitError"), type));
}

int lambda_post_snapshot_error(struct lambda_api *api, const struct why *why)
{
    return post_failure(api, STR(API_PATH "init/error"), why, STR("Runtime.BeforeSnapshotError"));
}

int lambda_post_restore_error(struct lambda_api *api, const struct why *why)
{
    return post_failure(api, STR(API_PATH "restore/error"), why, STR("Runtime.AfterRestoreError"));
}

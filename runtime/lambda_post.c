#include "runtime/lambda_api.h"

#include "base/ascii.h"
#include "base/json.h"

#define API_PATH "/2018-06-01/runtime/"

enum {
    MAX_PATH_BYTES = 256,
    MAX_TYPE_BYTES = 64,
    MAX_ERROR_BYTES = 2048, /* why->text, each byte escaped, and the type */
};

/* Only a 500 says that the API itself is broken. After any other status the API has made up its
 * mind about the invocation: another post would be refused, the next invocation will not. */
static int judge(const struct lambda_api *api, int status)
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
            return judge(api, reply.status);
        }
        log_failure(api->log, LOG_WARN, "a post was lost", &why);
        if (sent.kind != ERR_BUSY) {
            return 0;
        }
    }
    return 0;
}

/* `type` is empty for a response. */
static int post(struct lambda_api *api, str path, str type, str body)
{
    struct http1_header headers[4] = {
        {STR("User-Agent"), STR(LAMBDA_USER_AGENT)},
        {STR("Content-Type"), STR("application/json")},
    };
    size_t count = 2;
    if (type.len) {
        headers[count++] = (struct http1_header){STR("Lambda-Runtime-Function-Error-Type"), type};
    }
    if (api->invocation_id.len) {
        headers[count++] =
            (struct http1_header){STR("Lambda-Runtime-Invocation-Id"), api->invocation_id};
    }
    struct http1_request request = {
        .method = STR("POST"),
        .path = path,
        .headers = headers,
        .header_count = count,
        .body = body,
    };
    return deliver(api, &request);
}

/* `path` has room for the longest request id. */
static void add_invocation_path(struct buf *path, const struct lambda_api *api, str end)
{
    buf_add(path, STR(API_PATH "invocation/"));
    buf_add(path, api->request_id);
    buf_add(path, end);
}

int lambda_post_response(struct lambda_api *api, str response)
{
    char memory[MAX_PATH_BYTES];
    struct buf path;
    buf_wrap(&path, memory, sizeof memory);
    add_invocation_path(&path, api, STR("/response"));
    return post(api, buf_str(&path), STR(""), response);
}

/* (Runtime|Function)\.[A-Z][a-zA-Z]+ is what the API takes; of all else it makes "Unknown". */
static bool is_error_type(str s)
{
    struct str_halves cut = str_cut(s, '.');
    if (!str_eq(cut.head, STR("Runtime")) && !str_eq(cut.head, STR("Function"))) {
        return false;
    }
    for (size_t i = 0; i < cut.tail.len; i++) {
        if (!ascii_is_letter(cut.tail.at[i])) {
            return false;
        }
    }
    return cut.tail.len >= 2 && ascii_is_upper(cut.tail.at[0]);
}

/* "Function.Busy" of ERR_BUSY. */
static void add_kind_type(struct buf *type, enum err_kind kind)
{
    str name = str_from(err_kind_name(kind));
    buf_add(type, STR("Function."));
    buf_add(type, str_take(name, 1));
    for (size_t i = 1; i < name.len; i++) {
        buf_char(type, ascii_lower(name.at[i]));
    }
}

static void add_error(struct buf *body, const struct why *why, str type)
{
    buf_add(body, STR("{\"errorMessage\":"));
    json_add_string(body, str_from(why->text));
    buf_add(body, STR(",\"errorType\":"));
    json_add_string(body, type);
    buf_add(body, STR(",\"stackTrace\":[]}"));
}

/* why->code where it is a type for the API, else `otherwise`. */
static str type_of(const struct why *why, str otherwise)
{
    str code = str_from(why->code);
    return is_error_type(code) ? code : otherwise;
}

static int post_failure(struct lambda_api *api, str path, const struct why *why, str type)
{
    char memory[MAX_ERROR_BYTES];
    struct buf body;
    buf_wrap(&body, memory, sizeof memory);
    add_error(&body, why, type);
    return post(api, path, type, buf_str(&body));
}

int lambda_post_error(struct lambda_api *api, const struct why *why)
{
    char path_memory[MAX_PATH_BYTES];
    char type_memory[MAX_TYPE_BYTES];
    struct buf path;
    struct buf type;
    buf_wrap(&path, path_memory, sizeof path_memory);
    buf_wrap(&type, type_memory, sizeof type_memory);
    add_invocation_path(&path, api, STR("/error"));
    add_kind_type(&type, why->kind);
    return post_failure(api, buf_str(&path), why, type_of(why, buf_str(&type)));
}

int lambda_post_init_error(struct lambda_api *api, const struct why *why)
{
    return post_failure(api, STR(API_PATH "init/error"), why,
                        type_of(why, STR("Runtime.InitError")));
}

int lambda_post_snapshot_error(struct lambda_api *api, const struct why *why)
{
    return post_failure(api, STR(API_PATH "init/error"), why, STR("Runtime.BeforeSnapshotError"));
}

int lambda_post_restore_error(struct lambda_api *api, const struct why *why)
{
    return post_failure(api, STR(API_PATH "restore/error"), why, STR("Runtime.AfterRestoreError"));
}

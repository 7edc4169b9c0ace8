/* The other side of the Lambda Runtime API: gives one function process its invocations and takes
 * its answers, with the statuses and headers that AWS uses. Knows nothing of AWS services, nor who
 * started the process.
 *
 * One thread; requests are served while runtime_api_invoke runs, in between they wait in their
 * sockets.
 * Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
#ifndef DEPLOY_LOCAL_RUNTIME_API_H
#define DEPLOY_LOCAL_RUNTIME_API_H

#include "deploy/local/api_server.h"

enum {
    RUNTIME_API_MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100,
    RUNTIME_API_MAX_STREAMED_BYTES = 200 * 1024 * 1024, /* of a response in streaming mode */
    RUNTIME_API_MAX_EVENT_BYTES = 6 * 1024 * 1024,
    RUNTIME_API_CHUNKED_BYTES = 2048, /* larger events are sent in chunks, as AWS does */
    RUNTIME_API_START_MS = 10000,     /* how long a process may take until it asks for work */
    RUNTIME_API_ID_BYTES = 37,        /* a UUID and its NUL */
};

enum runtime_api_outcome {
    RUNTIME_API_RESPONSE,   /* `body` is what the function returned */
    RUNTIME_API_ERROR,      /* it posted an error, or a response that is too large, or one that
                               ended with an error in its trailers */
    RUNTIME_API_INIT_ERROR, /* it posted that it cannot start */
    RUNTIME_API_TIMEOUT,    /* no answer in time: the process should be ended */
    RUNTIME_API_DEATH,      /* its process ended first */
    RUNTIME_API_STOPPED,    /* stop_fd became readable first */
};

struct runtime_api_context {
    str function_arn, trace_id; /* an empty one is not sent */
    int64_t timeout_ms;         /* counted from when the process has the event */
    int death_fd;               /* readable once the process has ended (a pidfd), or -1 */
    int stop_fd;                /* readable once the host shall stop, or -1 */
};

struct runtime_api_result {
    enum runtime_api_outcome outcome;
    struct buf body;     /* JSON: the answer, or an error object. The caller closes it. */
    char error_type[64]; /* empty after a response */
    char request_id[RUNTIME_API_ID_BYTES];
    int64_t ms;  /* from when the process had the event, 0 when it never had */
    bool handed; /* the process had the event */
    bool echoed; /* Lambda-Runtime-Invocation-Id came back with the answer */
};

struct runtime_api {
    struct api_server server;
    bool asked;  /* /next was called: initialisation is over */
    bool failed; /* /init/error was taken */
    bool open;   /* request_id was handed over and not answered */
    char request_id[RUNTIME_API_ID_BYTES], invocation_id[RUNTIME_API_ID_BYTES];
    struct runtime_api_result *result; /* of the invocation that is waited for */
    bool done;                         /* `result` is decided */
};

/* Listens on 127.0.0.1; the address for AWS_LAMBDA_RUNTIME_API is that and api->server.port. */
err runtime_api_open(struct runtime_api *api, struct why *why) MUST_USE;
/* Safe on zeroed memory and twice. */
void runtime_api_close(struct runtime_api *api);
/* Forgets the process that was served: its connections are closed, the next one starts from its
 * initialisation. */
void runtime_api_forget(struct runtime_api *api);
/* Hands `event` to the next GET /next and waits for what comes of it. A failure is the host's own:
 * ERR_LIMIT for an event past RUNTIME_API_MAX_EVENT_BYTES or no memory. */
err runtime_api_invoke(struct runtime_api *api, str event,
                       const struct runtime_api_context *context, struct runtime_api_result *result,
                       struct why *why) MUST_USE;
/* Serves without an event for `ms`: whoever posts out of turn gets his answer. */
void runtime_api_serve(struct runtime_api *api, int64_t ms);
/* "ok", "error", "timeout", "crash" or "stopped". */
const char *runtime_api_outcome_name(enum runtime_api_outcome outcome);
/* Makes the body an error object of the type and message, both plain ASCII without quotes. */
void runtime_api_set_error(struct runtime_api_result *result, const char *type,
                           const char *message);

#endif

#include "runtime/lambda_snapshot.h"

#include "runtime/http1_socket.h"

#define RESTORE_PATH "/2018-06-01/runtime/restore/next"

/* Returns in the restored environment. */
static int wait_for_restore(struct lambda_api *api)
{
    const struct http1_request request = {.method = STR("GET"), .path = STR(RESTORE_PATH)};
    struct http1_reply reply;
    struct why why = {0};
    api->http.timeout_ms = 0;
    err sent = http1_send(&api->http, &request, true, &reply, &api->answer, &why);
    /* Whatever was connected before the snapshot was taken is connected no more. */
    http1_socket_close(&api->http);
    why.status = reply.status;
    if (sent.kind == ERR_DEADLINE) {
        return LAMBDA_STOPPED;
    }
    if (reply.status == 200) {
        return 0;
    }
    bool broken = reply.status == 500;
    (void)FAIL(&why, ERR_BUG, "the Runtime API has no restore/next");
    log_failure(api->log, broken ? LOG_FATAL : LOG_WARN, "not restored from a snapshot", &why);
    return broken ? LAMBDA_EXIT_API : 0;
}

int lambda_snapshot(struct lambda_api *api, const struct lambda_config *config)
{
    struct why why = {0};
    if (config->before_snapshot && config->before_snapshot(config->ctx, &why).kind) {
        log_failure(api->log, LOG_FATAL, "the hook before the snapshot failed", &why);
        (void)lambda_post_snapshot_error(api, &why);
        return LAMBDA_EXIT_BEFORE_SNAPSHOT;
    }
    int ended = wait_for_restore(api);
    if (ended) {
        return ended;
    }
    if (config->after_restore && config->after_restore(config->ctx, &why).kind) {
        log_failure(api->log, LOG_FATAL, "the hook after the restore failed", &why);
        (void)lambda_post_restore_error(api, &why);
        return LAMBDA_EXIT_AFTER_RESTORE;
    }
    return 0;
}

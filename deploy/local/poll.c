#include "deploy/local/poll.h"
#include "aws/sqs.h"
#include "deploy/local/clock.h"
#include "deploy/local/poll_reply.h"

enum {
    TURN_BYTES = 128 * 1024 * 1024, /* reserved, not used: replies of services and their texts */
    CALL_MS = 30000,                /* more than the longest long poll */
};

err poll_init(struct poll *poll, struct why *why)
{
    buf_init(&poll->event, RUNTIME_API_MAX_EVENT_BYTES);
    if (!arena_block_init(&poll->memory, TURN_BYTES)) {
        return FAIL(why, ERR_LIMIT, "no memory for batches");
    }
    return OK;
}

void poll_close(struct poll *poll)
{
    arena_block_close(&poll->memory);
    buf_close(&poll->event);
}

void poll_call(struct poll *poll, const char *operation)
{
    poll->operation = operation;
    client_set_deadline(poll->client, clock_wall_ms() + CALL_MS);
}

err poll_invoke(struct poll *poll, str event, struct runtime_api_result *result, struct why *why)
{
    poll->operation = "invoking the function";
    TRY(function_invoke(poll->function, event, result, why));
    poll->stopped = result->outcome == RUNTIME_API_STOPPED;
    return OK;
}

size_t poll_judge(const struct poll *poll, struct runtime_api_result *result, const str *ids,
                  size_t count, bool *failed)
{
    bool answered = result->outcome == RUNTIME_API_RESPONSE;
    for (size_t i = 0; i < count; i++) {
        failed[i] = !answered;
    }
    if (answered && poll->settings.partial_reply &&
        !poll_reply_read(buf_str(&result->body), ids, count, failed)) {
        result->outcome = RUNTIME_API_ERROR;
        (void)str_to_c(STR("Host.MalformedBatchReply"), result->error_type,
                       sizeof result->error_type);
    }
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        number += failed[i] ? 1 : 0;
    }
    return number;
}

err poll_give_up(struct poll *poll, str record, struct why *why)
{
    if (!poll->settings.on_failure.len) {
        return OK;
    }
    poll_call(poll, "telling the on-failure queue");
    return sqs_send(poll->client, poll->settings.on_failure, record, why);
}

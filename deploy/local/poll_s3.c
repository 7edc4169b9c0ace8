#include "deploy/local/poll_s3.h"
#include "aws/sqs.h"
#include "deploy/local/clock.h"
#include "deploy/local/poll_failure.h"

enum {
    ASYNC_RETRIES = 2,
    RETRY_DELAY_S = 1, /* AWS waits one and then two minutes */
};

static MUST_USE err delete_it(struct poll *poll, str url, const struct sqs_message *message,
                              struct why *why)
{
    poll_call(poll, "deleting a notification");
    return sqs_delete(poll->client, url, message->receipt_handle, why);
}

static MUST_USE err try_later(struct poll *poll, str url, const struct sqs_message *message,
                              struct poll_turn *turn, struct why *why)
{
    int chosen = poll->settings.retry_delay_s;
    int delay_s = chosen >= 0 ? chosen : RETRY_DELAY_S;
    poll_call(poll, "handing a notification back");
    TRY(sqs_change_visibility(poll->client, url, message->receipt_handle, delay_s, why));
    turn->due_ms = clock_steady_ms() + (int64_t)delay_s * 1000;
    return OK;
}

static MUST_USE err give_up(struct poll *poll, const struct sqs_message *message,
                            const struct runtime_api_result *result, struct why *why)
{
    struct buf record;
    const struct poll_failure failure = {
        .result = result,
        .function_arn = str_from(poll->function->arn),
        .invocations = message->receive_count,
        .now_ms = clock_wall_ms(),
    };
    buf_init(&record, SQS_BATCH_MAX_BYTES);
    poll_failure_event(&record, &failure, message->body);
    err sent = record.failed
                   ? FAIL(why, ERR_LIMIT, "a notification is too large for the on-failure queue")
                   : poll_give_up(poll, buf_str(&record), why);
    buf_close(&record);
    return sent;
}

static MUST_USE err settle(struct poll *poll, str url, const struct sqs_message *message,
                           const struct runtime_api_result *result, struct poll_turn *turn,
                           struct why *why)
{
    int chosen = poll->settings.max_retries;
    uint64_t retries = (uint64_t)(chosen >= 0 ? chosen : ASYNC_RETRIES);
    if (result->outcome != RUNTIME_API_RESPONSE) {
        if (message->receive_count <= retries) {
            return try_later(poll, url, message, turn, why);
        }
        report_note(poll->report, "s3: a notification was given up after %llu attempts",
                    (unsigned long long)message->receive_count);
        TRY(give_up(poll, message, result, why));
    }
    return delete_it(poll, url, message, why);
}

/* One notification a turn: several would wait for one another with their time running out. */
err poll_s3_turn(struct poll *poll, struct poll_s3 *queue, struct poll_turn *turn, struct why *why)
{
    struct arena arena = arena_start(&poll->memory);
    struct sqs_message message;
    struct runtime_api_result result;
    const struct sqs_receive one = {
        .queue_url = queue->url,
        .max = 1,
        .wait_s = poll->settings.wait_s,
        .visibility_s = poll->settings.visibility_s,
    };
    poll_call(poll, "receiving a notification");
    TRY(sqs_receive(poll->client, &one, &arena, &message, &turn->records, why));
    if (!turn->records) {
        return OK;
    }
    TRY(poll_invoke(poll, message.body, &result, why));
    report_invocation(poll->report, "s3", 1, result.outcome == RUNTIME_API_RESPONSE ? 0 : 1,
                      &result);
    err settled = poll->stopped ? OK : settle(poll, queue->url, &message, &result, turn, why);
    buf_close(&result.body);
    return settled;
}

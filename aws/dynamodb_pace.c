#include "aws/dynamodb_slot.h"

enum {
    FIRST_BACKOFF_MS = 50,
    MAX_BACKOFF_MS = 5000,
    MAX_ROUNDS = 16,     /* where no deadline ends it */
    AFTERWARDS_MS = 500, /* left before the deadline for what the caller does about the failed */
};

void dynamodb_pace_gain(struct dynamodb_writer *writer)
{
    if (writer->allowed < writer->slot_count && ++writer->gains >= writer->allowed) {
        writer->allowed++;
        writer->gains = 0;
    }
}

static void slow_down(struct dynamodb_writer *writer)
{
    writer->allowed = writer->allowed > 1 ? writer->allowed / 2 : 1;
    writer->gains = 0;
}

/* Full jitter, apart from the client's quota: a table that is at its capacity works, and each item
 * given up would come again with its whole delivery. -1 when there is no time for it. */
static int64_t next_delay(const struct dynamodb_slot *slot)
{
    static const struct retry_policy policy = {
        .throttled_ms = FIRST_BACKOFF_MS,
        .max_backoff_ms = MAX_BACKOFF_MS,
    };
    struct client *client = slot->writer->config.client;
    int64_t delay = retry_wait_ms(&policy, RETRY_THROTTLED, slot->rounds,
                                  slot->json_call.call.retry_after_ms, call_chance(client));
    if (!client->deadline_ms) {
        return slot->rounds < MAX_ROUNDS ? delay : -1;
    }
    return client->now_ms() + delay < client->deadline_ms - AFTERWARDS_MS ? delay : -1;
}

int64_t dynamodb_pace_back_off(struct dynamodb_slot *slot, const struct why *why)
{
    slow_down(slot->writer);
    slot->rounds++;
    int64_t delay = next_delay(slot);
    if (delay < 0) {
        dynamodb_slot_fail(slot, why);
    }
    return delay;
}

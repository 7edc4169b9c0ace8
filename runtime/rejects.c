#include "runtime/rejects.h"

#include "aws/hash.h"
#include "aws/sqs.h"
#include "transform/reject.h"

#include <string.h>

enum {
    /* Queues made before 2025-08 take 256 KiB a message, new ones 1 MiB: only a reject that needs
     * more is sent as more. */
    PACKED_BYTES = 256 * 1024,
    MAX_REJECTS_IN_MESSAGE = 2000,
};

struct rejects_entry {
    struct ingest *ingest;
    struct ticket from;
};

static const str opening = STR_INIT("{\"rejects\":[");
static const str closing = STR_INIT("]}");

void rejects_init(struct rejects *rejects, struct client *client, str queue_url)
{
    *rejects = (struct rejects){.client = client, .queue_url = queue_url};
    buf_init(&rejects->message, SQS_BATCH_MAX_BYTES);
    buf_init(&rejects->tickets, MAX_REJECTS_IN_MESSAGE * sizeof(struct rejects_entry));
    buf_init(&rejects->one, SQS_BATCH_MAX_BYTES - opening.len - closing.len);
}

void rejects_close(struct rejects *rejects)
{
    buf_close(&rejects->message);
    buf_close(&rejects->tickets);
    buf_close(&rejects->one);
}

static void settle_all(struct rejects *rejects, enum outcome outcome)
{
    struct rejects_entry entry;
    for (size_t at = 0; at < rejects->tickets.len; at += sizeof entry) {
        memcpy(&entry, rejects->tickets.at + at, sizeof entry);
        ingest_settle(entry.ingest, &entry.from, outcome);
    }
    buf_clear(&rejects->tickets);
    buf_clear(&rejects->message);
}

/* A queue that is busy, or does not take this message, fails only the deliveries of these rejects;
 * anything else is systemic. */
static bool is_systemic(enum err_kind kind)
{
    return kind == ERR_DENIED || kind == ERR_MISSING || kind == ERR_BUG;
}

err rejects_flush(struct rejects *rejects, struct why *why)
{
    if (!rejects->tickets.len) {
        return OK;
    }
    struct why send_why = {0};
    buf_add(&rejects->message, closing);
    err sent = sqs_send(rejects->client, rejects->queue_url, buf_str(&rejects->message), &send_why);
    settle_all(rejects, sent.kind ? OUTCOME_FAILED : OUTCOME_REJECTED);
    if (!is_systemic(sent.kind)) {
        if (sent.kind) {
            log_failure(rejects->log, LOG_ERROR, "rejects not kept", &send_why);
        }
        return OK;
    }
    *why = send_why;
    return sent;
}

/* False when it is larger than any message. */
static bool write_reject(struct rejects *rejects, const struct reject *reject)
{
    char id[HASH_HEX_LEN];
    buf_clear(&rejects->one);
    reject_add_identity(&rejects->one, reject);
    hash_sha256_hex(buf_str(&rejects->one), id);
    bool hashed = !rejects->one.failed;
    buf_clear(&rejects->one);
    reject_add_json(&rejects->one, reject, (str){id, sizeof id});
    return hashed && !rejects->one.failed;
}

static bool fits(const struct rejects *rejects)
{
    size_t needed = rejects->one.len + 1 + closing.len;
    return rejects->message.len + needed <= PACKED_BYTES &&
           rejects->tickets.len + sizeof(struct rejects_entry) <= rejects->tickets.max;
}

static void append(struct rejects *rejects, const struct rejects_entry *entry)
{
    buf_add(&rejects->message, rejects->message.len ? STR(",") : opening);
    buf_add(&rejects->message, buf_str(&rejects->one));
    buf_add(&rejects->tickets, (str){(const char *)entry, sizeof *entry});
}

err rejects_add(struct rejects *rejects, struct ingest *ingest, const struct reject *reject,
                struct why *why)
{
    struct rejects_entry entry = {ingest, reject->from};
    if (!write_reject(rejects, reject)) {
        log_message(rejects->log, LOG_ERROR, "reject not kept: larger than a message");
        ingest_settle(ingest, &reject->from, OUTCOME_FAILED); /* its own queue keeps it whole */
        return OK;
    }
    if (!fits(rejects) && rejects_flush(rejects, why).kind) {
        ingest_settle(ingest, &reject->from, OUTCOME_FAILED);
        return (err){why->kind};
    }
    append(rejects, &entry);
    if (rejects->message.failed || rejects->tickets.failed) {
        settle_all(rejects, OUTCOME_FAILED);
        return FAIL(why, ERR_LIMIT, "no memory for a reject");
    }
    return OK;
}

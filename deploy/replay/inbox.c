#include "deploy/replay/inbox.h"

enum {
    ROOM = 64 * 1024 * 1024, /* ten messages of 1 MiB, and one record of 1 MiB decoded */
    WAIT_S = 1,              /* without a wait SQS asks only some of its servers */
};

err inbox_open(struct inbox *inbox, struct session *session, struct why *why)
{
    *inbox = (struct inbox){.session = session, .url = str_from(session->options->queue)};
    buf_init(&inbox->held, SIZE_MAX);
    return arena_block_init(&inbox->memory, ROOM) ? OK : FAIL(why, ERR_LIMIT, "no memory");
}

static void hold_last(struct inbox *inbox)
{
    for (size_t i = 0; i < inbox->count; i++) {
        if (!inbox->deleted[i]) {
            buf_add(&inbox->held, inbox->messages[i].receipt_handle);
            buf_char(&inbox->held, '\n');
        }
        inbox->deleted[i] = false;
    }
    inbox->count = 0;
}

err inbox_next(struct inbox *inbox, struct why *why)
{
    const struct replay_options *options = inbox->session->options;
    size_t left = options->max - inbox->received;
    hold_last(inbox);
    inbox->more = !left || session_is_stopped();
    if (inbox->more) {
        return OK;
    }
    const struct sqs_receive wanted = {
        .queue_url = inbox->url,
        .max = left < SQS_BATCH_MAX ? left : SQS_BATCH_MAX,
        .wait_s = WAIT_S,
        .visibility_s = options->visibility_s,
    };
    inbox->arena = arena_start(&inbox->memory);
    TRY(sqs_receive(&inbox->session->client, &wanted, &inbox->arena, inbox->messages, &inbox->count,
                    why));
    inbox->received += inbox->count;
    return OK;
}

err inbox_delete(struct inbox *inbox, size_t i, struct why *why)
{
    TRY(sqs_delete(&inbox->session->client, inbox->url, inbox->messages[i].receipt_handle, why));
    inbox->deleted[i] = true;
    return OK;
}

/* One that SQS refuses, as its time has run out, does not keep the others hidden. */
static MUST_USE err hand_back(struct inbox *inbox, struct why *why)
{
    struct str_halves cut = str_cut(buf_str(&inbox->held), '\n');
    for (; cut.found; cut = str_cut(cut.tail, '\n')) {
        struct why failure = {0};
        err shown =
            sqs_change_visibility(&inbox->session->client, inbox->url, cut.head, 0, &failure);
        if (shown.kind && shown.kind != ERR_INPUT) {
            *why = why->kind ? *why : failure;
            return shown;
        }
    }
    return OK;
}

err inbox_close(struct inbox *inbox, struct why *why)
{
    hold_last(inbox);
    err done = hand_back(inbox, why);
    buf_close(&inbox->held);
    arena_block_close(&inbox->memory);
    return done;
}

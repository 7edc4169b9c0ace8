#include "deploy/replay/send.h"

#include "aws/sqs.h"
#include "aws/sqs_text.h"
#include "deploy/replay/folder.h"

struct send {
    struct session *session;
    struct folder folder;
    struct buf names;                        /* struct name of each file */
    const struct name *batch[SQS_BATCH_MAX]; /* of the files that go next */
    struct buf texts[SQS_BATCH_MAX];
    size_t count;
    size_t sent, left, others;
};

static void leave(struct send *send, const struct name *name, const struct why *why)
{
    session_complain(str_from(name->at), why);
    send->left++;
}

static MUST_USE err take_results(struct send *send, const struct sqs_result *results,
                                 struct why *why)
{
    for (size_t i = 0; i < send->count; i++) {
        struct why refused = {0};
        if (results[i].ok) {
            TRY(folder_move_to_sent(&send->folder, send->batch[i], why));
            send->sent++;
            continue;
        }
        err_fail(&refused, ERR_BUSY, __FILE__, __LINE__, "SQS has %s",
                 results[i].sender_fault ? "refused it" : "not taken it; try again");
        leave(send, send->batch[i], &refused);
    }
    return OK;
}

static MUST_USE err flush(struct send *send, struct why *why)
{
    str bodies[SQS_BATCH_MAX];
    struct sqs_result results[SQS_BATCH_MAX];
    if (!send->count) {
        return OK;
    }
    for (size_t i = 0; i < send->count; i++) {
        bodies[i] = buf_str(&send->texts[i]);
    }
    TRY(sqs_send_batch(&send->session->client, str_from(send->session->options->queue), bodies,
                       send->count, results, why));
    TRY(take_results(send, results, why));
    send->count = 0;
    return OK;
}

static MUST_USE err check_text(str text, struct why *why)
{
    struct why refused = {0};
    if (!text.len) {
        return FAIL(why, ERR_INPUT, "it is empty");
    }
    if (sqs_text_check(text, &refused).kind) {
        return FAIL(why, ERR_INPUT,
                    "it is not text that SQS can carry; make it UTF-8, or upload it to the bucket");
    }
    return OK;
}

/* Can it go as it is? Its bytes are put into `text`. */
static MUST_USE err check_file(const struct send *send, const struct name *name, struct buf *text,
                               struct why *why)
{
    buf_clear(text);
    if (name_kind(str_from(name->at)) == NAME_CUT) {
        return FAIL(why, ERR_INPUT,
                    "it is only the beginning of its record; the whole is in the object that "
                    "rejects.ndjson names: put it here and rename this to *.txt");
    }
    TRY(folder_read(&send->folder, name, text, why));
    if (!send->session->options->unchanged && name_is_of(name, buf_str(text))) {
        return FAIL(why, ERR_INPUT, "nobody has changed it; --unchanged sends it all the same");
    }
    return check_text(buf_str(text), why);
}

static MUST_USE err send_names(struct send *send, struct why *why)
{
    const struct name *names = (const void *)send->names.at;
    size_t count = send->names.len / sizeof *names;
    for (size_t i = 0; i < count; i++) {
        struct why bad = {0};
        if (session_is_stopped()) {
            send->left += count - i;
            break;
        }
        if (check_file(send, &names[i], &send->texts[send->count], &bad).kind) {
            leave(send, &names[i], &bad);
            continue;
        }
        send->batch[send->count++] = &names[i];
        if (send->count == SQS_BATCH_MAX) {
            TRY(flush(send, why));
        }
    }
    return flush(send, why);
}

static MUST_USE err run(struct send *send, struct why *why)
{
    TRY(folder_open_to_send(&send->folder, send->session->options->folder, why));
    TRY(folder_names(&send->folder, &send->names, &send->others, why));
    return send_names(send, why);
}

static void init(struct send *send, struct session *session)
{
    *send = (struct send){.session = session, .folder = {-1, -1}};
    buf_init(&send->names, SIZE_MAX);
    for (size_t i = 0; i < SQS_BATCH_MAX; i++) {
        buf_init(&send->texts[i], SQS_BATCH_MAX_BYTES);
    }
}

static void close_all(struct send *send)
{
    folder_close(&send->folder);
    buf_close(&send->names);
    for (size_t i = 0; i < SQS_BATCH_MAX; i++) {
        buf_close(&send->texts[i]);
    }
}

err send_run(struct session *session, FILE *out, bool *complete, struct why *why)
{
    struct send send;
    init(&send, session);
    err done = run(&send, why);
    (void)fprintf(out, "%zu sent, %zu left\n", send.sent, send.left);
    if (send.others) {
        (void)fprintf(out, "%zu other files, which save did not write, were not looked at\n",
                      send.others);
    }
    *complete = !send.left;
    close_all(&send);
    return done;
}

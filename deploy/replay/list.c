#include "deploy/replay/list.h"

#include "deploy/replay/inbox.h"
#include "deploy/replay/kept.h"
#include "deploy/replay/show.h"

enum { ID_SHOWN = 16, REASON_WIDTH = 16, FIELD_WIDTH = 12 };

struct list {
    struct inbox inbox;
    FILE *out;
    bool raw;
    size_t shown, unreadable;
};

static void show_reject(struct list *list, const struct kept_reject *reject)
{
    FILE *out = list->out;
    show_cell(out, reject->reason, REASON_WIDTH);
    (void)fputs("  ", out);
    show_cell(out, reject->field, FIELD_WIDTH);
    (void)fprintf(out, "  %6llu  %10llu  %8llu  ", (unsigned long long)reject->line,
                  (unsigned long long)reject->offset, (unsigned long long)reject->length);
    show_cell(out, str_take(reject->id, ID_SHOWN), ID_SHOWN);
    (void)fputs("  ", out);
    show_text(out, reject->source, false);
    (void)fputs(reject->cut ? "  (cut)\n" : "\n", out);
    if (list->raw) {
        (void)fputs("    ", out);
        show_text(out, reject->raw, true);
        (void)fputc('\n', out);
    }
    list->shown++;
}

static MUST_USE err show_all(struct list *list, const struct kept *kept, struct why *why)
{
    for (size_t i = 0; i < kept->count; i++) {
        struct arena scratch = list->inbox.arena;
        struct kept_reject reject;
        TRY(kept_reject(kept, i, &scratch, &reject, why));
        show_reject(list, &reject);
    }
    return OK;
}

static void show_message(struct list *list, const struct sqs_message *message)
{
    struct kept kept;
    struct why why = {0};
    err read = kept_read(&kept, message->body, &why);
    if (!read.kind) {
        read = show_all(list, &kept, &why);
    }
    kept_close(&kept);
    if (read.kind) {
        session_complain(message->id, &why);
        list->unreadable++;
    }
}

static MUST_USE err run(struct list *list, struct why *why)
{
    (void)fprintf(list->out, "%-16s  %-12s  %6s  %10s  %8s  %-16s  %s\n", "reason", "field", "line",
                  "offset", "length", "id begins with", "source");
    do {
        TRY(inbox_next(&list->inbox, why));
        for (size_t i = 0; i < list->inbox.count; i++) {
            show_message(list, &list->inbox.messages[i]);
        }
        if (fflush(list->out)) {
            return FAIL(why, ERR_BUG, "the table cannot be written");
        }
    } while (list->inbox.count);
    return OK;
}

err list_run(struct session *session, FILE *out, bool *complete, struct why *why)
{
    struct list list = {.out = out, .raw = session->options->raw};
    TRY(inbox_open(&list.inbox, session, why));
    err done = run(&list, why);
    bool more = list.inbox.more;
    size_t received = list.inbox.received;
    err closed = inbox_close(&list.inbox, why);
    (void)fprintf(out, "%zu rejects in %zu messages, which are left in the queue%s\n", list.shown,
                  received, more ? "; there may be more" : "");
    if (list.unreadable) {
        (void)fprintf(out, "%zu of the messages are not, or not wholly, rejects\n",
                      list.unreadable);
    }
    *complete = !list.unreadable;
    return done.kind ? done : closed;
}

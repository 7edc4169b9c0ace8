#include "deploy/replay/save.h"

#include "base/json_write.h"
#include "deploy/replay/folder.h"
#include "deploy/replay/inbox.h"
#include "deploy/replay/kept.h"

struct save {
    struct inbox inbox;
    struct folder folder;
    struct buf line; /* scratch: of the index */
    size_t written, known, cut, unreadable;
};

static void add_text(struct buf *b, str name, str value)
{
    buf_char(b, b->len ? ',' : '{');
    json_add_string(b, name);
    buf_char(b, ':');
    json_add_string(b, value);
}

static void add_number(struct buf *b, str name, uint64_t value)
{
    buf_char(b, ',');
    json_add_string(b, name);
    buf_char(b, ':');
    buf_u64(b, value);
}

/* All that is known of it but the record itself. */
static void write_line(struct buf *b, const struct kept_reject *reject, const struct name *name)
{
    buf_clear(b);
    add_text(b, STR("id"), reject->id);
    add_text(b, STR("file"), str_from(name->at));
    add_text(b, STR("reason"), reject->reason);
    add_text(b, STR("text"), reject->text);
    add_text(b, STR("field"), reject->field);
    add_text(b, STR("source"), reject->source);
    add_number(b, STR("offset"), reject->offset);
    add_number(b, STR("length"), reject->length);
    add_number(b, STR("line"), reject->line);
    buf_add(b, reject->cut ? STR(",\"truncated\":true}\n") : STR(",\"truncated\":false}\n"));
}

static MUST_USE err keep(struct save *save, const struct kept_reject *reject, struct why *why)
{
    struct name name = name_make(reject->id, reject->raw, reject->cut ? NAME_CUT : NAME_WHOLE);
    if (folder_has(&save->folder, &name)) {
        save->known++;
        return OK;
    }
    write_line(&save->line, reject, &name);
    if (save->line.failed) {
        return FAIL(why, ERR_LIMIT, "no memory for a line of the index");
    }
    TRY(folder_keep(&save->folder, &name, reject->raw, buf_str(&save->line), why));
    save->written++;
    save->cut += reject->cut ? 1 : 0;
    return OK;
}

static MUST_USE err keep_all(struct save *save, const struct kept *kept, struct why *why)
{
    for (size_t i = 0; i < kept->count; i++) {
        struct arena scratch = save->inbox.arena;
        struct kept_reject reject;
        TRY(kept_reject(kept, i, &scratch, &reject, why));
        TRY(keep(save, &reject, why));
    }
    return folder_sync(&save->folder, why);
}

/* What cannot be read stays in the queue; any other failure ends the run. */
static MUST_USE err take_message(struct save *save, size_t i, struct why *why)
{
    const struct sqs_message *message = &save->inbox.messages[i];
    struct kept kept;
    struct why failure = {0};
    err done = kept_read(&kept, message->body, &failure);
    if (!done.kind) {
        done = keep_all(save, &kept, &failure);
    }
    kept_close(&kept);
    if (!done.kind) {
        return inbox_delete(&save->inbox, i, why);
    }
    if (done.kind == ERR_INPUT) {
        session_complain(message->id, &failure);
        save->unreadable++;
        return OK;
    }
    *why = failure;
    return done;
}

static MUST_USE err run(struct save *save, struct why *why)
{
    do {
        TRY(inbox_next(&save->inbox, why));
        for (size_t i = 0; i < save->inbox.count; i++) {
            TRY(take_message(save, i, why));
        }
    } while (save->inbox.count);
    return OK;
}

static void report(const struct save *save, FILE *out)
{
    (void)fprintf(out, "%zu rejects saved, %zu were there already%s\n", save->written, save->known,
                  save->inbox.more ? "; there may be more in the queue" : "");
    if (save->cut) {
        (void)fprintf(out,
                      "%zu of them are cut (*.cut): the whole record is in the object that "
                      "rejects.ndjson names\n",
                      save->cut);
    }
    if (save->unreadable) {
        (void)fprintf(out,
                      "%zu messages are not, or not wholly, rejects: they are left in the queue\n",
                      save->unreadable);
    }
}

static MUST_USE err run_in_folder(struct save *save, struct session *session, struct why *why)
{
    TRY(folder_open_to_save(&save->folder, session->options->folder, why));
    TRY(inbox_open(&save->inbox, session, why));
    return run(save, why);
}

err save_run(struct session *session, FILE *out, bool *complete, struct why *why)
{
    struct save save = {.folder = {-1, -1}};
    buf_init(&save.line, SIZE_MAX);
    err done = run_in_folder(&save, session, why);
    report(&save, out);
    err closed = inbox_close(&save.inbox, why);
    folder_close(&save.folder);
    buf_close(&save.line);
    *complete = !save.unreadable;
    return done.kind ? done : closed;
}

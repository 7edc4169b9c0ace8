/* The folder that rejects are saved in, mended in and sent from.
 *
 *     ID.HASH.txt, ID.HASH.cut   records: see name.h
 *     rejects.ndjson             a line of what is known of each
 *     sent/                      what SQS has taken
 *
 * It holds personal data, so others may not look into it. Only one replay works in it at a time.
 * Whatever ends the program, a file of a record's name is whole.
 */
#ifndef DEPLOY_REPLAY_FOLDER_H
#define DEPLOY_REPLAY_FOLDER_H

#include "base/buf.h"
#include "base/err.h"
#include "deploy/replay/name.h"

struct folder {
    int fd, index_fd; /* -1: not open */
};

/* For saving: makes it where it is not there, and opens the index. ERR_DENIED when others may look
 * into it or another replay is at work; ERR_MISSING when its parent is not there; ERR_BUG for all
 * other refusals of the system, here and below. */
err folder_open_to_save(struct folder *folder, const char *path, struct why *why) MUST_USE;
/* For sending: ERR_MISSING when it is not there. */
err folder_open_to_send(struct folder *folder, const char *path, struct why *why) MUST_USE;
/* Safe after a failed open, and twice. */
void folder_close(struct folder *folder);

/* Is a file of this record there, whether mended, renamed or sent? */
bool folder_has(const struct folder *folder, const struct name *name);
/* Writes a record that is not there yet, after its line of the index. Durable once folder_sync has
 * returned. */
err folder_keep(struct folder *folder, const struct name *name, str bytes, str line,
                struct why *why) MUST_USE;
err folder_sync(struct folder *folder, struct why *why) MUST_USE;

/* Appends a struct name for each file of a record, in order; counts the others that save did not
 * write. ERR_LIMIT when `names` is full. */
err folder_names(const struct folder *folder, struct buf *names, size_t *others,
                 struct why *why) MUST_USE;
/* Appends the file's bytes. ERR_LIMIT when they do not fit. */
err folder_read(const struct folder *folder, const struct name *name, struct buf *into,
                struct why *why) MUST_USE;
/* Moves it to sent/. */
err folder_move_to_sent(const struct folder *folder, const struct name *name,
                        struct why *why) MUST_USE;

#endif

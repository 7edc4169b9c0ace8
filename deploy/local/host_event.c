#include "deploy/local/host_event.h"
#include "deploy/local/host.h"

#include <errno.h>
#include <string.h>

static MUST_USE err read_all(FILE *file, struct buf *event, struct why *why)
{
    enum { PIECE = 64 * 1024 };
    size_t got = 0;
    do {
        char piece[PIECE];
        got = fread(piece, 1, sizeof piece, file);
        buf_add(event, (str){piece, got});
    } while (got && !event->failed);
    if (event->failed) {
        return FAIL(why, ERR_LIMIT, "the event is larger than %d bytes",
                    (int)RUNTIME_API_MAX_EVENT_BYTES);
    }
    return ferror(file) ? FAIL(why, ERR_BUG, "the event cannot be read") : OK;
}

static MUST_USE err read_event(const char *path, struct buf *event, struct why *why)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file) {
        return FAIL(why, ERR_BUG, "cannot open the event: %s", strerror(errno));
    }
    err read = read_all(file, event, why);
    if (!standard) {
        (void)fclose(file);
    }
    return read;
}

static MUST_USE err print_answer(const struct buf *body, struct why *why)
{
    if (fwrite(body->at, 1, body->len, stdout) != body->len || putchar('\n') == EOF ||
        fflush(stdout) != 0) {
        return FAIL(why, ERR_BUG, "the answer cannot be written");
    }
    return OK;
}

static MUST_USE err invoke(struct function *function, struct report *report, str event, int *code,
                           struct why *why)
{
    struct runtime_api_result result;
    TRY(function_invoke(function, event, &result, why));
    bool good = result.outcome == RUNTIME_API_RESPONSE;
    *code = good ? HOST_EXIT_OK : HOST_EXIT_FUNCTION;
    report_invocation(report, "event", 1, good ? 0 : 1, &result);
    err printed = result.outcome == RUNTIME_API_STOPPED ? FAIL(why, ERR_BUSY, "interrupted")
                                                        : print_answer(&result.body, why);
    buf_close(&result.body);
    return printed;
}

err host_event(struct function *function, struct report *report, const char *path, int *code,
               struct why *why)
{
    struct buf event;
    buf_init(&event, RUNTIME_API_MAX_EVENT_BYTES);
    err done = read_event(path, &event, why);
    if (!done.kind) {
        done = invoke(function, report, buf_str(&event), code, why);
    }
    buf_close(&event);
    return done;
}

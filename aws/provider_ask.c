#include "aws/fault.h"
#include "aws/file.h"
#include "aws/http_fetch.h"
#include "aws/provider_source.h"

#include <limits.h>
#include <poll.h>

enum { PAUSE_MS = 1000, TICK_MS = 50, OK_STATUS = 200 };

/* --- A question over HTTP --- */

bool provider_make_room(struct provider_work *work)
{
    if (!work->reply.at) {
        char *room = arena_alloc(&work->scratch, PROVIDER_REPLY_MAX, 1);
        buf_wrap(&work->reply, room, room ? PROVIDER_REPLY_MAX : 0);
    }
    buf_clear(&work->reply);
    return work->reply.at != NULL;
}

static bool may_pass(const struct provider_question *question, const struct http_fetched *got,
                     str body)
{
    switch (got->end) {
    case HTTP_COMPLETE:
        return got->status >= 500 || got->status == 429 ||
               (question->may_pass && question->may_pass(got->status, body));
    case HTTP_BROKEN:
    case HTTP_TIMED_OUT:
        return true;
    default:
        return false;
    }
}

static MUST_USE err refusal(const struct provider_question *question,
                            const struct http_fetched *got, str body, bool passing, struct why *why)
{
    char code[FAULT_CODE_ROOM];
    const struct fault_reply reply = {.body = body};
    why->status = why->status ? why->status : got->status;
    err_code(why, fault_code(&reply, code));
    return FAIL(why, passing ? ERR_BUSY : ERR_DENIED, "%s answers with status %d", question->whom,
                got->status);
}

static MUST_USE err failure(const struct provider_question *question,
                            const struct http_fetched *got, str body, struct why *why)
{
    switch (got->end) {
    case HTTP_COMPLETE:
        return refusal(question, got, body, may_pass(question, got, body), why);
    case HTTP_TIMED_OUT:
        return FAIL(why, ERR_BUSY, "%s does not answer in time", question->whom);
    case HTTP_UNTRUSTED:
        return FAIL(why, ERR_DENIED, "%s: %s", question->whom, got->reason);
    case HTTP_TOO_LARGE:
    case HTTP_STOPPED:
        return FAIL(why, ERR_DENIED, "%s answers with more than %d bytes", question->whom,
                    PROVIDER_REPLY_MAX);
    default:
        return FAIL(why, ERR_BUSY, "%s does not answer: %s", question->whom, got->reason);
    }
}

static int64_t left_ms(const struct provider_work *work)
{
    return work->deadline_ms - work->now_ms();
}

/* One try; what came of it is in `got` unless it could not even begin. */
static MUST_USE err try_once(struct provider_work *work, const struct provider_question *question,
                             struct http_fetched *got, struct why *why)
{
    struct http_request request = question->request;
    int64_t left = left_ms(work);
    if (left <= 0) {
        return FAIL(why, ERR_DEADLINE, "no time left to ask %s for credentials", question->whom);
    }
    request.timeout_ms = left < question->attempt_ms ? left : question->attempt_ms;
    return http_fetch(work->http, &request, &work->reply, got, why);
}

static void pause_while_others_move(const struct provider_work *work)
{
    for (int waited_ms = 0; waited_ms < PAUSE_MS; waited_ms += TICK_MS) {
        http_pump(work->http, 0);
        (void)poll(NULL, 0, TICK_MS);
    }
}

err provider_ask(struct provider_work *work, const struct provider_question *question,
                 struct why *why)
{
    if (!provider_make_room(work)) {
        return FAIL(why, ERR_LIMIT, "no memory for a reply with credentials");
    }
    for (unsigned tries = 1;; tries++) {
        struct http_fetched got = {0};
        TRY(try_once(work, question, &got, why));
        str body = buf_str(&work->reply);
        if (got.end == HTTP_COMPLETE && got.status == OK_STATUS) {
            return OK;
        }
        bool again = may_pass(question, &got, body) && tries < work->attempts;
        if (!again || left_ms(work) <= PAUSE_MS) {
            return failure(question, &got, body, why);
        }
        pause_while_others_move(work);
    }
}

/* --- A file with a token --- */

err provider_read_file(struct provider_work *work, str path, const char *variable, size_t max,
                       str *out, struct why *why)
{
    char name[PATH_MAX];
    struct buf text;
    char *room = arena_alloc(&work->scratch, max, 1);
    buf_wrap(&text, room, room ? max : 0);
    if (!room || !str_to_c(path, name, sizeof name)) {
        return FAIL(why, ERR_DENIED, "%s is too long for a file's name", variable);
    }
    int failed = file_read(name, &text);
    if (failed) {
        return FAIL(why, ERR_DENIED, "the file of %s cannot be read, errno %d", variable, failed);
    }
    *out = buf_str(&text);
    return out->len ? OK : FAIL(why, ERR_DENIED, "the file of %s is empty", variable);
}

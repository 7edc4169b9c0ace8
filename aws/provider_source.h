/* What the sources of credentials have in common: how provider.c asks one, and how it asks others.
 * For provider*.c alone.
 */
#ifndef AWS_PROVIDER_SOURCE_H
#define AWS_PROVIDER_SOURCE_H

#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/settings.h"
#include "base/arena.h"
#include "base/buf.h"

enum { PROVIDER_REPLY_MAX = 64 * 1024 };

/* One fetch. All that it reads or builds lies in its scratch memory, which is wiped afterwards. */
struct provider_work {
    const struct settings *settings;
    int64_t (*now_ms)(void);
    int64_t deadline_ms; /* wall clock: the fetch must be over */
    unsigned attempts;   /* of each question, the first among them */
    struct http *http;
    struct arena scratch;
    struct buf reply; /* of the last question */
};

/* A source: whether it is set up at all; what can be checked of that, ERR_DENIED naming what is
 * missing or bad; and the fetch, whose results are good until the scratch memory is wiped. */
struct provider_source {
    bool (*is_set)(const struct settings *settings);
    err (*check)(const struct settings *settings, struct why *why);
    err (*fetch)(struct provider_work *work, struct credentials *out, struct why *why);
    bool renews;  /* asked again, it may have others */
    bool outlive; /* what it gave is used past its end while it has nothing newer */
};

extern const struct provider_source provider_env, provider_shared, provider_web_identity,
    provider_process, provider_container, provider_instance;

/* A question over HTTP. */
struct provider_question {
    const char *whom; /* in failures: "the container endpoint" */
    struct http_request request;
    int64_t attempt_ms;
    /* Whether a refusal may pass, so that it is asked again; NULL: 5xx and 429 alone may. */
    bool (*may_pass)(int status, str body);
};

/* Makes work->reply empty, with room for PROVIDER_REPLY_MAX bytes. False when there is no memory.
 */
bool provider_make_room(struct provider_work *work);
/* Asks up to work->attempts times, a second apart, for an answer of 200, whose body is in
 * work->reply then. ERR_DENIED when it is refused (why->status says how) or larger than
 * PROVIDER_REPLY_MAX; ERR_BUSY when there is no answer; ERR_DEADLINE when there was no time to
 * ask. */
err provider_ask(struct provider_work *work, const struct provider_question *question,
                 struct why *why) MUST_USE;

/* What a JSON document calls the parts; Expiration and AccountId are the same in all. */
struct provider_names {
    const char *whom; /* as above */
    const char *id, *secret, *token;
    bool temporary; /* token and Expiration must be there */
};

/* Credentials in a JSON object. ERR_DENIED when it is none, or a member is missing that must be
 * there or is no such thing. */
err provider_read_json(struct provider_work *work, str text, const struct provider_names *names,
                       struct credentials *out, struct why *why) MUST_USE;
/* A member of a JSON object that is a string; empty when there is none. `.at` is NULL when the text
 * is no JSON object or the scratch memory is full. */
str provider_json_member(struct provider_work *work, str text, const char *name);

/* The same for a number, as it is written. */
str provider_json_number(struct provider_work *work, str text, const char *name);
/* A command line's words as a POSIX shell would part them, each ended by NUL: quotes and
 * backslashes are understood, nothing else. False when a quote is left open, a backslash ends the
 * line, a NUL is in it, or the words do not fit. */
bool provider_split(str text, struct buf *words, size_t *count);
/* The answer of AssumeRoleWithWebIdentity. ERR_DENIED as above. */
err provider_identity_read(str xml, struct credentials *out, struct why *why) MUST_USE;
/* Where the container's credentials are, checked. ERR_DENIED names the variable. */
err provider_container_url(const struct settings *settings, struct buf *url,
                           struct why *why) MUST_USE;

/* A small file as it is, borrowed from the scratch memory. `variable` names it in failures.
 * ERR_DENIED when it cannot be read, is empty or larger than `max`. */
err provider_read_file(struct provider_work *work, str path, const char *variable, size_t max,
                       str *out, struct why *why) MUST_USE;

#endif

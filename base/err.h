/* Failures, sorted by what the caller may do about them.
 *
 * A function that can fail returns `err` and takes a `struct why` by pointer. TRY() passes a
 * failure up; the first failure fills `why` and later ones leave it alone, so what reaches the log
 * is the cause. `why` may be written to a log as it is: it never holds a credential or a byte of a
 * user's data, only our own words, numbers, and codes that services publish.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/str.h"

enum err_kind {
    ERR_NONE,     /* no failure */
    ERR_INPUT,    /* the data is wrong: refuse it, never retry */
    ERR_LIMIT,    /* the data or our memory is past a bound: refuse it, never retry */
    ERR_MISSING,  /* the object, table or queue is not there */
    ERR_DENIED,   /* not allowed, or the credentials are bad: nothing can succeed now */
    ERR_BUSY,     /* throttled, 5xx, reset, time-out: was retried as far as time allowed */
    ERR_DEADLINE, /* too little time left to start or to finish */
    ERR_BUG,      /* a reply that cannot be understood, a broken contract, a bad configuration */
};

/* One field, so that TRY takes nothing else. */
typedef struct err {
    enum err_kind kind;
} err;

struct why {
    enum err_kind kind;
    int status;       /* HTTP status, 0 when there was none */
    const char *file; /* where it failed first */
    int line;
    char code[64];       /* a service's error code, or the error type for Lambda; may be empty */
    char request_id[64]; /* a service's id of the request; may be empty */
    char text[200];      /* for a person */
};

#define MUST_USE __attribute__((warn_unused_result))
#define OK       ((err){ERR_NONE})

#define TRY(call)                                                                                  \
    do {                                                                                           \
        err try_result = (call);                                                                   \
        if (try_result.kind) {                                                                     \
            return try_result;                                                                     \
        }                                                                                          \
    } while (0)

/* Fill `why` (a pointer, not NULL) unless an earlier failure has, and give the failure to return:
 *     return FAIL(why, ERR_LIMIT, "header past %d bytes", max);
 */
#define FAIL(why, kind, ...) err_fail((why), (kind), __FILE__, __LINE__, __VA_ARGS__)

err err_fail(struct why *why, enum err_kind kind, const char *file, int line, const char *format,
             ...) __attribute__((format(printf, 5, 6)));
/* Set why->code once, from a service's words: characters outside [A-Za-z0-9._:-] are left out. */
void err_code(struct why *why, str code);
/* "BUSY" and so on. */
const char *err_kind_name(enum err_kind kind);

#endif

/* One signed attempt of a call: its URL, its headers, its signature. No I/O. */
#ifndef AWS_ATTEMPT_H
#define AWS_ATTEMPT_H

#include "aws/call.h"
#include "base/date.h"

enum { ATTEMPT_OWN_HEADERS = 7 /* besides those of the request */ };

/* Its texts lie here and in the call. Not to be copied or moved: the headers point into it. */
struct attempt {
    char date[DATE_AMZ_LEN];
    char account_host[ENDPOINT_HOST_ROOM];
    str host;
    char number[48]; /* amz-sdk-request */
    struct header headers[ATTEMPT_OWN_HEADERS + CALL_MAX_HEADERS];
    size_t header_count;
};

/* A random UUID. */
void attempt_make_id(struct client *client, char id[36]);
/* Signs for the time `now_ms`, the service's. Writes call->url and call->authorization too.
 * ERR_LIMIT when something does not fit; ERR_BUG when the account has to be known and is not. */
err attempt_sign(struct attempt *attempt, struct call *call, const struct credentials *credentials,
                 int64_t now_ms, struct why *why) MUST_USE;

#endif

/* What a service's error reply means: its code, and the kind of failure that it is.
 *
 * JSON services name the code in a header or in the body, S3 in XML; emulators answer XML where
 * JSON is due, so the body's first byte decides. Codes only: a service's message text may quote
 * the caller's data and is never looked at.
 * Source: smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html; docs.aws.amazon.com/AmazonS3/
 * latest/API/ErrorResponses.html
 */
#ifndef AWS_FAULT_H
#define AWS_FAULT_H

#include "aws/endpoint.h"

enum { FAULT_CODE_ROOM = 64 };

/* Where a code may stand in a reply; empty where the reply has no such header. */
struct fault_reply {
    str error_type;  /* x-amzn-errortype */
    str query_error; /* x-amzn-query-error: SQS's code of old, which wins */
    str body;        /* maybe cut short */
};

/* The code, in `into`; empty when there is none that fits. */
str fault_code(const struct fault_reply *reply, char into[FAULT_CODE_ROOM]);
/* What an XML error calls the region to ask instead, unchecked; empty when it names none. */
str fault_region(str body);
/* ERR_BUSY when trying again may help. `status` is one of a failure: not 2xx. */
enum err_kind fault_kind(int status, str code);

#endif

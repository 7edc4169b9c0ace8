/* A failure in the Runtime API's words: its type, its JSON, and what X-Ray wants to know of it.
 * Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror
 */
#ifndef RUNTIME_LAMBDA_ERROR_H
#define RUNTIME_LAMBDA_ERROR_H

#include "base/buf.h"
#include "base/err.h"

enum {
    LAMBDA_ERROR_MAX_TYPE = 64,
    LAMBDA_ERROR_MAX_BODY = 3072,  /* why->text, each byte escaped, type and place */
    LAMBDA_ERROR_MAX_CAUSE = 5120, /* far below the API's 1 MiB */
};

/* why->code where the API takes it for a type, (Runtime|Function)\.[A-Z][a-zA-Z]+ (of all else it
 * makes "Unknown"), else `otherwise`, or where that is empty "Function.<Kind>", in `memory`. */
str lambda_error_type(const struct why *why, str otherwise, char memory[LAMBDA_ERROR_MAX_TYPE]);
/* {"errorMessage","errorType","stackTrace"} */
void lambda_error_add_body(struct buf *out, const struct why *why, str type);
/* The value of Lambda-Runtime-Function-XRay-Error-Cause: JSON in ASCII, without control characters.
 */
void lambda_error_add_cause(struct buf *out, const struct why *why, str type);

#endif

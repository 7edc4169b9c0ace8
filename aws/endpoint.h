/* Where a service is: from the region, unless AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL says
 * otherwise (the service's own wins).
 * Source: docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "base/err.h"

enum service { SERVICE_S3, SERVICE_DYNAMODB, SERVICE_SQS, SERVICE_KINESIS, SERVICE_COUNT };

struct endpoint {
    char scheme[8];   /* "https" or "http" */
    char host[256];   /* as the Host header has it: with the port unless it is the scheme's own */
    char prefix[256]; /* the URL's path without a trailing '/', mostly empty */
    bool custom;      /* set by a variable; S3 is addressed path-style there */
};

/* ERR_BUG naming the variable when its value is not an http:// or https:// URL, or the region is
 * not one ([a-z0-9-]). */
err endpoint_resolve(enum service service, str region, const char *const *env, struct endpoint *out,
                     struct why *why) MUST_USE;
/* "s3", "dynamodb", ...: the name in a signature's scope. */
str endpoint_service_name(enum service service);

#endif

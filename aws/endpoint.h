/* Where a service is: AWS's host for the region, unless an endpoint URL of the settings says
 * otherwise.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html,
 * feature-endpoints.html, feature-account-endpoints.html
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "aws/settings.h"
#include "base/err.h"

enum service {
    SERVICE_S3,
    SERVICE_DYNAMODB,
    SERVICE_SQS,
    SERVICE_KINESIS,
    SERVICE_STS,
    SERVICE_COUNT,
};

enum { ENDPOINT_HOST_ROOM = 256, ENDPOINT_ACCOUNT_LEN = 12 };

struct endpoint {
    char scheme[8];                /* "https" or "http" */
    char host[ENDPOINT_HOST_ROOM]; /* as the Host header has it: with the port unless it is the
                                      scheme's own */
    char prefix[256];              /* the URL's path without a trailing '/', mostly empty */
    bool custom;                   /* set by an endpoint URL; S3 is addressed path-style there */
    /* DynamoDB: what follows an account's id and a dot in the account's own host. Empty: accounts
     * have none here, or are not to use it. */
    char account_domain[128];
    bool account_required; /* without a known account nothing may be sent */
    const char *signed_as; /* the region to sign for when it is another; NULL: it is not */
};

/* AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT
 * and, for DynamoDB, AWS_ACCOUNT_ID_ENDPOINT_MODE, or the profile's keys for them. Region "local"
 * has DynamoDB at localhost:8000. ERR_BUG naming what is wrong: a URL that is not http[s]://, a
 * region that is not one, a FIPS or dual-stack endpoint that does not exist or that an endpoint URL
 * excludes. */
err endpoint_resolve(enum service service, str region, const struct settings *settings,
                     struct endpoint *out, struct why *why) MUST_USE;
/* "s3", "dynamodb", ...: the name in a signature's scope. */
str endpoint_service_name(enum service service);
/* Whether it can be a region's name: 1 to 63 of a-z, 0-9 and '-', neither end a '-'. Nothing else
 * may become part of a host. */
bool endpoint_is_region(str s);
/* The account of a DynamoDB resource's ARN in that region; empty when the text is none. */
str endpoint_account_of(str arn, str region);
/* Takes http[s]://host[:port][/path] apart: no user, query or fragment, no percent-encoding. Fills
 * scheme, host and prefix; false when the text is no such URL, or too long. */
bool endpoint_parse_url(str url, struct endpoint *out);

#endif

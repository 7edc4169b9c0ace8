/* Calls of the services that speak JSON: DynamoDB, SQS, Kinesis.
 *
 * Every operation is a POST to "/" that names itself in X-Amz-Target; its reply is an object.
 * Source: smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
#ifndef AWS_JSON_CALL_H
#define AWS_JSON_CALL_H

#include "aws/call.h"

#include <jansson.h>

/* A batch of DynamoDB is 16 MiB at most, a shard's records 10 MiB before base64. */
enum {
    JSON_CALL_MAX_REPLY = 17 * 1024 * 1024,
    /* A usual answer takes milliseconds. A connection that died unseen, as while a Lambda was
     * frozen, must leave time for another attempt. */
    JSON_CALL_ATTEMPT_MS = 3000,
};

struct json_operation {
    enum service service;
    const char *name;   /* "PutItem" */
    const char *target; /* "DynamoDB_20120810.PutItem" */
    bool silent;        /* a good reply may have no body */
    bool long_poll;     /* see call.h */
};

struct json_request {
    const struct json_operation *operation;
    str body;
    int64_t delay_ms; /* before the first attempt */
    int64_t extra_ms; /* that an attempt may take longer than usual */
};

/* A call and its headers. Not to be copied or moved. */
struct json_call {
    struct call call;
    struct header headers[3];
    bool done; /* json_call_send's */
};

/* Sets up everything but the body, on_done and ctx. To be ended by call_close. */
void json_call_init(struct json_call *json_call, struct client *client,
                    const struct json_operation *operation);
/* The object that a finished call's reply is: *new*. ERR_BUG when it is none. */
err json_call_reply(const struct call *call, json_t **out, struct why *why) MUST_USE;
/* Sends it and waits for the reply, which is *new*. */
err json_call_send(struct client *client, const struct json_request *request, json_t **reply,
                   struct why *why) MUST_USE;

/* A member that is a string, borrowed from `object`; `.at` NULL when there is none. */
str json_call_str(const json_t *object, const char *name);

#endif

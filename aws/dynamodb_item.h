/* An item as DynamoDB's JSON, and the service's limits for one. */
#ifndef AWS_DYNAMODB_ITEM_H
#define AWS_DYNAMODB_ITEM_H

#include "aws/dynamodb.h"
#include "base/buf.h"

enum { DYNAMODB_MAX_KEY_BYTES = 2048, DYNAMODB_MAX_DIGITS = 38 };

/* ERR_INPUT or ERR_LIMIT for an item that DynamoDB would refuse. */
err dynamodb_item_check(const struct dynamodb_config *config, const struct dynamodb_item *item,
                        struct why *why) MUST_USE;
/* Appends {"user_id":{"S":".."},..}. */
void dynamodb_item_add(const struct dynamodb_config *config, const struct dynamodb_item *item,
                       struct buf *b);

#endif

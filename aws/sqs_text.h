/* What SQS takes as a message's body, and the checksum it sends back for one. */
#ifndef AWS_SQS_TEXT_H
#define AWS_SQS_TEXT_H

#include "base/err.h"

/* ERR_LIMIT when empty or past SQS_BATCH_MAX_BYTES; ERR_INPUT when it is not UTF-8 or holds a
 * character that XML has not: a control but TAB, LF and CR, or U+FFFE, U+FFFF. */
err sqs_text_check(str body, struct why *why) MUST_USE;
/* `hex` is the body's MD5 in lower case. True too when there is nothing to compare: `hex` is empty,
 * as some emulators send none, or OpenSSL may not do MD5. */
bool sqs_text_md5_is(str body, str hex);

#endif

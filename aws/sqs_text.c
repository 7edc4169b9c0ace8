#include "aws/sqs_text.h"

#include "aws/hash.h"
#include "aws/sqs.h"
#include "base/utf8.h"

#include <openssl/evp.h>

/* U+FFFE and U+FFFF are EF BF BE and EF BF BF. */
static bool is_noncharacter(str rest)
{
    return str_starts(rest, STR("\xef\xbf\xbe")) || str_starts(rest, STR("\xef\xbf\xbf"));
}

static bool is_allowed(str rest)
{
    unsigned char c = (unsigned char)rest.at[0];
    if (c < 0x20) {
        return c == '\t' || c == '\n' || c == '\r';
    }
    return c != 0xef || !is_noncharacter(rest);
}

err sqs_text_check(str body, struct why *why)
{
    if (!body.len || body.len > SQS_BATCH_MAX_BYTES) {
        return FAIL(why, ERR_LIMIT, "a message of %zu bytes: SQS takes 1 to %d", body.len,
                    SQS_BATCH_MAX_BYTES);
    }
    if (utf8_valid_len(body) != body.len) {
        return FAIL(why, ERR_INPUT, "a message for SQS is not UTF-8");
    }
    for (size_t i = 0; i < body.len; i++) {
        if (!is_allowed(str_drop(body, i))) {
            return FAIL(why, ERR_INPUT, "a message holds a character that SQS does not take");
        }
    }
    return OK;
}

bool sqs_text_md5_is(str body, str hex)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[EVP_MAX_MD_SIZE * 2];
    unsigned len = 0;
    if (!hex.len || !EVP_Digest(body.at, body.len, digest, &len, EVP_md5(), NULL)) {
        return true;
    }
    hash_hex(digest, len, text);
    return str_eq(hex, (str){text, (size_t)len * 2});
}

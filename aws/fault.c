#include "aws/fault.h"

#include "aws/retry.h"
#include "base/ascii.h"

#include <jansson.h>
#include <string.h>

/* "aws.sqs#QueueDoesNotExist:http://..." is QueueDoesNotExist. */
static str bare_code(str code)
{
    str before_colon = str_cut(code, ':').head;
    struct str_halves shape = str_cut(before_colon, '#');
    return str_trim(shape.found ? shape.tail : shape.head);
}

static bool is_code(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!ascii_is_letter_or_digit(c) && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return s.len > 0 && s.len < FAULT_CODE_ROOM;
}

static str keep(str code, char into[FAULT_CODE_ROOM])
{
    if (!is_code(code)) {
        return STR("");
    }
    memcpy(into, code.at, code.len);
    return (str){into, code.len};
}

static str find(str s, str what)
{
    char *at = memmem(s.at, s.len, what.at, what.len);
    return at ? str_span(at + what.len, s.at + s.len) : STR("");
}

static str xml_code(str body)
{
    return str_cut(find(body, STR("<Code>")), '<').head;
}

str fault_region(str body)
{
    return str_cut(find(body, STR("<Region>")), '<').head;
}

static str json_code(str body, char into[FAULT_CODE_ROOM])
{
    json_t *root = json_loadb(body.at, body.len, JSON_ALLOW_NUL, NULL);
    const char *code = json_string_value(json_object_get(root, "code"));
    const char *type = json_string_value(json_object_get(root, "__type"));
    str found = keep(bare_code(str_from(type ? type : code)), into);
    json_decref(root);
    return found;
}

str fault_code(const struct fault_reply *reply, char into[FAULT_CODE_ROOM])
{
    struct str_halves query = str_cut(reply->query_error, ';');
    if (query.found && query.head.len) {
        return keep(query.head, into);
    }
    if (reply->error_type.len) {
        return keep(bare_code(reply->error_type), into);
    }
    str body = str_trim(reply->body);
    return str_starts(body, STR("<")) ? keep(xml_code(body), into) : json_code(body, into);
}

static bool listed(const char *const *codes, str code)
{
    for (; *codes; codes++) {
        if (str_eq(str_from(*codes), code)) {
            return true;
        }
    }
    return false;
}

static bool is_denial(int status, str code)
{
    /* Most services answer 403 with these, the JSON ones 400. */
    static const char *const codes[] = {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "KMS.AccessDeniedException",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
        NULL,
    };
    return status == 401 || status == 403 || listed(codes, code);
}

/* By the code alone: a 404 of whoever else stands on the way, or of a bucket that is not there,
 * must not pass for an object that is gone, which is done with and never asked for again. */
static bool is_missing(str code)
{
    static const char *const codes[] = {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchKey",
        "NoSuchVersion",
        "PreconditionFailed",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        NULL,
    };
    return listed(codes, code);
}

enum err_kind fault_kind(int status, str code)
{
    if (status >= 500 || retry_classify(status, code) != RETRY_NEVER) {
        return ERR_BUSY;
    }
    if (is_denial(status, code)) {
        return ERR_DENIED;
    }
    if (is_missing(code)) {
        return ERR_MISSING;
    }
    return status >= 400 ? ERR_INPUT : ERR_BUG;
}

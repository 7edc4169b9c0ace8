/* Why a record is refused: one code for programs, one sentence for people. */
#ifndef TRANSFORM_REASON_H
#define TRANSFORM_REASON_H

#include "base/str.h"

/* The codes are part of the contract: reject messages and logs carry them. */
#define REASONS(X)                                                                                 \
    X(E_ID_MISSING, "no user_id")                                                                  \
    X(E_ID_TYPE, "user_id is neither a string nor an integer")                                     \
    X(E_ID_INVALID, "user_id is longer than 256 bytes or holds a control character")               \
    X(E_NAME, "user_name is longer than 256 characters, holds a control character or no text")     \
    X(E_PHONE, "phone_number is not a possible E.164 number")                                      \
    X(E_EMAIL, "email is not an address")                                                          \
    X(E_DATE, "not a date YYYY-MM-DD or RFC 3339 time with a zone")                                \
    X(E_TIME, "updated_at is not a time, or is more than a day ahead")                             \
    X(E_ITEM_REFUSED, "DynamoDB refused the item")                                                 \
    X(E_JSON, "not JSON, or not an object")                                                        \
    X(E_DUPLICATE_NAME, "a name stands twice in the object")                                       \
    X(E_FIELDS, "too many fields")                                                                 \
    X(E_TOO_DEEP, "nested deeper than 32 levels")                                                  \
    X(E_UTF8, "not UTF-8")                                                                         \
    X(E_TOO_LONG, "longer than MAX_RECORD_BYTES")                                                  \
    X(E_CSV_COLUMNS, "more or fewer columns than the header")                                      \
    X(E_CSV_QUOTE, "a quote is not closed")                                                        \
    X(E_CSV_HEADER, "the header has no user_id column, or a column twice")                         \
    X(E_FORMAT, "none of the known formats")                                                       \
    X(E_BASE64, "not base64")                                                                      \
    X(E_GZIP, "the gzip data are broken from here on, or end early")                               \
    X(E_CONTINUATION, "a message to go on with an object that is none of ours")                    \
    X(E_NO_PROGRESS, "three invocations in a row could not get past this place of the object")     \
    X(E_KEY, "the object key cannot be decoded")                                                   \
    X(E_EVENT_RECORD, "the event's record lacks a part that is needed")

enum reason {
    REASON_NONE,
#define REASON_ENUM(code, text) REASON_##code,
    REASONS(REASON_ENUM)
#undef REASON_ENUM
};

/* "E_ID_MISSING"; empty for REASON_NONE. */
str reason_code(enum reason reason);
str reason_text(enum reason reason);

#endif

/* A record read into a user: required fields, trimming, normalisation, limits; or the reason it is
 * refused. For other data change user.c: its table names each field, its rule and its attribute.
 */
#ifndef TRANSFORM_USER_H
#define TRANSFORM_USER_H

#include "transform/record.h"

enum { USER_MAX_ATTRIBUTES = 16, USER_MAX_ID_BYTES = 256, USER_MAX_NAME_CHARS = 256 };

struct attribute {
    str name, value;
};

struct user {
    str id;
    struct attribute attributes[USER_MAX_ATTRIBUTES]; /* those present, besides the id */
    size_t attribute_count;
    int64_t updated_ms; /* updated_at, or -1 when absent */
};

struct user_rules {
    str phone_region; /* ISO 3166 alpha-2, or empty: numbers need a + */
    int64_t now_ms;   /* against updated_at in the future */
};

/* REASON_NONE, or why the record is refused and in *field the name of the field (static text; empty
 * when it is none). The user's strs lie in the record or in the arena. A full arena is refused as
 * E_TOO_LONG. */
enum reason user_read(const struct record *record, const struct user_rules *rules,
                      struct arena *arena, struct user *out, str *field);
/* False when PHONE_REGION names no region we have a calling code for. */
bool user_knows_region(str region);

#endif

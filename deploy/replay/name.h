/* The names of the files that rejects are saved in: ID.HASH.txt, or ID.HASH.cut when the record is
 * not whole.
 *
 * HASH is of the record's bytes, so that a reject that comes twice has the same name, one with
 * other bytes never has, and a file tells by itself whether somebody has changed it. Made of
 * hexadecimal digits alone, a name leads to no other folder.
 */
#ifndef DEPLOY_REPLAY_NAME_H
#define DEPLOY_REPLAY_NAME_H

#include "base/str.h"

enum {
    NAME_ID_LEN = 64,
    NAME_HASH_LEN = 16,
    NAME_STEM_LEN = NAME_ID_LEN + 1 + NAME_HASH_LEN,
    NAME_LEN = NAME_STEM_LEN + 4,
};

struct name {
    char at[NAME_LEN + 1]; /* a C string */
};

enum name_kind { NAME_NONE, NAME_WHOLE, NAME_CUT };

/* Lower-case hexadecimal digits, as many as an id has. */
bool name_is_id(str s);
/* `id` is one. */
struct name name_make(str id, str bytes, enum name_kind kind);
/* NAME_NONE for what name_make does not make. */
enum name_kind name_kind(str s);
/* The same name as of the other kind. */
struct name name_as(const struct name *name, enum name_kind kind);
/* Are these the bytes that the name was made of? */
bool name_is_of(const struct name *name, str bytes);

#endif

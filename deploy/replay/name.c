#include "deploy/replay/name.h"

#include "aws/hash.h"
#include "base/ascii.h"

#include <string.h>

static str suffix_of(enum name_kind kind)
{
    return kind == NAME_CUT ? STR(".cut") : STR(".txt");
}

static bool is_hex(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i]) && !(s.at[i] >= 'a' && s.at[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

bool name_is_id(str s)
{
    return s.len == NAME_ID_LEN && is_hex(s);
}

struct name name_make(str id, str bytes, enum name_kind kind)
{
    struct name name;
    char hash[HASH_HEX_LEN];
    struct buf b;
    hash_sha256_hex(bytes, hash);
    buf_wrap(&b, name.at, sizeof name.at);
    buf_add(&b, id);
    buf_char(&b, '.');
    buf_add(&b, (str){hash, NAME_HASH_LEN});
    buf_add(&b, suffix_of(kind));
    buf_char(&b, 0);
    return name;
}

enum name_kind name_kind(str s)
{
    str id = str_take(s, NAME_ID_LEN), rest = str_drop(s, NAME_ID_LEN);
    str hash = str_take(str_drop(rest, 1), NAME_HASH_LEN), suffix = str_drop(s, NAME_STEM_LEN);
    if (s.len != NAME_LEN || !is_hex(id) || rest.at[0] != '.' || !is_hex(hash)) {
        return NAME_NONE;
    }
    if (str_eq(suffix, suffix_of(NAME_CUT))) {
        return NAME_CUT;
    }
    return str_eq(suffix, suffix_of(NAME_WHOLE)) ? NAME_WHOLE : NAME_NONE;
}

struct name name_as(const struct name *name, enum name_kind kind)
{
    struct name other = *name;
    memcpy(other.at + NAME_STEM_LEN, suffix_of(kind).at, NAME_LEN - NAME_STEM_LEN);
    return other;
}

bool name_is_of(const struct name *name, str bytes)
{
    char hash[HASH_HEX_LEN];
    hash_sha256_hex(bytes, hash);
    return memcmp(hash, name->at + NAME_ID_LEN + 1, NAME_HASH_LEN) == 0;
}

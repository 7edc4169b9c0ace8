#include "deploy/replay/kept.h"

#include "base/base64.h"
#include "deploy/replay/name.h"

err kept_read(struct kept *kept, str body, struct why *why)
{
    *kept = (struct kept){.root = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, NULL)};
    kept->rejects = json_object_get(kept->root, "rejects");
    kept->count = json_array_size(kept->rejects);
    return kept->count ? OK : FAIL(why, ERR_INPUT, "not a message of rejects");
}

void kept_close(struct kept *kept)
{
    json_decref(kept->root);
    *kept = (struct kept){0};
}

/* Members of one object; sticky, to be asked once. */
struct members {
    const json_t *of;
    bool failed;
};

static str text(struct members *m, const char *name)
{
    const json_t *value = json_object_get(m->of, name);
    m->failed = m->failed || !json_is_string(value);
    return json_is_string(value) ? (str){json_string_value(value), json_string_length(value)}
                                 : STR("");
}

static uint64_t number(struct members *m, const char *name)
{
    const json_t *value = json_object_get(m->of, name);
    bool good = json_is_integer(value) && json_integer_value(value) >= 0;
    m->failed = m->failed || !good;
    return good ? (uint64_t)json_integer_value(value) : 0;
}

/* Absent stands for false. */
static bool flag(struct members *m, const char *name)
{
    const json_t *value = json_object_get(m->of, name);
    m->failed = m->failed || (value && !json_is_boolean(value));
    return json_is_true(value);
}

static MUST_USE err decode(str coded, struct arena *arena, str *raw, struct why *why)
{
    size_t len = 0;
    char *into = arena_alloc(arena, base64_decoded_max(coded.len) + 1, 1);
    if (!into) {
        return FAIL(why, ERR_LIMIT, "no memory for a record");
    }
    if (!base64_decode(coded, into, &len)) {
        return FAIL(why, ERR_INPUT, "a reject's raw is not base64");
    }
    *raw = (str){into, len};
    return OK;
}

err kept_reject(const struct kept *kept, size_t i, struct arena *arena, struct kept_reject *out,
                struct why *why)
{
    struct members m = {.of = json_array_get(kept->rejects, i)};
    *out = (struct kept_reject){
        .id = text(&m, "id"),
        .reason = text(&m, "reason"),
        .text = text(&m, "text"),
        .field = text(&m, "field"),
        .source = text(&m, "source"),
        .offset = number(&m, "offset"),
        .length = number(&m, "length"),
        .line = number(&m, "line"),
        .cut = flag(&m, "truncated"),
    };
    str coded = text(&m, "raw");
    if (m.failed) {
        return FAIL(why, ERR_INPUT, "a reject lacks a member, or one is of a wrong type");
    }
    if (!name_is_id(out->id)) {
        return FAIL(why, ERR_INPUT, "a reject's id is not 64 hexadecimal digits");
    }
    TRY(decode(coded, arena, &out->raw, why));
    out->cut = out->cut || out->raw.len < out->length;
    return OK;
}

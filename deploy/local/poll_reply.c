#include "deploy/local/poll_reply.h"

#include <jansson.h>

static bool mark(const json_t *failure, const str *ids, size_t count, bool *failed)
{
    const json_t *id = json_object_get(failure, "itemIdentifier");
    if (!json_is_string(id)) {
        return false;
    }
    str wanted = {json_string_value(id), json_string_length(id)};
    bool found = false;
    for (size_t i = 0; i < count && wanted.len; i++) {
        if (str_eq(ids[i], wanted)) {
            failed[i] = found = true;
        }
    }
    return found;
}

static bool read_failures(const json_t *reply, const str *ids, size_t count, bool *failed)
{
    if (!reply || json_is_null(reply)) {
        return reply != NULL;
    }
    const json_t *failures = json_object_get(reply, "batchItemFailures");
    if (!json_is_object(reply) ||
        (failures && !json_is_null(failures) && !json_is_array(failures))) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(failures); i++) {
        if (!mark(json_array_get(failures, i), ids, count, failed)) {
            return false;
        }
    }
    return true;
}

bool poll_reply_read(str reply, const str *ids, size_t count, bool *failed)
{
    for (size_t i = 0; i < count; i++) {
        failed[i] = false;
    }
    if (!str_trim(reply).len) {
        return true; /* an empty answer is a null one */
    }
    json_t *root = json_loadb(reply.at, reply.len,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    bool good = read_failures(root, ids, count, failed);
    json_decref(root);
    for (size_t i = 0; i < count && !good; i++) {
        failed[i] = true;
    }
    return good;
}

#include "aws/provider_source.h"

#include "base/date.h"
#include "base/json.h"

/* The value that comes next when it is of that kind, else empty; `.at` is NULL when it cannot be
 * read. */
static str read_value(struct json *json, enum json_kind kind, struct arena *arena)
{
    enum json_kind found = json_next(json);
    if (found == kind) {
        return found == JSON_STRING ? json_text(json, arena) : json->raw;
    }
    return json_skip(json) == JSON_BAD ? (str){NULL, 0} : STR("");
}

/* The last member of that name counts. */
static str find(struct provider_work *work, str text, const char *name, enum json_kind kind)
{
    struct json json = json_read(text, true);
    str found = STR("");
    if (json_next(&json) != JSON_OBJECT) {
        return (str){NULL, 0};
    }
    while (json_next(&json) == JSON_NAME) {
        bool wanted = str_eq(json_text(&json, &work->scratch), str_from(name));
        str value = read_value(&json, kind, &work->scratch);
        found = wanted ? value : found;
        if (!value.at) {
            return value;
        }
    }
    return json_next(&json) == JSON_DONE && json_ends(&json) ? found : (str){NULL, 0};
}

str provider_json_member(struct provider_work *work, str text, const char *name)
{
    return find(work, text, name, JSON_STRING);
}

str provider_json_number(struct provider_work *work, str text, const char *name)
{
    return find(work, text, name, JSON_NUMBER);
}

static MUST_USE err read_end(str text, const char *whom, bool needed, int64_t *out, struct why *why)
{
    *out = INT64_MAX;
    if (!text.len && !needed) {
        return OK;
    }
    return date_parse_rfc3339(text, out)
               ? OK
               : FAIL(why, ERR_DENIED, "%s: Expiration is not a time", whom);
}

static MUST_USE err check(const struct credentials *keys, const struct provider_names *names,
                          const char *whom, struct why *why)
{
    const char *const words[] = {names->id, names->secret, names->token, "AccountId"};
    struct why what = {0};
    err checked = credentials_check(keys, words, &what);
    return checked.kind ? FAIL(why, ERR_DENIED, "%s: %s", whom, what.text) : OK;
}

err provider_read_json(struct provider_work *work, str text, const struct provider_names *names,
                       struct credentials *out, struct why *why)
{
    const char *whom = names->whom;
    *out = (struct credentials){
        .access_key_id = provider_json_member(work, text, names->id),
        .secret_access_key = provider_json_member(work, text, names->secret),
        .session_token = provider_json_member(work, text, names->token),
        .account_id = provider_json_member(work, text, "AccountId"),
    };
    if (!out->access_key_id.at || !out->account_id.at) {
        return FAIL(why, ERR_DENIED, "%s: the reply is not a JSON object", whom);
    }
    TRY(check(out, names, whom, why));
    if (names->temporary && !out->session_token.len) {
        return FAIL(why, ERR_DENIED, "%s: %s is not set", whom, names->token);
    }
    str end = provider_json_member(work, text, "Expiration");
    return read_end(end, whom, names->temporary, &out->expires_ms, why);
}

#include "aws/sigv4.h"

#include "aws/canonical.h"
#include "aws/uri.h"
#include "base/date.h"

#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum {
    DAY_LEN = 8,            /* 20150830 */
    SCRATCH_MAX = 16 << 20, /* far past what any service takes */
};

/* A scope with its time written out. */
struct dated_scope {
    str region, service;
    char date[DATE_AMZ_LEN];
};

static struct dated_scope write_date(const struct sigv4_scope *scope)
{
    struct dated_scope dated = {.region = scope->region, .service = scope->service};
    struct buf date;
    buf_wrap(&date, dated.date, sizeof dated.date);
    date_add_amz(&date, scope->now_ms);
    return dated;
}

static str day_of(const struct dated_scope *scope)
{
    return (str){scope->date, DAY_LEN};
}

static void add_scope(struct buf *out, const struct dated_scope *scope)
{
    buf_add(out, day_of(scope));
    buf_char(out, '/');
    buf_add(out, scope->region);
    buf_char(out, '/');
    buf_add(out, scope->service);
    buf_add(out, STR("/aws4_request"));
}

static void open_scratch(struct sigv4_scratch *scratch)
{
    if (scratch->canonical.max == 0) {
        buf_init_secret(&scratch->canonical, SCRATCH_MAX);
        buf_init_secret(&scratch->sorted, SCRATCH_MAX);
        buf_init_secret(&scratch->text, SCRATCH_MAX);
    }
}

static void add_string_to_sign(struct buf *out, const struct dated_scope *scope,
                               str canonical_request)
{
    char hex[HASH_HEX_LEN];
    hash_sha256_hex(canonical_request, hex);
    buf_add(out, STR(ALGORITHM "\n"));
    buf_add(out, (str){scope->date, sizeof scope->date});
    buf_char(out, '\n');
    add_scope(out, scope);
    buf_char(out, '\n');
    buf_add(out, (str){hex, sizeof hex});
}

static void derive_key(unsigned char key[HASH_LEN], str secret, const struct dated_scope *scope)
{
    str last = {(const char *)key, HASH_LEN};
    hash_hmac(secret, day_of(scope), key);
    hash_hmac(last, scope->region, key);
    hash_hmac(last, scope->service, key);
    hash_hmac(last, STR("aws4_request"), key);
}

/* Makes keys->key the one for this secret and scope. */
static MUST_USE err refresh_key(struct sigv4_keys *keys, str secret,
                                const struct dated_scope *scope, struct why *why)
{
    const str prefix = STR("AWS4");
    struct buf *text = &keys->scratch.text;
    buf_clear(text);
    add_scope(text, scope);
    size_t secret_at = text->len;
    buf_add(text, prefix);
    buf_add(text, secret);
    if (text->failed) {
        return FAIL(why, ERR_LIMIT, "no memory to derive a signing key in");
    }
    unsigned char of[HASH_LEN];
    hash_sha256(buf_str(text), of);
    if (memcmp(of, keys->of, sizeof of) != 0) {
        derive_key(keys->key, str_drop(buf_str(text), secret_at), scope);
        memcpy(keys->of, of, sizeof of);
    }
    explicit_bzero(text->at, text->len);
    return OK;
}

static MUST_USE err build_canonical(struct sigv4_scratch *scratch,
                                    const struct sigv4_request *request, str *names,
                                    struct why *why)
{
    buf_clear(&scratch->canonical);
    *names = canonical_add_request(scratch, request);
    if (scratch->canonical.failed || scratch->sorted.failed || scratch->text.failed) {
        return FAIL(why, ERR_LIMIT, "no memory to sign a request in");
    }
    return OK;
}

/* Makes keys->signature, and gives the names of the headers that it covers. */
static MUST_USE err make_signature(struct sigv4_keys *keys, const struct dated_scope *scope,
                                   const struct sigv4_request *request, str *names, struct why *why)
{
    struct buf *text = &keys->scratch.text;
    unsigned char signature[HASH_LEN];
    TRY(build_canonical(&keys->scratch, request, names, why));
    buf_clear(text);
    add_string_to_sign(text, scope, buf_str(&keys->scratch.canonical));
    if (text->failed) {
        return FAIL(why, ERR_LIMIT, "no memory to write a string to sign in");
    }
    hash_hmac((str){(const char *)keys->key, HASH_LEN}, buf_str(text), signature);
    hash_hex(signature, sizeof signature, keys->signature);
    return OK;
}

static str signature_of(const struct sigv4_keys *keys)
{
    return (str){keys->signature, sizeof keys->signature};
}

err sigv4_sign(struct sigv4_keys *keys, const struct credentials *credentials,
               const struct sigv4_scope *scope, const struct sigv4_request *request,
               struct buf *authorization, struct why *why)
{
    struct dated_scope dated = write_date(scope);
    str names;
    open_scratch(&keys->scratch);
    TRY(refresh_key(keys, credentials->secret_access_key, &dated, why));
    TRY(make_signature(keys, &dated, request, &names, why));
    buf_add(authorization, STR(ALGORITHM " Credential="));
    buf_add(authorization, credentials->access_key_id);
    buf_char(authorization, '/');
    add_scope(authorization, &dated);
    buf_add(authorization, STR(", SignedHeaders="));
    buf_add(authorization, names);
    buf_add(authorization, STR(", Signature="));
    buf_add(authorization, signature_of(keys));
    if (authorization->failed) {
        return FAIL(why, ERR_LIMIT, "no room for the authorization header");
    }
    return OK;
}

static void add_token(struct buf *query, const struct credentials *credentials)
{
    if (credentials->session_token.len) {
        buf_add(query, STR("&X-Amz-Security-Token="));
        uri_add_encoded(query, credentials->session_token);
    }
}

/* The request's own query, and what is signed of the parameters that come behind it. */
static void add_terms(struct sigv4_keys *keys, const struct credentials *credentials,
                      const struct sigv4_terms *terms, const struct sigv4_request *request,
                      struct buf *query)
{
    const struct dated_scope dated = write_date(&terms->scope);
    struct buf *text = &keys->scratch.text;
    buf_clear(text);
    buf_add(text, credentials->access_key_id);
    buf_char(text, '/');
    add_scope(text, &dated);
    buf_add(query, request->query);
    buf_add(query, request->query.len ? STR("&") : STR(""));
    buf_add(query, STR("X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential="));
    uri_add_encoded(query, buf_str(text));
    buf_add(query, STR("&X-Amz-Date="));
    buf_add(query, (str){dated.date, sizeof dated.date});
    buf_clear(text);
    canonical_add_names(&keys->scratch, request, text);
    buf_add(query, STR("&X-Amz-SignedHeaders="));
    uri_add_encoded(query, buf_str(text));
    buf_add(query, STR("&X-Amz-Expires="));
    buf_i64(query, terms->expires_s);
    if (!terms->token_after) {
        add_token(query, credentials);
    }
}

err sigv4_presign(struct sigv4_keys *keys, const struct credentials *credentials,
                  const struct sigv4_terms *terms, const struct sigv4_request *request,
                  struct buf *query, struct why *why)
{
    struct dated_scope dated = write_date(&terms->scope);
    struct sigv4_request with_terms = *request;
    size_t start = query->len;
    str names;
    if (terms->expires_s < 1 || terms->expires_s > SIGV4_MAX_EXPIRES_S) {
        return FAIL(why, ERR_BUG, "a presigned query is good for 1 to %d seconds",
                    SIGV4_MAX_EXPIRES_S);
    }
    open_scratch(&keys->scratch);
    TRY(refresh_key(keys, credentials->secret_access_key, &dated, why));
    add_terms(keys, credentials, terms, request, query);
    with_terms.query = str_drop(buf_str(query), start);
    TRY(make_signature(keys, &dated, &with_terms, &names, why));
    if (terms->token_after) {
        add_token(query, credentials);
    }
    buf_add(query, STR("&X-Amz-Signature="));
    buf_add(query, signature_of(keys));
    return query->failed ? FAIL(why, ERR_LIMIT, "no room for the presigned query") : OK;
}

struct sigv4_steps sigv4_steps(const struct sigv4_keys *keys)
{
    return (struct sigv4_steps){
        .canonical_request = buf_str(&keys->scratch.canonical),
        .string_to_sign = buf_str(&keys->scratch.text),
        .signature = signature_of(keys),
    };
}

void sigv4_forget(struct sigv4_keys *keys)
{
    buf_close(&keys->scratch.canonical);
    buf_close(&keys->scratch.sorted);
    buf_close(&keys->scratch.text);
    explicit_bzero(keys, sizeof *keys);
}

#include "aws/sigv4.h"

#include "aws/canonical.h"
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
        buf_init(&scratch->canonical, SCRATCH_MAX);
        buf_init(&scratch->sorted, SCRATCH_MAX);
        buf_init(&scratch->text, SCRATCH_MAX);
    }
}

/* The texts hold the session token and, for a moment, the secret. */
static void wipe(struct buf *b)
{
    if (b->room) {
        explicit_bzero(b->at, b->room);
    }
    buf_close(b);
}

static void close_scratch(struct sigv4_scratch *scratch)
{
    wipe(&scratch->canonical);
    wipe(&scratch->sorted);
    wipe(&scratch->text);
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

err sigv4_canonical_request(const struct sigv4_request *request, struct buf *out, struct why *why)
{
    struct sigv4_scratch scratch = {0};
    str names;
    open_scratch(&scratch);
    err result = build_canonical(&scratch, request, &names, why);
    buf_add(out, buf_str(&scratch.canonical));
    close_scratch(&scratch);
    TRY(result);
    return out->failed ? FAIL(why, ERR_LIMIT, "no room for a canonical request") : OK;
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

void sigv4_string_to_sign(const struct sigv4_scope *scope, str canonical_request, struct buf *out)
{
    struct dated_scope dated = write_date(scope);
    add_string_to_sign(out, &dated, canonical_request);
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
    /* At once: growing after it is there would leave a copy of the secret behind. */
    if (!buf_reserve(text, prefix.len + secret.len)) {
        return FAIL(why, ERR_LIMIT, "no memory to derive a signing key in");
    }
    buf_add(text, prefix);
    buf_add(text, secret);
    unsigned char of[HASH_LEN];
    hash_sha256(buf_str(text), of);
    if (memcmp(of, keys->of, sizeof of) != 0) {
        derive_key(keys->key, str_drop(buf_str(text), secret_at), scope);
        memcpy(keys->of, of, sizeof of);
    }
    explicit_bzero(text->at, text->len);
    return OK;
}

static void add_signature(struct sigv4_keys *keys, const struct dated_scope *scope, struct buf *out)
{
    struct buf *text = &keys->scratch.text;
    unsigned char signature[HASH_LEN];
    char hex[HASH_HEX_LEN];
    buf_clear(text);
    add_string_to_sign(text, scope, buf_str(&keys->scratch.canonical));
    hash_hmac((str){(const char *)keys->key, HASH_LEN}, buf_str(text), signature);
    hash_hex(signature, sizeof signature, hex);
    buf_add(out, (str){hex, sizeof hex});
}

err sigv4_sign(struct sigv4_keys *keys, const struct credentials *credentials,
               const struct sigv4_scope *scope, const struct sigv4_request *request,
               struct buf *authorization, struct why *why)
{
    struct dated_scope dated = write_date(scope);
    str names;
    open_scratch(&keys->scratch);
    TRY(refresh_key(keys, credentials->secret_access_key, &dated, why));
    TRY(build_canonical(&keys->scratch, request, &names, why));
    buf_add(authorization, STR(ALGORITHM " Credential="));
    buf_add(authorization, credentials->access_key_id);
    buf_char(authorization, '/');
    add_scope(authorization, &dated);
    buf_add(authorization, STR(", SignedHeaders="));
    buf_add(authorization, names);
    buf_add(authorization, STR(", Signature="));
    add_signature(keys, &dated, authorization);
    if (authorization->failed || keys->scratch.text.failed) {
        return FAIL(why, ERR_LIMIT, "no room for the authorization header");
    }
    return OK;
}

void sigv4_forget(struct sigv4_keys *keys)
{
    close_scratch(&keys->scratch);
    explicit_bzero(keys, sizeof *keys);
}

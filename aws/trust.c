#include "aws/trust.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

struct trust {
    X509_STORE *store;
    X509_LOOKUP_METHOD *method; /* finds a root by its name */
    const struct trust_root *roots;
    size_t root_count;
    const char *system_bundle;
    char *ca_bundle; /* NULL: none given */
    bool wide;       /* the system's bundle was asked for */
    bool widened;    /* and read */
};

/* Where Debian, Fedora and Amazon Linux, Alpine, SUSE keep theirs. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
};

/* --- The roots: decoded when a chain asks for one --- */

static bool has_subject(const struct trust_root *root, const unsigned char *name, size_t len)
{
    return root->subject_len == len && memcmp(root->der + root->subject_at, name, len) == 0;
}

static const struct trust_root *find_root(const struct trust *trust, const X509_NAME *name)
{
    const unsigned char *der = NULL;
    size_t len = 0;
    if (!X509_NAME_get0_der(name, &der, &len)) {
        return NULL;
    }
    for (size_t i = 0; i < trust->root_count; i++) {
        if (has_subject(&trust->roots[i], der, len)) {
            return &trust->roots[i];
        }
    }
    return NULL;
}

/* libcrypto asks here only for what the store does not have yet, and takes `found` as borrowed from
 * the store. */
static int look_up(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                   X509_OBJECT *found)
{
    const struct trust *trust = X509_LOOKUP_get_method_data(lookup);
    const struct trust_root *root = type == X509_LU_X509 ? find_root(trust, name) : NULL;
    if (!root) {
        return 0;
    }
    const unsigned char *at = root->der;
    X509 *certificate = d2i_X509(NULL, &at, (long)root->len);
    int ok = certificate && X509_STORE_add_cert(X509_LOOKUP_get_store(lookup), certificate) &&
             X509_OBJECT_set1_X509(found, certificate);
    if (ok) {
        X509_free(certificate); /* the object's: it borrows */
    }
    X509_free(certificate); /* ours */
    return ok;
}

static bool add_roots(struct trust *trust)
{
    trust->method = X509_LOOKUP_meth_new("AWS's roots");
    if (!trust->method || !X509_LOOKUP_meth_set_get_by_subject(trust->method, look_up)) {
        return false;
    }
    X509_LOOKUP *lookup = X509_STORE_add_lookup(trust->store, trust->method);
    return lookup && X509_LOOKUP_set_method_data(lookup, trust);
}

/* --- The store --- */

static X509_STORE *open_store(struct trust *trust)
{
    if (!trust->store) {
        trust->store = X509_STORE_new();
        bool filled = trust->store &&
                      (trust->ca_bundle ? X509_STORE_load_file(trust->store, trust->ca_bundle) == 1
                                        : add_roots(trust));
        if (!filled) {
            X509_STORE_free(trust->store);
            trust->store = NULL;
        }
    }
    return trust->store;
}

/* libcurl calls this before each new connection's handshake. */
static CURLcode set_store(CURL *curl, void *ssl_ctx, void *ctx)
{
    (void)curl;
    X509_STORE *store = open_store(ctx);
    if (!store) {
        return CURLE_SSL_CACERT_BADFILE;
    }
    SSL_CTX_set1_cert_store(ssl_ctx, store);
    return CURLE_OK;
}

bool trust_apply(struct trust *trust, void *curl)
{
    /* Without the first two libcurl would read its own default bundle as well. */
    return !curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) &&
           !curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) &&
           !curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_store) &&
           !curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, trust);
}

static bool load_system(X509_STORE *store)
{
    for (size_t i = 0; i < sizeof system_bundles / sizeof system_bundles[0]; i++) {
        if (X509_STORE_load_file(store, system_bundles[i])) {
            return true;
        }
    }
    return false;
}

bool trust_widen(struct trust *trust)
{
    if (!trust_is_wide(trust) && trust->store) {
        trust->wide = true;
        trust->widened = trust->system_bundle
                             ? X509_STORE_load_file(trust->store, trust->system_bundle) == 1
                             : load_system(trust->store);
    }
    return trust->widened;
}

bool trust_is_wide(const struct trust *trust)
{
    return trust->wide || trust->ca_bundle;
}

/* --- Life --- */

static bool curl_has_openssl(void)
{
    const char *name = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return name && strstr(name, "OpenSSL");
}

static MUST_USE err fill(struct trust *trust, const struct trust_config *config, struct why *why)
{
    bool own = config->roots != NULL;
    trust->roots = own ? config->roots : trust_amazon_roots;
    trust->root_count = own ? config->root_count : TRUST_AMAZON_ROOTS;
    trust->system_bundle = config->system_bundle;
    if (!config->ca_bundle.len) {
        return OK;
    }
    trust->ca_bundle = calloc(1, config->ca_bundle.len + 1);
    if (!trust->ca_bundle) {
        return FAIL(why, ERR_LIMIT, "no memory for the CA bundle's path");
    }
    if (!str_to_c(config->ca_bundle, trust->ca_bundle, config->ca_bundle.len + 1)) {
        return FAIL(why, ERR_BUG, "the CA bundle's path holds a NUL");
    }
    return OK;
}

err trust_open(struct trust **out, const struct trust_config *config, struct why *why)
{
    if (!curl_has_openssl()) {
        return FAIL(why, ERR_BUG, "libcurl here does not use OpenSSL");
    }
    struct trust *trust = calloc(1, sizeof *trust);
    if (!trust) {
        return FAIL(why, ERR_LIMIT, "no memory for the trusted certificates");
    }
    err filled = fill(trust, config, why);
    if (filled.kind) {
        trust_close(trust);
        return filled;
    }
    *out = trust;
    return OK;
}

void trust_close(struct trust *trust)
{
    if (trust) {
        X509_STORE_free(trust->store);
        X509_LOOKUP_meth_free(trust->method);
        free(trust->ca_bundle);
        free(trust);
    }
}

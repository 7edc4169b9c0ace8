/* TLS against a real server: who is trusted, and who is not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/hash.h"
#include "aws/http.h"
#include "test/support/tls_server.h"

#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { MAX_AT_ONCE = 3 };

/* An authority, its PEM file, and what a client makes of its server. */
struct scene {
    struct tls_authority *authority;
    char bundle[64];
    unsigned char *der;
    struct trust_root root;
};

static void open_scene(struct scene *scene, const char *name)
{
    *scene = (struct scene){.authority = tls_authority_new(name)};
    (void)snprintf(scene->bundle, sizeof scene->bundle, "/tmp/test_trust.%ld.%p", (long)getpid(),
                   (void *)scene);
    tls_authority_save(scene->authority, scene->bundle);
    size_t len = 0;
    scene->der = tls_authority_der(scene->authority, &len);
    const unsigned char *at = scene->der;
    X509 *root = d2i_X509(NULL, &at, (long)len);
    const unsigned char *subject = NULL;
    size_t subject_len = 0;
    assert_non_null(root);
    assert_true(X509_NAME_get0_der(X509_get_subject_name(root), &subject, &subject_len));
    /* Issuer and subject are the same bytes: either place will do. */
    const unsigned char *found = memmem(scene->der, len, subject, subject_len);
    assert_non_null(found);
    scene->root = (struct trust_root){scene->der, len, (size_t)(found - scene->der), subject_len};
    X509_free(root);
}

static void close_scene(struct scene *scene)
{
    (void)unlink(scene->bundle);
    free(scene->der);
    tls_authority_free(scene->authority);
}

/* --- A client --- */

struct visit {
    bool ended;
    enum http_end end;
};

static enum http_take take(void *ctx, str bytes)
{
    (void)ctx;
    (void)bytes;
    return HTTP_TAKEN;
}

static void on_end(void *ctx, enum http_end end)
{
    struct visit *visit = ctx;
    visit->ended = true;
    visit->end = end;
}

static void visit(struct http *http, uint16_t port, struct visit *visits, size_t count)
{
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", port);
    for (size_t i = 0; i < count; i++) {
        struct why why = {0};
        struct http_exchange *exchange = NULL;
        visits[i] = (struct visit){0};
        const struct http_request request = {.url = str_from(url),
                                             .timeout_ms = 20000,
                                             .on_body = take,
                                             .on_end = on_end,
                                             .ctx = &visits[i]};
        assert_int_equal(http_start(http, &request, &exchange, &why).kind, ERR_NONE);
    }
    for (size_t i = 0; i < count; i++) {
        while (!visits[i].ended) {
            http_pump(http, 1000);
        }
    }
}

/* What `count` requests at once to a server of `by` come to; the same for all. */
static enum http_end end_of(const struct trust_config *trust, const struct tls_authority *by,
                            const struct tls_certificate *certificate, size_t count)
{
    struct visit visits[MAX_AT_ONCE];
    struct http *http = NULL;
    struct why why = {0};
    struct tls_server *server = tls_server_start(by, certificate);
    assert_int_equal(http_init(&http, trust, &why).kind, ERR_NONE);
    visit(http, tls_server_port(server), visits, count);
    http_close(http);
    tls_server_stop(server);
    for (size_t i = 1; i < count; i++) {
        assert_int_equal(visits[i].end, visits[0].end);
    }
    return visits[0].end;
}

static const struct tls_certificate good = {.name = "IP:127.0.0.1"};

/* --- The CA bundle --- */

static void the_bundle_given_is_trusted(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "Root of the tests");
    const struct trust_config trust = {.ca_bundle = str_from(scene.bundle)};
    assert_int_equal(end_of(&trust, scene.authority, &good, 1), HTTP_COMPLETE);
    close_scene(&scene);
}

static void a_certificate_that_is_not_right_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        struct tls_certificate certificate;
    } rows[] = {
        {"another host's", {.name = "DNS:other.example"}},
        {"another address's", {.name = "IP:127.0.0.2"}},
        {"expired", {.name = "IP:127.0.0.1", .expired = true}},
        {"signed by itself", {.name = "IP:127.0.0.1", .alone = true}},
    };
    struct scene scene;
    open_scene(&scene, "Root of the tests");
    const struct trust_config trust = {.ca_bundle = str_from(scene.bundle)};
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum http_end end = end_of(&trust, scene.authority, &rows[i].certificate, 1);
        if (end != HTTP_UNTRUSTED) {
            fail_msg("%s: %d", rows[i].word, end);
        }
    }
    close_scene(&scene);
}

static void an_unknown_authority_is_refused(void **state)
{
    (void)state;
    struct scene scene, other;
    open_scene(&scene, "Root of the tests");
    open_scene(&other, "Root of others");
    const struct trust_config as_shipped = {0};
    const struct trust_config wrong = {.ca_bundle = str_from(other.bundle)};
    assert_int_equal(end_of(&as_shipped, scene.authority, &good, 2), HTTP_UNTRUSTED);
    assert_int_equal(end_of(&wrong, scene.authority, &good, 2), HTTP_UNTRUSTED);
    close_scene(&other);
    close_scene(&scene);
}

static void a_bundle_replaces_what_is_trusted_otherwise(void **state)
{
    (void)state;
    struct scene scene, other;
    open_scene(&scene, "Root of the tests");
    open_scene(&other, "Root of others");
    const struct trust_config trust = {.ca_bundle = str_from(other.bundle),
                                       .roots = &scene.root,
                                       .root_count = 1,
                                       .system_bundle = scene.bundle};
    assert_int_equal(end_of(&trust, scene.authority, &good, 1), HTTP_UNTRUSTED);
    close_scene(&other);
    close_scene(&scene);
}

static void a_bundle_that_cannot_be_read_trusts_nobody(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "Root of the tests");
    const struct trust_config trust = {
        .ca_bundle = STR("/nonexistent/ca.pem"), .roots = &scene.root, .root_count = 1};
    assert_int_equal(end_of(&trust, scene.authority, &good, 1), HTTP_UNTRUSTED);
    close_scene(&scene);
}

/* --- Roots compiled in --- */

static void a_root_is_found_among_others_without_any_file(void **state)
{
    (void)state;
    struct scene scene;
    struct trust_root roots[TRUST_AMAZON_ROOTS + 1];
    open_scene(&scene, "Root of the tests");
    memcpy(roots, trust_amazon_roots, sizeof trust_amazon_roots);
    roots[TRUST_AMAZON_ROOTS] = scene.root;
    const struct trust_config trust = {
        .roots = roots, .root_count = COUNT(roots), .system_bundle = "/nonexistent/ca.pem"};
    assert_int_equal(end_of(&trust, scene.authority, &good, MAX_AT_ONCE), HTTP_COMPLETE);
    close_scene(&scene);
}

static void a_root_of_the_same_name_with_another_key_is_refused(void **state)
{
    (void)state;
    struct scene scene, forged;
    open_scene(&scene, "Root of the tests");
    open_scene(&forged, "Root of the tests");
    const struct trust_config trust = {
        .roots = &scene.root, .root_count = 1, .system_bundle = "/nonexistent/ca.pem"};
    /* Which of the failures it is, libcurl does not tell apart from a broken handshake. */
    assert_int_not_equal(end_of(&trust, forged.authority, &good, 1), HTTP_COMPLETE);
    close_scene(&forged);
    close_scene(&scene);
}

static void the_system_is_asked_when_no_root_fits(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "Root of the tests");
    const struct trust_config trust = {.system_bundle = scene.bundle};
    assert_int_equal(end_of(&trust, scene.authority, &good, 1), HTTP_COMPLETE);
    /* All of them were refused at first; each goes out again. */
    assert_int_equal(end_of(&trust, scene.authority, &good, MAX_AT_ONCE), HTTP_COMPLETE);
    close_scene(&scene);
}

/* www.amazontrust.com/repository */
static void the_roots_are_amazons(void **state)
{
    (void)state;
    static const char *const fingerprints[TRUST_AMAZON_ROOTS] = {
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    };
    for (size_t i = 0; i < TRUST_AMAZON_ROOTS; i++) {
        const struct trust_root *root = &trust_amazon_roots[i];
        char hex[HASH_HEX_LEN];
        hash_sha256_hex((str){(const char *)root->der, root->len}, hex);
        assert_memory_equal(hex, fingerprints[i], sizeof hex);
        const unsigned char *at = root->der, *subject = NULL;
        size_t len = 0;
        X509 *certificate = d2i_X509(NULL, &at, (long)root->len);
        assert_non_null(certificate);
        assert_true(X509_NAME_get0_der(X509_get_subject_name(certificate), &subject, &len));
        assert_int_equal(root->subject_len, len);
        assert_memory_equal(root->der + root->subject_at, subject, len);
        X509_free(certificate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bundle_given_is_trusted),
        cmocka_unit_test(a_certificate_that_is_not_right_is_refused),
        cmocka_unit_test(an_unknown_authority_is_refused),
        cmocka_unit_test(a_bundle_replaces_what_is_trusted_otherwise),
        cmocka_unit_test(a_bundle_that_cannot_be_read_trusts_nobody),
        cmocka_unit_test(a_root_is_found_among_others_without_any_file),
        cmocka_unit_test(a_root_of_the_same_name_with_another_key_is_refused),
        cmocka_unit_test(the_system_is_asked_when_no_root_fits),
        cmocka_unit_test(the_roots_are_amazons),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test/support/tls_server.h"

#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DAY_S = 24 * 60 * 60 };

struct tls_authority {
    X509 *root, *intermediate;
    EVP_PKEY *root_key, *intermediate_key;
};

struct tls_server {
    SSL_CTX *tls;
    int listener;
    uint16_t port;
    pthread_t thread;
};

/* --- Certificates --- */

struct issue {
    const char *subject;
    const char *alternative; /* the name it is for; NULL makes it an authority */
    long begin_s, end_s;     /* from now */
    X509 *issuer;            /* NULL: itself */
    EVP_PKEY *key, *issuer_key;
};

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_true(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *name, const char *text)
{
    assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text,
                                           -1, -1, 0));
}

static X509 *issue(const struct issue *wanted)
{
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    assert_true(X509_set_version(certificate, X509_VERSION_3));
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1));
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), wanted->begin_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), wanted->end_s));
    set_name(X509_get_subject_name(certificate), wanted->subject);
    assert_true(X509_set_pubkey(certificate, wanted->key));
    X509 *issuer = wanted->issuer ? wanted->issuer : certificate;
    assert_true(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)));
    if (wanted->alternative) {
        add_extension(certificate, NID_subject_alt_name, wanted->alternative);
    } else {
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    }
    assert_true(X509_sign(certificate, wanted->issuer_key, EVP_sha256()) > 0);
    return certificate;
}

static EVP_PKEY *new_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    return key;
}

struct tls_authority *tls_authority_new(const char *name)
{
    struct tls_authority *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->root_key = new_key();
    a->intermediate_key = new_key();
    a->root = issue(&(struct issue){
        .subject = name, .end_s = DAY_S, .key = a->root_key, .issuer_key = a->root_key});
    a->intermediate = issue(&(struct issue){.subject = "Intermediate of the tests",
                                            .end_s = DAY_S,
                                            .issuer = a->root,
                                            .key = a->intermediate_key,
                                            .issuer_key = a->root_key});
    return a;
}

void tls_authority_free(struct tls_authority *authority)
{
    X509_free(authority->root);
    X509_free(authority->intermediate);
    EVP_PKEY_free(authority->root_key);
    EVP_PKEY_free(authority->intermediate_key);
    free(authority);
}

void tls_authority_save(const struct tls_authority *authority, const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(PEM_write_X509(file, authority->root));
    assert_int_equal(fclose(file), 0);
}

unsigned char *tls_authority_der(const struct tls_authority *authority, size_t *len)
{
    int size = i2d_X509(authority->root, NULL);
    assert_true(size > 0);
    unsigned char *der = malloc((size_t)size), *at = der;
    assert_non_null(der);
    *len = (size_t)i2d_X509(authority->root, &at);
    return der;
}

/* --- The server --- */

static void answer(SSL *ssl)
{
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    char request[4096];
    if (SSL_read(ssl, request, sizeof request) > 0) {
        (void)SSL_write(ssl, reply, sizeof reply - 1);
        (void)SSL_shutdown(ssl);
    }
}

static void *serve(void *ctx)
{
    struct tls_server *server = ctx;
    for (int fd = accept(server->listener, NULL, NULL); fd >= 0;
         fd = accept(server->listener, NULL, NULL)) {
        SSL *ssl = SSL_new(server->tls);
        if (ssl && SSL_set_fd(ssl, fd) && SSL_accept(ssl) == 1) {
            answer(ssl);
        }
        SSL_free(ssl);
        (void)close(fd);
    }
    return NULL;
}

static void load_certificate(SSL_CTX *tls, const struct tls_authority *by,
                             const struct tls_certificate *wanted)
{
    EVP_PKEY *key = new_key();
    X509 *certificate = issue(&(struct issue){
        .subject = "A server of the tests",
        .alternative = wanted->name,
        .begin_s = wanted->expired ? -2 * DAY_S : 0,
        .end_s = wanted->expired ? -DAY_S : DAY_S,
        .issuer = wanted->alone ? NULL : by->intermediate,
        .key = key,
        .issuer_key = wanted->alone ? key : by->intermediate_key,
    });
    assert_true(SSL_CTX_use_certificate(tls, certificate));
    assert_true(SSL_CTX_use_PrivateKey(tls, key));
    assert_true(SSL_CTX_add1_chain_cert(tls, by->intermediate));
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void listen_somewhere(struct tls_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
}

struct tls_server *tls_server_start(const struct tls_authority *by,
                                    const struct tls_certificate *certificate)
{
    struct tls_server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->tls = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->tls);
    load_certificate(server->tls, by, certificate);
    listen_somewhere(server);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return server;
}

uint16_t tls_server_port(const struct tls_server *server)
{
    return server->port;
}

void tls_server_stop(struct tls_server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR); /* ends accept() */
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    (void)close(server->listener);
    SSL_CTX_free(server->tls);
    free(server);
}

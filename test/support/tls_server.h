/* A real TLS server (OpenSSL's) on 127.0.0.1 with authorities made on the spot.
 *
 * It sends its own certificate and the intermediate's, as AWS's endpoints do, answers one request
 * of a connection with "200 ok" and closes it.
 */
#ifndef TEST_SUPPORT_TLS_SERVER_H
#define TEST_SUPPORT_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_authority; /* a root and an intermediate signed by it */
struct tls_server;

/* What the server shows. */
struct tls_certificate {
    const char *name; /* of the one it is for: "DNS:localhost", "IP:127.0.0.1" */
    bool expired;
    bool alone; /* signed by itself, not by the authority */
};

/* `name` is the root's; two of the same name have different keys. */
struct tls_authority *tls_authority_new(const char *name);
void tls_authority_free(struct tls_authority *authority);
/* The root as a PEM file. */
void tls_authority_save(const struct tls_authority *authority, const char *path);
/* The root as DER; to be freed with free(). */
unsigned char *tls_authority_der(const struct tls_authority *authority, size_t *len);

/* All of these fail the test when they cannot. */
struct tls_server *tls_server_start(const struct tls_authority *by,
                                    const struct tls_certificate *certificate);
uint16_t tls_server_port(const struct tls_server *server);
void tls_server_stop(struct tls_server *server);

#endif

/* An HTTP server on 127.0.0.1 that answers as a test's function says: many connections, many
 * requests in flight. For a script of broken HTTP on one connection see byte_server.h.
 *
 * One thread serves all connections; the handler runs in it, so what it writes is read by the test
 * only after fake_service_stop.
 */
#ifndef TEST_SUPPORT_FAKE_SERVICE_H
#define TEST_SUPPORT_FAKE_SERVICE_H

#include "base/buf.h"

#include <pthread.h>

enum { FAKE_MAX_CONNECTIONS = 64 };

/* Good during the handler's call. */
struct fake_request {
    unsigned number;     /* of all requests, from 0 */
    unsigned connection; /* of all connections, from 0 */
    str head;            /* the request line and the headers */
    str target;          /* as sent */
    str body;
};

struct fake_reply {
    struct buf bytes; /* what is sent, head and all: see fake_reply_with */
    int delay_ms;     /* before it */
    bool close;       /* the connection after it */
    bool reset;       /* likewise, with a RST */
};

typedef void fake_handler(void *ctx, const struct fake_request *request, struct fake_reply *reply);

struct fake_service {
    uint16_t port;
    unsigned requests, connections; /* so far; read them after stop */
    int listener, wake[2];
    fake_handler *handler;
    void *ctx;
    pthread_t thread;
};

/* Fails the test when it cannot listen. */
void fake_service_start(struct fake_service *service, fake_handler *handler, void *ctx);
/* Closes all connections and joins the thread. */
void fake_service_stop(struct fake_service *service);

/* A whole reply with Content-Length. `headers` are further lines, each ended by CRLF. */
void fake_reply_with(struct fake_reply *reply, int status, const char *headers, str body);
/* A header of the request; empty when absent. */
str fake_header(const struct fake_request *request, const char *name);

#endif

/* An HTTP server on 127.0.0.1 for clients that come several at a time: a thread for each
 * connection, so that one that is kept waiting keeps nobody else. What is answered is up to the
 * test, request by request.
 */
#ifndef TEST_SUPPORT_MANY_SERVER_H
#define TEST_SUPPORT_MANY_SERVER_H

#include "base/buf.h"

#include <pthread.h>

enum { MANY_SERVER_CONNECTIONS = 128 };

enum many_then { MANY_KEEP, MANY_CLOSE, MANY_RESET };

struct many_server;

/* Called with the lock held; may wait for `moved` with many_server_wait. `request` is whole: head,
 * blank line, body. */
typedef enum many_then many_answer(void *ctx, struct many_server *server, str request,
                                   struct buf *reply);

struct many_connection {
    struct many_server *server;
    pthread_t thread;
    int fd; /* -1: closed */
};

struct many_server {
    int listener;
    uint16_t port;
    many_answer *answer;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct many_connection connections[MANY_SERVER_CONNECTIONS];
    size_t count;        /* connections accepted so far */
    struct buf received; /* all requests as they were answered; read it after many_server_stop */
    bool stopping;
};

/* Clients may connect from now on; fails the test when it cannot listen. A test that forks does it
 * between this and many_server_start: what other threads hold is held for ever in a child. */
void many_server_listen(struct many_server *server, many_answer *answer, void *ctx);
/* Answers them. Its threads take no signals. */
void many_server_start(struct many_server *server);
/* Wakes those that wait. */
void many_server_move(struct many_server *server);
/* Inside `answer`: until many_server_move. False when the test wants to end: give up. */
bool many_server_wait(struct many_server *server);
/* Closes every connection and joins the threads. */
void many_server_stop(struct many_server *server);
void many_server_free(struct many_server *server);

#endif

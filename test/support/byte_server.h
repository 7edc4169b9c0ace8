/* A TCP server on 127.0.0.1 that plays a script, for what only broken HTTP shows.
 *
 * A thread of its own accepts one connection at a time and goes through the steps in order; what
 * was received is kept. Start it, point the client at its port, join it with byte_server_stop.
 */
#ifndef TEST_SUPPORT_BYTE_SERVER_H
#define TEST_SUPPORT_BYTE_SERVER_H

#include "base/buf.h"

#include <pthread.h>

enum byte_step_kind {
    STEP_RECEIVE,      /* read one request: its head and as many bytes as its Content-Length says
                          (or its chunks); accepts a connection first when none is open */
    STEP_RECEIVE_HEAD, /* only as far as the head goes, and what has come with it */
    STEP_ACCEPT,       /* accept a connection, when none is open, and read nothing of it */
    STEP_SEND,         /* send `bytes` in one write */
    STEP_SEND_EACH,    /* send `bytes`, one write a byte */
    STEP_PAUSE,        /* `ms` milliseconds */
    STEP_CLOSE,        /* close the connection in order */
    STEP_RESET,        /* close it with a RST */
};

struct byte_step {
    enum byte_step_kind kind;
    str bytes;
    int ms;
};

struct byte_server {
    int listener;
    uint16_t port;
    const struct byte_step *steps;
    size_t step_count;
    pthread_t thread;
    struct buf received; /* all requests, one after the other; read it after byte_server_stop */
    unsigned accepted;   /* connections */
    bool played;         /* all steps were gone through */
};

/* Fails the test when it cannot listen. The steps are borrowed until stop. */
void byte_server_start(struct byte_server *server, const struct byte_step *steps, size_t count);
/* Ends the script wherever it is and joins the thread. `received` stays until byte_server_free. */
void byte_server_stop(struct byte_server *server);
void byte_server_free(struct byte_server *server);

#endif

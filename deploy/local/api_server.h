/* A small HTTP/1.1 server on 127.0.0.1 for one thread: connections, requests and answers, no
 * routes. Every socket is non-blocking and waits in one poll(2).
 */
#ifndef DEPLOY_LOCAL_API_SERVER_H
#define DEPLOY_LOCAL_API_SERVER_H

#include "base/err.h"
#include "deploy/local/api_request.h"

enum {
    API_SERVER_CONNECTIONS = 16, /* more have to wait until one is closed */
    API_SERVER_MAX_OTHERS = 2,
    API_SERVER_MOVED = 1 << API_SERVER_MAX_OTHERS,
};

struct api_connection {
    int fd; /* -1: not in use */
    struct api_request request;
    bool given;     /* the request was handed out and has no answer yet */
    bool continued; /* "100 Continue" was sent for it */
    struct buf out; /* the answer, from out_at on still to be sent */
    size_t out_at;
};

struct api_server {
    bool open;
    int listener;
    uint16_t port;
    size_t max_body_bytes, max_answer_bytes;
    struct api_connection connections[API_SERVER_CONNECTIONS];
};

struct api_answer {
    int status;
    str headers; /* whole lines; may be empty */
    str body;    /* JSON */
    bool chunked;
};

/* Listens on a port the kernel chooses. */
err api_server_open(struct api_server *server, size_t max_body_bytes, size_t max_answer_bytes,
                    struct why *why) MUST_USE;
/* Safe on zeroed memory and twice. */
void api_server_close(struct api_server *server);
/* Closes every connection, also those that nobody has accepted yet. */
void api_server_drop_all(struct api_server *server);
/* Waits until something moves, at most `wait_ms` (-1: for ever), then receives and sends what can
 * be. `others` are file descriptors to wake up for (negative: none), at most API_SERVER_MAX_OTHERS.
 * In the result bit i says that the i-th is ready, API_SERVER_MOVED that a connection was. */
unsigned api_server_wait(struct api_server *server, const int *others, size_t other_count,
                         int64_t wait_ms);
/* A connection with a complete request that was not handed out yet; NULL when there is none. It
 * must be answered, now or later. */
struct api_connection *api_server_next(struct api_server *server);
/* A connection whose request was handed out and has no answer yet; NULL when there is none. */
struct api_connection *api_server_held(struct api_server *server);
/* Puts the answer on its way. */
void api_server_answer(struct api_connection *connection, const struct api_answer *answer);

#endif

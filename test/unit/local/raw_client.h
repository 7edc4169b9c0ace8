/* A client of the Runtime API on a bare socket, for a thread next to runtime_api_invoke or for a
 * child process. It asserts nothing: what it saw is looked at afterwards.
 */
#ifndef TEST_UNIT_LOCAL_RAW_CLIENT_H
#define TEST_UNIT_LOCAL_RAW_CLIENT_H

#include "base/buf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct raw_reply {
    int status; /* 0: the connection closed first */
    char head[4096];
    struct buf body;
};

static inline int raw_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Pieces of `step` bytes, one send each; 0: all at once. */
static inline void raw_send(int fd, str bytes, size_t step)
{
    while (bytes.len) {
        str piece = step ? str_take(bytes, step) : bytes;
        ssize_t n = send(fd, piece.at, piece.len, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        bytes = str_drop(bytes, (size_t)n);
    }
}

static inline bool raw_byte(int fd, char *c)
{
    return recv(fd, c, 1, 0) == 1;
}

static inline str raw_line(int fd, char *line, size_t room)
{
    size_t len = 0;
    char c = 0;
    while (len < room && raw_byte(fd, &c) && c != '\n') {
        line[len++] = c;
    }
    return str_trim((str){line, len});
}

static inline void raw_take(int fd, struct buf *body, size_t len)
{
    char bytes[16384];
    while (len) {
        ssize_t n = recv(fd, bytes, len < sizeof bytes ? len : sizeof bytes, 0);
        if (n <= 0) {
            return;
        }
        buf_add(body, (str){bytes, (size_t)n});
        len -= (size_t)n;
    }
}

static inline void raw_take_chunks(int fd, struct buf *body)
{
    char line[64];
    for (;;) {
        str digits = raw_line(fd, line, sizeof line - 1);
        line[digits.len] = 0;
        size_t len = strtoul(line, NULL, 16);
        raw_take(fd, body, len);
        (void)raw_line(fd, line, sizeof line - 1);
        if (!len) {
            return;
        }
    }
}

/* The value of a header in the reply's head; empty when absent. */
static inline str raw_header(const struct raw_reply *reply, const char *name)
{
    for (struct str_halves line = str_cut(str_from(reply->head), '\n'); line.head.len;
         line = str_cut(line.tail, '\n')) {
        struct str_halves pair = str_cut(line.head, ':');
        if (pair.found && str_eq_nocase(pair.head, str_from(name))) {
            return str_trim(pair.tail);
        }
    }
    return STR("");
}

/* Close reply->body with buf_close. */
static inline void raw_receive(int fd, struct raw_reply *reply)
{
    char line[1024];
    size_t at = 0;
    *reply = (struct raw_reply){0};
    buf_init(&reply->body, 8 * 1024 * 1024);
    for (str got = raw_line(fd, line, sizeof line); got.len;
         got = raw_line(fd, line, sizeof line)) {
        if (at + got.len + 2 < sizeof reply->head) {
            memcpy(reply->head + at, got.at, got.len);
            at += got.len;
            reply->head[at++] = '\n';
        }
    }
    str status = str_cut(str_from(reply->head), ' ').tail;
    reply->status = status.len >= 3 ? (int)strtol(status.at, NULL, 10) : 0;
    uint64_t length = 0;
    if (raw_header(reply, "Transfer-Encoding").len) {
        raw_take_chunks(fd, &reply->body);
    } else if (str_to_u64(raw_header(reply, "Content-Length"), &length)) {
        raw_take(fd, &reply->body, (size_t)length);
    }
}

/* "GET /next", and its reply. */
static inline void raw_next(int fd, struct raw_reply *reply)
{
    raw_send(fd, STR("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
    raw_receive(fd, reply);
}

/* POST to "/2018-06-01/runtime/" + path; `headers` are whole lines. */
static inline void raw_post(int fd, const char *path, const char *headers, str body)
{
    char memory[1024];
    struct buf head;
    buf_wrap(&head, memory, sizeof memory);
    buf_add(&head, STR("POST /2018-06-01/runtime/"));
    buf_add(&head, str_from(path));
    buf_add(&head, STR(" HTTP/1.1\r\nHost: x\r\n"));
    buf_add(&head, str_from(headers));
    buf_add(&head, STR("Content-Length: "));
    buf_u64(&head, body.len);
    buf_add(&head, STR("\r\n\r\n"));
    raw_send(fd, buf_str(&head), 0);
    raw_send(fd, body, 0);
}

/* "invocation/<id>/<what>" of the event in `next`. */
static inline void raw_path(const struct raw_reply *next, const char *what, char *into, size_t room)
{
    struct buf path;
    buf_wrap(&path, into, room - 1);
    buf_add(&path, STR("invocation/"));
    buf_add(&path, raw_header(next, "Lambda-Runtime-Aws-Request-Id"));
    buf_char(&path, '/');
    buf_add(&path, str_from(what));
    into[path.len] = 0;
}

/* Posts to the invocation of `next`; the status of the reply. */
static inline int raw_answer(int fd, const struct raw_reply *next, const char *what,
                             const char *headers, str body)
{
    char path[128];
    struct raw_reply reply;
    raw_path(next, what, path, sizeof path);
    raw_post(fd, path, headers, body);
    raw_receive(fd, &reply);
    buf_close(&reply.body);
    return reply.status;
}

#endif

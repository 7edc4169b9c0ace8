/* The socket under http1: connect, send, receive, each wait bounded by timeout_ms. All failures
 * are ERR_BUSY: nothing here knows what the bytes mean.
 */
#ifndef RUNTIME_HTTP1_SOCKET_H
#define RUNTIME_HTTP1_SOCKET_H

#include "runtime/http1.h"

/* Closes what is open and connects anew. */
err http1_socket_open(struct http1 *http, struct why *why) MUST_USE;
/* Safe when nothing is open. */
void http1_socket_close(struct http1 *http);
/* False when the other side has closed, or has sent what nobody asked for. */
bool http1_socket_is_idle(const struct http1 *http);
enum { HTTP1_MAX_PARTS = 3 };

/* All parts, in one write where the system takes it. False when the connection broke, the wait ran
 * out, or the other side answers instead of taking more (RFC 9112 section 9.5); what it said may
 * still be received, and says why. */
bool http1_socket_send(struct http1 *http, const str *parts, size_t count) MUST_USE;
/* 1..room bytes, or 0 at the end of the stream. */
err http1_socket_receive(struct http1 *http, char *into, size_t room, size_t *got,
                         struct why *why) MUST_USE;

#endif

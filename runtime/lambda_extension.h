/* An extension that does nothing: Lambda sends SIGTERM before SIGKILL only to environments that
 * have one.
 * Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 */
#ifndef RUNTIME_LAMBDA_EXTENSION_H
#define RUNTIME_LAMBDA_EXTENSION_H

#include "base/log.h"
#include "runtime/http1.h"

/* Registers it and parks its request for events, whose answer never comes, on the connection, which
 * the caller closes in any case, when the process ends. Before the first invocation is asked for.
 * Where there are no extensions, as in emulators, that is logged and all goes on without. */
void lambda_extension_open(struct http1 *http, str address, const struct log *log);

#endif

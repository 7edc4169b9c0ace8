/* The workers: each asks for invocations, calls the handler and posts what it returns, until the
 * API or SIGTERM ends it. One in the main thread, or AWS_LAMBDA_MAX_CONCURRENCY in threads of their
 * own, which share nothing.
 */
#ifndef RUNTIME_LAMBDA_WORKER_H
#define RUNTIME_LAMBDA_WORKER_H

#include "runtime/lambda_stream_end.h"

#include <pthread.h>

/* What all workers of a process look at. */
struct lambda_shared {
    const struct lambda_config *config; /* its log is not NULL */
    struct lambda_function function;
    int stop_fd; /* see lambda_stop.h; 0: none */
};

struct lambda_worker {
    const struct lambda_shared *shared;
    struct lambda_api api;
    struct arena_block block;
    struct buf reply;
    struct lambda_stream stream;
    void *own; /* of worker_open */
    bool opened;
    pthread_t thread;
    int ended; /* exit code, or LAMBDA_STOPPED */
};

/* ERR_LIMIT without memory; what worker_open says. */
err lambda_worker_open(struct lambda_worker *worker, const struct lambda_shared *shared,
                       unsigned number, struct why *why) MUST_USE;
/* Safe on zeroed memory. */
void lambda_worker_close(struct lambda_worker *worker);
/* Runs it to its end in this thread. */
int lambda_worker_serve(struct lambda_worker *worker);
/* Runs them all, each in its thread when there are several, and waits for the last. One that ends
 * because the API has failed ends the others after their invocations. */
int lambda_workers_serve(struct lambda_worker *workers, unsigned count);

#endif

/* The world as ingest wants it, on AWS: S3 objects to read, a DynamoDB table to write, SQS queues
 * for rejects and for work that is handed on.
 */
#ifndef RUNTIME_PORTS_H
#define RUNTIME_PORTS_H

#include "aws/client.h"
#include "aws/dynamodb.h"
#include "aws/s3.h"
#include "base/log.h"
#include "runtime/config.h"
#include "runtime/rejects.h"
#include "transform/ingest.h"

/* What reading has come to in an invocation. */
struct ports_read {
    uint64_t bytes;   /* of objects, from the network */
    uint64_t resumes; /* of downloads that broke off */
    bool stopped;     /* before the end: time was up */
};

struct ports {
    const struct config *config;
    const struct log *log; /* of the invocation */
    struct client client;
    struct dynamodb_writer *writer;
    struct s3_object object;      /* the open one */
    struct s3_download *download; /* its body; NULL when none is open */
    struct rejects rejects;
    struct buf refused; /* tags of items that DynamoDB refused, until flush */
    bool accepted;      /* the table has taken an item of this process */
    /* Wall clock: until when objects are read and work is begun, users written, queues sent to. */
    int64_t stop_ms, write_stop_ms, end_ms;
    unsigned failures_logged;
    struct ports_read read;
};

/* Connects nothing yet. `env` and `config` must outlive the ports. */
err ports_init(struct ports *ports, const struct config *config, const char *const *env,
               struct why *why) MUST_USE;
/* Safe on zeroed memory and twice. */
void ports_close(struct ports *ports);
/* Before each invocation: its log, and its deadline on the wall clock. */
void ports_begin(struct ports *ports, const struct log *log, int64_t deadline_ms);
/* What ingest calls; `ports` must stay where it is. */
struct ingest_ports ports_for_ingest(struct ports *ports);

#endif

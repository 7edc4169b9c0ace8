/* The flow of an invocation: event -> inputs -> records -> users -> writes; then the answer.
 *
 * ingest declares what it needs of the world as one struct of functions. runtime/ plugs AWS into
 * it, the tests plug arrays. No I/O happens here, and no clock is read but through the ports.
 *
 * Each record ends in exactly one of the counts below, and the sum is checked before the answer.
 * A delivery is acknowledged only when all that came out of it is durable.
 */
#ifndef TRANSFORM_INGEST_H
#define TRANSFORM_INGEST_H

#include "base/buf.h"
#include "base/log.h"
#include "transform/event.h"
#include "transform/inflate.h"
#include "transform/record.h"
#include "transform/user.h"

enum outcome {
    OUTCOME_WRITTEN,
    OUTCOME_DUPLICATE, /* this very version is stored already */
    OUTCOME_STALE,     /* a newer one is */
    OUTCOME_REJECTED,  /* stored in the rejects queue */
    OUTCOME_DEFERRED,  /* handed on to the work queue */
    OUTCOME_FAILED,    /* none of these: its delivery comes again */
    OUTCOME_COUNT,
};

struct ingest_counts {
    uint64_t in;
    uint64_t of[OUTCOME_COUNT];
    uint64_t ignored; /* notifications with nothing to do */
    uint64_t objects;
    uint64_t continuations; /* messages that go on with an object that time cut off */
    bool mismatch;          /* a record is in none of the outcomes, or in two */
};

/* Where a record came from: travels with it through the ports and comes back in ingest_settle.
 * Copied by value; at most 64 bytes. */
struct ticket {
    struct delivery *delivery;
    struct input *input;
    uint64_t offset, length, line;
    struct record_mark before; /* where it can be read again */
};

/* A record that is refused, for the rejects queue. Borrowed during the call. */
struct reject {
    struct ticket from;
    enum reason reason;
    str field; /* may be empty */
    str raw; /* its bytes, maybe cut or empty, where the object still holds them; see reject_raw */
};

/* What a source was found to be. */
struct opened {
    struct source source;
    enum record_format format; /* of the text, once it is unpacked */
    bool encoded;              /* it is said not to be the text itself */
    str etag;                  /* without quotes; good until close; empty when not known */
    uint64_t size;             /* of the whole object */
    int64_t modified_ms;       /* when the object was written; 0 when not known */
};

struct ingest;

/* The world. A failure that is returned is systemic and ends the invocation; but of open and of its
 * source's read ERR_MISSING says that the object is gone (nothing to do), and any other that this
 * delivery comes again. */
struct ingest_ports {
    void *ctx;
    /* Of an object from its byte input->start on. */
    err (*open)(void *ctx, const struct input *input, struct opened *out, struct why *why);
    void (*close)(void *ctx);
    /* The outcome is told later, by ingest_settle, at the latest from within flush. */
    err (*put)(void *ctx, struct ingest *ingest, const struct user *user, str version,
               const struct ticket *from, struct why *why);
    err (*reject)(void *ctx, struct ingest *ingest, const struct reject *reject, struct why *why);
    /* All outcomes are told when this returns, whatever it returns. */
    err (*flush)(void *ctx, struct why *why);
    /* Hands a message body to the work queue, durably. NULL when there is no such queue. */
    err (*hand_on)(void *ctx, str body, struct why *why);
    /* Milliseconds until work must stop; <= 0: stop now. */
    int64_t (*ms_left)(void *ctx);
};

struct ingest_config {
    struct user_rules rules;
    str request_id; /* of the invocation */
    size_t max_record_bytes;
    bool partial_response; /* the mapping has ReportBatchItemFailures */
    bool has_rejects;      /* there is a rejects queue; without it bad data fails its delivery */
};

/* What was read last. It stays in memory until the next is read, so that it can be gone on with. */
struct ingest_source {
    struct input *input;
    struct record_reader *reader;
    struct inflate *inflate; /* NULL: the bytes are not looked at for gzip */
    struct record_mark at;   /* before the next record */
    str text;                /* what is left of a packed one */
};

struct ingest {
    const struct ingest_config *config;
    const struct ingest_ports *ports;
    struct arena *arena;
    const struct log *log;
    struct delivery *deliveries;
    struct ingest_counts counts[ORIGIN_COUNT];
    struct ingest_source last;
    struct arena before_source; /* the arena without the last source's memory */
    unsigned rejects_logged;
};

/* Appends the answer to `reply`. A failure returned makes the invocation an error: nothing is
 * acknowledged then. */
err ingest_event(struct ingest *ingest, str event, struct buf *reply, struct why *why) MUST_USE;
/* The ports tell what became of a record. */
void ingest_settle(struct ingest *ingest, const struct ticket *from, enum outcome outcome);

#endif

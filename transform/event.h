/* A Lambda event's JSON read into deliveries and their inputs.
 *
 * A delivery is what the answer is about: one SQS message, one Kinesis record, one S3 notification.
 * An input is something to read users from: an S3 object or a text. A delivery can hold several (an
 * SQS message may carry an S3 event of many records) or none (s3:TestEvent).
 * Sources: docs.aws.amazon.com/lambda/latest/dg/with-{s3,sqs,kinesis}.html,
 * docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
#ifndef TRANSFORM_EVENT_H
#define TRANSFORM_EVENT_H

#include "base/arena.h"
#include "base/err.h"
#include "transform/reason.h"
#include "transform/record.h"

/* Who invoked us: decides the form of the answer. */
enum origin { ORIGIN_S3, ORIGIN_SQS, ORIGIN_KINESIS, ORIGIN_DIRECT, ORIGIN_COUNT };

enum input_kind {
    INPUT_OBJECT,  /* read the S3 object */
    INPUT_TEXT,    /* read `text` */
    INPUT_IGNORED, /* nothing to do: a removal, a test event */
    INPUT_BAD,     /* cannot be understood: reject for `bad`, `text` being what came */
};

struct continuation;

struct input {
    struct input *next;
    enum input_kind kind;
    enum reason bad;
    str text;
    str bucket, key;      /* the key as its raw bytes */
    str version_id, etag; /* may be empty */
    uint64_t size;        /* UINT64_MAX when the event does not say */
    int64_t event_ms;     /* S3 eventTime, SQS SentTimestamp, Kinesis arrival; 0 when unknown */
    str tie;              /* orders versions of one ms: S3 sequencer, Kinesis sequence number,
                             SQS messageId */
    bool tie_is_number;   /* Kinesis's are: the longer one is the later */
    str notification;     /* INPUT_OBJECT: an S3 record's JSON, for handing on in "Records" */
    const struct continuation *from; /* INPUT_OBJECT: where to go on, and `text` is the message that
                                        says so; NULL: at its beginning */
    uint64_t start;                  /* INPUT_OBJECT: the first byte to ask S3 for */
    /* What became of it: ingest's, zero at first. */
    bool begun, ended;               /* reading it was, and came to the end */
    bool packed;                     /* gzip: offsets are those of what comes out of it */
    uint64_t failed;                 /* records that are not durable .. */
    struct record_mark first_failed; /* .. and where the first of them can be read again */
};

/* Why a delivery cannot be acknowledged. */
enum trouble {
    TROUBLE_NONE,
    TROUBLE_DATA, /* bad data, and no rejects queue to keep it in */
    TROUBLE_BUSY, /* a service did not take or give what it should; later it may */
    TROUBLE_TIME, /* not finished, or not started, when time was up */
};

struct delivery {
    struct delivery *next;
    enum origin origin;
    str id;       /* SQS messageId, Kinesis sequence number; empty for the others */
    str arn;      /* eventSourceARN */
    str group_id; /* SQS FIFO */
    bool fifo;    /* the ARN ends in .fifo */
    struct input *inputs;
    /* What became of it: ingest's, zero at first. */
    enum trouble trouble;
    uint64_t pending; /* records given to the ports whose outcome is open */
    uint64_t failed;  /* records that are not durable */
};

/* Everything that is returned lies in `arena` or in `text`, and is good as long as both.
 * ERR_INPUT with why->code "Function.UnknownEvent" when the event is not JSON or none of those we
 * know; ERR_LIMIT when the arena is full. An empty list of records is OK and no delivery. */
err event_read(str text, struct arena *arena, struct delivery **out, struct why *why) MUST_USE;
/* "s3", "sqs", ...: for logs and metrics. */
str event_origin_name(enum origin origin);

#endif

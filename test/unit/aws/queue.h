/* A fake SQS that answers as it is told, and keeps what it was sent. */
#ifndef TEST_UNIT_AWS_QUEUE_H
#define TEST_UNIT_AWS_QUEUE_H

#include "test/unit/aws/rig.h"

#include "aws/sqs.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define QUEUE    STR("https://sqs.elsewhere.example/1/q")

/* Answers with one body after the other, the last one for ever; keeps what was sent. */
struct queue {
    const char *bodies[8];
    size_t count;
    const char *headers;
    int status; /* 0: 200 */
    struct buf sent;
    unsigned requests;
};

static inline void queue_answer(void *ctx, const struct fake_request *request,
                                struct fake_reply *reply)
{
    struct queue *q = ctx;
    size_t i = request->number < q->count ? request->number : q->count - 1;
    buf_add(&q->sent, request->head);
    buf_add(&q->sent, request->body);
    buf_char(&q->sent, '\n');
    q->requests++;
    fake_reply_with(reply, q->status ? q->status : 200, q->headers ? q->headers : "",
                    str_from(q->bodies[i]));
}

static inline void queue_start(struct rig *rig, struct queue *queue)
{
    buf_init(&queue->sent, 32 << 20);
    rig_start(rig, queue_answer, queue);
}

static inline void queue_finish(struct rig *rig, struct queue *queue)
{
    rig_stop(rig);
    buf_close(&queue->sent);
}

#endif

/* A Runtime API and an actor that plays the function, in a thread of its own. */
#ifndef TEST_UNIT_LOCAL_API_STAGE_H
#define TEST_UNIT_LOCAL_API_STAGE_H

#include "deploy/local/runtime_api.h"
#include "test/unit/local/raw_client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a function does, in a thread of its own, and what it saw. */
struct actor {
    uint16_t port;
    void (*act)(struct actor *);
    pthread_t thread;
    int fd;
    struct raw_reply next; /* the last event */
    int status[3];         /* of the posts */
    size_t len;            /* of what is posted */
    const char *headers;
    atomic_bool over; /* the test has seen enough */
};

struct stage {
    struct runtime_api api;
    struct runtime_api_context context;
    struct runtime_api_result result;
    struct actor actor;
    struct why why;
};

static inline int stage_set_up(void **state)
{
    struct stage *s = test_calloc(1, sizeof *s);
    *state = s;
    s->context = (struct runtime_api_context){
        .function_arn = STR("arn:aws:lambda:eu-west-1:1:function:f"),
        .trace_id = STR("Root=1-2-3"),
        .timeout_ms = 10000,
        .death_fd = -1,
        .stop_fd = -1,
    };
    s->actor.headers = "";
    return (int)runtime_api_open(&s->api, &s->why).kind;
}

static inline int stage_tear_down(void **state)
{
    struct stage *s = *state;
    runtime_api_close(&s->api);
    buf_close(&s->result.body);
    buf_close(&s->actor.next.body);
    test_free(s);
    return 0;
}

static inline void *stage_run_actor(void *arg)
{
    struct actor *a = arg;
    a->fd = raw_connect(a->port);
    a->act(a);
    return NULL;
}

static inline void stage_start(struct stage *s, void (*act)(struct actor *))
{
    s->actor.port = s->api.server.port;
    s->actor.act = act;
    assert_int_equal(pthread_create(&s->actor.thread, NULL, stage_run_actor, &s->actor), 0);
}

static inline void stage_invoke(struct stage *s, str event)
{
    buf_close(&s->result.body);
    assert_int_equal(runtime_api_invoke(&s->api, event, &s->context, &s->result, &s->why).kind,
                     ERR_NONE);
}

/* Serves what the actor still asks for until it has come to its end. */
static inline void stage_finish(struct stage *s)
{
    while (pthread_tryjoin_np(s->actor.thread, NULL) != 0) {
        runtime_api_serve(&s->api, 5);
    }
    (void)close(s->actor.fd);
}

static inline void assert_str(str got, str wanted)
{
    assert_int_equal(got.len, wanted.len);
    assert_memory_equal(got.at, wanted.at, wanted.len);
}

static inline void actor_next(struct actor *a)
{
    buf_close(&a->next.body);
    raw_next(a->fd, &a->next);
}

static inline void actor_respond(struct actor *a)
{
    actor_next(a);
    a->status[0] = raw_answer(a->fd, &a->next, "response", a->headers, STR("{\"a\":1}"));
}

#endif

/* Handlers that wait for each other: proof that they run at the same time, without a clock. */
#ifndef TEST_UNIT_RUNTIME_MEETING_H
#define TEST_UNIT_RUNTIME_MEETING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

enum { PATIENCE_S = 20 };

/* What handlers that run at the same time share. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned here, most; /* in the handler now, and at most */
    unsigned wanted;     /* so many must be there before one may leave */
    bool failed;
};

static inline void meet(struct meeting *meeting, unsigned wanted)
{
    *meeting = (struct meeting){.wanted = wanted};
    assert_int_equal(pthread_mutex_init(&meeting->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&meeting->moved, NULL), 0);
}

/* Only a runtime that never gets them together waits until patience ends. */
static inline void join_in(struct meeting *meeting)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    (void)pthread_mutex_lock(&meeting->lock);
    meeting->here++;
    meeting->most = meeting->here > meeting->most ? meeting->here : meeting->most;
    (void)pthread_cond_broadcast(&meeting->moved);
    int waited = 0;
    while (meeting->most < meeting->wanted && waited == 0) {
        waited = pthread_cond_timedwait(&meeting->moved, &meeting->lock, &until);
    }
    meeting->failed |= waited != 0;
    meeting->here--;
    (void)pthread_mutex_unlock(&meeting->lock);
}

static inline void part(struct meeting *meeting)
{
    (void)pthread_cond_destroy(&meeting->moved);
    (void)pthread_mutex_destroy(&meeting->lock);
}

#endif

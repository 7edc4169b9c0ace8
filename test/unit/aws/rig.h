/* A client whose every service is a test's function. */
#ifndef TEST_UNIT_AWS_RIG_H
#define TEST_UNIT_AWS_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/client.h"
#include "test/support/fake_service.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static inline int64_t rig_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Temporary keys, so that each test sees all headers there are. */
static inline void rig_client(struct client *client, uint16_t port)
{
    char url[64];
    (void)snprintf(url, sizeof url, "AWS_ENDPOINT_URL=http://127.0.0.1:%u", port);
    /* They need not outlive client_init but for the keys, which are literals. */
    const char *env[] = {"AWS_REGION=eu-west-1",
                         "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                         "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI",
                         "AWS_SESSION_TOKEN=TOKENTOKEN",
                         url,
                         NULL};
    struct why why = {0};
    const struct client_config config = {.env = env, .now_ms = rig_now_ms, .seed = 7};
    if (client_init(client, &config, &why).kind) {
        fail_msg("%s", why.text);
    }
}

struct rig {
    struct fake_service service;
    struct client client;
};

static inline void rig_start(struct rig *rig, fake_handler *handler, void *ctx)
{
    fake_service_start(&rig->service, handler, ctx);
    rig_client(&rig->client, rig->service.port);
}

static inline void rig_stop(struct rig *rig)
{
    client_close(&rig->client);
    fake_service_stop(&rig->service);
}

/* The same bytes as text; `b` must be able to end in NUL. */
static inline bool rig_contains(str text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

#endif

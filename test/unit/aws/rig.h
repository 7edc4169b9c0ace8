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

enum { RIG_ENVIRONMENTS = 8, RIG_VARIABLES = 7 };

/* Temporary keys, so that each test sees all headers there are. A client's settings point into its
 * environment as long as it lives: no more than RIG_ENVIRONMENTS clients at once. */
static inline const char *const *rig_env(uint16_t port, const char *more)
{
    static struct {
        char url[64];
        const char *variables[RIG_VARIABLES];
    } all[RIG_ENVIRONMENTS];
    static size_t count;
    size_t i = count++ % RIG_ENVIRONMENTS;
    (void)snprintf(all[i].url, sizeof all[i].url, "AWS_ENDPOINT_URL=http://127.0.0.1:%u", port);
    const char *variables[RIG_VARIABLES] = {"AWS_REGION=eu-west-1",
                                            "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI",
                                            "AWS_SESSION_TOKEN=TOKENTOKEN",
                                            all[i].url,
                                            more};
    memcpy(all[i].variables, variables, sizeof variables);
    return all[i].variables;
}

/* `more` is one more variable ("NAME=value"), or NULL; it must outlive the client. */
static inline void rig_client_with(struct client *client, uint16_t port, const char *more)
{
    struct why why = {0};
    const struct client_config config = {
        .env = rig_env(port, more), .now_ms = rig_now_ms, .seed = 7};
    if (client_init(client, &config, &why).kind) {
        fail_msg("%s", why.text);
    }
}

static inline void rig_client(struct client *client, uint16_t port)
{
    rig_client_with(client, port, NULL);
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

/* With another client than the usual one. */
static inline void rig_start_with(struct rig *rig, fake_handler *handler, void *ctx,
                                  const char *more)
{
    fake_service_start(&rig->service, handler, ctx);
    rig_client_with(&rig->client, rig->service.port, more);
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

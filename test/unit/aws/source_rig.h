/* One source of credentials, asked as the provider asks it. Every secret of these tests holds the
 * word LEAK, so that a look at a failure shows whether it kept them to itself.
 */
#ifndef TEST_UNIT_AWS_SOURCE_RIG_H
#define TEST_UNIT_AWS_SOURCE_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/provider_source.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOURCE_ROWS(rows) (sizeof(rows) / sizeof *(rows))

enum { SOURCE_SCRATCH = 1024 * 1024, SOURCE_LIMIT_MS = 20000 };

static inline int64_t source_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct source_rig {
    struct settings *settings;
    struct http *http;
    struct arena_block block;
    struct provider_work work;
    int64_t limit_ms;        /* of a fetch; 0: SOURCE_LIMIT_MS */
    struct credentials keys; /* of the last fetch; good until the next */
    struct why why;
};

/* `env` must outlive the rig. */
static inline void source_rig_start(struct source_rig *rig, const char *const *env)
{
    *rig = (struct source_rig){0};
    if (settings_open(&rig->settings, env, &rig->why).kind) {
        fail_msg("%s", rig->why.text);
    }
    const struct trust_config trust = {
        .ca_bundle = settings_get(rig->settings, STR("AWS_CA_BUNDLE")),
    };
    assert_int_equal(http_init(&rig->http, &trust, &rig->why).kind, ERR_NONE);
    assert_true(arena_block_init(&rig->block, SOURCE_SCRATCH));
}

static inline void source_rig_stop(struct source_rig *rig)
{
    http_close(rig->http);
    settings_close(rig->settings);
    arena_block_close(&rig->block);
}

/* No secret of a test, and no address of its server, is in a failure. */
static inline void source_check_silent(const struct why *why, const char *word)
{
    if (memmem(why, sizeof *why, "LEAK", 4)) {
        fail_msg("%s: the failure tells a secret", word);
    }
}

static inline enum err_kind source_fetch(struct source_rig *rig,
                                         const struct provider_source *source, unsigned attempts)
{
    rig->why = (struct why){0};
    rig->keys = (struct credentials){0};
    rig->work = (struct provider_work){
        .settings = rig->settings,
        .now_ms = source_now_ms,
        .deadline_ms = source_now_ms() + (rig->limit_ms ? rig->limit_ms : SOURCE_LIMIT_MS),
        .attempts = attempts,
        .http = rig->http,
        .scratch = arena_start(&rig->block),
    };
    err fetched = source->fetch(&rig->work, &rig->keys, &rig->why);
    assert_int_equal(fetched.kind, rig->why.kind);
    source_check_silent(&rig->why, "fetch");
    return fetched.kind;
}

static inline void source_expect(str found, const char *expected)
{
    if (!str_eq(found, str_from(expected))) {
        fail_msg("%.*s is not %s", (int)found.len, found.at, expected);
    }
}

/* A file of that text in a folder of the test's own: "/tmp/x-XXXXXX" made by mkdtemp. */
static inline void source_write(const char *path, str text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

#endif

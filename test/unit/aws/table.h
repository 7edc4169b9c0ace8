/* A writer to a fake DynamoDB, and what its items came to. */
#ifndef TEST_UNIT_AWS_TABLE_H
#define TEST_UNIT_AWS_TABLE_H

#include "test/unit/aws/rig.h"

#include "aws/dynamodb.h"

#include <stdlib.h>

enum { TABLE_MAX_ITEMS = 4096, TABLE_OUTCOMES = DYNAMODB_FAILED + 1 };

struct table {
    struct rig rig;
    struct dynamodb_writer *writer;
    unsigned of[TABLE_OUTCOMES];
    unsigned told[TABLE_MAX_ITEMS];                  /* how often each item's outcome came */
    enum dynamodb_outcome outcomes[TABLE_MAX_ITEMS]; /* the last */
    struct why why;                                  /* of the last one that had any */
    bool returned; /* put and flush are over: no outcome may come */
};

static inline void table_outcome(void *ctx, const void *tag, enum dynamodb_outcome outcome,
                                 const struct why *why)
{
    struct table *t = ctx;
    size_t i = *(const size_t *)tag;
    assert_false(t->returned);
    assert_true(i < TABLE_MAX_ITEMS);
    t->told[i]++;
    t->of[outcome]++;
    t->outcomes[i] = outcome;
    if (why->kind) {
        t->why = *why;
    }
}

static inline struct table *table_start(enum dynamodb_mode mode, unsigned in_flight,
                                        fake_handler *handler, void *ctx)
{
    struct table *t = calloc(1, sizeof *t);
    struct why why = {0};
    assert_non_null(t);
    rig_start(&t->rig, handler, ctx);
    const struct dynamodb_config config = {
        .client = &t->rig.client,
        .mode = mode,
        .table = STR("user-data-table"),
        .key_name = STR("user_id"),
        .version_name = STR("_v"),
        .in_flight = in_flight,
        .on_outcome = table_outcome,
        .ctx = t,
    };
    assert_int_equal(dynamodb_open(&config, &t->writer, &why).kind, ERR_NONE);
    return t;
}

static inline enum err_kind table_put(struct table *t, size_t i, const char *key, str version)
{
    struct why why = {0};
    const struct dynamodb_attribute attribute = {STR("user_name"), STR("Ann"), false};
    const struct dynamodb_item item = {
        .key = str_from(key), .version = version, .attributes = &attribute, .attribute_count = 1};
    t->returned = false;
    err put = dynamodb_put(t->writer, &item, &i, sizeof i, &why);
    t->returned = true;
    return put.kind;
}

/* Items "k0".."k<count-1>" of version 1. */
static inline void table_put_many(struct table *t, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "k%zu", i);
        assert_int_equal(table_put(t, i, key, STR("1")), ERR_NONE);
    }
}

static inline enum err_kind table_flush(struct table *t)
{
    struct why why = {0};
    t->returned = false;
    err flushed = dynamodb_flush(t->writer, &why);
    t->returned = true;
    return flushed.kind;
}

/* The first `count` items have one outcome each. */
static inline void table_check_told(const struct table *t, size_t count)
{
    for (size_t i = 0; i < TABLE_MAX_ITEMS; i++) {
        assert_int_equal(t->told[i], i < count ? 1 : 0);
    }
}

static inline void table_stop(struct table *t)
{
    dynamodb_close(t->writer);
    rig_stop(&t->rig);
}

#endif

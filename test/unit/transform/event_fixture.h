/* Events from test/data/events, and what event_read makes of them. */
#ifndef TEST_UNIT_TRANSFORM_EVENT_FIXTURE_H
#define TEST_UNIT_TRANSFORM_EVENT_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#include "transform/event.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define QUEUE_ARN "arn:aws:sqs:eu-west-1:123456789012:user-data-queue"

static struct arena_block block;

struct result {
    err err;
    struct why why;
    struct delivery *first;
    size_t used; /* bytes of the arena */
};

static inline struct result read_event(str text)
{
    struct result result = {0};
    struct arena arena = arena_start(&block);
    result.err = event_read(text, &arena, &result.first, &result.why);
    result.used = (size_t)(arena.at - block.at);
    return result;
}

/* A canned event's text; good until the next one. */
static inline str load_event(const char *name)
{
    static char text[64 * 1024];
    char path[256];
    (void)snprintf(path, sizeof path, "test/data/events/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s: not there", path);
    }
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    assert_true(len > 0 && len < sizeof text);
    return (str){text, len};
}

static inline bool is_unknown(const struct result *result)
{
    return result->err.kind == ERR_INPUT && result->why.kind == ERR_INPUT && !result->first &&
           str_eq(str_from(result->why.code), STR("Function.UnknownEvent"));
}

static inline size_t count_inputs(const struct delivery *delivery)
{
    size_t count = 0;
    for (const struct input *input = delivery->inputs; input; input = input->next) {
        count++;
    }
    return count;
}

/* Delivery `n` from 0, which must be there. */
static inline struct delivery *delivery_at(struct delivery *first, size_t n)
{
    for (; first && n; n--) {
        first = first->next;
    }
    assert_non_null(first);
    return first;
}

static inline struct input *input_at(const struct delivery *delivery, size_t n)
{
    struct input *input = delivery->inputs;
    for (; input && n; n--) {
        input = input->next;
    }
    assert_non_null(input);
    return input;
}

static inline int open_block(void **state)
{
    (void)state;
    return arena_block_init(&block, (size_t)64 << 20) ? 0 : -1;
}

static inline int close_block(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

#endif

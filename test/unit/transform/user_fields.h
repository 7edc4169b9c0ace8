/* Records made of fields, and users read from them. */
#ifndef TEST_UNIT_TRANSFORM_USER_FIELDS_H
#define TEST_UNIT_TRANSFORM_USER_FIELDS_H

#include "transform/user.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* 2026-03-01T12:30:45.123Z */
static const int64_t now_ms = 1772368245123;

static struct arena_block block;

static inline struct field make_field(const char *name, const char *value, enum field_type type)
{
    return (struct field){.name = str_from(name), .value = str_from(value), .type = type};
}

static inline enum reason read_fields(struct field *fields, size_t count, struct user *user,
                                      str *field)
{
    struct user_rules rules = {.phone_region = STR("GB"), .now_ms = now_ms};
    struct record record = {.fields = fields, .field_count = count};
    struct arena arena = arena_start(&block);
    return user_read(&record, &rules, &arena, user, field);
}

static inline str attribute_of(const struct user *user, str name)
{
    for (size_t i = 0; i < user->attribute_count; i++) {
        if (str_eq(user->attributes[i].name, name)) {
            return user->attributes[i].value;
        }
    }
    return (str){NULL, 0};
}

static inline int open_block(void **state)
{
    (void)state;
    return arena_block_init(&block, 1 << 20) ? 0 : -1;
}

static inline int close_block(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

#endif

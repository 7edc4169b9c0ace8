#include "base/source.h"

#include <string.h>

static MUST_USE err read_text(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    str *left = ctx;
    str part = str_take(*left, room);
    (void)why;
    if (part.len) {
        memcpy(into, part.at, part.len);
    }
    *left = str_drop(*left, part.len);
    *got = part.len;
    return OK;
}

struct source source_of_text(str *left)
{
    return (struct source){.read = read_text, .ctx = left};
}

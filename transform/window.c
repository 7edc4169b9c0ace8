#include "transform/window.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool window_init(struct window *w, struct source source, size_t longest, struct arena *arena)
{
    *w = (struct window){.source = source, .line = 1};
    if (longest > SIZE_MAX - WINDOW_READ_BYTES) {
        return false;
    }
    w->room = longest + WINDOW_READ_BYTES;
    w->memory = arena_alloc(arena, w->room, 64);
    return w->memory != NULL;
}

str window_text(const struct window *w)
{
    return (str){w->memory + w->at, w->end - w->at};
}

bool window_full(const struct window *w)
{
    return w->end - w->at >= w->room - w->hold;
}

static void compact(struct window *w)
{
    size_t to = smaller(w->at, w->hold);
    if (w->at > to) {
        memmove(w->memory + to, w->memory + w->at, w->end - w->at);
        w->end -= w->at - to;
        w->at = to;
    }
}

err window_read(struct window *w, size_t want, struct why *why)
{
    compact(w);
    want = smaller(want, w->room - w->at);
    size_t before = w->end;
    while (!w->ended && !w->failed.kind && w->end - w->at < want) {
        size_t got = 0;
        size_t room = smaller(w->room - w->end, WINDOW_READ_BYTES);
        if (w->source.read(w->source.ctx, w->memory + w->end, room, &got, &w->failed).kind) {
            break;
        }
        w->end += got;
        w->ended = got == 0;
    }
    if (!w->failed.kind || w->end > before) {
        return OK;
    }
    *why = w->failed;
    return (err){w->failed.kind};
}

void window_take(struct window *w, size_t len, uint64_t lines)
{
    w->at += len;
    w->offset += len;
    w->line += lines;
}

void window_hold(struct window *w, size_t limit)
{
    w->hold = 0;
    compact(w);
    w->hold = limit;
}

str window_held(const struct window *w)
{
    return (str){w->memory, smaller(w->at, w->hold)};
}

void window_release(struct window *w)
{
    w->hold = 0;
}

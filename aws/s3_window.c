#include "aws/s3_window.h"

#include <string.h>

bool s3_window_put(struct s3_window *window, str bytes)
{
    if (bytes.len > S3_WINDOW_BYTES - window->len) {
        return false;
    }
    size_t end = (window->start + window->len) % S3_WINDOW_BYTES;
    str first = str_take(bytes, S3_WINDOW_BYTES - end);
    str second = str_drop(bytes, first.len);
    memcpy(window->memory + end, first.at, first.len);
    memcpy(window->memory, second.at, second.len);
    window->len += bytes.len;
    return true;
}

size_t s3_window_get(struct s3_window *window, char *into, size_t room)
{
    size_t len = window->len < room ? window->len : room;
    size_t first = len < S3_WINDOW_BYTES - window->start ? len : S3_WINDOW_BYTES - window->start;
    memcpy(into, window->memory + window->start, first);
    memcpy(into + first, window->memory, len - first);
    window->start = (window->start + len) % S3_WINDOW_BYTES;
    window->len -= len;
    return len;
}

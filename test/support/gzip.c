#include "test/support/gzip.h"

#include <stdlib.h>
#include <zlib.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* `flush` once; Z_FINISH to the end. */
static void pump(z_stream *z, int flush, struct buf *out)
{
    int result = Z_OK;
    do {
        char *into = buf_reserve(out, 4096);
        check(into != NULL);
        z->next_out = (Bytef *)into;
        z->avail_out = 4096;
        result = deflate(z, flush);
        check(result != Z_STREAM_ERROR);
        out->len += 4096 - z->avail_out;
    } while (!z->avail_out || (flush == Z_FINISH && result != Z_STREAM_END));
}

static void add_member(struct buf *out, str text, const struct gzip_how *how)
{
    enum { GZIP_WINDOW = 31 };
    z_stream z = {0};
    gz_header header = {.extra = (Bytef *)"extra",
                        .extra_len = 5,
                        .name = (Bytef *)"a name",
                        .comment = (Bytef *)"a comment",
                        .hcrc = 1,
                        .os = 3};
    int memory = how->small_blocks ? 1 : 8;
    check(deflateInit2(&z, how->stored ? 0 : 6, Z_DEFLATED, GZIP_WINDOW, memory,
                       Z_DEFAULT_STRATEGY) == Z_OK);
    if (how->full_header) {
        check(deflateSetHeader(&z, &header) == Z_OK);
    }
    size_t step = how->flush_bytes ? how->flush_bytes : text.len;
    while (text.len > step) {
        z.next_in = (Bytef *)(uintptr_t)text.at;
        z.avail_in = (uInt)step;
        pump(&z, Z_SYNC_FLUSH, out);
        text = str_drop(text, step);
    }
    z.next_in = (Bytef *)(uintptr_t)text.at;
    z.avail_in = (uInt)text.len;
    pump(&z, Z_FINISH, out);
    check(deflateEnd(&z) == Z_OK);
}

void gzip_add(struct buf *out, str text, const struct gzip_how *how)
{
    size_t step = how->member_bytes ? how->member_bytes : text.len;
    do {
        add_member(out, str_take(text, step), how);
        text = str_drop(text, step);
    } while (text.len);
    for (size_t i = 0; i < how->padding; i++) {
        buf_char(out, 0);
    }
}

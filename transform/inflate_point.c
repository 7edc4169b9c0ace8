#include "transform/inflate_inside.h"

/* What zlib gives back is the arena's again when all of it is. */
voidpf inflate_zalloc(voidpf opaque, uInt items, uInt size)
{
    return arena_alloc(opaque, (size_t)items * size, _Alignof(max_align_t));
}

void inflate_zfree(voidpf opaque, voidpf address)
{
    (void)opaque;
    (void)address;
}

static unsigned char *window_of(const struct inflate *f, size_t slot)
{
    return f->windows + slot * INFLATE_WINDOW_BYTES;
}

static uint64_t last_noted(const struct inflate *f)
{
    return f->point_count ? f->points[(f->point_count - 1) % INFLATE_POINTS].out : f->first.out;
}

/* Something must be left to read there: nobody can be asked for the bytes after the last. */
void inflate_note_point(struct inflate *f)
{
    bool inside = f->place == INFLATE_AT_DATA;
    unsigned bits = inside ? (unsigned)f->z.data_type & 7 : 0;
    uInt len = 0;
    if (f->out - last_noted(f) < f->spacing || (!bits && !f->z.avail_in)) {
        return;
    }
    size_t slot = f->point_count % INFLATE_POINTS;
    unsigned char *window = window_of(f, slot);
    if (inside && inflateGetDictionary(&f->z, window, &len) != Z_OK) {
        return;
    }
    f->points[slot] = (struct inflate_point){
        .in = f->read - f->z.avail_in - (bits ? 1 : 0),
        .out = f->out,
        .inside = inside,
        .bits = bits,
        .crc = inside ? f->crc : 0,
        .length = inside ? f->length : 0,
        .window = {(const char *)window, len},
    };
    f->point_count++;
}

struct inflate_point inflate_point_before(const struct inflate *f, uint64_t offset)
{
    const struct inflate_point *best = &f->first;
    for (size_t i = 0; i < INFLATE_POINTS && i < f->point_count; i++) {
        const struct inflate_point *point = &f->points[i];
        best = point->out <= offset && point->out >= best->out ? point : best;
    }
    return *best;
}

static z_stream stream_in(struct arena *memory)
{
    return (z_stream){.zalloc = inflate_zalloc, .zfree = inflate_zfree, .opaque = memory};
}

bool inflate_pack_window(str window, struct arena scratch, struct buf *out)
{
    z_stream z = stream_in(&scratch);
    enum { MEMORY_LEVEL = 8 };
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    size_t most = window.len + window.len / 8 + 64; /* zlib.h: 13.5 % larger at the very worst */
    z.next_in = (const unsigned char *)window.at;
    z.avail_in = (uInt)window.len;
    z.next_out = (unsigned char *)buf_reserve(out, most);
    z.avail_out = (uInt)most;
    if (!z.next_out || deflate(&z, Z_FINISH) != Z_STREAM_END) {
        return false;
    }
    out->len += most - z.avail_out;
    return true;
}

bool inflate_unpack_window(str packed, struct arena *arena, str *window)
{
    unsigned char *into = arena_alloc(arena, INFLATE_WINDOW_BYTES, 1);
    struct arena scratch = *arena;
    z_stream z = stream_in(&scratch);
    if (!into || packed.len > UINT32_MAX || inflateInit2(&z, -MAX_WBITS) != Z_OK) {
        return false;
    }
    z.next_in = (const unsigned char *)packed.at;
    z.avail_in = (uInt)packed.len;
    z.next_out = into;
    z.avail_out = INFLATE_WINDOW_BYTES;
    bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && !z.avail_in;
    *window = (str){(const char *)into, INFLATE_WINDOW_BYTES - z.avail_out};
    return whole;
}

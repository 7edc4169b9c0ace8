#include "transform/inflate.h"

#include "transform/inflate_inside.h"

#include <assert.h>
#include <string.h>

/* RFC 1952, section 2.3.1. */
enum {
    MAGIC_0 = 0x1f,
    MAGIC_1 = 0x8b,
    HEADER_BYTES = 10,
    TRAILER_BYTES = 8,
    METHOD_DEFLATE = 8,
    FLAG_HEADER_CRC = 2,
    FLAG_EXTRA = 4,
    FLAG_NAME = 8,
    FLAG_COMMENT = 16,
    FLAGS_RESERVED = 0xe0,
};
enum { RAW_DEFLATE = -15 }; /* zlib's word for a stream without header, of the largest window */

bool inflate_is_gzip(str text)
{
    return str_starts(text, STR("\x1f\x8b"));
}

/* --- Bytes --- */

static MUST_USE err refill(struct inflate *f, struct why *why)
{
    size_t got = 0;
    if (f->z.avail_in || f->source_ended) {
        return OK;
    }
    TRY(f->source.read(f->source.ctx, (char *)f->input, INFLATE_INPUT_BYTES, &got, why));
    f->z.next_in = f->input;
    f->z.avail_in = (uInt)got;
    f->read += got;
    f->source_ended = got == 0;
    return OK;
}

static MUST_USE err fail(struct inflate *f, const char *flaw, struct why *why)
{
    f->flaw = flaw;
    return FAIL(why, ERR_INPUT, "gzip: %s", flaw);
}

static MUST_USE err take_bytes(struct inflate *f, unsigned char *into, size_t count,
                               struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        TRY(refill(f, why));
        if (!f->z.avail_in) {
            return fail(f, "the data end early", why);
        }
        into[i] = *f->z.next_in++;
        f->z.avail_in--;
    }
    return OK;
}

static uint32_t little_endian(const unsigned char *at, size_t count)
{
    uint32_t value = 0;
    while (count) {
        value = value << 8 | at[--count];
    }
    return value;
}

/* --- A member's header --- */

static MUST_USE err take_header_bytes(struct inflate *f, unsigned char *into, size_t count,
                                      struct why *why)
{
    TRY(take_bytes(f, into, count, why));
    f->crc = (uint32_t)crc32(f->crc, into, (uInt)count);
    return OK;
}

static MUST_USE err skip_extra(struct inflate *f, struct why *why)
{
    unsigned char bytes[2] = {0};
    TRY(take_header_bytes(f, bytes, sizeof bytes, why));
    for (uint32_t left = little_endian(bytes, sizeof bytes); left; left--) {
        TRY(take_header_bytes(f, bytes, 1, why));
    }
    return OK;
}

static MUST_USE err skip_text(struct inflate *f, struct why *why)
{
    unsigned char byte = 1;
    while (byte) {
        TRY(take_header_bytes(f, &byte, 1, why));
    }
    return OK;
}

static MUST_USE err check_header_crc(struct inflate *f, struct why *why)
{
    unsigned char bytes[2] = {0};
    uint32_t crc = f->crc;
    TRY(take_bytes(f, bytes, sizeof bytes, why));
    return little_endian(bytes, sizeof bytes) == (crc & 0xffff) ? OK : fail(f, "bad header", why);
}

static MUST_USE err read_header(struct inflate *f, struct why *why)
{
    unsigned char fixed[HEADER_BYTES] = {0};
    f->crc = 0;
    TRY(take_header_bytes(f, fixed, sizeof fixed, why));
    unsigned char flags = fixed[3];
    if (fixed[0] != MAGIC_0 || fixed[1] != MAGIC_1 || fixed[2] != METHOD_DEFLATE ||
        flags & FLAGS_RESERVED) {
        return fail(f, "bad header", why);
    }
    if (flags & FLAG_EXTRA) {
        TRY(skip_extra(f, why));
    }
    if (flags & FLAG_NAME) {
        TRY(skip_text(f, why));
    }
    if (flags & FLAG_COMMENT) {
        TRY(skip_text(f, why));
    }
    if (flags & FLAG_HEADER_CRC) {
        TRY(check_header_crc(f, why));
    }
    f->crc = f->length = 0;
    f->place = INFLATE_AT_DATA;
    return inflateReset(&f->z) == Z_OK ? OK : FAIL(why, ERR_BUG, "zlib cannot begin again");
}

/* --- What follows --- */

static MUST_USE err read_bits(struct inflate *f, struct why *why)
{
    unsigned char byte = 0;
    f->place = INFLATE_AT_DATA;
    if (!f->bits) {
        return OK;
    }
    TRY(take_bytes(f, &byte, 1, why));
    return inflatePrime(&f->z, (int)f->bits, byte >> (8 - f->bits)) == Z_OK
               ? OK
               : FAIL(why, ERR_BUG, "zlib does not take %u bits", f->bits);
}

/* Between blocks, with more to come: see "data_type" in zlib.h. */
static bool is_between_blocks(const z_stream *z)
{
    return (z->data_type & 128) && !(z->data_type & 64);
}

static MUST_USE err read_data(struct inflate *f, char *into, size_t room, size_t *got,
                              struct why *why)
{
    TRY(refill(f, why));
    room = room < UINT32_MAX ? room : UINT32_MAX;
    f->z.next_out = (unsigned char *)into;
    f->z.avail_out = (uInt)room;
    int result = inflate(&f->z, Z_BLOCK);
    *got = room - f->z.avail_out;
    f->crc = (uint32_t)crc32_z(f->crc, (const unsigned char *)into, *got);
    f->length += (uint32_t)*got;
    f->out += *got;
    if (result == Z_STREAM_END) {
        f->place = INFLATE_AT_TRAILER;
        return OK;
    }
    if (result == Z_BUF_ERROR) {
        return f->source_ended ? fail(f, "the data end early", why) : OK;
    }
    if (result == Z_MEM_ERROR) {
        return FAIL(why, ERR_LIMIT, "no memory for gzip");
    }
    if (result != Z_OK) {
        f->flaw = "the data are broken"; /* what came out before is given first */
        return OK;
    }
    if (is_between_blocks(&f->z)) {
        inflate_note_point(f);
    }
    return OK;
}

static MUST_USE err read_trailer(struct inflate *f, struct why *why)
{
    unsigned char bytes[TRAILER_BYTES] = {0};
    TRY(take_bytes(f, bytes, sizeof bytes, why));
    f->place = INFLATE_AT_NEXT;
    if (little_endian(bytes, 4) != f->crc) {
        return fail(f, "the data do not have the CRC they should", why);
    }
    return little_endian(bytes + 4, 4) == f->length ? OK : fail(f, "another length", why);
}

static MUST_USE err skip_padding(struct inflate *f, struct why *why)
{
    while (f->z.avail_in) {
        if (*f->z.next_in) {
            return fail(f, "something follows that is no gzip", why);
        }
        f->z.next_in++;
        f->z.avail_in--;
        TRY(refill(f, why));
    }
    f->place = INFLATE_AT_END;
    return OK;
}

static MUST_USE err read_next(struct inflate *f, struct why *why)
{
    TRY(refill(f, why));
    if (f->z.avail_in && *f->z.next_in == MAGIC_0) {
        f->place = INFLATE_AT_HEADER;
        inflate_note_point(f);
        return OK;
    }
    return skip_padding(f, why);
}

/* --- The source --- */

static MUST_USE err read_plain(struct inflate *f, char *into, size_t room, size_t *got,
                               struct why *why)
{
    if (!f->z.avail_in) {
        return f->source_ended ? OK : f->source.read(f->source.ctx, into, room, got, why);
    }
    *got = f->z.avail_in < room ? f->z.avail_in : room;
    memcpy(into, f->z.next_in, *got);
    f->z.next_in += *got;
    f->z.avail_in -= (uInt)*got;
    return OK;
}

static void drop_skipped(struct inflate *f, char *into, size_t *got)
{
    size_t skipped = f->skip < *got ? (size_t)f->skip : *got;
    if (skipped) {
        memmove(into, into + skipped, *got - skipped);
        f->skip -= skipped;
        *got -= skipped;
    }
}

static MUST_USE err step(struct inflate *f, char *into, size_t room, size_t *got, struct why *why)
{
    switch (f->place) {
    case INFLATE_AT_BITS:
        return read_bits(f, why);
    case INFLATE_AT_HEADER:
        return read_header(f, why);
    case INFLATE_AT_DATA:
        return read_data(f, into, room, got, why);
    case INFLATE_AT_TRAILER:
        return read_trailer(f, why);
    case INFLATE_AT_NEXT:
        return read_next(f, why);
    case INFLATE_PLAIN:
    case INFLATE_AT_END:
        break;
    }
    return f->skip ? fail(f, "the data end before the place to go on from", why) : OK;
}

static MUST_USE err read_some(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct inflate *f = ctx;
    *got = 0;
    if (f->place == INFLATE_PLAIN) {
        return read_plain(f, into, room, got, why);
    }
    while (!*got && !(f->place == INFLATE_AT_END && !f->skip)) {
        if (f->flaw) {
            return fail(f, f->flaw, why);
        }
        TRY(step(f, into, room, got, why));
        drop_skipped(f, into, got);
    }
    return OK;
}

struct source inflate_source(struct inflate *f)
{
    return (struct source){.read = read_some, .ctx = f};
}

bool inflate_is_packed(const struct inflate *f)
{
    return f->place != INFLATE_PLAIN;
}

bool inflate_is_broken(const struct inflate *f)
{
    return f->flaw != NULL;
}

/* --- Opening --- */

/* A source may give its first bytes one by one. */
static MUST_USE err look_for_gzip(struct inflate *f, struct why *why)
{
    f->z.next_in = f->input;
    while (f->read < 2 && !f->source_ended) {
        size_t got = 0;
        TRY(f->source.read(f->source.ctx, (char *)f->input + f->read, INFLATE_INPUT_BYTES - 1, &got,
                           why));
        f->read += got;
        f->source_ended = got == 0;
    }
    f->z.avail_in = (uInt)f->read;
    bool is_gzip = inflate_is_gzip((str){(const char *)f->input, (size_t)f->read});
    f->place = is_gzip ? INFLATE_AT_HEADER : INFLATE_PLAIN;
    return OK;
}

static MUST_USE err go_on_from(struct inflate *f, const struct inflate_options *options,
                               struct why *why)
{
    const struct inflate_point *from = options->from;
    assert(from->window.len <= INFLATE_WINDOW_BYTES && from->bits <= 7);
    assert(options->offset >= from->out);
    f->first = *from;
    f->read = from->in;
    f->out = from->out;
    f->skip = options->offset - from->out;
    f->bits = from->bits;
    f->crc = from->crc;
    f->length = from->length;
    f->place = from->inside ? INFLATE_AT_BITS : INFLATE_AT_HEADER;
    if (!from->inside || !from->window.len) {
        return OK;
    }
    const unsigned char *window = (const unsigned char *)from->window.at;
    return inflateSetDictionary(&f->z, window, (uInt)from->window.len) == Z_OK
               ? OK
               : FAIL(why, ERR_LIMIT, "no memory for gzip");
}

static struct inflate *new_inflate(struct source source, size_t lag, struct arena *arena)
{
    struct inflate *f = ARENA_NEW(arena, struct inflate);
    unsigned char *input = arena_alloc(arena, INFLATE_INPUT_BYTES, 1);
    unsigned char *windows = arena_alloc(arena, (size_t)INFLATE_POINTS * INFLATE_WINDOW_BYTES, 1);
    char *memory = arena_alloc(arena, INFLATE_MEMORY_BYTES, 64);
    if (!f || !input || !windows || !memory) {
        return NULL;
    }
    f->source = source;
    f->input = input;
    f->windows = windows;
    f->memory = (struct arena){memory, memory + INFLATE_MEMORY_BYTES};
    /* Of the points at hand the first is never less than `lag` behind, nor much more. */
    f->spacing = lag / (INFLATE_POINTS - 1) + 1;
    f->z.zalloc = inflate_zalloc;
    f->z.zfree = inflate_zfree;
    f->z.opaque = &f->memory;
    return inflateInit2(&f->z, RAW_DEFLATE) == Z_OK ? f : NULL;
}

err inflate_open(struct source source, const struct inflate_options *options, struct arena *arena,
                 struct inflate **out, struct why *why)
{
    struct inflate *f = new_inflate(source, options->lag, arena);
    if (!f) {
        return FAIL(why, ERR_LIMIT, "no memory for gzip");
    }
    *out = f;
    return options->from ? go_on_from(f, options, why) : look_for_gzip(f, why);
}

#include "test/support/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DEFAULT_MAX = 1024 * 1024, BLOCK_BYTES = 64 * 1024 * 1024 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct giver {
    str left;
    struct records_reading how;
    uint64_t state;
    size_t given;
};

static size_t next_size(struct giver *g, size_t room)
{
    size_t size = g->how.chunk ? g->how.chunk : SIZE_MAX;
    if (g->how.seed) {
        g->state = g->state * 6364136223846793005 + 1442695040888963407;
        size = (size_t)(g->state >> 33) % size + 1;
    }
    return size < room ? size : room;
}

static err give(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct giver *g = ctx;
    CHECK(room > 0);
    str part = str_take(g->left, next_size(g, room));
    if (g->how.fails && part.len > g->how.fails_after - g->given) {
        part = str_take(part, g->how.fails_after - g->given);
    }
    if (g->how.fails && g->given == g->how.fails_after) {
        g->how.fails = false; /* a reader that asked again would get more */
        return FAIL(why, ERR_BUSY, "planted");
    }
    if (part.len) {
        memcpy(into, part.at, part.len);
    }
    g->left = str_drop(g->left, part.len);
    g->given += part.len;
    *got = part.len;
    return OK;
}

static void add_line(struct buf *out, str text)
{
    for (struct str_halves h = str_cut(text, '\n'); h.found; h = str_cut(text, '\n')) {
        buf_add(out, h.head);
        buf_add(out, STR("\\n"));
        text = h.tail;
    }
    buf_add(out, text);
}

static void add_fields(struct buf *out, const struct record *record, struct arena scratch)
{
    CHECK(record->field_count <= RECORD_MAX_FIELDS);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        str text = record_text(field, &scratch);
        CHECK(text.at);
        buf_char(out, ' ');
        add_line(out, field->name);
        buf_char(out, field->type < FIELD_NUMBER ? '=' : ':');
        add_line(out, text);
    }
}

static void add_record(struct buf *out, const struct record *record, struct arena scratch)
{
    buf_u64(out, record->offset);
    buf_char(out, '+');
    buf_u64(out, record->length);
    buf_char(out, '@');
    buf_u64(out, record->line);
    if (record->bad) {
        buf_char(out, ' ');
        buf_add(out, reason_code(record->bad));
    }
    add_fields(out, record, scratch);
    buf_char(out, '\n');
}

static uint64_t lines_in(str text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.at[i] == '\n';
    }
    return lines;
}

/* What is known of the text before the next record. */
struct seen {
    uint64_t start, end; /* of the record before */
    uint64_t line;       /* at its start */
    bool any;
};

static void check(str text, const struct record *record, struct seen *seen)
{
    CHECK(record->offset >= seen->end && (!seen->any || record->offset > seen->start));
    CHECK(record->offset + record->length <= text.len);
    CHECK(record->raw.len == record->length || record->bad);
    CHECK(record->raw.len <= record->length);
    str there = str_take(str_drop(text, (size_t)record->offset), record->raw.len);
    CHECK(str_eq(there, record->raw));
    CHECK(!record->bad || record->field_count == 0);
    str between = str_take(text, (size_t)record->offset);
    seen->line += lines_in(str_drop(between, (size_t)seen->start));
    CHECK(record->line == seen->line || memchr(text.at, '\r', text.len));
    *seen = (struct seen){record->offset, record->offset + record->length, seen->line, true};
}

static enum err_kind dump(str text, const struct records_reading *reading, struct arena arena,
                          struct buf *out)
{
    struct giver giver = {.left = text, .how = *reading, .state = reading->seed};
    struct source source = {give, &giver};
    struct record_options options = {
        .format = reading->format,
        .max_record_bytes = reading->max_record_bytes ? reading->max_record_bytes : DEFAULT_MAX,
    };
    struct record_reader *reader = NULL;
    struct record *record = NULL;
    struct why why = {0};
    struct seen seen = {.line = 1};
    CHECK(!record_open(source, &options, &arena, &reader, &why).kind);
    for (;;) {
        err result = record_next(reader, &record, &why);
        if (result.kind || !record) {
            CHECK(!record && why.kind == result.kind);
            CHECK(record_next(reader, &record, &why).kind == result.kind && !record);
            return result.kind;
        }
        check(text, record, &seen);
        CHECK(record->bad || record->length <= options.max_record_bytes);
        add_record(out, record, arena);
    }
}

enum err_kind records_dump(str text, const struct records_reading *reading, struct buf *out)
{
    static struct arena_block block;
    if (!block.at) {
        CHECK(arena_block_init(&block, BLOCK_BYTES));
    }
    return dump(text, reading, arena_start(&block), out);
}

size_t records_touched(str text, const struct records_reading *reading)
{
    static unsigned char resident[BLOCK_BYTES / 4096];
    struct arena_block block;
    struct buf out;
    size_t pages = 0;
    CHECK(sysconf(_SC_PAGESIZE) == 4096 && arena_block_init(&block, BLOCK_BYTES));
    buf_init(&out, SIZE_MAX / 2);
    (void)dump(text, reading, arena_start(&block), &out);
    CHECK(mincore(block.at, block.len, resident) == 0);
    for (size_t i = 0; i < sizeof resident; i++) {
        pages += resident[i] & 1;
    }
    buf_close(&out);
    arena_block_close(&block);
    return pages * 4096;
}

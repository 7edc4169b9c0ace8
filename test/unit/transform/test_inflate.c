/* gzip read whole, in pieces, and broken. */
#include "test/unit/transform/packed.h"

#include "test/support/guard.h"

struct outcome {
    enum err_kind kind;
    bool packed, broken;
    struct why why;
};

/* Reads all there is in pieces of up to `room`. */
static struct outcome read_all(struct giver *giver, size_t room, struct buf *out)
{
    struct outcome o = {0};
    struct arena arena = arena_start(&block);
    struct inflate *f = NULL;
    size_t got = 1;
    o.kind =
        inflate_open((struct source){give, giver}, &(struct inflate_options){0}, &arena, &f, &o.why)
            .kind;
    if (o.kind) {
        return o;
    }
    o.packed = inflate_is_packed(f);
    struct source source = inflate_source(f);
    while (!o.kind && got) {
        char *into = buf_reserve(out, room);
        assert_non_null(into);
        o.kind = source.read(source.ctx, into, room, &got, &o.why).kind;
        out->len += o.kind ? 0 : got;
    }
    o.broken = inflate_is_broken(f);
    if (o.broken) { /* and it stays so */
        char byte = 0;
        assert_int_equal(source.read(source.ctx, &byte, 1, &got, &o.why).kind, ERR_INPUT);
    }
    return o;
}

static void every_shape_of_gzip_gives_the_text_in_pieces_of_any_size(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 17, 1000, 65536};
    str text = str_take(sample(), 30000);
    (void)state;
    for (size_t i = 0; i < COUNT(hows) * COUNT(sizes) * COUNT(sizes); i++) {
        struct buf packed;
        struct buf out;
        buf_init(&packed, 1 << 20);
        buf_init(&out, 1 << 20);
        gzip_add(&packed, text, &hows[i % COUNT(hows)]);
        struct giver giver = {buf_str(&packed), sizes[i / COUNT(hows) % COUNT(sizes)], 0, 0};
        struct outcome o = read_all(&giver, sizes[i / COUNT(hows) / COUNT(sizes)], &out);
        assert_int_equal(o.kind, ERR_NONE);
        assert_true(o.packed && str_eq(buf_str(&out), text));
        buf_close(&packed);
        buf_close(&out);
    }
}

static void what_is_no_gzip_is_handed_through(void **state)
{
    static const char *const texts[] = {"", "\x1f", "\x1f\x1f\x8b", "user_id=1", "\x8b\x1f"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t chunk = 0; chunk < 4; chunk++) {
            struct buf out;
            buf_init(&out, 1 << 20);
            struct giver giver = {str_from(texts[i]), chunk, 0, 0};
            struct outcome o = read_all(&giver, 5, &out);
            assert_int_equal(o.kind, ERR_NONE);
            assert_true(!o.packed && str_eq(buf_str(&out), str_from(texts[i])));
            buf_close(&out);
        }
    }
}

static void packed_nothing_is_nothing(void **state)
{
    struct buf packed;
    struct buf out;
    (void)state;
    buf_init(&packed, 1 << 20);
    buf_init(&out, 1 << 20);
    gzip_add(&packed, STR(""), &hows[0]);
    gzip_add(&packed, STR(""), &hows[1]);
    struct giver giver = {buf_str(&packed), 0, 0, 0};
    assert_int_equal(read_all(&giver, 5, &out).kind, ERR_NONE);
    assert_int_equal(out.len, 0);
    buf_close(&packed);
    buf_close(&out);
}

/* What came before a cut is the text's beginning; and a cut is never taken for the end, but between
 * two members. */
static void a_gzip_cut_at_each_byte_is_broken_and_what_came_before_stands(void **state)
{
    str text = str_take(sample(), 3000);
    struct guard guard;
    (void)state;
    guard_init(&guard, 100000);
    for (size_t i = 0; i < COUNT(hows); i++) {
        struct buf packed;
        buf_init(&packed, 1 << 20);
        struct gzip_how how = hows[i];
        how.padding = 0;
        how.member_bytes = 0;
        gzip_add(&packed, text, &how);
        for (size_t len = 2; len < packed.len; len++) {
            struct buf out;
            buf_init(&out, 1 << 20);
            struct giver giver = {guard_lay(&guard, str_take(buf_str(&packed), len)), 0, 0, 0};
            struct outcome o = read_all(&giver, 700, &out);
            assert_int_equal(o.kind, ERR_INPUT);
            assert_true(o.broken && str_starts(text, buf_str(&out)));
            buf_close(&out);
        }
        buf_close(&packed);
    }
    guard_close(&guard);
}

static void a_source_that_breaks_off_is_not_a_broken_gzip(void **state)
{
    str text = str_take(sample(), 3000);
    struct buf packed;
    (void)state;
    buf_init(&packed, 1 << 20);
    gzip_add(&packed, text, &hows[1]);
    for (size_t after = 1; after <= packed.len; after++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        struct giver giver = {buf_str(&packed), 1, after, 0};
        struct outcome o = read_all(&giver, 700, &out);
        assert_int_equal(o.kind, ERR_BUSY);
        assert_true(!o.broken && str_starts(text, buf_str(&out)));
        buf_close(&out);
    }
    buf_close(&packed);
}

/* Some bits mean nothing: the time, the system, the last byte's unused ones. */
static void a_gzip_with_a_bit_flipped_is_broken_or_gives_the_same_text(void **state)
{
    str text = str_take(sample(), 2000);
    struct buf packed;
    size_t broken = 0;
    (void)state;
    buf_init(&packed, 1 << 20);
    gzip_add(&packed, text, &hows[0]);
    for (size_t bit = 16; bit < packed.len * 8; bit++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        packed.at[bit / 8] = (char)(packed.at[bit / 8] ^ 1 << bit % 8);
        struct giver giver = {buf_str(&packed), 0, 0, 0};
        struct outcome o = read_all(&giver, 100000, &out);
        broken += o.broken;
        assert_int_equal(o.kind, o.broken ? ERR_INPUT : ERR_NONE);
        assert_true(o.broken || str_eq(buf_str(&out), text));
        packed.at[bit / 8] = (char)(packed.at[bit / 8] ^ 1 << bit % 8);
        buf_close(&out);
    }
    assert_true(broken > packed.len * 8 - 16 - 8 * 8);
    buf_close(&packed);
}

static void what_follows_a_gzip_is_padding_or_wrong(void **state)
{
    static const struct {
        const char *word;
        str tail;
        enum err_kind kind;
    } rows[] = {
        {"zeros", STR_INIT("\0\0\0"), ERR_NONE},
        {"text", STR_INIT("hello"), ERR_INPUT},
        {"half a magic", STR_INIT("\x1f"), ERR_INPUT},
        {"another magic", STR_INIT("\x1f\x8c"), ERR_INPUT},
        {"zeros, then a member", STR_INIT("\0\x1f\x8b"), ERR_INPUT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf packed;
        struct buf out;
        buf_init(&packed, 1 << 20);
        buf_init(&out, 1 << 20);
        gzip_add(&packed, STR("text"), &hows[0]);
        buf_add(&packed, rows[i].tail);
        struct giver giver = {buf_str(&packed), 1, 0, 0};
        struct outcome o = read_all(&giver, 100, &out);
        if (o.kind != rows[i].kind || !str_eq(buf_str(&out), STR("text"))) {
            fail_msg("%s", rows[i].word);
        }
        buf_close(&packed);
        buf_close(&out);
    }
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    for (size_t room = 0; room < 200 * 1000; room += 1000) {
        struct arena arena = arena_start(&block);
        struct inflate *f = NULL;
        struct why why = {0};
        struct giver giver = {STR("x"), 0, 0, 0};
        arena.end = arena.at + room;
        assert_int_equal(inflate_open((struct source){give, &giver}, &(struct inflate_options){0},
                                      &arena, &f, &why)
                             .kind,
                         ERR_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_of_gzip_gives_the_text_in_pieces_of_any_size),
        cmocka_unit_test(what_is_no_gzip_is_handed_through),
        cmocka_unit_test(packed_nothing_is_nothing),
        cmocka_unit_test(a_gzip_cut_at_each_byte_is_broken_and_what_came_before_stands),
        cmocka_unit_test(a_source_that_breaks_off_is_not_a_broken_gzip),
        cmocka_unit_test(a_gzip_with_a_bit_flipped_is_broken_or_gives_the_same_text),
        cmocka_unit_test(what_follows_a_gzip_is_padding_or_wrong),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* gzip gone on with from its middle, and the windows that takes. */
#include "test/unit/transform/packed.h"

/* Reads on from where `f` says that `offset` can be read again, in another arena. */
static void expect_resumed(const struct inflate *f, str packed, str text, uint64_t offset)
{
    static char memory[1 << 20];
    char small[40000];
    struct arena arena = {memory, memory + sizeof memory};
    struct inflate_point point = inflate_point_before(f, offset);
    struct buf window;
    struct inflate *again = NULL;
    struct why why = {0};
    size_t got = 1;
    assert_true(point.out <= offset && point.in < packed.len);
    buf_wrap(&window, small, sizeof small);
    struct arena scratch = arena;
    assert_true(inflate_pack_window(point.window, scratch, &window));
    str unpacked = STR("");
    assert_true(inflate_unpack_window(buf_str(&window), &arena, &unpacked));
    assert_true(str_eq(unpacked, point.window));
    point.window = unpacked;
    struct giver giver = {str_drop(packed, (size_t)point.in), 999, 0, 0};
    struct inflate_options options = {.from = &point, .offset = offset};
    assert_int_equal(
        inflate_open((struct source){give, &giver}, &options, &arena, &again, &why).kind, ERR_NONE);
    struct source source = inflate_source(again);
    for (uint64_t at = offset; got; at += got) {
        static char into[5000];
        assert_int_equal(source.read(source.ctx, into, sizeof into, &got, &why).kind, ERR_NONE);
        assert_true(str_starts(str_drop(text, (size_t)at), (str){into, got}));
        assert_true(got || at == text.len);
    }
}

static void reading_goes_on_from_anywhere_in_every_shape(void **state)
{
    str text = sample();
    (void)state;
    for (size_t i = 0; i < COUNT(hows); i++) {
        struct buf packed;
        struct arena arena = arena_start(&block);
        struct inflate *f = NULL;
        struct why why = {0};
        size_t got = 1;
        static char into[7001];
        buf_init(&packed, 2 << 20);
        gzip_add(&packed, text, &hows[i]);
        struct giver giver = {buf_str(&packed), 300, 0, 0};
        assert_int_equal(inflate_open((struct source){give, &giver},
                                      &(struct inflate_options){.lag = 20000}, &arena, &f, &why)
                             .kind,
                         ERR_NONE);
        struct source source = inflate_source(f);
        for (uint64_t at = 0, n = 0; got; at += got, n++) {
            assert_int_equal(source.read(source.ctx, into, sizeof into, &got, &why).kind, ERR_NONE);
            if (n % 16 == 0 || !got) {
                expect_resumed(f, buf_str(&packed), text, at);
                expect_resumed(f, buf_str(&packed), text, at > 20000 ? at - 20000 : 0);
            }
        }
        buf_close(&packed);
    }
}

/* Else each time all of it would have to be read again. */
static void a_place_to_go_on_from_is_never_far_behind(void **state)
{
    enum { LAG = 20000 };
    str text = sample();
    struct buf packed;
    struct arena arena = arena_start(&block);
    struct inflate *f = NULL;
    struct why why = {0};
    size_t got = 1;
    static char into[1000];
    (void)state;
    buf_init(&packed, 2 << 20);
    gzip_add(&packed, text, &(struct gzip_how){.small_blocks = true});
    struct giver giver = {buf_str(&packed), 0, 0, 0};
    assert_int_equal(inflate_open((struct source){give, &giver},
                                  &(struct inflate_options){.lag = LAG}, &arena, &f, &why)
                         .kind,
                     ERR_NONE);
    struct source source = inflate_source(f);
    for (uint64_t at = 0; got; at += got) {
        assert_int_equal(source.read(source.ctx, into, sizeof into, &got, &why).kind, ERR_NONE);
        uint64_t wanted = at > LAG ? at - LAG : 0;
        assert_true(inflate_point_before(f, wanted).out + 2 * (uint64_t)LAG >= wanted);
        assert_true(inflate_point_before(f, at).out + LAG >= at);
    }
    buf_close(&packed);
}

static void a_window_that_is_none_is_refused(void **state)
{
    static const char *const packed[] = {"", "x", "\x03", "\xff\xff\xff"};
    char memory[200000];
    str window = STR("");
    (void)state;
    for (size_t i = 0; i < COUNT(packed); i++) {
        struct arena arena = {memory, memory + sizeof memory};
        bool good = inflate_unpack_window(str_from(packed[i]), &arena, &window);
        assert_false(good);
    }
    struct arena full = {memory, memory + 1000};
    assert_false(inflate_unpack_window(STR("\x03\x00"), &full, &window));
    struct arena arena = {memory, memory + sizeof memory};
    assert_true(inflate_unpack_window((str){"\x03\x00", 2}, &arena, &window));
    assert_int_equal(window.len, 0);
}

static void a_window_larger_than_deflate_s_is_refused(void **state)
{
    static char text[INFLATE_WINDOW_BYTES + 1];
    struct arena arena = arena_start(&block);
    struct buf packed;
    str window = STR("");
    (void)state;
    buf_init(&packed, 1 << 20);
    assert_true(inflate_pack_window((str){text, sizeof text}, arena, &packed));
    assert_false(inflate_unpack_window(buf_str(&packed), &arena, &window));
    buf_close(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_goes_on_from_anywhere_in_every_shape),
        cmocka_unit_test(a_place_to_go_on_from_is_never_far_behind),
        cmocka_unit_test(a_window_that_is_none_is_refused),
        cmocka_unit_test(a_window_larger_than_deflate_s_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

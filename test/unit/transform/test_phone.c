/* Phone numbers: what is understood, in which region, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/guard.h"
#include "transform/phone.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static struct arena_block block;

struct phone_case {
    const char *word, *text, *region, *number; /* NULL: refused */
};

static void check(const struct phone_case *c)
{
    struct arena arena = arena_start(&block);
    str out = {NULL, 0};
    bool good = phone_read(str_from(c->text), str_from(c->region), &arena, &out);
    if (good != (c->number != NULL)) {
        fail_msg("%s: \"%s\" is %s", c->word, c->text, good ? "taken" : "refused");
    }
    if (good && !str_eq(out, str_from(c->number))) {
        fail_msg("%s: \"%s\" became \"%.*s\"", c->word, c->text, (int)out.len, out.at);
    }
}

static void numbers_with_a_calling_code_need_no_region(void **state)
{
    static const struct phone_case cases[] = {
        {"as stored", "+442079460958", "", "+442079460958"},
        {"spaces", "+44 20 7946 0958", "", "+442079460958"},
        {"no-break space", "+44\u00a020\u202f7946\u20090958", "", "+442079460958"},
        {"brackets, dots, slashes, dashes", "+49(30)12.34/56-78", "", "+493012345678"},
        {"Unicode dashes", "+49\u201030\u201112\u201234\u201356\u201478\u2212", "",
         "+493012345678"},
        {"00", "0044 20 7946 0958", "", "+442079460958"},
        {"00 wins over the region", "0049 30 123456", "GB", "+4930123456"},
        {"tel:", "tel:+44-20-7946-0958", "", "+442079460958"},
        {"TEL: and a space", "TEL: +442079460958", "", "+442079460958"},
        {"full width",
         "\uff0b\uff14\uff14\u3000\uff08\uff12\uff10\uff09\uff17\uff19\uff14\uff16"
         "\uff0d\uff10\uff19\uff15\uff18",
         "", "+442079460958"},
        {"Arabic-Indic",
         "+\u0664\u0664\u0662\u0660\u0667\u0669\u0664\u0666\u0660\u0669\u0665\u0668", "",
         "+442079460958"},
        {"Devanagari", "+\u096f\u0967 98765 43210", "", "+919876543210"},
        {"mathematical digits past the BMP", "+4\U0001d7ec0 123 456 78", "", "+40012345678"},
        {"a trunk zero in brackets", "+44 (0)20 7946 0958", "", "+442079460958"},
        {"after 00 too", "0044 (0) 20 7946 0958", "", "+442079460958"},
        {"after 00, tight", "0044(0)2079460958", "", "+442079460958"},
        {"Italy keeps its zero", "+39 (0)6 1234 5678", "", "+390612345678"},
        {"eight digits", "+12345678", "", "+12345678"},
        {"fifteen digits", "+123456789012345", "", "+123456789012345"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(&cases[i]);
    }
}

static void numbers_of_a_region_get_its_calling_code(void **state)
{
    static const struct phone_case cases[] = {
        {"trunk zero", "020 7946 0958", "GB", "+442079460958"},
        {"lower-case region", "020 7946 0958", "gb", "+442079460958"},
        {"no trunk zero", "20 7946 0958", "GB", "+442079460958"},
        {"calling code without a plus", "442079460958", "GB", "+442079460958"},
        {"trunk in brackets", "(020) 7946 0958", "GB", "+442079460958"},
        {"North America", "(202) 555-0143", "US", "+12025550143"},
        {"North America, trunk 1", "1-202-555-0143", "US", "+12025550143"},
        {"Russia, trunk 8", "8 (912) 345-67-89", "RU", "+79123456789"},
        {"Russia, an area code that starts with 8", "800 555 35 35", "RU", "+78005553535"},
        {"Russia, both", "8 800 555 35 35", "RU", "+78005553535"},
        {"Hungary, trunk 06", "06 1 234 5678", "HU", "+3612345678"},
        {"Belarus, trunk 80", "8 029 123-45-67", "BY", "+375291234567"},
        {"Lithuania, new trunk", "0 612 34567", "LT", "+37061234567"},
        {"Lithuania, old trunk", "8 612 34567", "LT", "+37061234567"},
        {"Italy has no trunk prefix", "06 1234 5678", "IT", "+390612345678"},
        {"Italy, a number that starts as its calling code", "393 123 4567", "IT", "+393931234567"},
        {"India, calling code without a plus", "918123456789", "IN", "+918123456789"},
        {"Spain", "612 345 678", "ES", "+34612345678"},
        {"Germany", "030 123456", "DE", "+4930123456"},
        {"Sri Lanka", "077 123 4567", "LK", "+94771234567"},
        {"Kosovo", "044 123 456", "XK", "+38344123456"},
        {"Thai digits", "\u0e50\u0e58\u0e51 234 5678", "TH", "+66812345678"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(&cases[i]);
    }
}

static void what_is_no_possible_number_is_refused(void **state)
{
    static const struct phone_case cases[] = {
        {"no region", "020 7946 0958", "", NULL},
        {"unknown region", "020 7946 0958", "UK", NULL},
        {"seven digits", "+1234567", "", NULL},
        {"sixteen digits", "+1234567890123456", "", NULL},
        {"a hundred digits",
         "+1111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
         "111111111111111",
         "", NULL},
        {"a calling code that starts with 0", "+0442079460958", "", NULL},
        {"000", "00044 20 7946 0958", "", NULL},
        {"letters", "+1 800 FLOWERS", "", NULL},
        {"an extension", "+44 20 7946 0958 x12", "", NULL},
        {"tel: parameters", "tel:+442079460958;ext=12", "", NULL},
        {"two numbers", "+442079460958, +442079460959", "", NULL},
        {"a second plus", "+44+2079460958", "", NULL},
        {"two pluses", "++442079460958", "", NULL},
        {"a plus at the end", "442079460958+", "GB", NULL},
        {"plus and 00", "+00442079460958", "", NULL},
        {"a local number without area code", "555-0143", "US", NULL},
        {"a digit is missing after the trunk zero", "012345678", "FR", NULL},
        {"a digit too many", "020 7946 0958 12", "GB", NULL},
        {"with or without the calling code", "4930123456", "DE", NULL},
        {"only separators", "() - .", "GB", NULL},
        {"a plus alone", "+", "GB", NULL},
        {"tel: alone", "tel:", "GB", NULL},
        {"a control character", "+4420\t79460958", "", NULL},
        {"a bidi embedding", "\u202a+442079460958\u202c", "", NULL},
        {"not UTF-8",
         "+4420\xff"
         "79460958",
         "", NULL},
        {"a superscript is no decimal digit", "+44207946095\u2078", "", NULL},
        {"a word", "unknown", "GB", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(&cases[i]);
    }
}

static void a_number_cut_at_any_byte_reads_nothing_past_its_end(void **state)
{
    static const char whole[] = "tel:+\uff14\uff14 (0)20\u2013\u0667\u0669\U0001d7ec4 0958";
    struct guard guard;
    (void)state;
    guard_init(&guard, sizeof whole);
    for (size_t len = 0; len < sizeof whole; len++) {
        struct arena arena = arena_start(&block);
        str out = {NULL, 0};
        (void)phone_read(guard_lay(&guard, (str){whole, len}), STR("GB"), &arena, &out);
    }
    guard_close(&guard);
}

static void a_full_arena_gives_no_text(void **state)
{
    struct arena none = {NULL, NULL};
    str out = STR("x");
    (void)state;
    assert_true(phone_read(STR("+44 2079460958"), STR(""), &none, &out));
    assert_null(out.at);
}

static void the_regions_are_sorted_and_sound(void **state)
{
    (void)state;
    assert_true(phone_regions_count > 240);
    for (size_t i = 0; i < phone_regions_count; i++) {
        const struct phone_region *region = &phone_regions[i];
        assert_true(i == 0 || memcmp(phone_regions[i - 1].iso, region->iso, 2) < 0);
        assert_ptr_equal(phone_region_find((str){region->iso, 2}), region);
        assert_in_range(region->calling_code, 1, 999);
        assert_int_not_equal(region->length_bits, 0);
    }
    assert_null(phone_region_find(STR("")));
    assert_null(phone_region_find(STR("G")));
    assert_null(phone_region_find(STR("GBR")));
    assert_null(phone_region_find(STR("ZZ")));
}

static int open_block(void **state)
{
    (void)state;
    return arena_block_init(&block, 1 << 16) ? 0 : -1;
}

static int close_block(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_a_calling_code_need_no_region),
        cmocka_unit_test(numbers_of_a_region_get_its_calling_code),
        cmocka_unit_test(what_is_no_possible_number_is_refused),
        cmocka_unit_test(a_number_cut_at_any_byte_reads_nothing_past_its_end),
        cmocka_unit_test(a_full_arena_gives_no_text),
        cmocka_unit_test(the_regions_are_sorted_and_sound),
    };
    return cmocka_run_group_tests(tests, open_block, close_block);
}

/* Base64, strict. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/base64.h"
#include "test/support/guard.h"

#include <string.h>

enum { LONGEST = 200 };

static void the_examples_of_the_rfc_hold(void **state)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xFF\xBF", "+/+/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char memory[16];
        size_t len = 99;
        struct buf b;
        buf_wrap(&b, memory, sizeof memory);
        base64_add(&b, str_from(rows[i].bytes));
        assert_true(str_eq(buf_str(&b), str_from(rows[i].text)));
        assert_true(base64_decode(str_from(rows[i].text), memory, &len));
        assert_true(str_eq((str){memory, len}, str_from(rows[i].bytes)));
    }
}

static void every_length_comes_back(void **state)
{
    char bytes[LONGEST];
    char text[LONGEST * 2];
    struct guard in;
    struct guard out;
    (void)state;
    guard_init(&in, LONGEST * 2);
    guard_init(&out, LONGEST * 2);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(unsigned char)(i * 167 + 13);
    }
    for (size_t len = 0; len <= LONGEST; len++) {
        struct buf b;
        buf_wrap(&b, text, sizeof text);
        base64_add(&b, guard_lay(&in, (str){bytes, len}));
        assert_int_equal(b.len, (len + 2) / 3 * 4);
        str laid = guard_lay(&in, buf_str(&b));
        char *room = guard_room(&out, base64_decoded_max(laid.len));
        size_t decoded = 0;
        assert_true(base64_decode(laid, room, &decoded));
        assert_true(str_eq((str){room, decoded}, (str){bytes, len}));
    }
    guard_close(&in);
    guard_close(&out);
}

static void every_byte_outside_the_alphabet_is_refused(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < 4; at++) {
            char text[8] = {'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A'};
            char into[8];
            size_t len = 0;
            text[at] = (char)(unsigned char)c;
            bool known = c != 0 && strchr(alphabet, (int)c);
            assert_int_equal(base64_decode((str){text, sizeof text}, into, &len), known);
        }
    }
}

static void what_is_not_canonical_is_refused(void **state)
{
    static const char *const rows[] = {
        "QQ",   "QQ=",  "Q",  "QUE", "QR==",     "QUF=",  "QQ==\n",   "QQ= =",    "=QQ=", "Q=Q=",
        "Q===", "====", "==", "=",   "QQ==QQ==", "QUFB=", "QUFB====", "QUE=QQ==", "-_-_", "QQ\n==",
    };
    struct guard guard;
    (void)state;
    guard_init(&guard, 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char into[16];
        size_t len = 0;
        if (base64_decode(guard_lay(&guard, str_from(rows[i])), into, &len)) {
            fail_msg("%s: taken", rows[i]);
        }
    }
    guard_close(&guard);
}

static void every_last_group_has_one_text_only(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned good = 0;
    char into[4];
    size_t len = 0;
    (void)state;
    for (size_t a = 0; a < 64; a++) {
        for (size_t b = 0; b < 64; b++) {
            char one[4] = {alphabet[a], alphabet[b], '=', '='};
            char two[4] = {'A', alphabet[a], alphabet[b], '='};
            good += base64_decode((str){one, 4}, into, &len);
            good += base64_decode((str){two, 4}, into, &len);
        }
    }
    assert_int_equal(good, 256 + 64 * 16);
}

static void an_output_too_small_fails(void **state)
{
    char memory[7];
    struct buf b;
    (void)state;
    buf_wrap(&b, memory, sizeof memory);
    base64_add(&b, STR("abcdef"));
    assert_true(b.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_hold),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(every_byte_outside_the_alphabet_is_refused),
        cmocka_unit_test(what_is_not_canonical_is_refused),
        cmocka_unit_test(every_last_group_has_one_text_only),
        cmocka_unit_test(an_output_too_small_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Checksums against the check values of their standards, and against the plainest code there is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/checksum.h"
#include "base/base64.h"
#include "test/support/guard.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool matches(enum checksum_kind kind, str bytes, str base64)
{
    struct checksum checksum;
    struct why why = {0};
    assert_int_equal(checksum_begin(&checksum, kind, &why).kind, ERR_NONE);
    checksum_add(&checksum, bytes);
    return checksum_matches(&checksum, base64);
}

/* Of "", "123456789" and 100 bytes i * 7; the CRCs' values of the second are the check values of
 * their registry entries (cbf43926, e3069283, ae8b14860a799888). */
static const struct {
    enum checksum_kind kind;
    const char *word;
    const char *empty, *digits, *sevens;
} kinds[] = {
    {CHECKSUM_CRC64NVME, "crc64nvme", "AAAAAAAAAAA=", "rosUhgp5mIg=", "dHUgPekwsFs="},
    {CHECKSUM_CRC32C, "crc32c", "AAAAAA==", "4waSgw==", "2Krq8w=="},
    {CHECKSUM_CRC32, "crc32", "AAAAAA==", "y/Q5Jg==", "gh0+hQ=="},
    {CHECKSUM_SHA1, "sha1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "98O8HYCOBHMq32eZZczDTKeuNEE=",
     "KZxdt4ZpVFcsYyDZ4aD5Je88SyE="},
    {CHECKSUM_SHA256, "sha256",
     "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
     "Vv7ksSsoDqHnwbVQACuxizQsy9cinNSxR+oHqhppEpQ="},
};

static str sevens(void)
{
    static char bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(unsigned char)(i * 7);
    }
    return (str){bytes, sizeof bytes};
}

static void texts_have_the_checksums_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!matches(kinds[i].kind, STR(""), str_from(kinds[i].empty)) ||
            !matches(kinds[i].kind, STR("123456789"), str_from(kinds[i].digits)) ||
            !matches(kinds[i].kind, sevens(), str_from(kinds[i].sevens))) {
            fail_msg("%s", kinds[i].word);
        }
    }
}

static void pieces_add_up(void **state)
{
    (void)state;
    struct why why = {0};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t split = 0; split <= sevens().len; split++) {
            struct checksum checksum;
            assert_int_equal(checksum_begin(&checksum, kinds[i].kind, &why).kind, ERR_NONE);
            checksum_add(&checksum, str_take(sevens(), split));
            checksum_add(&checksum, str_drop(sevens(), split));
            if (!checksum_matches(&checksum, str_from(kinds[i].sevens))) {
                fail_msg("%s in two at %zu", kinds[i].word, split);
            }
        }
    }
}

static void one_bit_off_is_no_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t bit = 0; bit < 800; bit++) {
            char bytes[100];
            memcpy(bytes, sevens().at, sizeof bytes);
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            if (matches(kinds[i].kind, (str){bytes, sizeof bytes}, str_from(kinds[i].sevens))) {
                fail_msg("%s does not see bit %zu", kinds[i].word, bit);
            }
        }
    }
}

/* The definition: bit by bit. */
static uint64_t plain_crc(uint64_t polynomial, uint64_t ones, str bytes)
{
    uint64_t crc = ones;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.at[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
        }
    }
    return crc ^ ones;
}

static str base64_of(uint64_t value, size_t len, struct buf *b)
{
    char bytes[8];
    for (size_t i = len; i; i--, value >>= 8) {
        bytes[i - 1] = (char)(unsigned char)value;
    }
    buf_clear(b);
    base64_add(b, (str){bytes, len});
    return buf_str(b);
}

static void crcs_follow_their_polynomials_at_each_length_and_alignment(void **state)
{
    (void)state;
    static const struct {
        enum checksum_kind kind;
        uint64_t polynomial, ones;
        size_t len;
    } rows[] = {
        {CHECKSUM_CRC64NVME, 0x9a6c9329ac4bc9b5, UINT64_MAX, 8},
        {CHECKSUM_CRC32C, 0x82f63b78, UINT32_MAX, 4},
        {CHECKSUM_CRC32, 0xedb88320, UINT32_MAX, 4},
    };
    char memory[16];
    char bytes[5000];
    struct buf base64;
    struct guard guard;
    buf_wrap(&base64, memory, sizeof memory);
    guard_init(&guard, sizeof bytes);
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (char)(random >> 56);
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t len = 0; len < sizeof bytes; len += len < 100 ? 1 : 97) {
            str laid = guard_lay(&guard, (str){bytes + sizeof bytes - len, len});
            uint64_t wanted = plain_crc(rows[i].polynomial, rows[i].ones, laid);
            if (!matches(rows[i].kind, laid, base64_of(wanted, rows[i].len, &base64))) {
                fail_msg("kind %d, %zu bytes", (int)rows[i].kind, len);
            }
        }
    }
    guard_close(&guard);
}

static void a_value_cut_short_or_changed_matches_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        str whole = str_from(kinds[i].digits);
        for (size_t len = 0; len < whole.len; len++) {
            assert_false(matches(kinds[i].kind, STR("123456789"), str_take(whole, len)));
        }
        for (size_t at = 0; at < whole.len; at++) {
            char changed[64];
            memcpy(changed, whole.at, whole.len);
            changed[at] = changed[at] == 'B' ? 'C' : 'B';
            assert_false(matches(kinds[i].kind, STR("123456789"), (str){changed, whole.len}));
        }
    }
}

static void odd_values_match_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "y/Q5Jg=",
        "y/Q5Jg",
        " y/Q5Jg==",
        "y/Q5Jg== ",
        "y_Q5Jg==",
        "y/Q5Jh==", /* set bits after the data */
        "y/Q5JgAA", /* too long by two bytes */
        "cbf43926",
        "y/Q5Jg==-2",
        "====",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (matches(CHECKSUM_CRC32, STR("123456789"), str_from(rows[i]))) {
            fail_msg("%s", rows[i]);
        }
    }
    assert_true(matches(CHECKSUM_CRC32, STR("123456789"), STR("y/Q5Jg==")));
}

static void nothing_matches_once_it_is_closed(void **state)
{
    (void)state;
    struct why why = {0};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct checksum checksum;
        assert_int_equal(checksum_begin(&checksum, kinds[i].kind, &why).kind, ERR_NONE);
        checksum_close(&checksum);
        checksum_close(&checksum);
        checksum_add(&checksum, STR("x"));
        assert_false(checksum_matches(&checksum, str_from(kinds[i].empty)));
        assert_false(checksum_matches(&checksum, STR("")));
    }
    struct checksum zeroed = {0};
    checksum_close(&zeroed);
}

static void crc32_goes_on_from_an_earlier_one(void **state)
{
    (void)state;
    assert_int_equal(checksum_crc32(0, STR("")), 0);
    assert_int_equal(checksum_crc32(0, STR("123456789")), 0xcbf43926);
    for (size_t split = 0; split <= 9; split++) {
        uint32_t crc = checksum_crc32(0, str_take(STR("123456789"), split));
        assert_int_equal(checksum_crc32(crc, str_drop(STR("123456789"), split)), 0xcbf43926);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_the_checksums_of_the_standards),
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(one_bit_off_is_no_match),
        cmocka_unit_test(crcs_follow_their_polynomials_at_each_length_and_alignment),
        cmocka_unit_test(a_value_cut_short_or_changed_matches_nothing),
        cmocka_unit_test(odd_values_match_nothing),
        cmocka_unit_test(nothing_matches_once_it_is_closed),
        cmocka_unit_test(crc32_goes_on_from_an_earlier_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

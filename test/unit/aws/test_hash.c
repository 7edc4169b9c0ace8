/* SHA-256 and HMAC against the vectors of FIPS 180-2 and RFC 4231. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/hash.h"

#include <pthread.h>
#include <string.h>

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void expect_hex(const char *row, const unsigned char hash[HASH_LEN], const char *wanted)
{
    char hex[HASH_HEX_LEN];
    hash_hex(hash, HASH_LEN, hex);
    if (!str_eq((str){hex, sizeof hex}, str_from(wanted))) {
        fail_msg("%s: got %.*s", row, (int)sizeof hex, hex);
    }
}

static void texts_have_the_hashes_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        char hex[HASH_HEX_LEN];
        hash_sha256_hex(str_from(rows[i].text), hex);
        assert_true(str_eq((str){hex, sizeof hex}, str_from(rows[i].wanted)));
    }
}

static void a_million_bytes_are_hashed(void **state)
{
    (void)state;
    static char million[1000000];
    unsigned char hash[HASH_LEN];
    memset(million, 'a', sizeof million);
    hash_sha256((str){million, sizeof million}, hash);
    expect_hex("million", hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_nul_is_hashed_like_any_byte(void **state)
{
    (void)state;
    unsigned char hash[HASH_LEN];
    hash_sha256(STR("a\0b"), hash);
    expect_hex("nul", hash, "59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138");
}

static void texts_have_the_macs_of_the_rfc(void **state)
{
    (void)state;
    char twenty[20];
    char fifty[50];
    char long_key[131];
    memset(twenty, 0x0b, sizeof twenty);
    memset(long_key, 0xaa, sizeof long_key);
    memset(fifty, 0xdd, sizeof fifty);
    const struct {
        const char *name;
        str key, text;
        const char *wanted;
    } rows[] = {
        {"case 1",
         {twenty, sizeof twenty},
         STR("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"case 2", STR("Jefe"), STR("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"case 3",
         {long_key, 20},
         {fifty, sizeof fifty},
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"case 6: a key past the block",
         {long_key, sizeof long_key},
         STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"case 7: both past the block",
         {long_key, sizeof long_key},
         STR("This is a test using a larger than block-size key and a larger than block-size data. "
             "The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        {"no key, no text", STR(""), STR(""),
         "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        unsigned char mac[HASH_LEN];
        hash_hmac(rows[i].key, rows[i].text, mac);
        expect_hex(rows[i].name, mac, rows[i].wanted);
    }
}

static void a_mac_may_take_the_place_of_its_key(void **state)
{
    (void)state;
    unsigned char key[HASH_LEN] = "0123456789abcdef0123456789abcde";
    unsigned char apart[HASH_LEN];
    str as_text = {(const char *)key, sizeof key};
    hash_hmac(as_text, STR("text"), apart);
    hash_hmac(as_text, STR("text"), key);
    assert_memory_equal(key, apart, sizeof key);
}

static void *hash_abc(void *into)
{
    hash_sha256(STR("abc"), into);
    return NULL;
}

static void threads_may_hash_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    unsigned char hashes[ROW_COUNT(threads)][HASH_LEN];
    for (size_t i = 0; i < ROW_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_abc, hashes[i]), 0);
    }
    for (size_t i = 0; i < ROW_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        expect_hex("thread", hashes[i],
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

static void hexadecimal_is_lower_case(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0x00, 0x09, 0x0a, 0x90, 0xab, 0xff};
    char hex[2 * sizeof bytes];
    hash_hex(bytes, sizeof bytes, hex);
    assert_memory_equal(hex, "00090a90abff", sizeof hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_may_hash_at_once), /* the first use of all */
        cmocka_unit_test(texts_have_the_hashes_of_the_standard),
        cmocka_unit_test(a_million_bytes_are_hashed),
        cmocka_unit_test(a_nul_is_hashed_like_any_byte),
        cmocka_unit_test(texts_have_the_macs_of_the_rfc),
        cmocka_unit_test(a_mac_may_take_the_place_of_its_key),
        cmocka_unit_test(hexadecimal_is_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

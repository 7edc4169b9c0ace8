#include "aws/checksum.h"

#include "base/base64.h"

#include <openssl/evp.h>
#include <string.h>

/* --- CRCs, eight bytes at a step ---
 *
 * Bits go in lowest first. table[n][byte] is what a byte and n zero bytes after it make of an empty
 * register; so the entries of eight bytes are looked up side by side and added up. As CRCs are
 * linear, the 256 entries of a slice follow from those of its eight bits. The three kinds share one
 * engine: a CRC of 32 bits is one of 64 whose upper half stays empty.
 */

enum { SLICES = 8 };

#define BIT(i, n, entry) (-(uint64_t)(((i) >> (n)) & 1) & (entry))
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                           \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^     \
     BIT(i, 6, g) ^ BIT(i, 7, h))
#define ENTRIES_4(i, ...)                                                                          \
    ENTRY(i, __VA_ARGS__), ENTRY(i + 1, __VA_ARGS__), ENTRY(i + 2, __VA_ARGS__),                   \
        ENTRY(i + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                         \
    ENTRIES_4(i, __VA_ARGS__), ENTRIES_4(i + 4, __VA_ARGS__), ENTRIES_4(i + 8, __VA_ARGS__),       \
        ENTRIES_4(i + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                         \
    ENTRIES_16(i, __VA_ARGS__), ENTRIES_16(i + 16, __VA_ARGS__), ENTRIES_16(i + 32, __VA_ARGS__),  \
        ENTRIES_16(i + 48, __VA_ARGS__)
#define SLICE(...)                                                                                 \
    {                                                                                              \
        ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__), ENTRIES_64(128, __VA_ARGS__),     \
            ENTRIES_64(192, __VA_ARGS__)                                                           \
    }

static const uint64_t crc32[SLICES][256] = {
    SLICE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
          0xedb88320),
    SLICE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
          0x3b83984b),
    SLICE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
          0xe1351b80),
    SLICE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
          0xed59b63b),
    SLICE(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849,
          0xb1e6b092),
    SLICE(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c,
          0x1eb014d8),
    SLICE(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579,
          0x8816eaf2),
    SLICE(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed,
          0x533b85da),
};

static const uint64_t crc32c[SLICES][256] = {
    SLICE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc,
          0x82f63b78),
    SLICE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604,
          0xfbc3faf9),
    SLICE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9,
          0x8b277743),
    SLICE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7,
          0x52a0c93f),
    SLICE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae,
          0x6ea2d55c),
    SLICE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb,
          0x1c08b7d6),
    SLICE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a,
          0xf56e0ef4),
    SLICE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32,
          0x34019664),
};

static const uint64_t crc64nvme[SLICES][256] = {
    SLICE(0x7f6ef0c830358979, 0xfedde190606b12f2, 0xc962e5739841b68f, 0xa61cecb46814fe75,
          0x78e0ff3b88be6f81, 0xf1c1fe77117cdf02, 0xd75adabd7a6e2d6f, 0x9a6c9329ac4bc9b5),
    SLICE(0x8776a97d73bddf69, 0x3a3474a9bfec2db9, 0x7468e9537fd85b72, 0xe8d1d2a6ffb0b6e4,
          0xe57a831ea7f6fea3, 0xfe2c206e177a6e2d, 0xc881668f76634f31, 0xa5dbeb4db4510d09),
    SLICE(0xff6e4e1f4e4038be, 0xca05ba6dc417e217, 0xa0d25288d0b85745, 0x757d8342f9e73de1,
          0xeafb0685f3ce7bc2, 0xe12f2b58bf0b64ef, 0xf68770e226815ab5, 0xd9d7c79715952601),
    SLICE(0x8211147cbaf96306, 0x30fb0eaa2d655567, 0x61f61d545acaaace, 0xc3ec3aa8b595559c,
          0xb301530233bd3853, 0x52db80573fede3cd, 0xa5b700ae7fdbc79a, 0x7fb7270fa7201c5f),
    SLICE(0x373d15f784905d1e, 0x6e7a2bef0920ba3c, 0xdcf457de12417478, 0x8d3189ef7c157b9b,
          0x2eba358da0bd645d, 0x5d746b1b417ac8ba, 0xbae8d63682f59174, 0x41088a3e5d7cb183),
    SLICE(0xe9742a79ef04a5d4, 0xe63172a0869ed8c3, 0xf8bbc31255aa22ed, 0xc5aea077f3c3d6b1,
          0xbf8466bcbf103e09, 0x4bd1eb2a26b7ef79, 0x97a3d6544d6fdef2, 0x1b9e8afbc2482e8f),
    SLICE(0xfc5d27f6bf353971, 0xcc6369be26fde189, 0xac1ff52f156c5079, 0x6ce6cc0d724f3399,
          0xd9cd981ae49e6732, 0x8742166691ab5d0f, 0x3a5d0a9e7bc12975, 0x74ba153cf78252ea),
    SLICE(0x21e9761e252621ac, 0x43d2ec3c4a4c4358, 0x87a5d878949886b0, 0x3b9296a271a69e0b,
          0x77252d44e34d3c16, 0xee4a5a89c69a782c, 0xe84d9340d5a36333, 0xe44200d2f3d1550d),
};

static uint64_t load(const unsigned char *at)
{
    uint64_t low = at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
    uint64_t high = at[4] | (uint64_t)at[5] << 8 | (uint64_t)at[6] << 16 | (uint64_t)at[7] << 24;
    return low | high << 32;
}

static uint64_t step(const uint64_t table[SLICES][256], uint64_t word)
{
    return table[7][word & 255] ^ table[6][word >> 8 & 255] ^ table[5][word >> 16 & 255] ^
           table[4][word >> 24 & 255] ^ table[3][word >> 32 & 255] ^ table[2][word >> 40 & 255] ^
           table[1][word >> 48 & 255] ^ table[0][word >> 56];
}

static uint64_t crc_add(const uint64_t table[SLICES][256], uint64_t crc, str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    size_t left = bytes.len;
    for (; left >= SLICES; at += SLICES, left -= SLICES) {
        crc = step(table, crc ^ load(at));
    }
    for (; left; at++, left--) {
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 255];
    }
    return crc;
}

uint32_t checksum_crc32(uint32_t crc, str bytes)
{
    return ~(uint32_t)crc_add(crc32, ~crc, bytes);
}

/* --- A checksum under way --- */

struct algorithm {
    size_t len;                   /* of the value, in bytes */
    const uint64_t (*table)[256]; /* of a CRC */
    const EVP_MD *(*libcryptos)(void);
};

static const struct algorithm algorithms[] = {
    [CHECKSUM_CRC64NVME] = {8, crc64nvme, NULL}, [CHECKSUM_CRC32C] = {4, crc32c, NULL},
    [CHECKSUM_CRC32] = {4, crc32, NULL},         [CHECKSUM_SHA1] = {20, NULL, EVP_sha1},
    [CHECKSUM_SHA256] = {32, NULL, EVP_sha256},
};

/* All bits of a value as long as that set: where a CRC begins, and what its end is inverted by. */
static uint64_t ones(size_t len)
{
    return UINT64_MAX >> (64 - 8 * len);
}

err checksum_begin(struct checksum *checksum, enum checksum_kind kind, struct why *why)
{
    const struct algorithm *algorithm = &algorithms[kind];
    *checksum = (struct checksum){.kind = kind};
    if (algorithm->table) {
        checksum->crc = ones(algorithm->len);
    }
    if (!algorithm->libcryptos) {
        return OK;
    }
    checksum->sha = EVP_MD_CTX_new();
    if (!checksum->sha || !EVP_DigestInit_ex(checksum->sha, algorithm->libcryptos(), NULL)) {
        checksum_close(checksum);
        return FAIL(why, ERR_LIMIT, "no memory for a checksum");
    }
    return OK;
}

void checksum_add(struct checksum *checksum, str bytes)
{
    const struct algorithm *algorithm = &algorithms[checksum->kind];
    if (algorithm->table) {
        checksum->crc = crc_add(algorithm->table, checksum->crc, bytes);
    }
    if (checksum->sha && !EVP_DigestUpdate(checksum->sha, bytes.at, bytes.len)) {
        checksum_close(checksum); /* so that it matches nothing */
    }
}

/* The value, highest byte first. */
static bool finish(struct checksum *checksum, unsigned char *out)
{
    const struct algorithm *algorithm = &algorithms[checksum->kind];
    if (!algorithm->table) {
        return checksum->sha && EVP_DigestFinal_ex(checksum->sha, out, NULL);
    }
    uint64_t value = checksum->crc ^ ones(algorithm->len);
    for (size_t i = algorithm->len; i; i--, value >>= 8) {
        out[i - 1] = (unsigned char)value;
    }
    return true;
}

bool checksum_matches(struct checksum *checksum, str base64)
{
    unsigned char ours[CHECKSUM_MAX_LEN];
    char theirs[CHECKSUM_MAX_LEN + 3];
    size_t wanted = algorithms[checksum->kind].len;
    size_t len = 0;
    bool same = base64_decoded_max(base64.len) <= sizeof theirs &&
                base64_decode(base64, theirs, &len) && len == wanted && finish(checksum, ours) &&
                memcmp(ours, theirs, len) == 0;
    checksum_close(checksum);
    return same;
}

void checksum_close(struct checksum *checksum)
{
    EVP_MD_CTX_free(checksum->sha);
    checksum->sha = NULL;
    checksum->kind = CHECKSUM_NONE;
}

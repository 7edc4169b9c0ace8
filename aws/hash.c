#include "aws/hash.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEN = 64 };

static EVP_MD *sha256; /* set once, before its first use */

static _Noreturn void die(void)
{
    (void)fputs("OpenSSL has no working SHA-256: no request to AWS can be signed\n", stderr);
    abort();
}

/* Asking OpenSSL for the algorithm by name takes longer than hashing a short text. */
static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256) {
        die();
    }
}

static EVP_MD_CTX *open_context(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, fetch);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context) {
        die();
    }
    return context;
}

/* The hash of two texts one after the other. */
static void hash_both(EVP_MD_CTX *context, str first, str second, unsigned char out[HASH_LEN])
{
    if (!EVP_DigestInit_ex2(context, sha256, NULL) ||
        !EVP_DigestUpdate(context, first.at, first.len) ||
        !EVP_DigestUpdate(context, second.at, second.len) ||
        !EVP_DigestFinal_ex(context, out, NULL)) {
        die();
    }
}

void hash_sha256(str bytes, unsigned char out[HASH_LEN])
{
    EVP_MD_CTX *context = open_context();
    hash_both(context, bytes, STR(""), out);
    EVP_MD_CTX_free(context);
}

static str pad(const unsigned char key[BLOCK_LEN], unsigned char with, char out[BLOCK_LEN])
{
    for (size_t i = 0; i < BLOCK_LEN; i++) {
        out[i] = (char)(key[i] ^ with);
    }
    return (str){out, BLOCK_LEN};
}

/* RFC 2104. By hand, because EVP_MAC costs twice as much for texts as short as ours. */
void hash_hmac(str key, str bytes, unsigned char out[HASH_LEN])
{
    unsigned char block[BLOCK_LEN] = {0};
    char padded[BLOCK_LEN];
    unsigned char inner[HASH_LEN];
    EVP_MD_CTX *context = open_context();
    if (key.len > BLOCK_LEN) {
        hash_both(context, key, STR(""), block);
    } else if (key.len) {
        memcpy(block, key.at, key.len);
    }
    hash_both(context, pad(block, 0x36, padded), bytes, inner);
    hash_both(context, pad(block, 0x5c, padded), (str){(const char *)inner, HASH_LEN}, out);
    EVP_MD_CTX_free(context);
    explicit_bzero(block, sizeof block);
    explicit_bzero(padded, sizeof padded);
    explicit_bzero(inner, sizeof inner);
}

void hash_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void hash_sha256_hex(str bytes, char out[HASH_HEX_LEN])
{
    unsigned char hash[HASH_LEN];
    hash_sha256(bytes, hash);
    hash_hex(hash, sizeof hash, out);
}

/* Signs a DynamoDB request of 1 KB N times, or makes only the two SHA-256 passes that no signer can
 * avoid: over the body and over the canonical request. signing.sh counts the instructions.
 *
 *     signing sign|hash N
 */
#include "aws/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_LEN = 1024, TOKEN_LEN = 400, ROOM = 4096 };

struct bench {
    struct sigv4_keys keys;
    struct buf authorization;
    char body[BODY_LEN], token[TOKEN_LEN], hash[HASH_HEX_LEN];
};

static void sign(struct bench *b)
{
    const struct credentials credentials = {
        .access_key_id = STR("ASIAIOSFODNN7EXAMPLE"),
        .secret_access_key = STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    };
    const struct sigv4_scope scope = {STR("eu-central-1"), STR("dynamodb"), 1796083200000};
    const struct header headers[] = {
        {STR("host"), STR("dynamodb.eu-central-1.amazonaws.com")},
        {STR("x-amz-date"), STR("20261201T000000Z")},
        {STR("x-amz-content-sha256"), {b->hash, sizeof b->hash}},
        {STR("amz-sdk-invocation-id"), STR("5f1e7e1e-6f0c-4c3a-9d0a-0d6c3c1f3a77")},
        {STR("amz-sdk-request"), STR("attempt=1; max=4")},
        {STR("x-amz-security-token"), {b->token, sizeof b->token}},
        {STR("content-type"), STR("application/x-amz-json-1.0")},
        {STR("x-amz-target"), STR("DynamoDB_20120810.BatchWriteItem")},
    };
    struct why why = {0};
    hash_sha256_hex((str){b->body, sizeof b->body}, b->hash);
    const struct sigv4_request request = {
        .method = STR("POST"),
        .path = STR("/"),
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .payload_hash = {b->hash, sizeof b->hash},
    };
    buf_clear(&b->authorization);
    if (sigv4_sign(&b->keys, &credentials, &scope, &request, &b->authorization, &why).kind) {
        (void)fprintf(stderr, "signing: %s\n", why.text);
        abort();
    }
}

static void hash(struct bench *b)
{
    unsigned char out[HASH_LEN];
    hash_sha256((str){b->body, sizeof b->body}, out);
    hash_sha256(sigv4_steps(&b->keys).canonical_request, out);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    uint64_t count = 0;
    if (argc != 3 || !str_to_u64(str_from(argv[2]), &count)) {
        (void)fputs("usage: signing sign|hash N\n", stderr);
        return 2;
    }
    void (*const work)(struct bench *) = strcmp(argv[1], "sign") == 0 ? sign : hash;
    memset(bench.body, 'b', sizeof bench.body);
    memset(bench.token, 't', sizeof bench.token);
    buf_init(&bench.authorization, ROOM);
    sign(&bench); /* derives the key, and makes the canonical request */
    for (uint64_t i = 0; i < count; i++) {
        work(&bench);
    }
    buf_close(&bench.authorization);
    sigv4_forget(&bench.keys);
    return 0;
}

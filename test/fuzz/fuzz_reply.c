/* Any replies to DynamoDB's, SQS's and Kinesis' calls: each item and entry gets one outcome,
 * nothing is taken for done that no whole reply says, every call ends, and no failure quotes the
 * service.
 *
 * The first byte of an input chooses the operation; the rest are replies (canned_http.h).
 */
#include "aws/dynamodb.h"
#include "aws/kinesis.h"
#include "aws/sqs.h"
#include "test/fuzz/canned_http.h"
#include "test/fuzz/fuzz_main.h"

enum { ITEMS = 8, ENTRIES = 4, RECORDS = 5, ARENA_BYTES = 1024 * 1024 };

#define QUEUE STR("https://q/1/q")

/* --- DynamoDB --- */

struct told {
    unsigned of[ITEMS];
    unsigned good;
};

static void take_outcome(void *ctx, const void *tag, enum dynamodb_outcome outcome,
                         const struct why *why)
{
    struct told *told = ctx;
    told->of[*(const size_t *)tag]++;
    if (outcome == DYNAMODB_REFUSED || outcome == DYNAMODB_FAILED) {
        canned_check_failure((err){why->kind}, why);
        CHECK(why->kind);
        return;
    }
    told->good++;
}

static void put_items(struct client *client, enum dynamodb_mode mode)
{
    struct told told = {0};
    struct dynamodb_writer *writer = NULL;
    struct why why = {0};
    const struct dynamodb_config config = {
        .client = client,
        .mode = mode,
        .table = STR("t"),
        .key_name = STR("user_id"),
        .version_name = STR("_v"),
        .in_flight = 3,
        .on_outcome = take_outcome,
        .ctx = &told,
    };
    CHECK(dynamodb_open(&config, &writer, &why).kind == ERR_NONE);
    for (size_t i = 0; i < ITEMS; i++) {
        const char key[2] = {'k', (char)('0' + i)};
        const struct dynamodb_item item = {.key = {key, 2}, .version = STR("1")};
        struct why unused = {0};
        canned_check_failure(dynamodb_put(writer, &item, &i, sizeof i, &unused), &unused);
    }
    canned_check_failure(dynamodb_flush(writer, &why), &why);
    dynamodb_close(writer);
    for (size_t i = 0; i < ITEMS; i++) {
        CHECK(told.of[i] == 1);
    }
    CHECK(mode == DYNAMODB_NEWEST || !told.good || canned.completed);
}

/* --- SQS --- */

static void send_batch(struct client *client)
{
    static const str bodies[ENTRIES] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    struct sqs_result results[ENTRIES];
    struct why why = {0};
    err sent = sqs_send_batch(client, QUEUE, bodies, ENTRIES, results, &why);
    canned_check_failure(sent, &why);
    for (size_t i = 0; i < ENTRIES && sent.kind == ERR_NONE; i++) {
        CHECK(canned.completed && !(results[i].ok && results[i].sender_fault));
    }
}

static void receive(struct client *client, struct arena *arena)
{
    struct sqs_message messages[ENTRIES];
    size_t count = 0;
    struct why why = {0};
    const struct sqs_receive wanted = {.queue_url = QUEUE, .max = ENTRIES, .wait_s = 1};
    err received = sqs_receive(client, &wanted, arena, messages, &count, &why);
    canned_check_failure(received, &why);
    CHECK(received.kind || (count <= ENTRIES && canned.completed));
    for (size_t i = 0; i < count && received.kind == ERR_NONE; i++) {
        CHECK(messages[i].id.len && messages[i].receipt_handle.len);
    }
}

static void settle(struct client *client)
{
    static const str handles[ENTRIES] = {{"1", 1}, {"2", 1}, {"3", 1}, {"4", 1}};
    struct sqs_result results[ENTRIES];
    struct why why = {0};
    canned_check_failure(sqs_delete_batch(client, QUEUE, handles, ENTRIES, results, &why), &why);
    why = (struct why){0};
    canned_check_failure(sqs_change_visibility(client, QUEUE, handles[0], 0, &why), &why);
}

/* --- Kinesis --- */

static void read_shard(struct client *client, struct arena *arena)
{
    struct kinesis_record all[RECORDS];
    struct kinesis_records records = {.records = all, .room = RECORDS};
    str ids[RECORDS];
    struct kinesis_shards shards = {.ids = ids, .room = RECORDS};
    struct why why = {0};
    canned_check_failure(kinesis_list_shards(client, STR("s"), arena, &shards, &why), &why);
    CHECK(shards.count <= RECORDS);
    why = (struct why){0};
    err got = kinesis_get_records(client, STR("i"), arena, &records, &why);
    canned_check_failure(got, &why);
    CHECK(got.kind || (records.count <= RECORDS && canned.completed));
}

static void run(unsigned char choice, struct client *client, struct arena *arena)
{
    struct why why = {0};
    switch (choice % 6) {
    case 0:
        put_items(client, DYNAMODB_NEWEST);
        return;
    case 1:
        put_items(client, DYNAMODB_BATCH);
        return;
    case 2:
        send_batch(client);
        return;
    case 3:
        receive(client, arena);
        return;
    case 4:
        canned_check_failure(sqs_send(client, QUEUE, STR("hello"), &why), &why);
        CHECK(why.kind || canned.completed);
        settle(client);
        return;
    default:
        read_shard(client, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena_block block;
    struct client client;
    if (size < 1 || !arena_block_init(&block, ARENA_BYTES)) {
        return 0;
    }
    struct arena arena = arena_start(&block);
    canned_client(&client, (str){(const char *)data + 1, size - 1});
    run(data[0], &client, &arena);
    client_close(&client);
    buf_close(&canned.taken);
    arena_block_close(&block);
    return 0;
}

#ifdef FUZZ_MAIN
#define ZERO "\0"
#define ITEM(key)                                                                                  \
    "{\"PutRequest\":{\"Item\":{\"user_id\":{\"S\":\"" key "\"},\"_v\":{\"S\":\"1\"}}}}"
#define LEFT(list) "{\"UnprocessedItems\":{\"t\":[" list "]}}"
#define DONE       "aa\n\n{}" ZERO
#define MD5        "5d41402abc4b2a76b9719d911017c592"

static const str words[] = {
    STR_INIT(ZERO),
    STR_INIT("aa\n\n"),
    STR_INIT("ab\n\n"),
    STR_INIT("ac\n\n"),
    STR_INIT("ca\n\n"),
    STR_INIT("ga\n\n"),
    STR_INIT("ia\n\n"),
    STR_INIT("{}"),
    STR_INIT("[]"),
    STR_INIT("null"),
    STR_INIT("{"),
    STR_INIT("}"),
    STR_INIT("]"),
    STR_INIT(","),
    STR_INIT("\""),
    STR_INIT(":"),
    STR_INIT(ITEM("k0")),
    STR_INIT(ITEM("k9")),
    STR_INIT("\"UnprocessedItems\":{}"),
    STR_INIT("\"Id\":\"0\""),
    STR_INIT("\"Id\":\"99\""),
    STR_INIT("\"Failed\":"),
    STR_INIT("\"Messages\":"),
    STR_INIT("{\"__type\":\"ThrottlingException\"}"),
    STR_INIT("{\"__type\":\"ExpiredTokenException\"}"),
    STR_INIT("{\"__type\":\"ResourceNotFoundException\"}"),
    STR_INIT("{\"__type\":\"InvalidSignatureException\"}"),
    STR_INIT("SE CRET"),
    STR_INIT("Date: Thu, 01 Jan 1970 01:16:40 GMT\n"),
    STR_INIT("x-amz-crc32: 0\n"),
    STR_INIT("x-amz-retry-after: 99999999999\n"),
    STR_INIT("1e400"),
    STR_INIT("99999999999999999999"),
    STR_INIT("\xff"),
    STR_INIT("\\u0000"),
};

/* The first byte, modulo 6, is the operation: 'f' is 0. */
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("f" DONE "aa\nx-amz-crc32: 2745614147\n\n{}" ZERO "ba\n\n" ZERO
            "ca\n\n{\"__type\":\"x#ConditionalCheckFailedException\",\"Item\":{\"_v\":{\"S\":\"1\"}"
            "}}" ZERO DONE DONE DONE DONE DONE),
        STR("g"
            "aa\n\n" LEFT(ITEM("k1") "," ITEM("k2")) ZERO "aa\n\n" LEFT(ITEM("k1")) ZERO DONE),
        STR("g"
            "ca\n\n{\"__type\":\"ValidationException\",\"message\":\"SE CRET\"}" ZERO DONE DONE),
        STR("h"
            "aa\n\n{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}],\"Failed\":[{\"Id\":\"2\","
            "\"SenderFault\":true},{\"Id\":\"3\",\"SenderFault\":false}]}" ZERO
            "aa\n\n{\"Successful\":[{\"Id\":\"3\"}]}" ZERO),
        STR("i"
            "aa\n\n{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"hello\","
            "\"MD5OfBody\":\"" MD5 "\",\"Attributes\":{\"SentTimestamp\":\"1\"}}]}" ZERO),
        STR("j"
            "aa\n\n{\"MD5OfMessageBody\":\"" MD5 "\"}" ZERO "aa\n\n{\"Successful\":[],\"Failed\":"
            "[{\"Id\":\"1\",\"SenderFault\":true}]}" ZERO "aa\n\n" ZERO),
        STR("k"
            "aa\n\n{\"Shards\":[{\"ShardId\":\"shardId-0\"}],\"NextToken\":\"n\"}" ZERO
            "aa\n\n{\"Shards\":[]}" ZERO "aa\n\n{\"Records\":[{\"SequenceNumber\":\"1\",\"Data\":"
            "\"YQ==\",\"PartitionKey\":\"p\","
            "\"ApproximateArrivalTimestamp\":1.5}],\"NextShardIterator\":\"n\"}" ZERO),
        STR("gca\nx-amzn-errortype: ThrottlingException\nx-amz-retry-after: 5\n\n" ZERO DONE),
        STR("hca\nx-amzn-query-error: AWS.X;Sender\n\n{\"__type\":\"a#b\"}" ZERO "ac\n\n" ZERO),
        STR("fac\n\n" ZERO "ad\n\n" ZERO "ae\n\n" ZERO "ia\n\n" ZERO DONE DONE DONE DONE DONE DONE),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

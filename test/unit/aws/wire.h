/* One operation of each service, through the client's own interface, and the bytes of its good
 * reply: for tests of what the wire may do to them.
 */
#ifndef TEST_UNIT_AWS_WIRE_H
#define TEST_UNIT_AWS_WIRE_H

#include "test/unit/aws/rig.h"

#include "aws/dynamodb.h"
#include "aws/s3.h"
#include "aws/sqs.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum wire_operation { WIRE_PUT, WIRE_SEND, WIRE_RECEIVE, WIRE_GET, WIRE_OPERATIONS };

#define WIRE_MD5    "5d41402abc4b2a76b9719d911017c592"
#define WIRE_OBJECT "user_id=1\nuser_name=Al\n\nuser_id=2\nuser_name=Grace\n"

static const char *const wire_words[WIRE_OPERATIONS] = {"put", "send", "receive", "get"};
/* The bodies of good replies. */
static const char *const wire_bodies[WIRE_OPERATIONS] = {
    "{}",
    "{\"MD5OfMessageBody\":\"" WIRE_MD5 "\",\"MessageId\":\"m\"}",
    "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"hello\","
    "\"MD5OfBody\":\"" WIRE_MD5 "\"}]}",
    WIRE_OBJECT,
};
/* And their headers, but those that say how long the body is. */
static const char *const wire_headers[WIRE_OPERATIONS] = {
    "Content-Type: application/x-amz-json-1.0\r\nx-amz-crc32: 2745614147\r\n",
    "Content-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: 1-2\r\n",
    "Content-Type: application/x-amz-json-1.0\r\n",
    "ETag: \"tag\"\r\nAccept-Ranges: bytes\r\n",
};

/* --- Replies --- */

static inline void wire_add_whole(enum wire_operation what, struct buf *reply)
{
    str body = str_from(wire_bodies[what]);
    buf_add(reply, STR("HTTP/1.1 200 OK\r\n"));
    buf_add(reply, str_from(wire_headers[what]));
    buf_add(reply, STR("Content-Length: "));
    buf_u64(reply, body.len);
    buf_add(reply, STR("\r\n\r\n"));
    buf_add(reply, body);
}

/* A byte a chunk, an extension, a trailer. S3's says how long the object is, else it is no object
 * to us. */
static inline void wire_add_chunked(enum wire_operation what, struct buf *reply)
{
    buf_add(reply, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"));
    buf_add(reply, str_from(wire_headers[what]));
    if (what == WIRE_GET) {
        buf_add(reply, STR("Content-Length: "));
        buf_u64(reply, strlen(wire_bodies[what]));
        buf_add(reply, STR("\r\n"));
    }
    buf_add(reply, STR("\r\n"));
    for (const char *at = wire_bodies[what]; *at; at++) {
        buf_add(reply, STR("1;a=b\r\n"));
        buf_char(reply, *at);
        buf_add(reply, STR("\r\n"));
    }
    buf_add(reply, STR("0\r\nx-trailer: 1\r\n\r\n"));
}

/* No length: the body ends where the connection does. */
static inline void wire_add_old(enum wire_operation what, struct buf *reply)
{
    buf_add(reply, STR("HTTP/1.0 200 OK\r\n"));
    buf_add(reply, str_from(wire_headers[what]));
    buf_add(reply, STR("\r\n"));
    buf_add(reply, str_from(wire_bodies[what]));
}

/* What is left of the object, to a request that names a range; else the whole reply. */
static inline void wire_serve(enum wire_operation what, const struct fake_request *request,
                              struct fake_reply *reply)
{
    str range = fake_header(request, "range");
    uint64_t from = 0;
    if (!range.len) {
        wire_add_whole(what, &reply->bytes);
        return;
    }
    assert_true(str_to_u64(str_take(str_drop(range, 6), range.len - 7), &from));
    str rest = str_drop(str_from(wire_bodies[what]), (size_t)from);
    char headers[128];
    (void)snprintf(headers, sizeof headers, "ETag: \"tag\"\r\nContent-Range: bytes %u-%zu/%zu\r\n",
                   (unsigned)from, strlen(wire_bodies[what]) - 1, strlen(wire_bodies[what]));
    fake_reply_with(reply, 206, headers, rest);
}

/* --- Operations --- */

static inline void wire_outcome(void *ctx, const void *tag, enum dynamodb_outcome outcome,
                                const struct why *why)
{
    enum err_kind *kind = ctx;
    (void)tag;
    *kind = outcome == DYNAMODB_WRITTEN ? ERR_NONE : why->kind;
    if (outcome != DYNAMODB_WRITTEN && outcome != DYNAMODB_FAILED) {
        fail_msg("outcome %d", (int)outcome);
    }
}

static inline enum err_kind wire_put(struct client *client, struct why *why)
{
    enum err_kind kind = ERR_BUG;
    struct dynamodb_writer *writer = NULL;
    const struct dynamodb_config config = {
        .client = client,
        .table = STR("t"),
        .key_name = STR("user_id"),
        .version_name = STR("_v"),
        .on_outcome = wire_outcome,
        .ctx = &kind,
    };
    const struct dynamodb_item item = {.key = STR("k"), .version = STR("1")};
    assert_int_equal(dynamodb_open(&config, &writer, why).kind, ERR_NONE);
    err put = dynamodb_put(writer, &item, "", 0, why);
    err flushed = dynamodb_flush(writer, why);
    dynamodb_close(writer);
    assert_true(kind || (!put.kind && !flushed.kind));
    return kind;
}

static inline enum err_kind wire_receive(struct client *client, struct why *why)
{
    struct arena_block block;
    struct sqs_message message = {0};
    size_t count = 0;
    const struct sqs_receive wanted = {
        .queue_url = STR("http://q/1/q"), .max = 1, .visibility_s = -1};
    assert_true(arena_block_init(&block, 1 << 20));
    struct arena arena = arena_start(&block);
    err received = sqs_receive(client, &wanted, &arena, &message, &count, why);
    if (received.kind == ERR_NONE) {
        assert_int_equal(count, 1);
        assert_true(str_eq(message.body, STR("hello")));
    }
    arena_block_close(&block);
    return received.kind;
}

/* The object's bytes, all of them, or a failure after a part of them. */
static inline enum err_kind wire_get(struct client *client, struct why *why)
{
    static const struct s3_object object = {.bucket = {"data", 4}, .key = {"key", 3}};
    struct s3_download *download = NULL;
    struct s3_facts facts;
    char memory[256];
    struct buf got_all;
    size_t got = 1;
    buf_wrap(&got_all, memory, sizeof memory);
    err state = s3_open(client, &object, &download, &facts, why);
    while (state.kind == ERR_NONE && got) {
        char part[64];
        struct source source = s3_source(download);
        state = source.read(source.ctx, part, sizeof part, &got, why);
        buf_add(&got_all, (str){part, state.kind ? 0 : got});
    }
    s3_close(download);
    assert_true(str_starts(STR(WIRE_OBJECT), buf_str(&got_all)));
    assert_true(state.kind || got_all.len == strlen(WIRE_OBJECT));
    return state.kind;
}

/* The kind of failure; what is taken for good is checked to be whole. */
static inline enum err_kind wire_run(struct client *client, enum wire_operation what,
                                     struct why *why)
{
    *why = (struct why){0};
    switch (what) {
    case WIRE_PUT:
        return wire_put(client, why);
    case WIRE_SEND:
        return sqs_send(client, STR("http://q/1/q"), STR("hello"), why).kind;
    case WIRE_RECEIVE:
        return wire_receive(client, why);
    default:
        return wire_get(client, why);
    }
}

#endif

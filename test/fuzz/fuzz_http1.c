/* Replies of the Runtime API, in pieces of any size: what is read does not depend on the pieces,
 * a reply that is cut off is BUSY and never a success, and no bound is passed.
 *
 * The first byte of an input chooses the sizes of the pieces; the rest is what the server sends
 * before it closes. The socket is the fuzzer's own, linked instead of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/http1_reply.h"
#include "runtime/http1_socket.h"
#include "test/fuzz/fuzz_main.h"

enum { MAX_BODY = 4096, MAX_TEXT = HTTP1_MAX_HEAD_BYTES * 2 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What the server has still to say, and the state of the piece sizes; 0: all at once. */
static struct {
    str text;
    uint32_t sizes;
} server;

err http1_socket_receive(struct http1 *http, char *into, size_t room, size_t *got, struct why *why)
{
    (void)http;
    (void)why;
    CHECK(room > 0);
    size_t piece = server.text.len;
    if (server.sizes) {
        server.sizes = server.sizes * 1103515245 + 12345;
        piece = (server.sizes >> 16) % 7 + 1;
    }
    str given = str_take(server.text, piece < room ? piece : room);
    if (given.len) {
        memcpy(into, given.at, given.len);
    }
    server.text = str_drop(server.text, given.len);
    *got = given.len;
    return OK;
}

void http1_socket_close(struct http1 *http)
{
    http->fd = -1;
}

struct outcome {
    enum err_kind kind;
    int status;
    size_t header_count;
    size_t taken; /* bytes that the reply is long */
    enum http1_body_kind body_kind;
    struct buf body;
};

static err receive(struct http1 *http, struct outcome *out, struct why *why)
{
    static struct http1_reply reply;
    struct http1_framing framing = {0};
    reply.status = 0;
    err head = http1_reply_head(http, &reply, &framing, why);
    out->status = reply.status;
    TRY(head);
    out->header_count = reply.header_count;
    out->body_kind = framing.kind;
    CHECK(reply.status >= 200 && reply.status <= 599);
    TRY(http1_reply_body(http, &framing, &out->body, why));
    for (size_t i = 0; i < reply.header_count; i++) {
        str value = reply.headers[i].value;
        CHECK(value.at >= http->in && value.at + value.len <= http->in + http->in_head);
        CHECK(!value.len || !memchr(value.at, '\n', value.len));
    }
    return OK;
}

static struct outcome read_reply(str text, uint32_t sizes)
{
    struct outcome out = {0};
    struct http1 http = {.fd = -1, .in = malloc(HTTP1_IN_BYTES)};
    struct why why = {0};
    CHECK(http.in);
    buf_init(&out.body, MAX_BODY);
    server.text = text;
    server.sizes = sizes;
    out.kind = receive(&http, &out, &why).kind;
    out.taken = text.len - server.text.len - (http.in_len - http.in_at);
    CHECK(out.kind == ERR_NONE || out.kind == why.kind);
    CHECK(out.kind == ERR_NONE || out.kind == ERR_BUSY || out.kind == ERR_LIMIT ||
          out.kind == ERR_BUG);
    CHECK(out.body.len <= MAX_BODY);
    CHECK(http.in_at <= http.in_len && http.in_len <= HTTP1_IN_BYTES);
    free(http.in);
    return out;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->kind == b->kind);
    CHECK(a->status == b->status);
    if (a->kind == ERR_NONE) {
        CHECK(a->header_count == b->header_count);
        CHECK(a->taken == b->taken);
        CHECK(str_eq(buf_str(&a->body), buf_str(&b->body)));
    }
}

/* Cut anywhere, a whole reply is BUSY. Only a body that the close ends cannot tell. */
static void check_cut(str text, const struct outcome *whole, size_t len)
{
    if (whole->kind || whole->body_kind == HTTP1_BODY_UNTIL_CLOSE || len >= whole->taken) {
        return;
    }
    struct outcome part = read_reply(str_take(text, len), 0);
    CHECK(part.kind == ERR_BUSY);
    buf_close(&part.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MAX_TEXT) {
        return 0;
    }
    str text = {(const char *)data + 1, size - 1};
    struct outcome whole = read_reply(text, 0);
    struct outcome pieces = read_reply(text, data[0] + 1u);
    check_same(&whole, &pieces);
    check_cut(text, &whole, whole.taken - 1);
    check_cut(text, &whole, whole.taken * data[0] / 256);
    buf_close(&whole.body);
    buf_close(&pieces.body);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("aHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"),
        STR("bHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5;a=b\r\nhello\r\n07\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"),
        STR("cHTTP/1.0 200 OK\r\nServer: old\r\n\r\nhello"),
        STR("dHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
        STR("eHTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 15\r\n\r\n"
            "{\"status\":\"OK\"}"),
        STR("fHTTP/1.1 200 OK\nLambda-Runtime-Aws-Request-Id: 1-2\nContent-Length: 2\n\n{}"),
    };
    const str words[] = {
        STR("\r\n"),
        STR("\n"),
        STR("\r"),
        STR("\r\n\r\n"),
        STR(":"),
        STR(" "),
        STR("\t"),
        STR(";"),
        STR("0"),
        STR("0\r\n\r\n"),
        STR("ffffffffffffffff"),
        STR("1000"),
        STR("1001"),
        STR("-1"),
        STR("+1"),
        STR("0x1"),
        STR("18446744073709551616"),
        STR("HTTP/1.1 "),
        STR("HTTP/1.0 "),
        STR("101"),
        STR("304"),
        STR("Content-Length: 4096\r\n"),
        STR("Content-Length: 4097\r\n"),
        STR("Transfer-Encoding: chunked\r\n"),
        STR("Connection: close\r\n"),
        STR("\0"),
        STR("\x7f"),
        STR("\xff"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

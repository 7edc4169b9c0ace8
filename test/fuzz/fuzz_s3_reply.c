/* Any replies to a download: what is read is what came, in order and without a gap, as long as the
 * first reply said or a failure; each request for the rest begins at the first byte missing.
 *
 * The first byte of an input chooses what is asked for; the rest are replies (canned_http.h). The
 * letters of a body that are \1 stand for long runs.
 */
#include "aws/s3.h"
#include "test/fuzz/canned_http.h"
#include "test/fuzz/fuzz_main.h"

enum { RUN = 100 * 1000, MAX_RUNS = 8 };

static void expand(str data, struct buf *out)
{
    static const char letters[RUN] = {0};
    size_t runs = 0;
    for (size_t i = 0; i < data.len; i++) {
        if (data.at[i] == 1 && runs < MAX_RUNS) {
            size_t start = out->len;
            buf_add(out, (str){letters, RUN});
            CHECK(!out->failed);
            memset(out->at + start, 'a' + (int)(runs++), RUN);
            continue;
        }
        buf_char(out, data.at[i]);
    }
}

static void read_all(struct s3_download *download, const struct s3_facts *facts)
{
    static char into[10000];
    struct source source = s3_source(download);
    struct why why = {0};
    size_t total = 0;
    size_t got = 1;
    err state = OK;
    while (state.kind == ERR_NONE && got) {
        got = 0;
        state = source.read(source.ctx, into, sizeof into, &got, &why);
        if (state.kind == ERR_NONE) {
            CHECK(got <= sizeof into && got <= canned.taken.len - total);
            CHECK(!got || memcmp(into, canned.taken.at + total, got) == 0);
            total += got;
        }
    }
    canned_check_failure(state, &why);
    CHECK(total <= facts->size && total == (state.kind ? total : facts->size));
    CHECK(s3_bytes(download) <= facts->size);
}

static void download(struct client *client, unsigned char choice)
{
    const struct s3_object object = {
        .bucket = choice & 1 ? STR("my.bucket") : STR("bucket"),
        .key = STR("k/y"),
        .version_id = choice & 2 ? STR("v+1") : STR(""),
        .etag = choice & 4 ? STR("tag") : STR(""),
    };
    struct s3_download *opened = NULL;
    struct s3_facts facts = {0};
    struct why why = {0};
    err state = s3_open(client, &object, &opened, &facts, &why);
    canned_check_failure(state, &why);
    if (state.kind == ERR_NONE) {
        CHECK(facts.etag.len <= 256 && facts.content_type.len <= 256);
        read_all(opened, &facts);
        s3_close(opened);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client client;
    struct buf replies;
    if (size < 1) {
        return 0;
    }
    buf_init(&replies, (size_t)1 << 24);
    expand((str){(const char *)data + 1, size - 1}, &replies);
    canned_client(&client, buf_str(&replies));
    download(&client, data[0]);
    client_close(&client);
    buf_close(&canned.taken);
    buf_close(&replies);
    return 0;
}

#ifdef FUZZ_MAIN
#define ZERO "\0"
#define TAG  "ETag: \"tag\"\n"

static const str words[] = {
    STR_INIT(ZERO),
    STR_INIT("\1"),
    STR_INIT("\n\n"),
    STR_INIT("aa\n"),
    STR_INIT("ab\n"),
    STR_INIT("ba\n"),
    STR_INIT("ja\n"),
    STR_INIT(TAG),
    STR_INIT("ETag: W/\"tag\"\n"),
    STR_INIT("ETag: \"other\"\n"),
    STR_INIT("Content-Length: 5\n"),
    STR_INIT("Content-Length: 0\n"),
    STR_INIT("Content-Length: 18446744073709551615\n"),
    STR_INIT("Content-Range: bytes 5-10/11\n"),
    STR_INIT("Content-Range: bytes 0-4/5\n"),
    STR_INIT("Content-Range: bytes */5\n"),
    STR_INIT("x-amz-checksum-crc32: NhCmhg==\n"),
    STR_INIT("x-amz-checksum-crc64nvme: AAAAAAAAAAA=\n"),
    STR_INIT("x-amz-checksum-crc32c: AAAA-2\n"),
    STR_INIT("x-amz-checksum-sha256: \n"),
    STR_INIT("x-amz-bucket-region: eu-west-3\n"),
    STR_INIT("x-amz-bucket-region: ../../x\n"),
    STR_INIT("Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\n"),
    STR_INIT("<Region>eu-west-9</Region>"),
    STR_INIT("<Code>PermanentRedirect</Code>"),
    STR_INIT("<Code>ExpiredToken</Code>"),
    STR_INIT("SE CRET"),
    STR_INIT("hello"),
    STR_INIT("\xff"),
};

int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("0aa\n" TAG "Content-Length: 5\nContent-Type: text/csv\n\nhello" ZERO),
        STR("0ab\n" TAG "Content-Length: 11\n\nhello" ZERO "ba\n" TAG
            "Content-Range: bytes 5-10/11\nContent-Length: 6\n\n world" ZERO),
        STR("0aa\n" TAG "Content-Length: 5\nx-amz-checksum-crc32: NhCmhg==\n\nhello" ZERO),
        STR("0ab\n" TAG
            "Content-Length: 5\nx-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=\n\nhel" ZERO
            "ba\n" TAG "Content-Range: bytes 3-4/5\n\nlo" ZERO),
        STR("0aa\n" TAG "Content-Length: 300000\n\n\1\1\1" ZERO),
        STR("0ab\n" TAG "Content-Length: 500000\n\n\1\1\1\1" ZERO "ba\n" TAG
            "Content-Range: bytes 400000-499999/500000\n\n\1" ZERO),
        STR("0ja\nx-amz-bucket-region: "
            "eu-west-3\n\n<Error><Code>PermanentRedirect</Code></Error>" ZERO "aa\n" TAG
            "Content-Length: 2\n\nab" ZERO),
        STR("0ca\n\n<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region>"
            "<Message>SE CRET</Message></Error>" ZERO "aa\n" TAG "Content-Length: 2\n\nab" ZERO),
        STR("4ea\n\n<Error><Code>NoSuchKey</Code></Error>" ZERO),
        STR("2ia\n\n<Error><Code>SlowDown</Code></Error>" ZERO "aa\nContent-Length: 0\n\n" ZERO),
        STR("6ac\n\n" ZERO "ad\n\n" ZERO "aa\nContent-Length: 2\n\nab" ZERO),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

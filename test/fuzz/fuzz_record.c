/* transform/record: the same records come out however the source cuts its bytes; what they say of
 * where they stand is true; it always ends.
 *
 * The first byte of an input chooses the format and the longest record, the second the chunks. A
 * few control characters stand for long runs, so that small inputs overflow the window.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/fuzz/fuzz_main.h"
#include "test/support/records.h"

enum { MAX_TEXT = 512 * 1024, RUN = 70 * 1000, MAX_RUNS = 4, MAX_SMALL = 4096 };

static void add_run(struct buf *b, char c)
{
    char *into = buf_reserve(b, RUN);
    if (into) {
        memset(into, c, RUN);
        b->len += RUN;
    }
}

/* \1 to \4: a long run of x, of spaces, of newlines, of opening brackets. */
static void expand(str data, struct buf *out)
{
    size_t runs = 0;
    for (size_t i = 0; i < data.len; i++) {
        char c = data.at[i];
        if (c >= 1 && c <= 4 && runs < MAX_RUNS) {
            add_run(out, "x \n["[c - 1]);
            runs++;
            continue;
        }
        buf_char(out, c);
    }
}

static void check_same(str text, const struct records_reading *whole,
                       const struct records_reading *chunked)
{
    struct buf a;
    struct buf b;
    buf_init(&a, SIZE_MAX / 2);
    buf_init(&b, SIZE_MAX / 2);
    enum err_kind a_end = records_dump(text, whole, &a);
    enum err_kind b_end = records_dump(text, chunked, &b);
    if (a_end || b_end || !str_eq(buf_str(&a), buf_str(&b))) {
        (void)fprintf(stderr, "whole:\n%.*s\nchunked:\n%.*s\n", (int)a.len, a.at, (int)b.len, b.at);
        abort();
    }
    buf_close(&a);
    buf_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t longest[] = {40, 1000, 65536, 100000};
    if (size < 2 || size > MAX_SMALL) {
        return 0;
    }
    struct records_reading whole = {
        .format = (enum record_format)(data[0] & 3),
        .max_record_bytes = longest[data[0] >> 2 & 3],
    };
    struct records_reading chunked = whole;
    chunked.chunk = (data[1] & 15) == 15 ? 100000 : 1U + (data[1] & 15);
    chunked.seed = data[1] >> 4;
    struct buf text;
    buf_init(&text, MAX_TEXT);
    expand((str){(const char *)data + 2, size - 2}, &text);
    if (text.len > MAX_SMALL) {
        chunked.chunk *= 1000;
    }
    check_same(buf_str(&text), &whole, &chunked);
    buf_close(&text);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("\x10\x03user_id=1\r\nuser_name=Ada\n\nuser_name=Bob\nuser_id=2\nnonsense\n"),
        STR("\x11\x13user_id = 7\rphone=1\r\ruser_id=8\rphone=2=2\r"),
        STR("\x14\x21{\"user_id\":\"1\",\"a\":[1,{}],\"b\":null}\n{\"user_id\":2}\n{bad\n{}\n"),
        STR("\x16\x32{\n  \"user_id\": 1,\n  \"x\": tru\n}\n{\"user_id\":\"\\u00e9\"}{\"a\":1}"),
        STR("\x1A\x4F[{\"user_id\":\"1\"},\n {\"user_id\":\"2\",\"user_id\":3}, 4, \"x\"]\n{}"),
        STR("\x16\x52{\"users\": [{\"a\":\"\xC3\xA9\"},{\"b\":\"\xFF\"}], \"more\": {\"c\": []}}"),
        STR("\x1A\x43{\"n\":[1],\"records\":[{\"a\":1},2],\"m\":\"]\",\"users\":[{}],\"user_id\":1}"
            "\n{}"),
        STR("\x10\x62user_id,user_name\n1,Ada\n2,\"Lovelace, \"\"A\"\"\nx\"\n3\n\n\"4,x\n5,y\n"),
        STR("\x13\x71sep=;\r\n\"ID\"; name ;phone\r\n1;\"a;b\";+43\r\n2;c\r\n"),
        STR("\x10\x81\xEF\xBB\xBFid|phone\r1|2\r\r\"3\"|\"4\r5\"\r"),
        STR("\x13\x9Fid,name\n1,\"\1\"\n2,\1\n3,\"\1\n4,b\n"),
        STR("\x12\xAF[{\"a\":\"\1\"},{\"b\":1},\1]"),
        STR("\x12\xB1{\"a\":\"\1\"}\n{\"b\":1}\n{\"c\":\3\2}\n{\"d\":1}"),
        STR("\x11\xC2user_id=1\nx=\1\n\nuser_id=2\n\3a=1\na=2"),
    };
    const str words[] = {
        STR("{"),
        STR("}"),
        STR("["),
        STR("]"),
        STR(":"),
        STR(","),
        STR("\""),
        STR("\"\""),
        STR("\\"),
        STR("\n"),
        STR("\r"),
        STR("\r\n"),
        STR("\n\n"),
        STR(" "),
        STR("\t"),
        STR(";"),
        STR("|"),
        STR("="),
        STR("user_id"),
        STR("user_id=3\n"),
        STR("\xEF\xBB\xBF"),
        STR("\xC3\xA9"),
        STR("\xFF"),
        STR("\xE2\x82"),
        STR("\1"),
        STR("\2"),
        STR("\3"),
        STR("\4"),
        STR("\"a\":1,"),
        STR("{\"a\":1}"),
        STR("\n{"),
        STR("{}\n"),
        STR("id,name\n"),
        STR("sep=;\n"),
        STR("true"),
        STR("{\"users\":["),
        STR(",\"records\":["),
        STR(",\"n\":"),
        STR("12"),
        STR("\"u\\u0061\":2"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

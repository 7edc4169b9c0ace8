/* Error replies: a code is short, of harmless characters and stands in the reply, whatever the
 * reply is; it is the same wherever the reply lies in memory; every failure has a kind.
 *
 * An input is the two headers, each ended by a newline, and then the body.
 */
#include "aws/fault.h"
#include "base/ascii.h"
#include "test/fuzz/fuzz_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static bool stands_in(str text, str part)
{
    return !part.len || (text.len && memmem(text.at, text.len, part.at, part.len));
}

/* JSON may write any letter as \u0061. */
static bool has_escapes(str text)
{
    return text.len && memchr(text.at, '\\', text.len);
}

static void check_code(const struct fault_reply *reply, str code)
{
    CHECK(code.len < FAULT_CODE_ROOM);
    for (size_t i = 0; i < code.len; i++) {
        char c = code.at[i];
        CHECK(ascii_is_letter_or_digit(c) || c == '.' || c == '_' || c == '-');
    }
    CHECK(stands_in(reply->query_error, code) || stands_in(reply->error_type, code) ||
          stands_in(reply->body, code) || has_escapes(reply->body));
}

static void check_kinds(str code)
{
    static const int statuses[] = {300, 301, 307, 400, 401, 403, 404, 409, 412, 429, 500, 503, 700};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        enum err_kind kind = fault_kind(statuses[i], code);
        CHECK(kind != ERR_NONE && kind != ERR_DEADLINE);
        CHECK(statuses[i] < 500 || kind == ERR_BUSY);
        CHECK(statuses[i] != 429 || kind == ERR_BUSY);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str_halves first = str_cut((str){(const char *)data, size}, '\n');
    struct str_halves second = str_cut(first.tail, '\n');
    const struct fault_reply reply = {
        .error_type = first.head, .query_error = second.head, .body = second.tail};
    char room[FAULT_CODE_ROOM];
    str code = fault_code(&reply, room);
    check_code(&reply, code);
    check_kinds(code);
    CHECK(stands_in(reply.body, fault_region(reply.body)));
    return 0;
}

static const str words[] = {
    STR_INIT("\n"),
    STR_INIT("<Code>"),
    STR_INIT("</Code>"),
    STR_INIT("<Region>"),
    STR_INIT("<"),
    STR_INIT("{"),
    STR_INIT("}"),
    STR_INIT("["),
    STR_INIT("\""),
    STR_INIT("\\"),
    STR_INIT("\\u0061"),
    STR_INIT("\\u0000"),
    STR_INIT(":"),
    STR_INIT("#"),
    STR_INIT(";"),
    STR_INIT(" "),
    STR_INIT("\0"),
    STR_INIT("\xff"),
    STR_INIT("\"__type\":"),
    STR_INIT("\"code\":"),
    STR_INIT("ThrottlingException"),
    STR_INIT("SlowDown"),
    STR_INIT("012345678901234567890123456789012345678901234567890123456789012"),
};

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("\n\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\"}"),
        STR("\n\n{\"code\":\"a#Foo:http://x/\",\"__type\":null}"),
        STR("FooError:http://internal.amazon.com/coral/\n\n{}"),
        STR("\nAWS.SimpleQueueService.NonExistentQueue;Sender\n"
            "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}"),
        STR("\n\n<?xml version=\"1.0\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code>"
            "<Region>eu-west-2</Region></Error>"),
        STR("\n\n  <ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error>"),
        STR("\n\n<html><body>503</body></html>"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

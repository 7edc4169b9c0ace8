/* Any request's canonical form: the same whatever order the query came in, canonical once more when
 * it is made canonical again, of allowed characters alone, and never a byte read past a text.
 *
 * The first byte of an input chooses how paths are treated. Then come path, query, and headers as
 * name and value, with a newline between each two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"
#include "base/ascii.h"
#include "test/fuzz/fuzz_main.h"

enum { MOST_HEADERS = 8, ROOM = 1 << 20 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static str take(str *rest)
{
    struct str_halves cut = str_cut(*rest, '\n');
    *rest = cut.tail;
    return cut.head;
}

static str canonical(struct sigv4_keys *keys, const struct sigv4_request *request)
{
    const struct credentials credentials = {.access_key_id = STR("ID"),
                                            .secret_access_key = STR("secret")};
    const struct sigv4_scope scope = {STR("r"), STR("s"), 0};
    struct why why = {0};
    struct buf out;
    buf_init(&out, ROOM);
    CHECK(sigv4_sign(keys, &credentials, &scope, request, &out, &why).kind == ERR_NONE);
    buf_close(&out);
    return sigv4_steps(keys).canonical_request;
}

static bool is_allowed(str text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!ascii_is_letter_or_digit(c) && (!c || !strchr(others, c))) {
            return false;
        }
    }
    return true;
}

static void check_sorted(str query)
{
    struct str_halves before = {0};
    for (str rest = query; rest.len;) {
        struct str_halves cut = str_cut(rest, '&');
        struct str_halves pair = str_cut(cut.head, '=');
        int order = str_compare(before.head, pair.head);
        CHECK(pair.found);
        CHECK(order < 0 || (order == 0 && str_compare(before.tail, pair.tail) <= 0));
        before = pair;
        rest = cut.tail;
    }
}

/* The parts of a query from its last to its first. */
static void reverse(str query, struct buf *out)
{
    while (query.len) {
        const char *found = memrchr(query.at, '&', query.len);
        size_t at = found ? (size_t)(found - query.at) + 1 : 0;
        buf_add(out, str_drop(query, at));
        buf_char(out, '&');
        query = str_take(query, at ? at - 1 : 0);
    }
}

/* Gives the canonical path and query, which replace the request's own for the next round. */

/* `text` is the request's canonical form. */
static void check_again(struct sigv4_request request, str text)
{
    struct sigv4_keys keys = {0};
    struct buf reversed;
    str rest = text;
    (void)take(&rest);
    str path = take(&rest);
    str query = take(&rest);
    CHECK(is_allowed(path, "/-._~%") && path.len);
    CHECK(is_allowed(query, "-._~%&="));
    check_sorted(query);
    buf_init(&reversed, ROOM);
    reverse(request.query, &reversed);
    request.query = buf_str(&reversed);
    CHECK(str_eq(canonical(&keys, &request), text));
    request.query = query;
    request.path = request.single_encode ? path : request.path;
    CHECK(str_eq(canonical(&keys, &request), text));
    buf_close(&reversed);
    sigv4_forget(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096) {
        return 0;
    }
    struct header headers[MOST_HEADERS];
    struct sigv4_keys keys = {0};
    struct sigv4_request request = {
        .method = STR("GET"),
        .headers = headers,
        .verbatim_path = data[0] & 1,
        .single_encode = data[0] & 2,
    };
    str rest = {(const char *)data + 1, size - 1};
    request.path = take(&rest);
    request.query = take(&rest);
    for (; rest.len && request.header_count < MOST_HEADERS; request.header_count++) {
        str name = take(&rest);
        headers[request.header_count] = (struct header){name, take(&rest)};
    }
    check_again(request, canonical(&keys, &request));
    sigv4_forget(&keys);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("0/a/../b%20c/\nb=2&a=1&a&=x\nHost\nh\nA\n 1  2 \n"),
        STR("1//a/./b/../c\nParam-3=3&Param=2&%e1%88%b4=v\nhost\nh\nx-amz-date\nd\n"),
        STR("2/100%/%41\na=%zz&b=+&c=%2B\nA\n1\na\n2\nb\n\n"),
        STR("3/dt=1/\xc3\xa4\n&&&\nConnection\nclose\n"),
    };
    const str words[] = {
        STR("\n"), STR("/"),   STR("//"),  STR("/../"), STR("/./"),  STR(".."),     STR("%"),
        STR("%2"), STR("%41"), STR("%2F"), STR("%3d"),  STR("&"),    STR("="),      STR("&&"),
        STR("=x"), STR("+"),   STR(" "),   STR("\t"),   STR("\0"),   STR(":"),      STR(","),
        STR(";"),  STR("~"),   STR("*"),   STR("\xff"), STR("host"), STR("x-amz-"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

/* base/json against jansson: the same texts accepted, the same values read from them; every
 * beginning of a good text is short, never bad; what the writer writes is read back the same.
 *
 * Known differences, allowed only where they are seen: jansson refuses integers past int64 and
 * reals past double (numbers are text to us), and U+0000 in a name; it takes a NUL byte after the
 * value for the end of the text; we refuse what is deeper than JSON_MAX_DEPTH.
 */
/* jansson has these names too. */
#define JSON_OBJECT TOKEN_OBJECT
#define JSON_ARRAY  TOKEN_ARRAY
#define JSON_STRING TOKEN_STRING
#define JSON_TRUE   TOKEN_TRUE
#define JSON_FALSE  TOKEN_FALSE
#define JSON_NULL   TOKEN_NULL
#include "base/json.h"
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "test/fuzz/fuzz_main.h"

enum { MAX_TEXT = 16 * 1024, ARENA_BYTES = 1024 * 1024, MAX_PREFIXES = 600 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A value as our reader sees it, as a tree of jansson's, so that jansson compares them. */
struct reading {
    struct json json;
    struct arena arena;
    bool beyond; /* it holds what jansson refuses */
};

/* New; numbers as jansson reads them: an integer unless there is a fraction or an exponent. */
static json_t *number_of(struct reading *r)
{
    char digits[MAX_TEXT + 1];
    CHECK(str_to_c(r->json.raw, digits, sizeof digits));
    errno = 0;
    if (!strpbrk(digits, ".eE")) {
        long long integer = strtoll(digits, NULL, 10);
        r->beyond |= errno == ERANGE;
        return json_integer(integer);
    }
    double real = strtod(digits, NULL);
    r->beyond |= isinf(real) != 0;
    return json_real(isinf(real) ? 0 : real);
}

static str text_of(struct reading *r)
{
    str text = json_text(&r->json, &r->arena);
    CHECK(text.at);
    CHECK(utf8_valid_len(text) == text.len);
    return text;
}

/* NULL for what is not a value without parts. */
static json_t *scalar_of(struct reading *r)
{
    switch (r->json.kind) {
    case TOKEN_STRING: {
        str text = text_of(r);
        return json_stringn_nocheck(text.at, text.len);
    }
    case JSON_NUMBER:
        return number_of(r);
    case TOKEN_TRUE:
        return json_true();
    case TOKEN_FALSE:
        return json_false();
    case TOKEN_NULL:
        return json_null();
    default:
        return NULL;
    }
}

static json_t *value_of(struct reading *r);

/* Adds members or elements until the close; false when the text is bad. */
static bool fill(struct reading *r, json_t *into)
{
    while (json_next(&r->json) > JSON_DONE && r->json.kind != JSON_CLOSE) {
        str name = STR("");
        if (json_is_object(into)) {
            CHECK(r->json.kind == JSON_NAME);
            name = text_of(r);
            r->beyond |= name.len && memchr(name.at, 0, name.len);
            (void)json_next(&r->json);
        }
        json_t *value = value_of(r);
        if (!value) {
            return false;
        }
        int failed = json_is_object(into)
                         ? json_object_setn_new_nocheck(into, name.at, name.len, value)
                         : json_array_append_new(into, value);
        CHECK(!failed);
    }
    return r->json.kind == JSON_CLOSE;
}

/* New: the value whose first token was just read, or NULL when it is bad. */
static json_t *value_of(struct reading *r)
{
    enum json_kind kind = r->json.kind;
    if (kind != TOKEN_OBJECT && kind != TOKEN_ARRAY) {
        return scalar_of(r);
    }
    json_t *value = kind == TOKEN_OBJECT ? json_object() : json_array();
    if (!fill(r, value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* New, or NULL when our reader refuses the text. */
static json_t *read_ours(str text, struct arena arena, bool *beyond)
{
    struct reading r = {.json = json_read(text, true), .arena = arena};
    (void)json_next(&r.json);
    json_t *value = value_of(&r);
    *beyond = r.beyond;
    CHECK(!value || json_next(&r.json) == JSON_DONE);
    if (value && !json_ends(&r.json)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* Of a text that jansson takes: the brackets outside strings. (A tree would not tell: the value of
 * a name that comes again is gone from it.) */
static unsigned depth_of(str text)
{
    unsigned depth = 0;
    unsigned most = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        i += in_string && c == '\\';
        in_string ^= c == '"';
        depth += !in_string && (c == '{' || c == '[');
        depth -= !in_string && (c == '}' || c == ']');
        most = depth > most ? depth : most;
    }
    return most;
}

static void check_same_dump(const json_t *ours, const json_t *theirs)
{
    char *a = json_dumps(ours, JSON_ENCODE_ANY | JSON_COMPACT);
    char *b = json_dumps(theirs, JSON_ENCODE_ANY | JSON_COMPACT);
    CHECK(a && b && strcmp(a, b) == 0);
    free(a);
    free(b);
}

/* What each refuses, and whether it has a right to. */
static void check_verdicts(str text, const json_t *ours, bool beyond, const json_t *theirs,
                           enum json_error_code code)
{
    bool odd = code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
               code == json_error_stack_overflow;
    if (theirs && !ours) {
        CHECK(depth_of(text) > JSON_MAX_DEPTH);
    }
    if (theirs && ours) {
        CHECK(!beyond && depth_of(text) <= JSON_MAX_DEPTH);
    }
    if (!theirs && ours) {
        CHECK(beyond && odd);
    }
}

static void check_against_jansson(str text, struct arena arena)
{
    bool beyond = false;
    json_error_t error;
    json_t *ours = read_ours(text, arena, &beyond);
    if (text.len && memchr(text.at, 0, text.len)) {
        CHECK(!ours);
        return;
    }
    json_t *theirs = json_loadb(text.at, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    check_verdicts(text, ours, beyond, theirs,
                   theirs ? json_error_unknown : json_error_code(&error));
    if (ours && theirs) {
        CHECK(json_equal(ours, theirs));
        check_same_dump(ours, theirs);
    }
    json_decref(ours);
    json_decref(theirs);
}

/* Where reading ends: DONE, BAD or SHORT, and at which byte. */
static struct json read_to_end(str text, bool whole)
{
    struct json j = json_read(text, whole);
    while (json_next(&j) > JSON_DONE) {
    }
    return j;
}

static void check_skip(str text, const struct json *end)
{
    struct json j = json_read(text, true);
    (void)json_next(&j);
    (void)json_skip(&j);
    CHECK(json_next(&j) == end->kind);
    CHECK(j.at == end->at);
}

/* A beginning of the text that was said to be more of is short until it is the same as the whole,
 * and once it is not short the whole ends as it does. */
static void check_beginnings(str text)
{
    struct json full = read_to_end(text, true);
    check_skip(text, &full);
    size_t step = text.len / MAX_PREFIXES + 1;
    for (size_t len = 0; len < text.len; len += step) {
        struct json part = read_to_end(str_take(text, len), false);
        if (part.kind == JSON_SHORT) {
            CHECK(full.kind != JSON_DONE || len <= full.at);
            continue;
        }
        CHECK(part.kind == full.kind && part.at == full.at);
        CHECK(len >= full.at);
    }
}

/* Any bytes as a string: what is written is JSON, for jansson too, and is the same text if it was
 * UTF-8. */
static void check_writer(str bytes, struct arena arena)
{
    struct buf out;
    buf_init(&out, 6 * MAX_TEXT + 2);
    json_add_string(&out, bytes);
    CHECK(!out.failed);
    struct json j = json_read(buf_str(&out), true);
    CHECK(json_next(&j) == TOKEN_STRING && json_ends(&j));
    str text = json_text(&j, &arena);
    CHECK(text.at && utf8_valid_len(text) == text.len);
    CHECK(str_eq(text, bytes) == (utf8_valid_len(bytes) == bytes.len));
    json_t *theirs = json_loadb(out.at, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    CHECK(theirs && str_eq(text, (str){json_string_value(theirs), json_string_length(theirs)}));
    json_decref(theirs);
    buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[ARENA_BYTES];
    struct arena arena = {memory, memory + sizeof memory};
    if (size > MAX_TEXT) {
        return 0;
    }
    str text = {(const char *)data, size};
    check_against_jansson(text, arena);
    check_beginnings(text);
    check_writer(text, arena);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("{\"user_id\":\"u-1\",\"user_name\":\"Ada\",\"phone_number\":\"+431234567\"}"),
        STR("[{\"a\":[1,-2.5e+3,0,-0,1E9],\"b\":{\"c\":null}},true,false,{},[],\"\"]"),
        STR("\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\""),
        STR(" {\"Records\":[{\"body\":\"{\\\"user_id\\\":\\\"1\\\"}\",\"size\":1024}]}\r\n"),
        STR("12345678901234567890"),
        STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
        STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
        STR("-1.5E-10"),
    };
    const str words[] = {
        STR("{"),       STR("}"),       STR("["),        STR("]"),        STR(":"),
        STR(","),       STR("\""),      STR("\\"),       STR("\\u"),      STR("\\ud83d"),
        STR("\\ude00"), STR("\\u0000"), STR("\\n"),      STR("true"),     STR("false"),
        STR("null"),    STR("-"),       STR("0"),        STR("1e9"),      STR("."),
        STR("e"),       STR("+"),       STR("1e999"),    STR(" "),        STR("\n"),
        STR("\t"),      STR("\x1F"),    STR("\x7F"),     STR("\xC0\x80"), STR("\xC3\xA9"),
        STR("\xE2"),    STR("\x82"),    STR("\xED\xA0"), STR("\xF0\x9F"), STR("\xF4\x90"),
        STR("{\"a\":"), STR("\"a\":1"), STR(",\"a\":2"), STR("[1,"),      STR("{}"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

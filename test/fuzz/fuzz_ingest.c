/* Any event, any object, any outcome: ingest keeps its accounts, answers JSON, and a reject of a
 * text is made of that text's very bytes.
 *
 * The input is an event, a NUL, an object's bytes, a NUL (the last), and then one byte for each
 * choice that the world has: what becomes of a record, whether an object opens, whether time is up.
 */
#include "base/json.h"
#include "test/fuzz/fuzz_main.h"
#include "transform/ingest.h"
#include "transform/reject.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 1000, MAX_RECORD = 2048, ARENA_BYTES = 64 * 1024 * 1024 };

struct world {
    struct ingest *ingest;
    str choices;
    str object, object_left;
    bool changed; /* the object is read from its middle, or unpacked: offsets are not its own */
    struct ticket open[MOST]; /* records whose outcome was not told yet */
    size_t open_count;
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static unsigned char choose(struct world *world)
{
    unsigned char choice = world->choices.len ? (unsigned char)world->choices.at[0] : 0;
    world->choices = str_drop(world->choices, 1);
    return choice;
}

static void take(struct world *world, const struct ticket *from)
{
    if (world->open_count == MOST) {
        ingest_settle(world->ingest, from, OUTCOME_WRITTEN);
        return;
    }
    world->open[world->open_count++] = *from;
}

static err read_object(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct world *world = ctx;
    unsigned char choice = choose(world);
    if (choice > 252) {
        return FAIL(why, (enum err_kind)(ERR_BUSY + choice % 2), "chosen");
    }
    struct source text = source_of_text(&world->object_left);
    return text.read(text.ctx, into, choice % 2 && room > 40 ? 40 : room, got, why);
}

static err open_object(void *ctx, const struct input *input, struct opened *out, struct why *why)
{
    struct world *world = ctx;
    unsigned char choice = choose(world);
    if (choice > 250) {
        return FAIL(why, (enum err_kind)(ERR_MISSING + choice % 4), "chosen");
    }
    check(!input->from || input->start <= input->size);
    world->changed = input->from || inflate_is_gzip(world->object);
    world->object_left = str_drop(world->object, (size_t)input->start);
    *out = (struct opened){
        .source = {.read = read_object, .ctx = world},
        .encoded = choice & 128,
        .etag = STR("e"),
        .size = world->object.len,
        .format = (enum record_format)(choice % (FORMAT_CSV + 1)),
        .modified_ms = choice,
    };
    return OK;
}

static void close_object(void *ctx)
{
    (void)ctx;
}

static err put(void *ctx, struct ingest *ingest, const struct user *user, str version,
               const struct ticket *from, struct why *why)
{
    (void)ingest;
    (void)why;
    check(user->id.len > 0 && user->id.len <= USER_MAX_ID_BYTES && version.len > 0);
    for (size_t i = 0; i < user->attribute_count; i++) {
        check(user->attributes[i].value.len > 0);
    }
    take(ctx, from);
    return OK;
}

static err reject(void *ctx, struct ingest *ingest, const struct reject *what, struct why *why)
{
    struct world *world = ctx;
    const struct input *input = what->from.input;
    str raw = reject_raw(what);
    (void)ingest;
    (void)why;
    if (input->kind == INPUT_TEXT
            ? !input->packed
            : input->kind == INPUT_OBJECT && !world->changed && !input->from) {
        str whole = input->kind == INPUT_OBJECT ? world->object : input->text;
        str there = str_drop(whole, (size_t)what->from.offset);
        check(what->from.offset <= whole.len && what->from.length <= there.len);
        check(input->kind == INPUT_OBJECT || raw.len == what->from.length);
        check(str_starts(there, raw));
    }
    take(world, &what->from);
    return OK;
}

static err flush(void *ctx, struct why *why)
{
    struct world *world = ctx;
    (void)why;
    for (size_t i = 0; i < world->open_count; i++) {
        static const enum outcome outcomes[] = {OUTCOME_WRITTEN, OUTCOME_DUPLICATE, OUTCOME_STALE,
                                                OUTCOME_REJECTED, OUTCOME_FAILED};
        ingest_settle(world->ingest, &world->open[i], outcomes[choose(world) % 5]);
    }
    world->open_count = 0;
    return OK;
}

static bool is_json(str text)
{
    struct json j = json_read(text, true);
    (void)json_next(&j);
    (void)json_skip(&j);
    return json_ends(&j);
}

/* What is handed on is something that we know again. */
static err hand_on(void *ctx, str body, struct why *why)
{
    struct arena_block block;
    struct delivery *first = NULL;
    struct why own = {0};
    (void)ctx;
    (void)why;
    check(is_json(body) && arena_block_init(&block, ARENA_BYTES));
    struct arena arena = arena_start(&block);
    check(!event_read(body, &arena, &first, &own).kind);
    check(first && first->inputs && first->inputs->kind == INPUT_OBJECT && !first->inputs->next);
    arena_block_close(&block);
    return OK;
}

static int64_t ms_left(void *ctx)
{
    return choose(ctx) == 255 ? 0 : 1000;
}

static struct str_halves cut_at_last(str s, char separator)
{
    const char *at = s.len ? memrchr(s.at, separator, s.len) : NULL;
    return at ? (struct str_halves){str_span(s.at, at), str_span(at + 1, s.at + s.len), true}
              : (struct str_halves){.head = s};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena_block block;
    check(arena_block_init(&block, ARENA_BYTES));
    struct arena arena = arena_start(&block);
    struct str_halves event = str_cut((str){(const char *)data, size}, 0);
    struct str_halves object = cut_at_last(event.tail, 0);
    static struct world world; /* too large for the stack */
    world = (struct world){.choices = object.tail, .object = object.head};
    unsigned char settings = choose(&world);
    const struct ingest_config config = {
        .rules = {.now_ms = 1780000000000},
        .request_id = STR("r"),
        .max_record_bytes = MAX_RECORD,
        .partial_response = settings & 1,
        .has_rejects = settings & 2,
    };
    const struct ingest_ports ports = {
        .ctx = &world,
        .open = open_object,
        .close = close_object,
        .put = put,
        .reject = reject,
        .flush = flush,
        .hand_on = settings & 4 ? hand_on : NULL,
        .ms_left = ms_left,
    };
    const struct log log = {.fd = -1, .level = LOG_OFF};
    struct ingest ingest = {.config = &config, .ports = &ports, .arena = &arena, .log = &log};
    struct why why = {0};
    struct buf reply;
    world.ingest = &ingest;
    buf_init(&reply, (size_t)1 << 20);
    err result = ingest_event(&ingest, event.head, &reply, &why);
    check(result.kind != ERR_BUG && (result.kind || is_json(buf_str(&reply))));
    buf_close(&reply);
    arena_block_close(&block);
    world.ingest = NULL;
    return 0;
}

#ifdef FUZZ_MAIN
#define ZERO "\0"
#define S3                                                                                         \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:\",\"s3\":{\"bucket\":{\"name\":"   \
    "\"b\"},\"object\":{\"key\":\"k\"}}}"
#define SQS                                                                                        \
    "{\"messageId\":\"m\",\"body\":\"user_id=1\\nuser_name=n\\nuser_id=2\",\"eventSource\":\"aws:" \
    "sqs\"}"
#define KINESIS                                                                                    \
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"1\",\"data\":"             \
    "\"dXNlcl9pZD1h\"}}"
#define GO_ON(more)                                                                                \
    "{\"user-ingest-continuation\":{\"version\":1,\"job\":\"j\",\"hop\":2,\"format\":\"csv\","     \
    "\"offset\":9,\"line\":2,\"place\":1,\"columns\":\"user_id,name\"," more                       \
    "\"record\":{\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\",\"eTag\":\"e\"}}}}" \
    "}"
/* {"user_id":"a"} and a line feed; OBJECT has it four times. */
#define PACKED                                                                                     \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\x2d\x4e\x2d\x8a\xcf\x4c\x51\xb2"         \
    "\x52\x4a\x54\xaa\xe5\x02\x00\x9a\xb9\xa3\x5e\x10\x00\x00\x00"
#define OBJECT(text) STR("{\"Records\":[" S3 "]}" ZERO text text text text ZERO "\7\1\4\2\3")

int main(int argc, char **argv)
{
    /* Most bytes are the objects': a change to the event's makes it unknown, mostly. */
    const str seeds[] = {
        STR("{\"Records\":[" SQS "," SQS "]}" ZERO ZERO "\3\4\5"),
        STR("{\"Records\":[" KINESIS "," KINESIS "]}" ZERO ZERO "\1\2\3\4"),
        STR("{\"records\":[{\"user_id\":1},{\"user_id\":true}]}" ZERO ZERO "\2"),
        OBJECT("{\"user_id\":\"a\"}\n{\"user_id\":true}\n{\"user_id\":\"c\",\"email\":\"x\"}\n{\n"),
        OBJECT(
            "[{\"user_id\":\"a\"},{\"user_id\":7,\"email\":\"u@e.org\"},5,{\"user_id\":\"c\"}]\n"),
        OBJECT("user_id,user_name,email\n1,\"a \"\"b\"\"\",u@e.org\n2,b\n3,\"c,u\n4,d,v@e.org\n"),
        OBJECT(
            "user_id=1\nuser_name=a\n\nuser_id=2\nemail=no\nuser_id=3\nphone_number=+4930123456\n"),
        OBJECT(PACKED),
        STR("{\"Records\":[" S3 "]}" ZERO "user_id=1\nuser_name=n\nuser_id=2\n" ZERO
            "\7\1\1\1\1\1\xFF"),
        STR("{\"Records\":[" S3 "]}" ZERO PACKED PACKED PACKED ZERO "\7\1\1\1\1\1\xFF"),
        STR(GO_ON("") ZERO "id,name\n\n1,a\n2,b\n3\n" ZERO "\7\1"),
        STR(GO_ON("\"gzip\":{\"in\":36,\"out\":3},") ZERO PACKED PACKED ZERO "\7\1"),
        STR(GO_ON("\"gzip\":{\"in\":11,\"out\":3,\"inside\":true,\"bits\":3,\"crc\":7,\"length\":1,"
                  "\"window\":\"AwA=\"},") ZERO PACKED PACKED ZERO "\7\1"),
    };
    const str words[] = {
        STR("\""),
        STR("{"),
        STR("}"),
        STR("["),
        STR("]"),
        STR(","),
        STR("\\n"),
        STR("\\\""),
        STR("\n"),
        STR("="),
        STR("\xFF"),
        STR(ZERO),
        STR("user_id"),
        STR("aws:s3"),
        STR("aws:sqs"),
        STR(SQS),
        STR(S3),
        STR(KINESIS),
        STR("records"),
        STR("\"body\":\"{}\""),
        STR(PACKED),
        STR("\"format\":\"json\","),
        STR("\"place\":3"),
        STR("999"),
        STR("\xFE"),
        STR("%41,"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif

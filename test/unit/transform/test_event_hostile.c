/* Events that are cut, changed, too deep, too many; and an arena that is too small. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/json.h"
#include "test/support/guard.h"
#include "test/unit/transform/event_fixture.h"

#include <stdlib.h>
#include <string.h>

#define S3_EVENT                                                                                   \
    "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{"       \
    "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b\"}}}]}"

enum { MAX_EVENT_BYTES = 64 * 1024 };

static const char *const files[] = {
    "s3-put.json",
    "s3-copy.json",
    "s3-multipart.json",
    "s3-delete.json",
    "s3-test-event.json",
    "s3-awkward-keys.json",
    "sqs.json",
    "sqs-fifo.json",
    "sqs-s3.json",
    "sqs-s3-test-event.json",
    "sqs-sns-s3.json",
    "kinesis.json",
    "eventbridge-object-created.json",
    "direct.json",
    "direct-object.json",
    "unknown.json",
    "mixed.json",
};

static void an_event_cut_at_any_byte_is_never_a_success(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, MAX_EVENT_BYTES);
    for (size_t i = 0; i < COUNT(files); i++) {
        str text = load_event(files[i]);
        text.len -= 1; /* the line end behind it may go */
        for (size_t len = 0; len < text.len; len++) {
            struct result result = read_event(guard_lay(&guard, str_take(text, len)));
            if (!is_unknown(&result)) {
                fail_msg("%s: taken when cut at %zu", files[i], len);
            }
        }
    }
    guard_close(&guard);
}

/* Whatever came out of it must be whole. */
static void look_at(const struct result *result)
{
    for (const struct delivery *d = result->first; d; d = d->next) {
        for (const struct input *in = d->inputs; in; in = in->next) {
            assert_true(in->kind <= INPUT_BAD);
            assert_true((in->kind == INPUT_BAD) == (in->bad != REASON_NONE));
            assert_true(in->kind != INPUT_OBJECT || (in->bucket.len && in->key.len));
        }
    }
}

static void an_event_with_any_byte_changed_is_read_or_refused(void **state)
{
    static const char changes[] = {'"', '\\', '}', '0', '\xff'};
    struct guard guard;
    (void)state;
    guard_init(&guard, MAX_EVENT_BYTES);
    for (size_t i = 0; i < COUNT(files); i++) {
        str text = guard_lay(&guard, load_event(files[i]));
        for (size_t at = 0; at < text.len; at++) {
            char *byte = guard.at + (text.at - guard.at) + at;
            char before = *byte;
            *byte = changes[at % sizeof changes];
            struct result result = read_event(text);
            assert_true(result.err.kind == ERR_NONE || is_unknown(&result));
            look_at(&result);
            *byte = before;
        }
    }
    guard_close(&guard);
}

/* {"Records":[{"eventSource":"aws:sqs","messageId":"m","body":"<text>"}]} */
static void wrap(struct buf *b, str text)
{
    buf_add(b, STR("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":"));
    json_add_string(b, text);
    buf_add(b, STR("}]}"));
}

static void envelopes_are_opened_five_deep_and_no_deeper(void **state)
{
    (void)state;
    struct buf event;
    buf_init(&event, 1 << 20);
    buf_add(&event, STR(S3_EVENT));
    for (unsigned depth = 0; depth <= 7; depth++) {
        struct result result = read_event(buf_str(&event));
        assert_int_equal(result.err.kind, ERR_NONE);
        assert_null(result.first->next);
        assert_int_equal(count_inputs(result.first), 1);
        assert_int_equal(result.first->inputs->kind, depth <= 5 ? INPUT_OBJECT : INPUT_TEXT);
        struct buf outer;
        buf_init(&outer, 1 << 20);
        wrap(&outer, buf_str(&event));
        assert_false(outer.failed);
        buf_close(&event);
        event = outer;
    }
    buf_close(&event);
}

static void nesting_without_end_is_refused_without_recursion(void **state)
{
    enum { LEVELS = 1 << 20 };
    static const char *const openings[] = {"{\"Records\":", "[", "{\"s3\":", "{\"a\":"};
    struct buf event;
    (void)state;
    buf_init(&event, (size_t)LEVELS * 16);
    for (size_t i = 0; i < COUNT(openings); i++) {
        buf_clear(&event);
        for (size_t n = 0; n < LEVELS; n++) {
            buf_add(&event, str_from(openings[i]));
        }
        struct result result = read_event(buf_str(&event));
        assert_true(is_unknown(&result));
    }
    buf_close(&event);
}

static void add_messages(struct buf *b, size_t count, str body)
{
    buf_clear(b);
    buf_add(b, STR("{\"Records\":["));
    for (size_t i = 0; i < count; i++) {
        buf_add(b, i ? STR(",{\"messageId\":\"") : STR("{\"messageId\":\""));
        buf_u64_padded(b, i, 5);
        buf_add(b, STR("\",\"eventSource\":\"aws:sqs\",\"body\":"));
        json_add_string(b, body);
        buf_char(b, '}');
    }
    buf_add(b, STR("]}"));
}

static void memory_for_many_records_grows_with_their_number(void **state)
{
    static const char *const bodies[] = {
        "user_id=1",
        "{\"user_id\":\"1\"}",
        S3_EVENT,
    };
    struct buf event;
    (void)state;
    buf_init(&event, 8 << 20);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        add_messages(&event, 1000, str_from(bodies[i]));
        size_t used = read_event(buf_str(&event)).used;
        add_messages(&event, 10000, str_from(bodies[i]));
        struct result result = read_event(buf_str(&event));
        assert_false(event.failed);
        assert_int_equal(result.err.kind, ERR_NONE);
        assert_true(result.used <= used * 10 + 64);
        assert_true(str_eq(delivery_at(result.first, 9999)->id, STR("09999")));
        assert_null(delivery_at(result.first, 9999)->next);
    }
    buf_close(&event);
}

/* The text of a message without escapes stays where it is, however large. */
static void a_body_of_six_megabytes_is_not_copied(void **state)
{
    enum { LEN = 6 << 20 };
    struct buf event;
    (void)state;
    buf_init(&event, LEN + 1024);
    char *body = malloc(LEN);
    assert_non_null(body);
    memset(body, 'x', LEN);
    add_messages(&event, 1, (str){body, LEN});
    struct result result = read_event(buf_str(&event));
    assert_int_equal(result.err.kind, ERR_NONE);
    assert_int_equal(result.first->inputs->text.len, LEN);
    assert_true(result.used < 1024);
    free(body);
    buf_close(&event);
}

/* Memory taken for what turned out to be no event is given back. */
static void a_text_that_is_data_after_all_costs_no_memory(void **state)
{
    struct buf event;
    struct buf body;
    (void)state;
    buf_init(&event, 8 << 20);
    buf_init(&body, 4 << 20);
    buf_add(&body, STR("{\"Records\":["));
    for (size_t i = 0; i < 10000; i++) {
        buf_add(&body, STR("{\"eventSource\":\"aws:s3\",\"eventName\":\"x\"},"));
    }
    add_messages(&event, 1, buf_str(&body));
    struct result result = read_event(buf_str(&event));
    assert_int_equal(count_inputs(result.first), 1);
    assert_true(str_eq(result.first->inputs->text, buf_str(&body)));
    assert_true(result.used < event.len + 1024);
    buf_close(&body);
    buf_close(&event);
}

static void an_arena_that_is_too_small_is_a_limit_not_an_unknown_event(void **state)
{
    static const char *const some[] = {"sqs-s3.json", "sqs-sns-s3.json", "mixed.json",
                                       "s3-awkward-keys.json", "direct-object.json"};
    struct guard guard;
    (void)state;
    guard_init(&guard, MAX_EVENT_BYTES);
    for (size_t i = 0; i < COUNT(some); i++) {
        str text = load_event(some[i]);
        size_t used = read_event(text).used;
        for (size_t room = 0; room < used + 64; room += 8) {
            char *at = guard_room(&guard, room);
            struct arena arena = {at, at + room};
            struct delivery *first = NULL;
            struct why why = {0};
            err result = event_read(text, &arena, &first, &why);
            assert_int_equal(result.kind, room + 64 < used ? ERR_LIMIT : result.kind);
            assert_true(result.kind == ERR_LIMIT || result.kind == ERR_NONE);
        }
    }
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_cut_at_any_byte_is_never_a_success),
        cmocka_unit_test(an_event_with_any_byte_changed_is_read_or_refused),
        cmocka_unit_test(envelopes_are_opened_five_deep_and_no_deeper),
        cmocka_unit_test(nesting_without_end_is_refused_without_recursion),
        cmocka_unit_test(memory_for_many_records_grows_with_their_number),
        cmocka_unit_test(a_body_of_six_megabytes_is_not_copied),
        cmocka_unit_test(a_text_that_is_data_after_all_costs_no_memory),
        cmocka_unit_test(an_arena_that_is_too_small_is_a_limit_not_an_unknown_event),
    };
    return cmocka_run_group_tests(tests, open_block, close_block);
}

/* Messages of the rejects queue, read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "deploy/replay/kept.h"
#include "test/support/guard.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REJECT(id, rest)                                                                           \
    "{\"id\":\"" id "\",\"reason\":\"E_PHONE\",\"text\":\"why\",\"field\":\"phone_number\","       \
    "\"source\":\"s3://b/k\"," rest "}"
#define PLACE "\"offset\":7,\"length\":3,\"line\":2"
#define GOOD  REJECT(ID, PLACE ",\"raw\":\"eHl6\"")

#define ONE(rest) "{\"rejects\":[" REJECT(ID, rest) "]}"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char memory[4096];

static enum err_kind read_one(str body, struct kept *kept, struct kept_reject *reject)
{
    struct why why = {0};
    struct arena arena = {memory, memory + sizeof memory};
    err done = kept_read(kept, body, &why);
    if (!done.kind) {
        done = kept_reject(kept, 0, &arena, reject, &why);
    }
    return done.kind;
}

static void a_reject_is_read(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct kept_reject r = {0};
    assert_int_equal(read_one(STR("{\"rejects\":[" GOOD "]}"), &kept, &r), ERR_NONE);
    assert_true(str_eq(r.id, STR(ID)));
    assert_true(str_eq(r.reason, STR("E_PHONE")));
    assert_true(str_eq(r.text, STR("why")));
    assert_true(str_eq(r.field, STR("phone_number")));
    assert_true(str_eq(r.source, STR("s3://b/k")));
    assert_int_equal(r.offset, 7);
    assert_int_equal(r.length, 3);
    assert_int_equal(r.line, 2);
    assert_true(str_eq(r.raw, STR("xyz")));
    assert_false(r.cut);
    kept_close(&kept);
    kept_close(&kept);
}

static void each_reject_of_a_message_is_read(void **state)
{
    (void)state;
    struct why why = {0};
    struct kept kept = {0};
    assert_int_equal(kept_read(&kept, STR("{\"rejects\":[" GOOD "," GOOD "," GOOD "]}"), &why).kind,
                     ERR_NONE);
    assert_int_equal(kept.count, 3);
    for (size_t i = 0; i < kept.count; i++) {
        struct arena arena = {memory, memory + sizeof memory};
        struct kept_reject reject = {0};
        assert_int_equal(kept_reject(&kept, i, &arena, &reject, &why).kind, ERR_NONE);
    }
    kept_close(&kept);
}

static void a_record_that_is_not_whole_is_cut(void **state)
{
    (void)state;
    static const struct {
        str body;
        bool cut;
    } rows[] = {
        {STR_INIT(ONE(PLACE ",\"truncated\":true,\"raw\":\"eHl6\"")), true},
        {STR_INIT(ONE(PLACE ",\"truncated\":false,\"raw\":\"eHl6\"")), false},
        {STR_INIT(ONE(PLACE ",\"truncated\":true,\"raw\":\"\"")), true},
        {STR_INIT(ONE(PLACE ",\"raw\":\"eHk=\"")), true}, /* shorter than it says */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct kept kept = {0};
        struct kept_reject reject = {0};
        assert_int_equal(read_one(rows[i].body, &kept, &reject), ERR_NONE);
        assert_int_equal(reject.cut, rows[i].cut);
        kept_close(&kept);
    }
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "hello",
        "[]",
        "{}",
        "null",
        "{\"rejects\":[]}",
        "{\"rejects\":{}}",
        "{\"rejects\":[1]}",
        "{\"rejects\":[{}]}",
        "{\"rejects\":[" GOOD "]} x",
        "{\"rejects\":[" GOOD "],\"rejects\":[" GOOD "]}",
        "{\"rejects\":[" REJECT(ID, PLACE) "]}",
        "{\"rejects\":[" REJECT(ID, PLACE ",\"raw\":1") "]}",
        "{\"rejects\":[" REJECT(ID, PLACE ",\"raw\":\"eHl\"") "]}",
        "{\"rejects\":[" REJECT(ID, PLACE ",\"raw\":\"eH l6\"") "]}",
        "{\"rejects\":[" REJECT(ID, PLACE ",\"truncated\":1,\"raw\":\"eHl6\"") "]}",
        "{\"rejects\":[" REJECT("../../../etc/passwd", PLACE ",\"raw\":\"eHl6\"") "]}",
        "{\"rejects\":[" REJECT("", PLACE ",\"raw\":\"eHl6\"") "]}",
        "{\"rejects\":[" REJECT(ID, "\"offset\":-1,\"length\":3,\"line\":2,\"raw\":\"eHl6\"") "]}",
        "{\"rejects\":[" REJECT(ID,
                                "\"offset\":\"1\",\"length\":3,\"line\":2,\"raw\":\"eHl6\"") "]}",
        "{\"rejects\":[" REJECT(ID, "\"offset\":1.5,\"length\":3,\"line\":2,\"raw\":\"eHl6\"") "]}",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct kept kept = {0};
        struct kept_reject reject = {0};
        if (read_one(str_from(rows[i]), &kept, &reject) != ERR_INPUT) {
            fail_msg("row %zu was read", i);
        }
        kept_close(&kept);
    }
}

static void a_message_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    static const str whole = STR_INIT("{\"rejects\":[" GOOD "]}");
    struct guard guard;
    guard_init(&guard, whole.len);
    for (size_t len = 0; len < whole.len; len++) {
        struct kept kept = {0};
        struct kept_reject reject = {0};
        assert_int_equal(read_one(guard_lay(&guard, str_take(whole, len)), &kept, &reject),
                         ERR_INPUT);
        kept_close(&kept);
    }
    guard_close(&guard);
}

static void a_record_without_room_is_told_from_a_bad_one(void **state)
{
    (void)state;
    struct why why = {0};
    struct kept kept = {0};
    struct kept_reject reject = {0};
    struct arena none = {memory, memory};
    assert_int_equal(kept_read(&kept, STR("{\"rejects\":[" GOOD "]}"), &why).kind, ERR_NONE);
    assert_int_equal(kept_reject(&kept, 0, &none, &reject, &why).kind, ERR_LIMIT);
    kept_close(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reject_is_read),
        cmocka_unit_test(each_reject_of_a_message_is_read),
        cmocka_unit_test(a_record_that_is_not_whole_is_cut),
        cmocka_unit_test(what_is_not_ours_is_refused),
        cmocka_unit_test(a_message_cut_off_anywhere_is_refused),
        cmocka_unit_test(a_record_without_room_is_told_from_a_bad_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

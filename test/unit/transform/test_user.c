/* Whole records read into users; memory, and hostile values. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/support/guard.h"
#include "test/unit/transform/user_fields.h"

static void all_fields_together_make_a_user(void **state)
{
    struct field fields[] = {
        make_field("email", "ada@Example.com", FIELD_STRING),
        make_field("favourite_colour", "green", FIELD_STRING),
        make_field("updated_at", "1772368245123", FIELD_NUMBER),
        make_field("user_name", "Ada", FIELD_STRING),
        make_field("phone_number", "020 7946 0958", FIELD_STRING),
        make_field("user_id", "u-1", FIELD_STRING),
        make_field("birth_date", "1815-12-10", FIELD_STRING),
        make_field("created_at", "2026-01-01T00:00:00Z", FIELD_STRING),
        make_field("User_Name", "other", FIELD_STRING),
    };
    struct user user;
    str field;
    (void)state;
    assert_int_equal(read_fields(fields, COUNT(fields), &user, &field), REASON_NONE);
    assert_true(str_eq(user.id, STR("u-1")));
    assert_int_equal(user.attribute_count, 6);
    assert_true(user.updated_ms == 1772368245123);
    assert_true(str_eq(attribute_of(&user, STR("email")), STR("ada@example.com")));
    assert_true(str_eq(attribute_of(&user, STR("user_name")), STR("Ada")));
    assert_true(str_eq(attribute_of(&user, STR("phone_number")), STR("+442079460958")));
    assert_null(attribute_of(&user, STR("user_id")).at);
}

static void without_updated_at_there_is_no_time(void **state)
{
    struct field fields[] = {
        make_field("user_id", "u-1", FIELD_STRING),
        make_field("updated_at", " ", FIELD_STRING),
    };
    struct user user;
    str field;
    (void)state;
    assert_int_equal(read_fields(fields, COUNT(fields), &user, &field), REASON_NONE);
    assert_int_equal(user.updated_ms, -1);
}

static void a_record_without_an_id_is_refused(void **state)
{
    struct field fields[] = {make_field("user_name", "Ada", FIELD_STRING)};
    struct user user;
    str field;
    (void)state;
    assert_int_equal(read_fields(fields, 1, &user, &field), REASON_E_ID_MISSING);
    assert_true(str_eq(field, STR("user_id")));
    assert_int_equal(read_fields(fields, 0, &user, &field), REASON_E_ID_MISSING);
}

static void a_field_that_comes_twice_is_refused(void **state)
{
    struct field fields[] = {
        make_field("user_id", "u-1", FIELD_STRING),
        make_field("user_id", "u-2", FIELD_STRING),
    };
    struct user user;
    str field;
    (void)state;
    assert_int_equal(read_fields(fields, 2, &user, &field), REASON_E_DUPLICATE_NAME);
    assert_true(str_eq(field, STR("user_id")));
}

static void ascii_is_borrowed_and_takes_no_memory(void **state)
{
    struct field fields[] = {
        make_field("user_id", "u-1", FIELD_STRING),
        make_field("user_name", " Ada Lovelace ", FIELD_STRING),
        make_field("email", "ada@example.com", FIELD_STRING),
        make_field("phone_number", "+442079460958", FIELD_STRING),
        make_field("updated_at", "2026-03-01T12:30:45.123Z", FIELD_STRING),
    };
    struct record record = {.fields = fields, .field_count = COUNT(fields)};
    struct user_rules rules = {.now_ms = now_ms};
    struct arena none = {NULL, NULL};
    struct user user;
    str field;
    (void)state;
    assert_int_equal(user_read(&record, &rules, &none, &user, &field), REASON_NONE);
    assert_ptr_equal(user.id.at, fields[0].value.at);
    assert_ptr_equal(user.attributes[0].value.at, fields[1].value.at + 1);
}

/* All of it was made in the arena, one text behind the other. */
static void check_composed(const struct user *user)
{
    assert_true(str_eq(user->id, STR("\u00e9")));
    assert_int_equal(user->attribute_count, 5);
    assert_true(str_eq(user->attributes[0].value, STR("Nguy\u1ec5n \u0915\u093c")));
    assert_true(str_eq(user->attributes[1].value, STR("ada@example.com")));
    assert_true(str_eq(user->attributes[2].value, STR("+442079460958")));
    assert_true(str_eq(user->attributes[3].value, STR("1965-03-01T12:30:45.000Z")));
    assert_true(str_eq(user->attributes[4].value, STR("2026-03-01T12:30:45.000Z")));
}

static void a_full_arena_refuses_the_record_wherever_it_ends(void **state)
{
    struct field fields[] = {
        make_field("user_id", "e\\u0301", FIELD_JSON_STRING),
        make_field("user_name", "Nguye\u0302\u0303n  \u0915\u093c", FIELD_STRING),
        make_field("email", "ada@EXAMPLE.com", FIELD_STRING),
        make_field("phone_number", "+44 2079460958", FIELD_STRING),
        make_field("created_at", "1965-03-01T12:30:45Z", FIELD_STRING),
        make_field("updated_at", "1772368245", FIELD_NUMBER),
    };
    struct record record = {.fields = fields, .field_count = COUNT(fields)};
    struct user_rules rules = {.now_ms = now_ms};
    struct guard guard;
    enum reason reason = REASON_E_TOO_LONG;
    (void)state;
    guard_init(&guard, 4096);
    for (size_t room = 0; room < 4096 && reason; room++) {
        char *at = guard_room(&guard, room);
        struct arena arena = {at, at + room};
        struct user user;
        str field;
        reason = user_read(&record, &rules, &arena, &user, &field);
        assert_true(reason == REASON_NONE || reason == REASON_E_TOO_LONG);
        if (!reason) {
            check_composed(&user);
        }
    }
    assert_int_equal(reason, REASON_NONE);
    guard_close(&guard);
}

static void a_full_arena_refuses_each_field_that_must_change(void **state)
{
    struct field fields[] = {
        make_field("email", "ada@EXAMPLE.com", FIELD_STRING),
        make_field("phone_number", "+44 2079460958", FIELD_STRING),
        make_field("created_at", "2026-03-01T12:30:45Z", FIELD_STRING),
        make_field("updated_at", "1772368245", FIELD_NUMBER),
    };
    struct user_rules rules = {.now_ms = now_ms};
    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct record record = {.fields = &fields[i], .field_count = 1};
        struct arena none = {NULL, NULL};
        struct user user;
        str field;
        assert_int_equal(user_read(&record, &rules, &none, &user, &field), REASON_E_TOO_LONG);
        assert_true(str_eq(field, fields[i].name));
    }
}

/* Each field's text, cut at every byte, with nothing readable behind it. */
static void a_value_cut_at_any_byte_is_never_read_past_its_end(void **state)
{
    static const char *const names[] = {"user_id",    "user_name",  "phone_number", "email",
                                        "birth_date", "created_at", "updated_at"};
    static const char whole[] = "2026-03-01T12:30:45.123Z +44 e\u0301\u1112\u1161 a@b.c \U0001f469";
    struct guard guard;
    (void)state;
    guard_init(&guard, sizeof whole);
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t from = 0; from < sizeof whole; from++) {
            str value = guard_lay(&guard, str_drop((str){whole, sizeof whole - 1}, from));
            struct field one = {str_from(names[i]), value, FIELD_STRING};
            struct user user;
            str field;
            (void)read_fields(&one, 1, &user, &field);
            one.value = guard_lay(&guard, (str){whole, from});
            (void)read_fields(&one, 1, &user, &field);
        }
    }
    guard_close(&guard);
}

/* Marks in falling order are the worst case for whoever sorts them. */
static void a_hostile_text_is_refused_without_much_work(void **state)
{
    static const char marks[] = "\u0301\u0323";
    static char long_text[1 << 19];
    (void)state;
    for (size_t i = 0; i < sizeof long_text; i++) {
        long_text[i] = marks[i % (sizeof marks - 1)];
    }
    struct field fields[] = {
        {STR("user_id"), {long_text, sizeof long_text}, FIELD_STRING},
        {STR("user_name"), {long_text, sizeof long_text}, FIELD_STRING},
    };
    struct user user;
    str field;
    assert_int_equal(read_fields(fields, 1, &user, &field), REASON_E_ID_INVALID);
    assert_int_equal(read_fields(fields + 1, 1, &user, &field), REASON_E_NAME);
}

static void regions_are_known_by_their_code(void **state)
{
    (void)state;
    assert_true(user_knows_region(STR("GB")));
    assert_true(user_knows_region(STR("lk")));
    assert_false(user_knows_region(STR("UK")));
    assert_false(user_knows_region(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields_together_make_a_user),
        cmocka_unit_test(without_updated_at_there_is_no_time),
        cmocka_unit_test(a_record_without_an_id_is_refused),
        cmocka_unit_test(a_field_that_comes_twice_is_refused),
        cmocka_unit_test(ascii_is_borrowed_and_takes_no_memory),
        cmocka_unit_test(a_full_arena_refuses_the_record_wherever_it_ends),
        cmocka_unit_test(a_full_arena_refuses_each_field_that_must_change),
        cmocka_unit_test(a_value_cut_at_any_byte_is_never_read_past_its_end),
        cmocka_unit_test(a_hostile_text_is_refused_without_much_work),
        cmocka_unit_test(regions_are_known_by_their_code),
    };
    return cmocka_run_group_tests(tests, open_block, close_block);
}

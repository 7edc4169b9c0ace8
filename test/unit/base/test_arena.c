/* Memory given back all at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"

#include <string.h>

static void pieces_are_aligned_apart_and_inside(void **state)
{
    char memory[1024];
    struct arena a = {memory + 1, memory + sizeof memory};
    char *last_end = memory + 1;
    (void)state;
    for (size_t align = 1; align <= 64; align *= 2) {
        char *piece = arena_alloc(&a, 5, align);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % align, 0);
        assert_true(piece >= last_end);
        last_end = piece + 5;
        assert_true(last_end <= memory + sizeof memory);
    }
}

static void a_full_arena_gives_null_and_stays_as_it_was(void **state)
{
    char memory[16];
    struct arena a = {memory, memory + sizeof memory};
    (void)state;
    assert_non_null(arena_alloc(&a, 10, 1));
    assert_null(arena_alloc(&a, 7, 1));
    assert_null(arena_alloc(&a, SIZE_MAX, 1));
    assert_null(arena_alloc(&a, SIZE_MAX - 8, 8));
    assert_null(arena_zeroed(&a, 7, 1));
    assert_null(arena_copy(&a, STR("1234567")).at);
    assert_non_null(arena_alloc(&a, 6, 1));
    assert_null(arena_alloc(&a, 1, 1));
}

static void padding_that_does_not_fit_is_null_too(void **state)
{
    _Alignas(16) char memory[16];
    struct arena a = {memory + 1, memory + 8};
    (void)state;
    assert_null(arena_alloc(&a, SIZE_MAX, 4));
    assert_null(arena_alloc(&a, 0, 16));
    assert_null(arena_alloc(&a, 1, 8));
}

static void a_copy_of_the_arena_is_scratch(void **state)
{
    char memory[16];
    struct arena a = {memory, memory + sizeof memory};
    struct arena scratch = a;
    (void)state;
    void *first = arena_alloc(&scratch, 16, 1);
    assert_ptr_equal(arena_alloc(&a, 16, 1), first);
}

static void a_new_object_is_cleared(void **state)
{
    struct pair {
        uint64_t a;
        void *b;
    };
    _Alignas(struct pair) char memory[64];
    struct arena a = {memory, memory + sizeof memory};
    (void)state;
    memset(memory, 0xFF, sizeof memory);
    struct pair *pair = ARENA_NEW(&a, struct pair);
    assert_non_null(pair);
    assert_int_equal(pair->a, 0);
    assert_null(pair->b);
}

static void a_copied_text_is_its_own(void **state)
{
    char memory[16];
    char original[] = "abc";
    struct arena a = {memory, memory + sizeof memory};
    (void)state;
    str copy = arena_copy(&a, (str){original, 3});
    original[0] = 'x';
    assert_true(str_eq(copy, STR("abc")));
    assert_non_null(arena_copy(&a, (str){NULL, 0}).at);
}

static void a_block_starts_anew_and_closes_twice(void **state)
{
    struct arena_block block;
    (void)state;
    assert_true(arena_block_init(&block, (size_t)1 << 20));
    struct arena first = arena_start(&block);
    char *at = arena_alloc(&first, (size_t)1 << 20, 1);
    assert_non_null(at);
    at[0] = 'a';
    at[((size_t)1 << 20) - 1] = 'z';
    assert_null(arena_alloc(&first, 1, 1));
    struct arena second = arena_start(&block);
    assert_ptr_equal(arena_alloc(&second, 1, 1), at);
    arena_block_close(&block);
    arena_block_close(&block);
}

static void a_block_the_system_refuses_is_refused(void **state)
{
    struct arena_block block;
    (void)state;
    assert_false(arena_block_init(&block, SIZE_MAX / 2));
    assert_false(arena_block_init(&block, 0));
    arena_block_close(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_apart_and_inside),
        cmocka_unit_test(a_full_arena_gives_null_and_stays_as_it_was),
        cmocka_unit_test(padding_that_does_not_fit_is_null_too),
        cmocka_unit_test(a_copy_of_the_arena_is_scratch),
        cmocka_unit_test(a_new_object_is_cleared),
        cmocka_unit_test(a_copied_text_is_its_own),
        cmocka_unit_test(a_block_starts_anew_and_closes_twice),
        cmocka_unit_test(a_block_the_system_refuses_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

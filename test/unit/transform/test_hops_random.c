/* Random objects of every format, packed or not, cut off at random places, with writes that fail:
 * the table and the rejects must be those of one go. HOPS_SEEDS=n tries more of them.
 */
#include "test/support/gzip.h"
#include "test/unit/transform/hops.h"

#include <stdio.h>

enum { SEEDS = 200, MAX_TEXT = 300 * 1000 };

static size_t below(uint64_t *seed, size_t limit)
{
    return (size_t)(next_random(seed) % limit);
}

static void add_value(struct buf *b, uint64_t *seed)
{
    static const char *const values[] = {
        "Ada", "Bob of the \\u00e9", "x@y.example", "+447700900001", "no", "\xC3\xA9t\xC3\xA9", ""};
    buf_add(b, str_from(values[below(seed, sizeof values / sizeof *values)]));
}

static void add_json(struct buf *b, uint64_t *seed)
{
    static const char *const odd[] = {"7", "{\"user_id\":[1,{}]}", "\"}\"", "{ }", "null"};
    static const char *const names[] = {"user_name", "email", "notes", "user_id"};
    if (below(seed, 12) == 0) {
        buf_add(b, str_from(odd[below(seed, 5)]));
        return;
    }
    buf_add(b, STR("{\"user_id\":\""));
    buf_u64(b, next_random(seed) >> below(seed, 60));
    buf_add(b, STR("\",\""));
    buf_add(b, str_from(names[below(seed, 16) ? below(seed, 3) : 3]));
    buf_add(b, STR("\":\""));
    add_value(b, seed);
    buf_add(b, below(seed, 1500) ? STR("\"}") : STR("\"}}"));
}

static void add_pairs(struct buf *b, uint64_t *seed)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n"};
    const char *end = ends[below(seed, 4)];
    buf_add(b, STR("user_id="));
    buf_u64(b, next_random(seed) >> below(seed, 60));
    buf_add(b, str_from(end));
    for (size_t n = below(seed, 3); n; n--) {
        buf_add(b, n == 2 ? STR("user_name = ") : STR("email="));
        add_value(b, seed);
        buf_add(b, str_from(end));
    }
    buf_add(b, below(seed, 9) ? STR("") : STR("\n\nnonsense\n"));
}

static void add_row(struct buf *b, uint64_t *seed)
{
    buf_u64(b, next_random(seed) >> below(seed, 60));
    buf_add(b, below(seed, 20) ? STR(";") : STR(";;"));
    buf_add(b, below(seed, 4) ? STR("") : STR("\"a\nb "));
    size_t quoted = b->len && b->at[b->len - 1] == ' ';
    add_value(b, seed);
    buf_add(b, quoted && below(seed, 500) ? STR("\"") : STR(""));
    buf_add(b, below(seed, 3) ? STR("\n") : STR("\r\n"));
}

static void add_text(struct buf *b, uint64_t *seed)
{
    static const char *const starts[] = {"", "", "[", "{\"n\":[1],\"users\":[", "id;name\n"};
    size_t kind = below(seed, 5);
    size_t count = below(seed, below(seed, 2) ? 100 : 3000);
    bool list = kind == 2 || kind == 3;
    buf_add(b, below(seed, 4) ? STR("") : STR("\xEF\xBB\xBF"));
    buf_add(b, str_from(starts[kind]));
    for (size_t i = 0; i < count; i++) {
        buf_add(b, list && i ? (below(seed, 2) ? STR(",") : STR(" ,\n ")) : STR(""));
        if (kind == 0) {
            add_pairs(b, seed);
        } else if (kind == 4) {
            add_row(b, seed);
        } else {
            add_json(b, seed);
            buf_add(b, !list && below(seed, 8) ? STR("\n") : STR(""));
        }
    }
    buf_add(b, list ? STR("]") : STR(""));
    buf_add(b, kind == 3 ? STR(",\"records\":[{\"user_id\":\"r\"}]}\n") : STR(""));
}

static void pack(struct buf *b, uint64_t *seed)
{
    static char copy[2 * MAX_TEXT];
    str text = {copy, b->len};
    if (below(seed, 2)) {
        return;
    }
    struct gzip_how how = {
        .small_blocks = below(seed, 8) > 0,
        .member_bytes = below(seed, 2) ? 0 : 1 + below(seed, 20000),
        .flush_bytes = below(seed, 2) ? 0 : 50 + below(seed, 5000),
        .stored = below(seed, 20) == 0,
        .full_header = below(seed, 2),
        .padding = below(seed, 2) * below(seed, 600),
    };
    if (b->len) {
        memcpy(copy, b->at, b->len);
    }
    buf_clear(b);
    gzip_add(b, text, &how);
    b->len -= below(seed, 6) ? 0 : below(seed, b->len);
}

static size_t try_seed(uint64_t seed)
{
    static struct hops how;
    char word[40];
    struct buf b;
    (void)snprintf(word, sizeof word, "seed %llu", (unsigned long long)seed);
    buf_init(&b, MAX_TEXT * 3);
    add_text(&b, &seed);
    pack(&b, &seed);
    how = (struct hops){
        .object = buf_str(&b),
        .chunk = 1 + below(&seed, 1000),
        .bytes_a_hop =
            (inflate_is_gzip(buf_str(&b)) ? 6000 : 600) + b.len / 8 + below(&seed, b.len + 1) / 4,
        .seed = next_random(&seed),
        .fails_when_late = below(&seed, 2),
    };
    size_t hops = hops_expect_same(word, &how);
    buf_close(&b);
    return hops;
}

static void random_objects_end_as_in_one_go_however_they_are_cut(void **state)
{
    const char *wanted = NULL;
    uint64_t seeds = SEEDS;
    size_t hops = 0;
    size_t given_up = 0;
    (void)state;
    wanted = getenv("HOPS_SEEDS");
    if (wanted) {
        (void)str_to_u64(str_from(wanted), &seeds);
    }
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        size_t these = try_seed(seed);
        hops += these;
        given_up += these == 0;
    }
    print_message("%zu hops; %zu objects given up\n", hops, given_up);
    assert_true(hops > 2 * seeds && given_up < seeds / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_objects_end_as_in_one_go_however_they_are_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

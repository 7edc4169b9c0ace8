/* Three versions of a user, each delivered twice, in all 90 orders: the table ends the same. */
#include "test/unit/transform/model_event.h"

enum { VERSIONS = 3, STEPS = 2 * VERSIONS, ORDERS = 90 };

static struct arena_block block;

struct version_row {
    const char *word; /* what tells the versions apart */
    int64_t updated_ms[VERSIONS];
    int64_t event_ms[VERSIONS];
    unsigned rank[VERSIONS];
    enum carrier carrier;
    size_t newest;
};

#define MS(n) (BASE_MS + (n))

static const struct version_row rows[] = {
    {"updated_at", {MS(1), MS(3), MS(2)}, {MS(9), MS(7), MS(8)}, {1, 2, 3}, BY_SQS, 1},
    {"the event's time", {-1, -1, -1}, {MS(1), MS(2), MS(3)}, {3, 2, 1}, BY_SQS, 2},
    {"updated_at or else the event's time",
     {-1, MS(5), -1},
     {MS(1), MS(1), MS(3)},
     {1, 2, 3},
     BY_SQS,
     1},
    {"the event's time, updated_at being equal",
     {MS(1), MS(1), MS(1)},
     {MS(5), MS(4), MS(3)},
     {1, 2, 3},
     BY_KINESIS,
     0},
    {"sequence numbers of different lengths",
     {-1, -1, -1},
     {MS(1), MS(1), MS(1)},
     {9, 10, 100},
     BY_KINESIS,
     2},
    {"message ids", {-1, -1, -1}, {MS(1), MS(1), MS(1)}, {30, 20, 10}, BY_SQS, 0},
    {"sequencers of different lengths",
     {-1, -1, -1},
     {MS(1), MS(1), MS(1)},
     {15, 17, 16},
     BY_OBJECT,
     1},
};

static void make_texts(struct world *world, const struct version_row *row)
{
    *world = (struct world){.state = 1, .partial = true, .has_rejects = true};
    for (size_t i = 0; i < VERSIONS; i++) {
        struct text *text = &world->data.texts[world->data.text_count++];
        text->carrier = row->carrier;
        text->event_ms = row->event_ms[i];
        text->rank = row->rank[i];
        buf_init(&text->bytes, 200);
        buf_add(&text->bytes, STR("user_id=u1\nuser_name=n"));
        buf_u64(&text->bytes, i);
        buf_add(&text->bytes, STR("\nupdated_at="));
        if (row->updated_ms[i] >= 0) {
            buf_i64(&text->bytes, row->updated_ms[i]);
        }
    }
    send_all(world);
}

static void run(struct world *world, struct sent *const *sent, size_t count)
{
    char memory[256];
    const struct log log = {.fd = -1, .level = LOG_OFF};
    struct arena arena = arena_start(&block);
    struct why why = {0};
    struct buf event;
    struct buf reply;
    const struct ingest_config config = {
        .rules = {.now_ms = NOW_MS}, .max_record_bytes = MAX_RECORD, .partial_response = true};
    const struct ingest_ports ports = {.ctx = world,
                                       .open = open_object,
                                       .close = close_object,
                                       .put = put,
                                       .reject = reject,
                                       .flush = flush,
                                       .ms_left = ms_left};
    struct ingest ingest = {.config = &config, .ports = &ports, .arena = &arena, .log = &log};
    buf_init(&event, (size_t)1 << 20);
    buf_wrap(&reply, memory, sizeof memory);
    add_event(&event, world, sent, count);
    world->ingest = &ingest;
    world->looks_left = INT32_MAX;
    assert_int_equal(ingest_event(&ingest, buf_str(&event), &reply, &why).kind, ERR_NONE);
    world->ingest = NULL;
    buf_close(&event);
}

/* Each delivery in an event of its own, or all in one, whose writes are then under way together. */
static void deliver(struct world *world, const size_t *order, bool together, size_t newest)
{
    struct sent *sent[STEPS];
    world->table[1].there = false;
    for (size_t i = 0; i < STEPS; i++) {
        sent[i] = &world->sent[order[i]];
        if (!together) {
            run(world, &sent[i], 1);
        }
    }
    if (together) {
        run(world, sent, STEPS);
    }
    require(world, world->table[1].there, "the user is in the table");
    assert_int_equal(world->table[1].fact, newest);
}

/* The next order in the sense of the dictionary; false after the last. */
static bool next_order(size_t *order)
{
    size_t i = STEPS - 1;
    size_t j = STEPS - 1;
    while (i > 0 && order[i - 1] >= order[i]) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    while (order[j] <= order[i - 1]) {
        j--;
    }
    size_t kept = order[i - 1];
    order[i - 1] = order[j];
    order[j] = kept;
    for (j = STEPS - 1; i < j; i++, j--) {
        kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    return true;
}

static void run_row(const struct version_row *row)
{
    static struct world world; /* too large for the stack */
    size_t order[STEPS] = {0, 0, 1, 1, 2, 2};
    size_t count = 0;
    make_texts(&world, row);
    do {
        deliver(&world, order, false, row->newest);
        deliver(&world, order, true, row->newest);
        count++;
    } while (next_order(order));
    assert_int_equal(count, ORDERS);
    drop_data(&world.data);
}

static void whatever_the_order_the_newest_version_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i].word);
        run_row(&rows[i]);
    }
}

static int set_up(void **state)
{
    (void)state;
    return arena_block_init(&block, (size_t)64 << 20) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_order_the_newest_version_stays),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

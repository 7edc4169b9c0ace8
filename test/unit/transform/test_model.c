/* Whatever is sent, whatever fails, in whatever order it comes and comes again: what is in the
 * table and among the rejects in the end is what a model of a few lines says.
 *
 *     test_model           4,000 worlds made at random
 *     test_model SEED      one of these worlds, alone
 */
#include "test/unit/transform/model_event.h"

#include <stdlib.h>

enum { WORLDS = 4000, FAULTY_ROUNDS = 12, LAST_ROUNDS = 4, MOST_IN_EVENT = 10 };

static struct arena_block block;
static struct buf event;

/* --- The model --- */

struct model {
    const struct fact *newest[USERS];
    size_t bad;
};

static bool is_newer(const struct data *data, const struct fact *a, const struct fact *b)
{
    const struct text *of_a = &data->texts[a->text];
    const struct text *of_b = &data->texts[b->text];
    int64_t a_ms = a->updated_ms >= 0 ? a->updated_ms : of_a->event_ms;
    int64_t b_ms = b->updated_ms >= 0 ? b->updated_ms : of_b->event_ms;
    if (a_ms != b_ms) {
        return a_ms > b_ms;
    }
    if (of_a->event_ms != of_b->event_ms) {
        return of_a->event_ms > of_b->event_ms;
    }
    return of_a->rank != of_b->rank ? of_a->rank > of_b->rank : a->offset > b->offset;
}

static struct model make_model(const struct data *data)
{
    struct model model = {0};
    for (const struct fact *f = data->facts; f < data->facts + data->fact_count; f++) {
        if (data->texts[f->text].gone) {
            continue;
        }
        if (f->bad) {
            model.bad++;
        } else if (!model.newest[f->user] || is_newer(data, f, model.newest[f->user])) {
            model.newest[f->user] = f;
        }
    }
    return model;
}

/* --- What must hold after each invocation --- */

static bool is_rejected(const struct world *world, const struct fact *fact)
{
    for (size_t i = 0; i < world->reject_count; i++) {
        if (world->rejects[i].text == fact->text && world->rejects[i].offset == fact->offset) {
            return true;
        }
    }
    return false;
}

static bool is_stored(const struct world *world, const struct fact *fact)
{
    const struct fact *stored = &world->data.facts[world->table[fact->user].fact];
    return world->table[fact->user].there && !is_newer(&world->data, fact, stored);
}

static void require_durable(const struct world *world, size_t index)
{
    const struct text *text = &world->data.texts[index];
    const struct fact *first = &world->data.facts[text->first];
    if (text->gone || world->was_handed_on[index]) {
        return;
    }
    for (const struct fact *f = first; f < first + text->count; f++) {
        require(world, f->bad ? is_rejected(world, f) : is_stored(world, f),
                f->bad ? "acknowledged, but a reject is lost" : "acknowledged, but a user is lost");
    }
}

static void require_accounts(const struct world *world, const struct ingest *ingest)
{
    uint64_t of[OUTCOME_COUNT] = {0};
    for (size_t origin = 0; origin < ORIGIN_COUNT; origin++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < OUTCOME_COUNT; i++) {
            of[i] += ingest->counts[origin].of[i];
            sum += ingest->counts[origin].of[i];
        }
        require(world, sum == ingest->counts[origin].in, "the accounts do not add up");
    }
    require(world, of[OUTCOME_WRITTEN] == world->told[OUTCOME_WRITTEN], "written");
    require(world, of[OUTCOME_DUPLICATE] == world->told[OUTCOME_DUPLICATE], "duplicate");
    require(world, of[OUTCOME_STALE] == world->told[OUTCOME_STALE], "stale");
    require(world, of[OUTCOME_REJECTED] == world->told[OUTCOME_REJECTED], "rejected");
    require(world, of[OUTCOME_FAILED] + of[OUTCOME_DEFERRED] >= world->told[OUTCOME_FAILED],
            "failed");
    for (const struct delivery *d = ingest->deliveries; d; d = d->next) {
        require(world, d->pending == 0, "an outcome is open");
    }
}

static bool is_named(str reply, const char *id)
{
    char item[ID_LEN + 24];
    (void)snprintf(item, sizeof item, "{\"itemIdentifier\":\"%s\"}", id);
    return memmem(reply.at, reply.len, item, strlen(item)) != NULL;
}

/* As Lambda reads it: a shard comes again from the first that is named, a message if it is. */
static void take_reply(struct world *world, str reply, struct sent *const *sent, size_t count)
{
    bool shard_failed = false;
    bool group_failed[2] = {false, false};
    for (size_t i = 0; i < count; i++) {
        bool failed = sent[i]->id[0] && is_named(reply, sent[i]->id);
        require(world, world->partial || !failed, "named where nobody reads it");
        shard_failed = shard_failed || (failed && sent[i]->origin == ORIGIN_KINESIS);
        if (sent[i]->fifo) {
            require(world, failed || !group_failed[sent[i]->group], "a later one of a group");
            group_failed[sent[i]->group] = failed;
        }
        if (!failed && !(shard_failed && sent[i]->origin == ORIGIN_KINESIS)) {
            require_durable(world, sent[i]->text);
            sent[i]->done = true;
        }
    }
}

static err run_event(struct world *world, str text, struct buf *reply)
{
    const struct log log = {.fd = -1, .level = LOG_OFF};
    struct arena arena = arena_start(&block);
    struct why why = {0};
    const struct ingest_config config = {
        .rules = {.now_ms = NOW_MS},
        .request_id = STR("r-1"),
        .max_record_bytes = MAX_RECORD,
        .partial_response = world->partial,
        .has_rejects = world->has_rejects,
    };
    const struct ingest_ports ports = {
        .ctx = world,
        .open = open_object,
        .close = close_object,
        .put = put,
        .reject = reject,
        .flush = flush,
        .hand_on = world->has_work_queue ? hand_on : NULL,
        .ms_left = ms_left,
    };
    struct ingest ingest = {.config = &config, .ports = &ports, .arena = &arena, .log = &log};
    world->ingest = &ingest;
    err result = ingest_event(&ingest, text, reply, &why);
    require_accounts(world, &ingest);
    require(world, !world->failed || result.kind, "a systemic failure is no success");
    require(world, result.kind != ERR_BUG || world->failed, "a broken contract");
    world->ingest = NULL;
    return result;
}

static void invoke(struct world *world, struct sent *const *sent, size_t count)
{
    char memory[4096];
    struct buf reply;
    buf_wrap(&reply, memory, sizeof memory);
    buf_clear(&event);
    add_event(&event, world, sent, count);
    require(world, !event.failed, "an event too long for the test");
    memset(world->told, 0, sizeof world->told);
    memset(world->was_handed_on, 0, sizeof world->was_handed_on);
    world->failed = false;
    world->looks_left = fault(world, 4) ? (int64_t)below(&world->state, 12) : INT32_MAX;
    if (!run_event(world, buf_str(&event), &reply).kind) {
        take_reply(world, buf_str(&reply), sent, count);
    }
}

/* --- Deliveries --- */

static bool goes_along(const struct sent *one, const struct sent *first, bool mixed)
{
    return one == first || (first->origin != ORIGIN_DIRECT && one->origin != ORIGIN_DIRECT &&
                            (mixed || (one->origin == first->origin && one->fifo == first->fifo)));
}

static void shuffle(struct world *world, struct sent **sent, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        size_t other = i + below(&world->state, count - i);
        struct sent *kept = sent[i];
        sent[i] = sent[other];
        sent[other] = kept;
    }
}

/* Some of what waits, in any order, and some of what was acknowledged. */
static void deliver_some(struct world *world)
{
    struct sent *sent[MOST_IN_EVENT];
    size_t count = 0;
    const struct sent *first = &world->sent[below(&world->state, world->sent_count)];
    bool mixed = one_in(&world->state, 6);
    for (size_t i = 0; i < world->sent_count && count < MOST_IN_EVENT; i++) {
        struct sent *one = &world->sent[i];
        bool wanted = one->done ? one_in(&world->state, 5) : !one_in(&world->state, 4);
        if (wanted && goes_along(one, first, mixed)) {
            sent[count++] = one;
        }
    }
    if (!mixed && first->origin != ORIGIN_DIRECT) {
        shuffle(world, sent, count);
    }
    for (size_t i = 0; i < count; i++) { /* a direct invocation is alone in its event */
        if (sent[i]->origin == ORIGIN_DIRECT) {
            sent[0] = sent[i];
            count = 1;
        }
    }
    invoke(world, sent, count);
}

static void deliver_the_rest(struct world *world)
{
    for (size_t i = 0; i < world->sent_count; i++) {
        struct sent *one = &world->sent[i];
        if (!one->done) {
            invoke(world, &one, 1);
        }
    }
}

/* --- The end --- */

static bool has_bad_data(const struct world *world, size_t index)
{
    const struct text *text = &world->data.texts[index];
    bool bad = false;
    for (size_t i = text->first; i < text->first + text->count; i++) {
        bad = bad || world->data.facts[i].bad;
    }
    return bad && !text->gone;
}

static void require_what_the_model_says(const struct world *world)
{
    struct model model = make_model(&world->data);
    for (unsigned user = 0; user < USERS; user++) {
        const struct fact *newest = model.newest[user];
        require(world, world->table[user].there == (newest != NULL), "who is in the table");
        require(world, !newest || newest == &world->data.facts[world->table[user].fact],
                "an older version is in the table");
    }
    /* Nothing else is there: a record is kept under one id, and only as bad. */
    require(world, world->reject_count == (world->has_rejects ? model.bad : 0), "rejects");
    for (size_t i = 0; i < world->sent_count; i++) {
        bool may_wait = !world->has_rejects && has_bad_data(world, world->sent[i].text);
        require(world, world->sent[i].done || may_wait, "something waits in the end");
    }
}

static void run_world(uint64_t seed)
{
    static struct world world; /* too large for the stack */
    world = (struct world){.seed = seed, .state = (seed + 1) * 0x9E3779B97F4A7C15u};
    world.partial = !one_in(&world.state, 4);
    world.has_rejects = !one_in(&world.state, 6);
    world.has_work_queue = one_in(&world.state, 2);
    /* An item refused with nowhere to keep it ends its delivery, whatever else that holds. */
    make_data(&world.state, world.has_rejects, &world.data);
    send_all(&world);
    world.is_faulty = true;
    for (int i = 0; i < FAULTY_ROUNDS; i++) {
        deliver_some(&world);
    }
    world.is_faulty = false;
    for (int i = 0; i < LAST_ROUNDS; i++) {
        deliver_the_rest(&world);
    }
    require_what_the_model_says(&world);
    for (size_t i = 0; i < world.sent_count; i++) {
        buf_close(&world.sent[i].handed);
    }
    drop_data(&world.data);
}

static void the_end_is_what_the_model_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        run_world(seed);
    }
}

static uint64_t one_seed;

static void the_world_of_the_seed_given_ends_so_too(void **state)
{
    (void)state;
    run_world(one_seed);
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&event, (size_t)8 << 20);
    return arena_block_init(&block, (size_t)64 << 20) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    buf_close(&event);
    arena_block_close(&block);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(the_world_of_the_seed_given_ends_so_too),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_what_the_model_says),
    };
    if (argc > 1 && str_to_u64(str_from(argv[1]), &one_seed)) {
        return cmocka_run_group_tests(alone, set_up, tear_down);
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

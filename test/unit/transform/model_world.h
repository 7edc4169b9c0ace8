/* The world of the model test: a table with conditional writes, a rejects queue and a work queue,
 * each of which fails at random as its kind does: refused, done but the reply lost, told late and
 * in any order, not to be reached at all.
 */
#ifndef TEST_UNIT_TRANSFORM_MODEL_WORLD_H
#define TEST_UNIT_TRANSFORM_MODEL_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "test/unit/transform/model_data.h"
#include "transform/ingest.h"
#include "transform/reject.h"
#include "transform/version.h"

enum { UNDER_WAY = 8, DELIVERIES = 200, ID_LEN = 57 };

/* What brings a text: again and again until it is acknowledged. */
struct sent {
    size_t text;
    enum origin origin;
    bool wraps; /* the text is an object, named in this message's body */
    bool fifo;
    unsigned group;
    char id[ID_LEN];
    struct buf handed; /* the body, where ingest itself has sent it */
    bool done;
};

/* A write or a reject whose outcome was not told yet. */
struct under_way {
    struct ticket from;
    unsigned user; /* USERS: a reject */
    size_t fact;
    char version[VERSION_LEN];
    uint64_t reject_id;
};

struct kept {
    uint64_t id;
    size_t text;
    uint64_t offset;
};

struct world {
    uint64_t seed, state;
    struct data data;
    bool partial, has_rejects, has_work_queue;
    bool is_faulty; /* until all that waits is to get through */
    struct sent sent[DELIVERIES];
    size_t sent_count;
    struct {
        bool there;
        size_t fact;
        char version[VERSION_LEN];
    } table[USERS];
    struct kept rejects[FACTS];
    size_t reject_count;
    /* of the invocation */
    struct ingest *ingest;
    struct under_way under_way[UNDER_WAY];
    size_t under_way_count;
    uint64_t told[OUTCOME_COUNT];
    bool was_handed_on[TEXTS];
    bool failed; /* a port has, for all of the invocation */
    size_t chunk, left_to_read, bytes_to_fail;
    const struct text *open;
    int64_t looks_left; /* at the clock, before time is up */
};

/* A world that fails says how to see it again. */
static inline void require(const struct world *world, bool holds, const char *what)
{
    if (!holds) {
        fail_msg("%s: seed %llu; alone: test_model %llu", what, (unsigned long long)world->seed,
                 (unsigned long long)world->seed);
    }
}

static inline bool fault(struct world *world, size_t one_in_so_many)
{
    return world->is_faulty && one_in(&world->state, one_in_so_many);
}

static inline bool names_text(const struct world *world, size_t index, str key)
{
    char name[16];
    (void)snprintf(name, sizeof name, "k %zu", index);
    return world->data.texts[index].carrier == BY_OBJECT && str_eq(key, str_from(name));
}

static inline size_t text_of(const struct world *world, const struct ticket *from)
{
    const struct input *input = from->input;
    for (size_t i = 0; input->kind == INPUT_OBJECT && i < world->data.text_count; i++) {
        if (names_text(world, i, input->key)) {
            return i;
        }
    }
    for (size_t i = 0; input->kind != INPUT_OBJECT && i < world->sent_count; i++) {
        if (str_eq(from->delivery->id, str_from(world->sent[i].id))) {
            return world->sent[i].text;
        }
    }
    require(world, false, "a record that nobody sent");
    return 0;
}

/* --- The services --- */

static inline enum outcome write_user(struct world *world, const struct under_way *write)
{
    char *stored = world->table[write->user].version;
    int order = world->table[write->user].there ? memcmp(stored, write->version, VERSION_LEN) : -1;
    if (order >= 0) {
        return order ? OUTCOME_STALE : OUTCOME_DUPLICATE;
    }
    world->table[write->user].there = true;
    world->table[write->user].fact = write->fact;
    memcpy(stored, write->version, VERSION_LEN);
    return OUTCOME_WRITTEN;
}

static inline enum outcome keep_reject(struct world *world, const struct under_way *reject)
{
    size_t text = text_of(world, &reject->from);
    for (size_t i = 0; i < world->reject_count; i++) {
        const struct kept *kept = &world->rejects[i];
        bool same_record = kept->text == text && kept->offset == reject->from.offset;
        require(world, same_record == (kept->id == reject->reject_id),
                "a record has two reject ids, or an id two records");
        if (same_record) {
            return OUTCOME_REJECTED;
        }
    }
    require(world, world->reject_count < FACTS, "more rejects than records");
    world->rejects[world->reject_count++] =
        (struct kept){reject->reject_id, text, reject->from.offset};
    return OUTCOME_REJECTED;
}

static inline uint64_t reject_id(const struct world *world, const struct reject *reject)
{
    struct buf b;
    uint64_t hash = 14695981039346656037u;
    buf_init(&b, (size_t)1 << 20);
    reject_add_identity(&b, reject);
    require(world, !b.failed, "an identity too long");
    for (size_t i = 0; i < b.len; i++) {
        hash = (hash ^ (unsigned char)b.at[i]) * 1099511628211u;
    }
    buf_close(&b);
    return hash;
}

/* --- Outcomes, told in any order --- */

static inline void tell(struct world *world, const struct ticket *from, enum outcome outcome)
{
    world->told[outcome]++;
    ingest_settle(world->ingest, from, outcome);
}

static inline void finish(struct world *world, size_t which)
{
    struct under_way one = world->under_way[which];
    world->under_way[which] = world->under_way[--world->under_way_count];
    enum outcome outcome = OUTCOME_FAILED;
    bool fails = fault(world, 12) || (one.user >= USERS && !world->has_rejects);
    bool is_done = world->has_rejects || one.user < USERS;
    if (!fails || (is_done && one_in(&world->state, 2))) { /* or done, and the reply was lost */
        outcome = one.user < USERS ? write_user(world, &one) : keep_reject(world, &one);
    }
    tell(world, &one.from, fails ? OUTCOME_FAILED : outcome);
}

static inline void start(struct world *world, const struct under_way *one)
{
    world->under_way[world->under_way_count++] = *one;
    while (world->under_way_count == UNDER_WAY ||
           (world->under_way_count && one_in(&world->state, 3))) {
        finish(world, below(&world->state, world->under_way_count));
    }
}

static inline err fail_for_good(struct world *world, struct why *why)
{
    static const enum err_kind kinds[] = {ERR_DENIED, ERR_MISSING, ERR_BUG};
    world->failed = true;
    return FAIL(why, kinds[below(&world->state, 3)], "planted");
}

/* --- The ports --- */

static inline err put(void *ctx, struct ingest *ingest, const struct user *user, str version,
                      const struct ticket *from, struct why *why)
{
    struct world *world = ctx;
    struct under_way one = {.from = *from};
    uint64_t fact = 0;
    (void)ingest;
    require(world, version.len == VERSION_LEN, "a version's length");
    require(world, user->id.len && user->attribute_count, "a user without a name");
    memcpy(one.version, version.at, VERSION_LEN);
    one.user = str_starts(user->id, STR("poison")) ? POISON : (unsigned)(user->id.at[1] - '0');
    for (size_t i = 0; i < user->attribute_count; i++) {
        if (str_eq(user->attributes[i].name, STR("user_name"))) {
            require(world, str_to_u64(str_drop(user->attributes[i].value, 1), &fact), "a name");
        }
    }
    one.fact = (size_t)fact;
    if (one.user == POISON) {
        const struct reject refused = {.from = *from, .reason = REASON_E_ITEM_REFUSED};
        one.reject_id = reject_id(world, &refused);
    }
    if (fault(world, 300)) {
        tell(world, from, OUTCOME_FAILED);
        return fail_for_good(world, why);
    }
    start(world, &one);
    return OK;
}

static inline void check_raw(const struct world *world, const struct reject *what)
{
    const struct text *text = &world->data.texts[text_of(world, &what->from)];
    str raw = reject_raw(what);
    require(world, raw.len && str_starts(str_drop(buf_str(&text->bytes), what->from.offset), raw),
            "a reject's bytes");
}

static inline err reject(void *ctx, struct ingest *ingest, const struct reject *what,
                         struct why *why)
{
    struct world *world = ctx;
    struct under_way one = {.from = what->from, .user = USERS};
    (void)ingest;
    one.reject_id = reject_id(world, what);
    check_raw(world, what);
    if (fault(world, 200)) {
        tell(world, &what->from, OUTCOME_FAILED);
        return fail_for_good(world, why);
    }
    start(world, &one);
    return OK;
}

static inline err flush(void *ctx, struct why *why)
{
    struct world *world = ctx;
    while (world->under_way_count) {
        finish(world, below(&world->state, world->under_way_count));
    }
    return fault(world, 100) ? fail_for_good(world, why) : OK;
}

static inline err read_some(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    static const enum err_kind kinds[] = {ERR_BUSY, ERR_DEADLINE, ERR_DENIED, ERR_BUG};
    struct world *world = ctx;
    size_t most = room < world->chunk ? room : world->chunk;
    if (!world->bytes_to_fail) {
        return FAIL(why, kinds[below(&world->state, 4)], "planted");
    }
    most = most < world->bytes_to_fail ? most : world->bytes_to_fail;
    most = most < world->left_to_read ? most : world->left_to_read;
    *got = most ? 1 + below(&world->state, most) : 0;
    if (*got) {
        memcpy(into, world->open->bytes.at + (world->open->bytes.len - world->left_to_read), *got);
    }
    world->left_to_read -= *got;
    world->bytes_to_fail -= *got;
    return OK;
}

static inline err open_object(void *ctx, const struct input *input, struct opened *out,
                              struct why *why)
{
    static const enum err_kind kinds[] = {ERR_BUSY, ERR_DEADLINE, ERR_DENIED, ERR_LIMIT};
    static const size_t chunks[] = {1, 7, 100, 4096, 1 << 20};
    struct world *world = ctx;
    struct input asked = *input;
    const struct ticket from = {.input = &asked};
    const struct text *text = &world->data.texts[text_of(world, &from)];
    require(world, !world->open, "two objects are open");
    if (text->gone) {
        return FAIL(why, ERR_MISSING, "gone");
    }
    if (fault(world, 10)) {
        return FAIL(why, kinds[below(&world->state, 4)], "planted");
    }
    world->open = text;
    world->chunk = chunks[below(&world->state, 5)];
    require(world, input->start <= text->bytes.len, "read on behind the end");
    world->left_to_read = text->bytes.len - (size_t)input->start;
    world->bytes_to_fail =
        fault(world, 5) ? below(&world->state, text->bytes.len + 1) : text->bytes.len + 1;
    *out = (struct opened){.source = {read_some, world}, .etag = STR("e"), .size = text->bytes.len};
    return OK;
}

static inline void close_object(void *ctx)
{
    struct world *world = ctx;
    require(world, world->open != NULL, "closed twice");
    world->open = NULL;
}

static inline int64_t ms_left(void *ctx)
{
    struct world *world = ctx;
    return world->looks_left-- > 0 ? 1000 : 0;
}

static inline void send_message(struct world *world, size_t text, str body)
{
    require(world, world->sent_count < DELIVERIES, "handed on without end");
    struct sent *sent = &world->sent[world->sent_count];
    *sent = (struct sent){.text = text, .origin = ORIGIN_SQS, .wraps = true};
    (void)snprintf(sent->id, sizeof sent->id, "handed-%06zu", world->sent_count++);
    buf_init(&sent->handed, (size_t)1 << 20);
    buf_add(&sent->handed, body);
}

static inline err hand_on(void *ctx, str body, struct why *why)
{
    struct world *world = ctx;
    bool fails = fault(world, 8);
    if (fails && one_in(&world->state, 2)) {
        return FAIL(why, ERR_BUSY, "planted");
    }
    for (size_t i = 0; i < world->data.text_count; i++) {
        char as_it_came[32], of_ours[32]; /* the key in a notification, in a continuation */
        (void)snprintf(as_it_came, sizeof as_it_came, "\"k+%zu\"", i);
        (void)snprintf(of_ours, sizeof of_ours, "\"k%%20%zu\"", i);
        if (memmem(body.at, body.len, as_it_came, strlen(as_it_came)) ||
            memmem(body.at, body.len, of_ours, strlen(of_ours))) {
            send_message(world, i, body);
            world->was_handed_on[i] = true;
        }
    }
    return fails ? FAIL(why, ERR_BUSY, "planted") : OK;
}

#endif

/* An object that is read in several invocations, each cut off by time, with the messages between
 * them; and what has come of it in the end: the table and the rejects, as text to compare.
 */
#ifndef TEST_UNIT_TRANSFORM_HOPS_H
#define TEST_UNIT_TRANSFORM_HOPS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/json_write.h"
#include "transform/ingest.h"
#include "transform/reject.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_USERS = 4096,
    MOST_PENDING = 4096,
    MAX_HOPS = 20000,
    MAX_RECORD = 600,
    MOST_AGAIN = 3,
    IN_FLIGHT = 9
};

/* A user as the table has it, or a reject as its queue has it. */
struct kept {
    char text[256];
};

struct hops {
    str object;
    enum record_format format;
    bool encoded;
    /* Time is up once so many bytes of the object were read in an invocation; 0: never. At random
     * from half of that on when there is a seed. */
    size_t bytes_a_hop;
    size_t chunk;            /* bytes that the source gives at a time; 0: all it can */
    uint64_t seed;           /* 0: each hop is as long */
    bool fails_when_late;    /* of the last records each second one, when time is up */
    size_t stuck_put;        /* counted from 1: it lasts until time is up, and fails; 0: none */
    size_t queue_fails_from; /* messages from this one on, counted from 1, are not taken */
    enum err_kind queue_failure;
    /* The invocation under way. */
    str left;
    size_t bytes_left;
    bool late;
    struct {
        struct ingest *ingest;
        struct ticket from;
        bool is_reject;
        struct kept what;
    } pending[MOST_PENDING];
    size_t pending_count;
    /* What there is after all. */
    struct kept users[MOST_USERS], rejects[MOST_USERS];
    size_t user_count, reject_count;
    bool whole_only;         /* nobody reads batchItemFailures */
    char message[64 * 1024]; /* the last that was handed on; empty: none */
    size_t handed, hops, longest_message;
    unsigned again;            /* how often in a row a message was not acknowledged */
    bool no_progress;          /* it was given up: so few bytes are too few */
    uint64_t starts[MAX_HOPS]; /* where each opened the object */
    struct ingest_counts sums;
    err result;
    struct why why;
    char answer[1024];
};

static struct arena_block block;

static inline uint64_t next_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static inline err hops_read(void *ctx, char *into, size_t room, size_t *got, struct why *why)
{
    struct hops *h = ctx;
    size_t most = h->chunk && h->chunk < room ? h->chunk : room;
    if (h->late) {
        return FAIL(why, ERR_DEADLINE, "planted");
    }
    str part = str_take(h->left, most < h->bytes_left ? most : h->bytes_left);
    if (part.len) {
        memcpy(into, part.at, part.len);
    }
    *got = part.len;
    h->left = str_drop(h->left, part.len);
    h->bytes_left -= part.len;
    h->late = h->bytes_left == 0;
    return OK;
}

static inline err hops_open(void *ctx, const struct input *input, struct opened *out,
                            struct why *why)
{
    struct hops *h = ctx;
    (void)why;
    assert_true(input->start < h->object.len || !h->object.len);
    h->starts[h->hops] = input->start;
    h->left = str_drop(h->object, (size_t)input->start);
    *out = (struct opened){
        .source = {hops_read, h},
        .format = h->format,
        .encoded = h->encoded,
        .etag = str_eq(input->key, STR("two")) ? STR("of-the-second") : STR("from-the-reply"),
        .size = h->object.len,
    };
    return OK;
}

static inline void hops_close(void *ctx)
{
    (void)ctx;
}

static inline struct kept *hops_pend(struct hops *h, struct ingest *ingest,
                                     const struct ticket *from, bool is_reject)
{
    size_t n = h->pending_count++;
    assert_true(n < MOST_PENDING);
    h->pending[n].ingest = ingest;
    h->pending[n].from = *from;
    h->pending[n].is_reject = is_reject;
    memset(&h->pending[n].what, 0, sizeof(struct kept));
    return &h->pending[n].what;
}

static inline err hops_put(void *ctx, struct ingest *ingest, const struct user *user, str version,
                           const struct ticket *from, struct why *why)
{
    struct hops *h = ctx;
    struct buf b;
    (void)why;
    if (h->stuck_put && !--h->stuck_put) {
        h->late = true;
        ingest_settle(ingest, from, OUTCOME_FAILED);
        return OK;
    }
    buf_wrap(&b, hops_pend(h, ingest, from, false)->text, sizeof(struct kept) - 1);
    buf_add(&b, user->id);
    buf_char(&b, ' ');
    buf_add(&b, version);
    for (size_t i = 0; i < user->attribute_count; i++) {
        buf_char(&b, ' ');
        buf_add(&b, user->attributes[i].value);
    }
    assert_false(b.failed);
    return OK;
}

static inline err hops_reject(void *ctx, struct ingest *ingest, const struct reject *what,
                              struct why *why)
{
    struct hops *h = ctx;
    struct buf b;
    (void)why;
    buf_wrap(&b, hops_pend(h, ingest, &what->from, true)->text, sizeof(struct kept) - 1);
    reject_add_identity(&b, what);
    buf_char(&b, ' ');
    buf_add(&b, reason_code(what->reason));
    h->no_progress = h->no_progress || what->reason == REASON_E_NO_PROGRESS;
    buf_char(&b, ' ');
    buf_u64(&b, what->from.line);
    buf_char(&b, ' ');
    buf_u64(&b, what->from.length);
    assert_false(b.failed);
    return OK;
}

/* Of a user the greater version stays; a reject is there once. */
static inline void hops_keep(struct kept *all, size_t *count, const struct kept *one, bool by_id)
{
    size_t len = by_id ? strcspn(one->text, " ") + 1 : sizeof one->text;
    for (size_t i = 0; i < *count; i++) {
        if (!strncmp(all[i].text, one->text, len)) {
            all[i] = strcmp(one->text, all[i].text) > 0 ? *one : all[i];
            return;
        }
    }
    assert_true(*count < MOST_USERS);
    all[(*count)++] = *one;
}

/* What a reject is known by is the same however late it is asked for. */
static inline void hops_check_identity(const struct ticket *from, const struct kept *what)
{
    if (from->input->kind == INPUT_OBJECT) {
        char memory[sizeof what->text];
        struct buf b;
        buf_wrap(&b, memory, sizeof memory);
        reject_add_identity(&b, &(struct reject){.from = *from});
        assert_true(str_starts(str_from(what->text), buf_str(&b)));
    }
}

static inline err hops_flush(void *ctx, struct why *why)
{
    struct hops *h = ctx;
    (void)why;
    for (size_t i = h->pending_count; i-- > 0;) { /* the last is told first */
        bool last = i + IN_FLIGHT >= h->pending_count;
        bool fails = h->fails_when_late && h->late && last && i % 2 == h->hops % 2;
        enum outcome good = h->pending[i].is_reject ? OUTCOME_REJECTED : OUTCOME_WRITTEN;
        if (h->pending[i].is_reject) {
            hops_check_identity(&h->pending[i].from, &h->pending[i].what);
        }
        if (!fails && h->pending[i].is_reject) {
            hops_keep(h->rejects, &h->reject_count, &h->pending[i].what, false);
        } else if (!fails) {
            hops_keep(h->users, &h->user_count, &h->pending[i].what, true);
        }
        ingest_settle(h->pending[i].ingest, &h->pending[i].from, fails ? OUTCOME_FAILED : good);
    }
    h->pending_count = 0;
    return OK;
}

static inline err hops_hand_on(void *ctx, str body, struct why *why)
{
    struct hops *h = ctx;
    h->handed++;
    if (h->queue_fails_from && h->handed >= h->queue_fails_from) {
        return FAIL(why, h->queue_failure, "planted");
    }
    h->longest_message = body.len > h->longest_message ? body.len : h->longest_message;
    assert_true(str_to_c(body, h->message, sizeof h->message));
    return OK;
}

static inline int64_t hops_ms_left(void *ctx)
{
    return ((struct hops *)ctx)->late ? 0 : 1000;
}

static inline void hops_add_counts(struct hops *h, const struct ingest *ingest)
{
    for (size_t origin = 0; origin < ORIGIN_COUNT; origin++) {
        h->sums.in += ingest->counts[origin].in;
        h->sums.ignored += ingest->counts[origin].ignored;
        h->sums.continuations += ingest->counts[origin].continuations;
        for (size_t i = 0; i < OUTCOME_COUNT; i++) {
            h->sums.of[i] += ingest->counts[origin].of[i];
        }
    }
}

static inline void hops_invoke(struct hops *h, str event)
{
    struct arena arena = arena_start(&block);
    const struct ingest_config config = {
        .rules = {.now_ms = 1780000000000 + (int64_t)h->hops * 60000},
        .request_id = STR("r-1"),
        .max_record_bytes = MAX_RECORD,
        .partial_response = !h->whole_only,
        .has_rejects = true,
    };
    const struct ingest_ports ports = {
        .ctx = h,
        .open = hops_open,
        .close = hops_close,
        .put = hops_put,
        .reject = hops_reject,
        .flush = hops_flush,
        .hand_on = hops_hand_on,
        .ms_left = hops_ms_left,
    };
    const struct log log = {.fd = -1, .level = LOG_OFF};
    struct ingest ingest = {.config = &config, .ports = &ports, .arena = &arena, .log = &log};
    struct buf reply;
    memset(h->answer, 0, sizeof h->answer);
    buf_wrap(&reply, h->answer, sizeof h->answer - 1);
    h->bytes_left = h->bytes_a_hop ? h->bytes_a_hop : SIZE_MAX;
    h->bytes_left -= h->seed ? (size_t)(next_random(&h->seed) % (h->bytes_left / 2 + 1)) : 0;
    h->late = false;
    h->message[0] = 0;
    h->why = (struct why){0};
    h->result = ingest_event(&ingest, event, &reply, &h->why);
    hops_add_counts(h, &ingest);
    h->hops++;
}

/* The event of a queue's message. */
static inline void hops_wrap(str body, struct buf *event)
{
    buf_clear(event);
    buf_add(event, STR("{\"Records\":[{\"messageId\":\"m\",\"body\":"));
    json_add_string(event, body);
    buf_add(event, STR(",\"eventSource\":\"aws:sqs\"}]}"));
    assert_false(event->failed);
}

#define HOPS_S3                                                                                    \
    "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\","               \
    "\"eventTime\":\"2026-05-28T20:26:30.123Z\",\"s3\":{\"bucket\":{\"name\":\"b\"},"              \
    "\"object\":{\"key\":\"k\",\"sequencer\":\"00A1\"}}}]}"

/* Invocation after invocation until nothing is handed on any more. */
static inline void hops_run(struct hops *h, str event)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_add(&text, event);
    do {
        hops_invoke(h, buf_str(&text));
        h->again = strstr(h->answer, "itemIdentifier") ? h->again + 1 : 0;
        if (!h->again) {
            hops_wrap(str_from(h->message), &text);
        }
    } while ((h->message[0] || h->again) && h->again < MOST_AGAIN && h->hops < MAX_HOPS &&
             !h->result.kind);
    h->no_progress = h->no_progress || h->again == MOST_AGAIN;
    buf_close(&text);
}

static inline int hops_compare(const void *a, const void *b)
{
    return strcmp(((const struct kept *)a)->text, ((const struct kept *)b)->text);
}

/* The whole state, sorted. */
static inline void hops_dump(struct hops *h, struct buf *out)
{
    qsort(h->users, h->user_count, sizeof h->users[0], hops_compare);
    qsort(h->rejects, h->reject_count, sizeof h->rejects[0], hops_compare);
    for (size_t i = 0; i < h->user_count; i++) {
        buf_add(out, str_from(h->users[i].text));
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < h->reject_count; i++) {
        buf_add(out, str_from(h->rejects[i].text));
        buf_char(out, '\n');
    }
}

/* One go and many hops must come to the same. Gives the number of hops, 0 when each of them was so
 * short that the object was given up. */
static inline size_t hops_expect_same(const char *word, const struct hops *how)
{
    static struct hops one;
    static struct hops many;
    struct buf a;
    struct buf b;
    buf_init(&a, 8 << 20);
    buf_init(&b, 8 << 20);
    one = *how;
    one.bytes_a_hop = 0;
    one.seed = 0;
    many = *how;
    hops_run(&one, STR(HOPS_S3));
    hops_run(&many, STR(HOPS_S3));
    hops_dump(&one, &a);
    hops_dump(&many, &b);
    assert_int_equal(one.hops, 1);
    if (!many.no_progress && (many.result.kind || !str_eq(buf_str(&a), buf_str(&b)))) {
        print_error("%s, %zu bytes a hop, seed %llu, %s\none go:\n%.*s%zu hops:\n%.*s", word,
                    how->bytes_a_hop, (unsigned long long)how->seed, many.why.text, (int)a.len,
                    a.at, many.hops, (int)b.len, b.at);
        fail();
    }
    buf_close(&a);
    buf_close(&b);
    return many.no_progress ? 0 : many.hops;
}

static inline int set_up(void **state)
{
    (void)state;
    return arena_block_init(&block, (size_t)64 << 20) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_block_close(&block);
    return 0;
}

#endif

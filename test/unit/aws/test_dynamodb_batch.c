#include "test/unit/aws/table.h"

#include <jansson.h>

/* A table that keeps track of what is in flight. Keys are "k<number>". */
struct fake_table {
    int delay_ms;
    unsigned unprocessed_every; /* n: every n-th item of a request stays unprocessed; 0: none */
    unsigned unprocessed_until; /* only in requests before this one */
    unsigned left;              /* items so far that stayed unprocessed */
    long bad;                   /* refuse batches that hold this key; -1: none */
    const char *bad_version;    /* likewise this version; NULL: none */
    const char *failure;        /* answer 400 with this body; NULL: no */
    const char *junk;           /* answer 200 with this body; NULL: no */
    int64_t busy_until[TABLE_MAX_ITEMS]; /* the key's request is under way until then */
    unsigned stored[TABLE_MAX_ITEMS];    /* how often each key was written */
    char value[TABLE_MAX_ITEMS][8];      /* its last version */
    unsigned overlaps, doubles, largest;
};

static long number_of(const json_t *request, const char **version)
{
    json_t *item = json_object_get(json_object_get(request, "PutRequest"), "Item");
    const char *key = json_string_value(json_object_get(json_object_get(item, "user_id"), "S"));
    *version = json_string_value(json_object_get(json_object_get(item, "_v"), "S"));
    assert_non_null(key);
    return strtol(key + 1, NULL, 10);
}

static void note_flight(struct fake_table *t, const json_t *list)
{
    int64_t now = rig_now_ms();
    size_t i;
    json_t *request;
    json_array_foreach(list, i, request)
    {
        const char *version = NULL;
        long n = number_of(request, &version);
        t->overlaps += t->busy_until[n] > now;
        for (size_t j = 0; j < i; j++) {
            t->doubles += number_of(json_array_get(list, j), &version) == n;
        }
        t->busy_until[n] = now + t->delay_ms - 1;
    }
    t->largest = json_array_size(list) > t->largest ? (unsigned)json_array_size(list) : t->largest;
}

static bool holds_bad(const struct fake_table *t, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *version = NULL;
        if (number_of(json_array_get(list, i), &version) == t->bad) {
            return true;
        }
        if (t->bad_version && version && strcmp(version, t->bad_version) == 0) {
            return true;
        }
    }
    return false;
}

/* Stores the items; *new* list of those left out. */
static json_t *store(struct fake_table *t, const json_t *list, bool may_leave)
{
    json_t *left = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *request = json_array_get(list, i);
        const char *version = NULL;
        long n = number_of(request, &version);
        if (may_leave && t->unprocessed_every && i % t->unprocessed_every == 0) {
            (void)json_array_append(left, request);
            t->left++;
            continue;
        }
        t->stored[n]++;
        (void)snprintf(t->value[n], sizeof t->value[n], "%s", version ? version : "");
    }
    return left;
}

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct fake_table *t = ctx;
    json_t *root = json_loadb(request->body.at, request->body.len, 0, NULL);
    json_t *list = json_object_get(json_object_get(root, "RequestItems"), "user-data-table");
    assert_true(json_is_array(list) && json_array_size(list) > 0);
    reply->delay_ms = t->delay_ms;
    note_flight(t, list);
    if (t->failure) {
        fake_reply_with(reply, 400, "", str_from(t->failure));
    } else if (t->junk) {
        fake_reply_with(reply, 200, "", str_from(t->junk));
    } else if (holds_bad(t, list)) {
        fake_reply_with(reply, 400, "", STR("{\"__type\":\"x#ValidationException\"}"));
    } else {
        json_t *left = store(t, list, request->number < t->unprocessed_until);
        json_t *answer = json_array_size(left)
                             ? json_pack("{s:{s:O}}", "UnprocessedItems", "user-data-table", left)
                             : json_pack("{s:{}}", "UnprocessedItems");
        char *text = json_dumps(answer, 0);
        fake_reply_with(reply, 200, "", str_from(text));
        free(text);
        json_decref(answer);
        json_decref(left);
    }
    json_decref(root);
}

static void items_go_out_25_at_a_time(void **state)
{
    (void)state;
    static struct fake_table fake;
    fake = (struct fake_table){.bad = -1};
    struct table *t = table_start(DYNAMODB_BATCH, 0, serve, &fake);
    table_put_many(t, 110);
    assert_int_equal(table_flush(t), ERR_NONE);
    table_check_told(t, 110);
    assert_int_equal(t->of[DYNAMODB_WRITTEN], 110);
    table_stop(t);
    assert_int_equal(t->rig.service.requests, 5);
    assert_int_equal(fake.largest, 25);
    free(t);
}

static void unprocessed_items_are_sent_again_and_only_they(void **state)
{
    (void)state;
    static struct fake_table fake;
    fake = (struct fake_table){.bad = -1, .unprocessed_every = 3, .unprocessed_until = 8};
    struct table *t = table_start(DYNAMODB_BATCH, 0, serve, &fake);
    table_put_many(t, 100);
    assert_int_equal(table_flush(t), ERR_NONE);
    table_check_told(t, 100);
    assert_int_equal(t->of[DYNAMODB_WRITTEN], 100);
    struct dynamodb_use use = dynamodb_take_use(t->writer);
    assert_int_equal(use.unprocessed, fake.left);
    assert_true(fake.left > 0);
    assert_int_equal(use.throttled, 0);
    assert_int_equal(use.answers, use.requests);
    assert_int_equal(dynamodb_take_use(t->writer).unprocessed, 0);
    table_stop(t);
    assert_int_equal(use.requests, t->rig.service.requests);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(fake.stored[i], 1);
    }
    free(t);
}

static void items_unprocessed_for_ever_fail_before_the_deadline(void **state)
{
    (void)state;
    static struct fake_table fake;
    fake = (struct fake_table){.bad = -1, .unprocessed_every = 1, .unprocessed_until = UINT32_MAX};
    struct table *t = table_start(DYNAMODB_BATCH, 0, serve, &fake);
    int64_t deadline = rig_now_ms() + 1000;
    client_set_deadline(&t->rig.client, deadline);
    table_put_many(t, 40);
    assert_int_equal(table_flush(t), ERR_NONE);
    assert_true(rig_now_ms() < deadline);
    table_check_told(t, 40);
    assert_int_equal(t->of[DYNAMODB_FAILED], 40);
    assert_int_equal(t->why.kind, ERR_BUSY);
    table_stop(t);
    free(t);
}

static void what_dynamodb_would_refuse_is_not_sent(void **state)
{
    (void)state;
    static char text[DYNAMODB_MAX_ITEM_BYTES];
    static struct fake_table fake;
    memset(text, 'k', sizeof text);
    static const struct {
        const char *word;
        size_t key_len, value_len;
        enum dynamodb_outcome outcome;
    } rows[] = {
        {"an empty key", 0, 1, DYNAMODB_REFUSED},
        {"the longest key", 2048, 1, DYNAMODB_WRITTEN},
        {"a longer key", 2049, 1, DYNAMODB_REFUSED},
        {"400 KB", 1, 400 * 1024 - 9, DYNAMODB_WRITTEN}, /* user_id + k + n */
        {"400 KB and a byte", 1, 400 * 1024 - 8, DYNAMODB_REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake = (struct fake_table){.bad = -1};
        struct table *t = table_start(DYNAMODB_BATCH, 1, serve, &fake);
        struct why why = {0};
        size_t tag = 0;
        const struct dynamodb_attribute attribute = {STR("n"), {text, rows[i].value_len}, false};
        const struct dynamodb_item item = {
            .key = {text, rows[i].key_len}, .attributes = &attribute, .attribute_count = 1};
        assert_int_equal(dynamodb_put(t->writer, &item, &tag, sizeof tag, &why).kind, ERR_NONE);
        assert_int_equal(table_flush(t), ERR_NONE);
        table_stop(t);
        unsigned requests = rows[i].outcome == DYNAMODB_WRITTEN;
        if (t->outcomes[0] != rows[i].outcome || t->rig.service.requests != requests) {
            fail_msg("%s: outcome %d, %u requests", rows[i].word, (int)t->outcomes[0],
                     t->rig.service.requests);
        }
        free(t);
    }
}

static void a_key_is_never_in_two_requests_in_flight(void **state)
{
    (void)state;
    static struct fake_table fake;
    fake = (struct fake_table){
        .bad = -1, .delay_ms = 8, .unprocessed_every = 4, .unprocessed_until = 5};
    struct table *t = table_start(DYNAMODB_BATCH, 4, serve, &fake);
    uint64_t chance = 1;
    char last[60][8] = {{0}};
    for (size_t i = 0; i < 1500; i++) {
        char key[32], version[8];
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        size_t n = (size_t)(chance >> 40) % 60;
        (void)snprintf(key, sizeof key, "k%zu", n);
        (void)snprintf(version, sizeof version, "%zu", i);
        memcpy(last[n], version, sizeof version);
        assert_int_equal(table_put(t, i, key, str_from(version)), ERR_NONE);
    }
    assert_int_equal(table_flush(t), ERR_NONE);
    table_check_told(t, 1500);
    assert_int_equal(t->of[DYNAMODB_WRITTEN], 1500);
    table_stop(t);
    assert_int_equal(fake.overlaps, 0);
    assert_int_equal(fake.doubles, 0);
    for (size_t n = 0; n < 60; n++) {
        assert_string_equal(fake.value[n], last[n]); /* the last arrival won */
    }
    free(t);
}

static void a_good_item_stays_when_a_later_one_of_its_key_is_refused(void **state)
{
    (void)state;
    static struct fake_table fake;
    fake = (struct fake_table){.bad = -1, .bad_version = "bad"};
    struct table *t = table_start(DYNAMODB_BATCH, 0, serve, &fake);
    assert_int_equal(table_put(t, 0, "k1", STR("good")), ERR_NONE);
    assert_int_equal(table_put(t, 1, "k2", STR("good")), ERR_NONE);
    assert_int_equal(table_put(t, 2, "k1", STR("bad")), ERR_NONE);
    assert_int_equal(table_flush(t), ERR_NONE);
    table_check_told(t, 3);
    assert_int_equal(t->outcomes[0], DYNAMODB_WRITTEN);
    assert_int_equal(t->outcomes[2], DYNAMODB_REFUSED);
    table_stop(t);
    assert_string_equal(fake.value[1], "good");
    free(t);
}

static void of_a_refused_batch_only_the_culprit_is_refused(void **state)
{
    (void)state;
    static struct fake_table fake;
    for (size_t count = 1; count <= 25; count++) {
        for (long bad = 0; bad < (long)count; bad += 3) {
            fake = (struct fake_table){.bad = bad};
            struct table *t = table_start(DYNAMODB_BATCH, 0, serve, &fake);
            table_put_many(t, count);
            assert_int_equal(table_flush(t), ERR_NONE);
            table_check_told(t, count);
            assert_int_equal(t->of[DYNAMODB_REFUSED], 1);
            assert_int_equal(t->of[DYNAMODB_WRITTEN], count - 1);
            assert_int_equal(t->outcomes[bad], DYNAMODB_REFUSED);
            assert_string_equal(t->why.code, "ValidationException");
            table_stop(t);
            assert_true(t->rig.service.requests <= 11);
            free(t);
        }
    }
}

static void a_systemic_failure_fails_all_once(void **state)
{
    (void)state;
    static struct fake_table fake;
    fake = (struct fake_table){.bad = -1, .failure = "{\"__type\":\"AccessDeniedException\"}"};
    struct table *t = table_start(DYNAMODB_BATCH, 1, serve, &fake);
    for (size_t i = 0; i < 60; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "k%zu", i);
        (void)table_put(t, i, key, STR("1"));
    }
    assert_int_equal(table_flush(t), ERR_DENIED);
    table_check_told(t, 60);
    assert_int_equal(t->of[DYNAMODB_FAILED], 60);
    table_stop(t);
    assert_int_equal(t->rig.service.requests, 1);
    free(t);
}

static void a_reply_that_makes_no_sense_is_no_success(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"message\":\"Service temporarily unavailable\"}",
        "{\"UnprocessedItems\":null}",
        "{\"UnprocessedItems\":{\"other\":[]}}",
        "{\"UnprocessedItems\":{\"user-data-table\":{}}}",
        "{\"UnprocessedItems\":{\"user-data-table\":[{}]}}",
        ("{\"UnprocessedItems\":{\"user-data-table\":[{\"PutRequest\":{\"Item\":{\"user_id\":"
         "{\"S\":\"never sent\"}}}}]}}"),
    };
    static struct fake_table fake;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        fake = (struct fake_table){.bad = -1, .junk = replies[i]};
        struct table *t = table_start(DYNAMODB_BATCH, 0, serve, &fake);
        table_put_many(t, 3);
        if (table_flush(t) != ERR_BUG || t->of[DYNAMODB_FAILED] != 3) {
            fail_msg("%s", replies[i]);
        }
        table_stop(t);
        free(t);
    }
}

static void items_that_are_large_together_go_out_apart(void **state)
{
    (void)state;
    static char text[300 * 1024];
    static struct fake_table fake;
    fake = (struct fake_table){.bad = -1};
    memset(text, 1, sizeof text); /* every byte becomes six */
    struct table *t = table_start(DYNAMODB_BATCH, 2, serve, &fake);
    for (size_t i = 0; i < 5; i++) {
        char key[32];
        struct why why = {0};
        const struct dynamodb_attribute attribute = {STR("a"), {text, sizeof text}, false};
        (void)snprintf(key, sizeof key, "k%zu", i);
        const struct dynamodb_item item = {
            .key = str_from(key), .attributes = &attribute, .attribute_count = 1};
        t->returned = false;
        assert_int_equal(dynamodb_put(t->writer, &item, &i, sizeof i, &why).kind, ERR_NONE);
    }
    assert_int_equal(table_flush(t), ERR_NONE);
    table_check_told(t, 5);
    assert_int_equal(t->of[DYNAMODB_WRITTEN], 5);
    table_stop(t);
    assert_int_equal(t->rig.service.requests, 5);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_go_out_25_at_a_time),
        cmocka_unit_test(unprocessed_items_are_sent_again_and_only_they),
        cmocka_unit_test(items_unprocessed_for_ever_fail_before_the_deadline),
        cmocka_unit_test(what_dynamodb_would_refuse_is_not_sent),
        cmocka_unit_test(a_key_is_never_in_two_requests_in_flight),
        cmocka_unit_test(a_good_item_stays_when_a_later_one_of_its_key_is_refused),
        cmocka_unit_test(of_a_refused_batch_only_the_culprit_is_refused),
        cmocka_unit_test(a_systemic_failure_fails_all_once),
        cmocka_unit_test(a_reply_that_makes_no_sense_is_no_success),
        cmocka_unit_test(items_that_are_large_together_go_out_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

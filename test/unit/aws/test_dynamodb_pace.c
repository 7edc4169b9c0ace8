/* A table that throttles, in both modes. */
#include "test/unit/aws/table.h"

enum { MAX_TRACKED = 4096, BEGINNING = 12 };

struct throttling {
    unsigned until; /* requests before this one are throttled */
    unsigned every; /* and of the others every n-th; 0: none */
    unsigned most;  /* and those that find as many under way; 0: any number may */
    int delay_ms;
    int64_t ends[MAX_TRACKED]; /* when each taken request's reply goes out */
    unsigned taken;
    unsigned largest; /* most under way at once, when the beginning is over */
};

static unsigned under_way(const struct throttling *t)
{
    int64_t now = rig_now_ms();
    unsigned count = 0;
    for (unsigned i = 0; i < t->taken; i++) {
        count += t->ends[i] > now;
    }
    return count;
}

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct throttling *t = ctx;
    unsigned busy = under_way(t);
    if (request->number < t->until || (t->every && request->number % t->every == 0)) {
        fake_reply_with(reply, 400, "",
                        STR("{\"__type\":\"x#ProvisionedThroughputExceededException\"}"));
        return;
    }
    reply->delay_ms = t->delay_ms;
    assert_true(t->taken < MAX_TRACKED);
    t->ends[t->taken++] = rig_now_ms() + t->delay_ms - 1;
    t->largest = t->taken > BEGINNING && busy + 1 > t->largest ? busy + 1 : t->largest;
    fake_reply_with(reply, 200, "", STR("{\"UnprocessedItems\":{}}"));
}

/* Throttles the first request, and says when to come again. */
struct patient {
    int64_t asked_ms, again_ms;
};

static void come_again(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct patient *p = ctx;
    if (request->number == 0) {
        p->asked_ms = rig_now_ms();
        fake_reply_with(reply, 400, "x-amz-retry-after: 400\r\n",
                        STR("{\"__type\":\"x#ThrottlingException\"}"));
        return;
    }
    p->again_ms = rig_now_ms();
    fake_reply_with(reply, 200, "", STR("{\"UnprocessedItems\":{}}"));
}

static const struct {
    const char *word;
    enum dynamodb_mode mode;
    size_t items_a_request;
} modes[] = {{"newest", DYNAMODB_NEWEST, 1}, {"batch", DYNAMODB_BATCH, 25}};
enum { MODES = sizeof modes / sizeof modes[0] };

static void throttled_items_are_sent_again_until_they_are_taken(void **state)
{
    (void)state;
    static struct throttling fake;
    for (size_t m = 0; m < MODES; m++) {
        fake = (struct throttling){.until = 5, .every = 4};
        size_t count = 16 * modes[m].items_a_request;
        struct table *t = table_start(modes[m].mode, 1, serve, &fake);
        table_put_many(t, count);
        assert_int_equal(table_flush(t), ERR_NONE);
        table_check_told(t, count);
        if (t->of[DYNAMODB_WRITTEN] != count) {
            fail_msg("%s: %u written", modes[m].word, t->of[DYNAMODB_WRITTEN]);
        }
        struct dynamodb_use use = dynamodb_take_use(t->writer);
        assert_int_equal(use.requests - use.throttled, 16);
        assert_true(use.throttled >= 5 && use.unprocessed == 0);
        table_stop(t);
        assert_in_range(t->rig.service.requests, 5 + 16, 5 + 16 * 4 / 3 + 2);
        free(t);
    }
}

static void throttled_for_ever_items_fail_before_the_deadline(void **state)
{
    (void)state;
    static struct throttling fake;
    for (size_t m = 0; m < MODES; m++) {
        fake = (struct throttling){.until = UINT32_MAX};
        size_t count = 8 * modes[m].items_a_request;
        struct table *t = table_start(modes[m].mode, 4, serve, &fake);
        int64_t deadline = rig_now_ms() + 1200;
        client_set_deadline(&t->rig.client, deadline);
        table_put_many(t, count);
        assert_int_equal(table_flush(t), ERR_NONE);
        assert_true(rig_now_ms() < deadline);
        table_check_told(t, count);
        assert_int_equal(t->of[DYNAMODB_FAILED], count);
        assert_int_equal(t->why.kind, ERR_BUSY);
        table_stop(t);
        assert_in_range(t->rig.service.requests, 8, 8 * 12);
        free(t);
    }
}

static void fewer_requests_are_under_way_while_the_table_throttles(void **state)
{
    (void)state;
    static struct throttling fake;
    for (size_t m = 0; m < MODES; m++) {
        fake = (struct throttling){.every = 2, .delay_ms = 20};
        size_t count = 24 * modes[m].items_a_request;
        struct table *t = table_start(modes[m].mode, 16, serve, &fake);
        table_put_many(t, count);
        assert_int_equal(table_flush(t), ERR_NONE);
        assert_int_equal(t->of[DYNAMODB_WRITTEN], count);
        table_stop(t);
        assert_in_range(fake.largest, 1, 3);
        free(t);
    }
}

static void after_throttling_the_requests_under_way_climb_back(void **state)
{
    (void)state;
    static struct throttling fake;
    for (size_t m = 0; m < MODES; m++) {
        fake = (struct throttling){.until = 6, .delay_ms = 20};
        size_t count = 60 * modes[m].items_a_request;
        struct table *t = table_start(modes[m].mode, 8, serve, &fake);
        table_put_many(t, count);
        assert_int_equal(table_flush(t), ERR_NONE);
        assert_int_equal(t->of[DYNAMODB_WRITTEN], count);
        table_stop(t);
        assert_in_range(fake.largest, 5, 16);
        free(t);
    }
}

/* The writer's own first wait is 50 ms at most. */
static void a_table_is_asked_again_no_sooner_than_it_says(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODES; m++) {
        struct patient patient = {0};
        struct table *t = table_start(modes[m].mode, 1, come_again, &patient);
        table_put_many(t, 1);
        assert_int_equal(table_flush(t), ERR_NONE);
        assert_int_equal(t->of[DYNAMODB_WRITTEN], 1);
        table_stop(t);
        assert_true(patient.again_ms - patient.asked_ms >= 399);
        free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throttled_items_are_sent_again_until_they_are_taken),
        cmocka_unit_test(throttled_for_ever_items_fail_before_the_deadline),
        cmocka_unit_test(fewer_requests_are_under_way_while_the_table_throttles),
        cmocka_unit_test(after_throttling_the_requests_under_way_climb_back),
        cmocka_unit_test(a_table_is_asked_again_no_sooner_than_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The request that fails, or before which the process ends, is each one in turn: when all has come
 * again that was not acknowledged, the table and the rejects are those of a run without trouble.
 */
#include "test/unit/runtime/lasting_aws.h"

#include <stdlib.h>

enum { LIVES = 4 }; /* until all is acknowledged */

#define NO_RETRIES "AWS_MAX_ATTEMPTS=1"
#define RETRIES    "AWS_MAX_ATTEMPTS=3"

#define NOTIFICATION                                                                               \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\","                             \
    "\"eventTime\":\"2026-05-28T20:26:29.000Z\",\"s3\":{\"bucket\":{\"name\":\"bucket\"},"         \
    "\"object\":{\"key\":\"users.csv\",\"eTag\":\"e\",\"sequencer\":\"0A\"}}}"

static const char object[] = "user_id,user_name,updated_at\n"
                             "a,from the object,\n"
                             "b,older,2026-05-28T20:26:20Z\n"
                             "b,newer,2026-05-28T20:26:25Z\n"
                             ",nobody,\n"
                             "c,one,\n"
                             "d,ragged\n"
                             "c,corrected,\n";

/* Three messages, and the object: named by a fourth message or by S3 itself. */
static void begin(struct lasting *aws, bool by_queue)
{
    *aws = (struct lasting){.object = object};
    add_letter(aws, "m-1", "user_id=a\nuser_name=before\nuser_id=e\nuser_name=E");
    add_letter(aws, "m-2",
               "{\"user_id\":\"e\",\"user_name\":\"older\",\"updated_at\":1779999000}\n"
               "{\"user_id\":\"f\",\"email\":\"no address\"}\n"
               "{\"user_id\":\"g\",\"user_name\":\"G\"}\n");
    if (by_queue) {
        add_letter(aws, "m-3", "{\"Records\":[" NOTIFICATION "]}");
    } else {
        struct letter *letter = &aws->letters[aws->letter_count++];
        (void)snprintf(letter->json, sizeof letter->json, "%s", NOTIFICATION);
    }
    add_letter(aws, "m-4", "[{\"user_id\":\"h\",\"user_name\":\"H\"},{\"user_id\":true}]");
}

/* Requests of the first life of each sort of event, which is the one that is troubled. */
struct made {
    unsigned by_messages, by_object;
};

static struct made run_to_the_end(struct lasting *aws, bool by_queue, const char *attempts)
{
    struct made made = {0};
    made.by_object = by_queue ? 0 : deliver(aws, false, attempts);
    if (by_queue) {
        made.by_messages = deliver(aws, true, attempts);
    }
    aws->blow = NO_BLOW;
    for (int i = 0; i < LIVES; i++) {
        (void)deliver(aws, false, attempts);
        (void)deliver(aws, true, attempts);
    }
    return made;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(a, b); /* both begin with the id */
}

static void require_same(struct lasting *aws, struct lasting *clean, enum blow blow, unsigned k)
{
    qsort(aws->users, aws->user_count, sizeof *aws->users, by_id);
    qsort(clean->users, clean->user_count, sizeof *clean->users, by_id);
    qsort(aws->kept, aws->kept_count, sizeof *aws->kept, by_id);
    qsort(clean->kept, clean->kept_count, sizeof *clean->kept, by_id);
    if (aws->user_count != clean->user_count || aws->kept_count != clean->kept_count ||
        memcmp(aws->users, clean->users, sizeof aws->users) != 0 ||
        memcmp(aws->kept, clean->kept, sizeof aws->kept) != 0) {
        fail_msg("blow %d at request %u: %zu users, %zu rejects", (int)blow, k, aws->user_count,
                 aws->kept_count);
    }
    for (size_t i = 0; i < aws->letter_count; i++) {
        assert_true(aws->letters[i].done);
    }
}

static void strike_each(bool by_queue, enum blow blow, const char *attempts)
{
    static struct lasting clean;
    static struct lasting aws;
    begin(&clean, by_queue);
    struct made made = run_to_the_end(&clean, by_queue, attempts);
    unsigned count = by_queue ? made.by_messages : made.by_object;
    assert_in_range(count, 7, 20);
    assert_int_equal(clean.user_count, 6);
    assert_int_equal(clean.kept_count, 4);
    for (unsigned k = 0; k < count; k++) {
        begin(&aws, by_queue);
        aws.blow = blow;
        aws.blow_at = k;
        (void)run_to_the_end(&aws, by_queue, attempts);
        require_same(&aws, &clean, blow, k);
    }
}

static void each_request_can_fail(void **state)
{
    (void)state;
    for (int blow = RESET_BEFORE; blow <= ERROR_500; blow++) {
        strike_each(true, (enum blow)blow, NO_RETRIES);
        strike_each(false, (enum blow)blow, NO_RETRIES);
    }
}

static void each_request_can_fail_and_is_made_again(void **state)
{
    (void)state;
    for (int blow = RESET_BEFORE; blow <= ERROR_500; blow++) {
        strike_each(true, (enum blow)blow, RETRIES);
    }
}

static void the_process_can_end_before_each_request(void **state)
{
    (void)state;
    strike_each(true, DEATH_BEFORE, NO_RETRIES);
    strike_each(false, DEATH_BEFORE, NO_RETRIES);
}

static void the_process_can_end_after_each_request(void **state)
{
    (void)state;
    strike_each(true, DEATH_AFTER, NO_RETRIES);
    strike_each(false, DEATH_AFTER, NO_RETRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_can_fail),
        cmocka_unit_test(each_request_can_fail_and_is_made_again),
        cmocka_unit_test(the_process_can_end_before_each_request),
        cmocka_unit_test(the_process_can_end_after_each_request),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

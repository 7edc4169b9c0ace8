#include "test/unit/aws/table.h"

#include "aws/dynamodb_slot.h"

#include <jansson.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Answers with one row after the other, the last one for ever. */
struct answers {
    const struct answer {
        int status;
        const char *body;
        bool reset;
    } * rows;
    size_t count;
    char last_body[1024];
};

static void answer(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct answers *a = ctx;
    const struct answer *row =
        &a->rows[request->number < a->count ? request->number : a->count - 1];
    assert_true(str_to_c(request->body, a->last_body, sizeof a->last_body));
    if (row->reset) {
        reply->reset = true;
        return;
    }
    fake_reply_with(reply, row->status, "", str_from(row->body));
}

#define THROTTLED "{\"__type\":\"x#ProvisionedThroughputExceededException\"}"
#define REFUSED_FOR(item)                                                                          \
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","            \
    "\"message\":\"The conditional request failed\"" item "}"

static const struct {
    const char *word;
    struct answer rows[3];
    size_t count;
    enum dynamodb_outcome outcome;
    enum err_kind flushed;
} outcomes[] = {
    {"written", {{200, "{}", false}}, 1, DYNAMODB_WRITTEN, ERR_NONE},
    {"same",
     {{400, REFUSED_FOR(",\"Item\":{\"_v\":{\"S\":\"5\"}}"), false}},
     1,
     DYNAMODB_DUPLICATE,
     ERR_NONE},
    {"newer",
     {{400, REFUSED_FOR(",\"Item\":{\"_v\":{\"S\":\"6\"}}"), false}},
     1,
     DYNAMODB_STALE,
     ERR_NONE},
    {"unknown", {{400, REFUSED_FOR(""), false}}, 1, DYNAMODB_STALE, ERR_NONE},
    {"of another type",
     {{400, REFUSED_FOR(",\"Item\":{\"_v\":{\"N\":\"5\"}}"), false}},
     1,
     DYNAMODB_STALE,
     ERR_NONE},
    {"applied, then the reply was lost",
     {{0, "", true}, {400, REFUSED_FOR(",\"Item\":{\"_v\":{\"S\":\"5\"}}"), false}},
     2,
     DYNAMODB_WRITTEN,
     ERR_NONE},
    {"applied, then 500",
     {{500, "", false}, {400, REFUSED_FOR(",\"Item\":{\"_v\":{\"S\":\"5\"}}"), false}},
     2,
     DYNAMODB_WRITTEN,
     ERR_NONE},
    {"throttled before anything was written",
     {{400, THROTTLED, false}, {400, REFUSED_FOR(",\"Item\":{\"_v\":{\"S\":\"5\"}}"), false}},
     2,
     DYNAMODB_DUPLICATE,
     ERR_NONE},
    {"applied, the reply lost, then throttled",
     {{0, "", true},
      {400, THROTTLED, false},
      {400, REFUSED_FOR(",\"Item\":{\"_v\":{\"S\":\"5\"}}"), false}},
     3,
     DYNAMODB_WRITTEN,
     ERR_NONE},
    {"another writer's transaction",
     {{400, "{\"__type\":\"x#TransactionConflictException\"}", false}, {200, "{}", false}},
     2,
     DYNAMODB_WRITTEN,
     ERR_NONE},
    {"its transaction goes on",
     {{400, "{\"__type\":\"x#TransactionConflictException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_NONE},
    {"a code that we do not know",
     {{400, "{\"__type\":\"x#NewlyInventedException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_NONE},
    {"the item is bad",
     {{400, "{\"__type\":\"ValidationException\"}", false}},
     1,
     DYNAMODB_REFUSED,
     ERR_NONE},
    {"our request is bad",
     {{400, "{\"__type\":\"SerializationException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_BUG},
    {"no such operation",
     {{400, "{\"__type\":\"x#UnknownOperationException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_BUG},
    {"no DynamoDB there", {{404, "<html></html>", false}}, 1, DYNAMODB_FAILED, ERR_BUG},
    {"keys of another world",
     {{400, "{\"__type\":\"x#UnrecognizedClientException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_DENIED},
    {"a bad signature",
     {{400, "{\"__type\":\"x#InvalidSignatureException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_DENIED},
    {"busy for ever", {{500, "", false}}, 1, DYNAMODB_FAILED, ERR_NONE},
    {"no table",
     {{400, "{\"__type\":\"ResourceNotFoundException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_MISSING},
    {"forbidden",
     {{400, "{\"__type\":\"AccessDeniedException\"}", false}},
     1,
     DYNAMODB_FAILED,
     ERR_DENIED},
    {"not JSON", {{200, "OK", false}}, 1, DYNAMODB_FAILED, ERR_BUG},
};

static void an_items_outcome_is_what_the_condition_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        struct answers answers = {.rows = outcomes[i].rows, .count = outcomes[i].count};
        struct table *t = table_start(DYNAMODB_NEWEST, 0, answer, &answers);
        assert_int_equal(table_put(t, 0, "a", STR("5")), ERR_NONE);
        enum err_kind flushed = table_flush(t);
        if (t->told[0] != 1 || t->outcomes[0] != outcomes[i].outcome ||
            flushed != outcomes[i].flushed) {
            fail_msg("%s: outcome %d, flush %s", outcomes[i].word, t->outcomes[0],
                     err_kind_name(flushed));
        }
        table_stop(t);
        free(t);
    }
}

static void the_request_is_as_documented(void **state)
{
    (void)state;
    static const struct answer rows[] = {{200, "{}", false}};
    struct answers answers = {.rows = rows, .count = 1};
    struct table *t = table_start(DYNAMODB_NEWEST, 0, answer, &answers);
    assert_int_equal(table_put(t, 0, "\xc3\xbc\"", STR("5")), ERR_NONE);
    assert_int_equal(table_flush(t), ERR_NONE);
    table_stop(t);
    json_t *sent = json_loads(answers.last_body, 0, NULL);
    json_t *wanted = json_loads(
        "{\"TableName\":\"user-data-table\",\"ConditionExpression\":\"attribute_not_exists(#k) OR "
        "attribute_not_exists(#v) OR #v < :v\",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\","
        "\"ExpressionAttributeNames\":{\"#k\":\"user_id\",\"#v\":\"_v\"},"
        "\"ExpressionAttributeValues\":{\":v\":{\"S\":\"5\"}},"
        "\"Item\":{\"user_id\":{\"S\":\"\xc3\xbc\\\"\"},\"_v\":{\"S\":\"5\"},"
        "\"user_name\":{\"S\":\"Ann\"}}}",
        0, NULL);
    assert_non_null(wanted);
    assert_true(json_equal(sent, wanted));
    json_decref(sent);
    json_decref(wanted);
    free(t);
}

static void a_large_stored_item_is_still_compared(void **state)
{
    (void)state;
    static char body[DYNAMODB_MAX_ITEM_BYTES * 3];
    static const char start[] = "{\"__type\":\"x#ConditionalCheckFailedException\",\"Item\":{\"a\":"
                                "{\"S\":\"";
    static const char end[] = "\"},\"_v\":{\"S\":\"5\"}}}";
    memset(body, 'x', sizeof body - 1);
    memcpy(body, start, sizeof start - 1);
    memcpy(body + sizeof body - sizeof end, end, sizeof end);
    const struct answer rows[] = {{400, body, false}};
    struct answers answers = {.rows = rows, .count = 1};
    struct table *t = table_start(DYNAMODB_NEWEST, 0, answer, &answers);
    assert_int_equal(table_put(t, 0, "a", STR("5")), ERR_NONE);
    assert_int_equal(table_flush(t), ERR_NONE);
    assert_int_equal(t->outcomes[0], DYNAMODB_DUPLICATE);
    table_stop(t);
    free(t);
}

static void slowly(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    reply->delay_ms = request->number % 7 == 0 ? 20 : 2;
    fake_reply_with(reply, 200, "", STR("{}"));
}

static void many_items_are_in_flight_and_each_has_one_outcome(void **state)
{
    (void)state;
    struct table *t = table_start(DYNAMODB_NEWEST, 8, slowly, NULL);
    table_put_many(t, 500);
    assert_int_equal(table_flush(t), ERR_NONE);
    table_check_told(t, 500);
    assert_int_equal(t->of[DYNAMODB_WRITTEN], 500);
    table_stop(t);
    assert_in_range(t->rig.service.connections, 2, 8);
    assert_int_equal(t->rig.service.requests, 500);
    free(t);
}

static void after_a_systemic_failure_puts_fail_until_flush(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {400, "{\"__type\":\"ResourceNotFoundException\"}", false},
        {200, "{}", false},
    };
    struct answers answers = {.rows = rows, .count = COUNT(rows)};
    struct table *t = table_start(DYNAMODB_NEWEST, 1, answer, &answers);
    assert_int_equal(table_put(t, 0, "a", STR("1")), ERR_NONE);
    assert_int_equal(table_put(t, 1, "b", STR("1")), ERR_MISSING);
    assert_int_equal(table_put(t, 2, "c", STR("1")), ERR_MISSING);
    assert_int_equal(t->of[DYNAMODB_FAILED], 3);
    assert_string_equal(t->why.code, "ResourceNotFoundException");
    assert_int_equal(table_flush(t), ERR_MISSING);
    assert_int_equal(table_put(t, 3, "d", STR("1")), ERR_NONE);
    assert_int_equal(table_flush(t), ERR_NONE);
    assert_int_equal(t->outcomes[3], DYNAMODB_WRITTEN);
    table_check_told(t, 4);
    table_stop(t);
    assert_int_equal(t->rig.service.requests, 2);
    free(t);
}

static void an_unknown_refusal_is_told_and_stops_nothing(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {400, "{\"__type\":\"x#NewlyInventedException\"}", false},
        {200, "{}", false},
    };
    struct answers answers = {.rows = rows, .count = COUNT(rows)};
    struct table *t = table_start(DYNAMODB_NEWEST, 1, answer, &answers);
    table_put_many(t, 3);
    assert_int_equal(table_flush(t), ERR_NONE);
    assert_int_equal(t->outcomes[0], DYNAMODB_FAILED);
    assert_int_equal(t->why.kind, ERR_BUG);
    assert_string_equal(t->why.code, "NewlyInventedException");
    assert_int_equal(t->of[DYNAMODB_WRITTEN], 2);
    table_stop(t);
    free(t);
}

static void an_item_over_a_limit_is_refused_without_a_request(void **state)
{
    (void)state;
    struct table *t = table_start(DYNAMODB_NEWEST, 0, slowly, NULL);
    assert_int_equal(table_put(t, 0, "", STR("1")), ERR_NONE);
    assert_int_equal(t->outcomes[0], DYNAMODB_REFUSED);
    assert_int_equal(table_flush(t), ERR_NONE);
    table_stop(t);
    assert_int_equal(t->rig.service.requests, 0);
    free(t);
}

static void out_of_time_everything_is_failed_once(void **state)
{
    (void)state;
    struct table *t = table_start(DYNAMODB_NEWEST, 4, slowly, NULL);
    client_set_deadline(&t->rig.client, rig_now_ms() - 1);
    for (size_t i = 0; i < 10; i++) {
        (void)table_put(t, i, "k", STR("1"));
    }
    assert_int_equal(table_flush(t), ERR_DEADLINE);
    table_check_told(t, 10);
    assert_int_equal(t->of[DYNAMODB_FAILED], 10);
    table_stop(t);
    assert_int_equal(t->rig.service.requests, 0);
    free(t);
}

static void the_account_of_a_tables_arn_is_the_requests(void **state)
{
    (void)state;
    static const struct {
        const char *table, *account;
    } rows[] = {
        {"arn:aws:dynamodb:eu-west-1:123456789012:table/users", "123456789012"},
        {"arn:aws:dynamodb:us-east-1:123456789012:table/users", ""},
        {"arn:aws:dynamodb:eu-west-1:12345678901:table/users", ""},
        {"arn:aws:dynamodb:eu-west-1:evil.example/:table/users", ""},
        {"users", ""},
    };
    struct client client;
    rig_client(&client, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dynamodb_writer *writer = NULL;
        struct why why = {0};
        const struct dynamodb_config config = {
            .client = &client,
            .table = str_from(rows[i].table),
            .key_name = STR("user_id"),
            .version_name = STR("_v"),
        };
        assert_int_equal(dynamodb_open(&config, &writer, &why).kind, ERR_NONE);
        str account = writer->slots[0].json_call.call.request.account;
        assert_true(str_eq(account, str_from(rows[i].account)));
        dynamodb_close(writer);
    }
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_items_outcome_is_what_the_condition_says),
        cmocka_unit_test(the_request_is_as_documented),
        cmocka_unit_test(a_large_stored_item_is_still_compared),
        cmocka_unit_test(many_items_are_in_flight_and_each_has_one_outcome),
        cmocka_unit_test(after_a_systemic_failure_puts_fail_until_flush),
        cmocka_unit_test(an_unknown_refusal_is_told_and_stops_nothing),
        cmocka_unit_test(an_item_over_a_limit_is_refused_without_a_request),
        cmocka_unit_test(out_of_time_everything_is_failed_once),
        cmocka_unit_test(the_account_of_a_tables_arn_is_the_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

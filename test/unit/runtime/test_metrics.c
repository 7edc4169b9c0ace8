/* An invocation's metrics, read back as CloudWatch would. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "runtime/emf.h"
#include "runtime/metrics.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { NOW_MS = 1780000000, MAX_LINES = 4 };

struct stage {
    int ends[2];
    struct log log;
    struct lambda_function function;
    struct lambda_invocation invocation;
    struct ingest ingest;
    struct ports_read read;
    struct metrics metrics;
    json_t *lines[MAX_LINES];
    size_t line_count, longest;
};

static int64_t no_time(void)
{
    return 0;
}

static int open_stage(void **state)
{
    static struct stage stage;
    stage = (struct stage){
        .function = {.name = STR("f")},
        .invocation = {.event = STR("{}"), .request_id = STR("r-1"), .deadline_ms = INT64_MAX},
    };
    stage.metrics = (struct metrics){
        .invocation = &stage.invocation,
        .ingest = &stage.ingest,
        .read = &stage.read,
        .began_ms = NOW_MS - 40,
        .ended_ms = NOW_MS,
    };
    *state = &stage;
    if (pipe2(stage.ends, O_NONBLOCK)) {
        return -1;
    }
    stage.log = (struct log){.fd = stage.ends[1], .level = LOG_OFF, .now_ms = no_time};
    stage.invocation.log = &stage.log;
    stage.invocation.function = &stage.function;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < stage->line_count; i++) {
        json_decref(stage->lines[i]);
    }
    (void)close(stage->ends[0]);
    (void)close(stage->ends[1]);
    return 0;
}

static void write_all(struct stage *stage)
{
    static char memory[64 * 1024];
    metrics_write(&stage->metrics);
    ssize_t len = read(stage->ends[0], memory, sizeof memory);
    str text = {memory, len > 0 ? (size_t)len : 0};
    while (text.len) {
        struct str_halves cut = str_cut(text, '\n');
        assert_true(cut.found && stage->line_count < MAX_LINES);
        json_t *line = json_loadb(cut.head.at, cut.head.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(line);
        stage->lines[stage->line_count++] = line;
        stage->longest = cut.head.len > stage->longest ? cut.head.len : stage->longest;
        text = cut.tail;
    }
}

/* -1 when the line has no such number. */
static int64_t number(const struct stage *stage, size_t line, const char *name)
{
    json_t *value = json_object_get(stage->lines[line], name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

static const char *source(const struct stage *stage, size_t line)
{
    return json_string_value(json_object_get(stage->lines[line], "Source"));
}

static void each_source_has_a_line_and_the_invocation_s_figures_are_on_the_first(void **state)
{
    struct stage *stage = *state;
    struct delivery kinesis = {.origin = ORIGIN_KINESIS};
    struct delivery again = {.origin = ORIGIN_SQS, .next = &kinesis};
    struct delivery sqs = {.origin = ORIGIN_SQS, .next = &again};
    stage->ingest.deliveries = &sqs;
    stage->ingest.counts[ORIGIN_SQS] = (struct ingest_counts){.in = 21,
                                                              .of = {1, 2, 3, 4, 5, 6},
                                                              .ignored = 7,
                                                              .objects = 8,
                                                              .continuations = 14,
                                                              .mismatch = true};
    stage->ingest.counts[ORIGIN_KINESIS].in = 9;
    stage->read = (struct ports_read){.bytes = 100, .resumes = 10, .stopped = true};
    stage->metrics.dynamodb = (struct dynamodb_use){11, 12, 13, 2, 30};
    stage->metrics.cold_start = true;
    write_all(stage);
    static const struct {
        const char *name;
        int64_t sqs, kinesis;
    } rows[] = {
        {"RecordsIn", 21, 9},
        {"Written", 1, 0},
        {"Duplicate", 2, 0},
        {"Stale", 3, 0},
        {"Rejected", 4, 0},
        {"Deferred", 5, 0},
        {"Failed", 6, 0},
        {"Ignored", 7, 0},
        {"ObjectsIn", 8, 0},
        {"Continuations", 14, 0},
        {"AccountingMismatch", 1, 0},
        {"S3Resumes", 10, -1},
        {"DynamoRequests", 11, -1},
        {"Throttled", 12, -1},
        {"Unprocessed", 13, -1},
        {"DynamoLatencyMs", 15, -1},
        {"BytesIn", 102, -1},
        {"DeadlineStops", 1, -1},
        {"ColdStart", 1, -1},
        {"ms", 40, -1},
    };
    assert_int_equal(stage->line_count, 2);
    assert_string_equal(source(stage, 0), "sqs");
    assert_string_equal(source(stage, 1), "kinesis");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (number(stage, 0, rows[i].name) != rows[i].sqs ||
            number(stage, 1, rows[i].name) != rows[i].kinesis) {
            fail_msg("%s", rows[i].name);
        }
    }
    assert_true(number(stage, 0, "MaxRssKb") > 0);
    assert_int_equal(number(stage, 1, "MaxRssKb"), -1);
}

static void an_event_of_no_source_has_a_line_of_zeros(void **state)
{
    struct stage *stage = *state;
    write_all(stage);
    assert_int_equal(stage->line_count, 1);
    assert_string_equal(source(stage, 0), "unknown");
    assert_int_equal(number(stage, 0, "RecordsIn"), 0);
    assert_int_equal(number(stage, 0, "Failed"), 0);
    assert_int_equal(number(stage, 0, "ColdStart"), 0);
    assert_int_equal(number(stage, 0, "BytesIn"), 2);
    assert_int_equal(number(stage, 0, "DynamoLatencyMs"), -1);
    assert_int_equal(number(stage, 0, "RecordAgeMs"), -1);
}

static void every_metric_is_declared_once_and_has_a_value(void **state)
{
    struct stage *stage = *state;
    struct input input = {.event_ms = 1};
    struct delivery direct = {.origin = ORIGIN_DIRECT, .inputs = &input};
    stage->ingest.deliveries = &direct;
    stage->metrics.dynamodb.answers = 1;
    write_all(stage);
    json_t *about = json_object_get(stage->lines[0], "_aws");
    json_t *set = json_array_get(json_object_get(about, "CloudWatchMetrics"), 0);
    assert_string_equal(json_string_value(json_object_get(set, "Namespace")), "UserIngest");
    char *dimensions = json_dumps(json_object_get(set, "Dimensions"), JSON_COMPACT);
    assert_string_equal(dimensions, "[[\"FunctionName\"],[\"FunctionName\",\"Source\"]]");
    free(dimensions);
    json_t *metrics = json_object_get(set, "Metrics");
    assert_int_equal(json_array_size(metrics), 21);
    for (size_t i = 0; i < json_array_size(metrics); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(metrics, i), "Name"));
        assert_true(number(stage, 0, name) >= 0);
    }
}

static void the_age_is_that_of_the_source_s_oldest_input(void **state)
{
    struct stage *stage = *state;
    struct input unknown = {.event_ms = 0};
    struct input old = {.event_ms = NOW_MS - 5000, .next = &unknown};
    struct input ahead = {.event_ms = NOW_MS + 1000};
    struct delivery sqs = {.origin = ORIGIN_SQS, .inputs = &ahead};
    struct delivery older = {.origin = ORIGIN_S3, .inputs = &old, .next = &sqs};
    struct delivery s3 = {.origin = ORIGIN_S3, .inputs = &ahead, .next = &older};
    stage->ingest.deliveries = &s3;
    write_all(stage);
    assert_int_equal(number(stage, 0, "RecordAgeMs"), 5000);
    assert_int_equal(number(stage, 1, "RecordAgeMs"), 0);
}

static void a_function_without_a_name_has_metrics_too(void **state)
{
    struct stage *stage = *state;
    stage->function.name = STR("");
    write_all(stage);
    assert_int_equal(stage->line_count, 1);
    assert_string_equal(json_string_value(json_object_get(stage->lines[0], "FunctionName")),
                        "unknown");
}

/* A pipe takes it in one piece then, between the lines of others. */
static void the_longest_line_is_one_write(void **state)
{
    static const char name[] =
        "a-function-s-name-has-up-to-64-bytes-or-170-with-its-whole-arn-01234567"
        "a-function-s-name-has-up-to-64-bytes-or-170-with-its-whole-arn-01234567"
        "a-function-s-name-has-up-to-64";
    struct stage *stage = *state;
    struct input input = {.event_ms = 1};
    struct delivery sqs = {.origin = ORIGIN_SQS, .inputs = &input};
    const uint64_t most = INT64_MAX;
    stage->function.name = str_from(name);
    stage->ingest.deliveries = &sqs;
    stage->ingest.counts[ORIGIN_SQS] = (struct ingest_counts){
        .in = most, .of = {most, most, most, most, most, most}, .ignored = most, .objects = most};
    stage->metrics.dynamodb = (struct dynamodb_use){most, most, most, 1, most};
    stage->read = (struct ports_read){.bytes = most - 2, .resumes = most};
    write_all(stage);
    assert_true(stage->longest > 1500 && stage->longest < PIPE_BUF);
}

int main(void)
{
#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        ON_STAGE(each_source_has_a_line_and_the_invocation_s_figures_are_on_the_first),
        ON_STAGE(an_event_of_no_source_has_a_line_of_zeros),
        ON_STAGE(every_metric_is_declared_once_and_has_a_value),
        ON_STAGE(the_age_is_that_of_the_source_s_oldest_input),
        ON_STAGE(a_function_without_a_name_has_metrics_too),
        ON_STAGE(the_longest_line_is_one_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Metrics, read back as CloudWatch would. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "runtime/emf.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int64_t fixed_clock(void)
{
    return 1440938160250;
}

/* Ends the metrics in a log that is read back: what was written, or nothing. */
static str written(struct emf *emf, char *memory, size_t room)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    const struct log log = {.fd = ends[1], .level = LOG_OFF, .now_ms = fixed_clock};
    bool said = emf_end(emf, &log);
    ssize_t len = read(ends[0], memory, room);
    assert_int_equal(said, len > 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return (str){memory, len > 0 ? (size_t)len : 0};
}

static void metrics_are_one_line_whatever_the_level(void **state)
{
    (void)state;
    struct emf emf;
    char memory[1024];
    emf_start(&emf, STR("Users"), 1440938160250);
    emf_dimension(&emf, STR("FunctionName"), STR("f\"1"));
    emf_dimension(&emf, STR("Source"), STR("s3"));
    emf_property(&emf, STR("requestId"), STR("r-1"));
    emf_metric(&emf, STR("Written"), STR("Count"), 3);
    emf_metric(&emf, STR("Taken"), STR("Milliseconds"), UINT64_MAX);
    str line = written(&emf, memory, sizeof memory);
    const char *expected =
        "{\"_aws\":{\"Timestamp\":1440938160250,\"CloudWatchMetrics\":[{\"Namespace\":\"Users\","
        "\"Dimensions\":[[\"FunctionName\",\"Source\"]],\"Metrics\":[{\"Name\":\"Written\","
        "\"Unit\":\"Count\"},{\"Name\":\"Taken\",\"Unit\":\"Milliseconds\"}]}]},\"FunctionName\":"
        "\"f\\\"1\",\"Source\":\"s3\",\"requestId\":\"r-1\",\"Written\":3,\"Taken\":"
        "18446744073709551615}\n";
    if (!str_eq(line, str_from(expected))) {
        fail_msg("wrote %.*s", (int)line.len, line.at);
    }
}

static void each_set_of_dimensions_holds_those_before_it(void **state)
{
    (void)state;
    struct emf emf;
    char memory[1024];
    emf_start(&emf, STR("n"), 0);
    emf_dimension(&emf, STR("A"), STR("1"));
    emf_dimension(&emf, STR("B"), STR("2"));
    emf_dimension_set(&emf);
    emf_dimension(&emf, STR("C"), STR("3"));
    emf_dimension_set(&emf);
    emf_dimension(&emf, STR("D"), STR("4"));
    emf_number(&emf, STR("took"), 5);
    emf_metric(&emf, STR("m"), STR("Count"), 0);
    str line = written(&emf, memory, sizeof memory);
    const char *expected =
        "{\"_aws\":{\"Timestamp\":0,\"CloudWatchMetrics\":[{\"Namespace\":\"n\",\"Dimensions\":"
        "[[\"A\",\"B\"],[\"A\",\"B\",\"C\"],[\"A\",\"B\",\"C\",\"D\"]],\"Metrics\":[{\"Name\":"
        "\"m\",\"Unit\":\"Count\"}]}]},\"A\":\"1\",\"B\":\"2\",\"C\":\"3\",\"D\":\"4\",\"took\":5,"
        "\"m\":0}\n";
    if (!str_eq(line, str_from(expected))) {
        fail_msg("wrote %.*s", (int)line.len, line.at);
    }
}

static void without_dimensions_the_set_is_empty(void **state)
{
    (void)state;
    struct emf emf;
    char memory[1024];
    emf_start(&emf, STR("n"), 0);
    emf_metric(&emf, STR("m"), STR("Count"), 0);
    assert_non_null(strstr(written(&emf, memory, sizeof memory).at, "\"Dimensions\":[[]],"));
}

static void what_cloudwatch_would_not_take_is_not_written(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        unsigned dimensions, metrics;
        bool said;
    } rows[] = {
        {"no metric", 1, 0, false},
        {"as many as it takes", EMF_MAX_DIMENSIONS, EMF_MAX_METRICS, true},
        {"a dimension more", EMF_MAX_DIMENSIONS + 1, 1, false},
        {"a metric more", 1, EMF_MAX_METRICS + 1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct emf emf;
        char memory[EMF_MAX_LINE_BYTES];
        char name[16];
        emf_start(&emf, STR("n"), 0);
        for (unsigned d = 0; d < rows[i].dimensions; d++) {
            (void)snprintf(name, sizeof name, "d%u", d);
            emf_dimension(&emf, str_from(name), STR("v"));
        }
        for (unsigned m = 0; m < rows[i].metrics; m++) {
            (void)snprintf(name, sizeof name, "m%u", m);
            emf_metric(&emf, str_from(name), STR("Count"), m);
        }
        if ((written(&emf, memory, sizeof memory).len > 0) != rows[i].said) {
            fail_msg("%s", rows[i].word);
        }
    }
}

static void names_and_values_are_as_long_as_cloudwatch_takes_them(void **state)
{
    (void)state;
    static char x[1025];
    memset(x, 'x', sizeof x);
    static const struct {
        const char *word;
        size_t name_space, dimension, value, metric;
        bool said;
    } rows[] = {
        {"the shortest", 1, 1, 1, 1, true},
        {"the longest", 1024, 250, 1024, 1024, true},
        {"no namespace", 0, 1, 1, 1, false},
        {"a long namespace", 1025, 1, 1, 1, false},
        {"a dimension without a name", 1, 0, 1, 1, false},
        {"a dimension with a long name", 1, 251, 1, 1, false},
        {"a dimension without a value", 1, 1, 0, 1, false},
        {"a dimension with a long value", 1, 1, 1025, 1, false},
        {"a metric without a name", 1, 1, 1, 0, false},
        {"a metric with a long name", 1, 1, 1, 1025, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct emf emf;
        char memory[EMF_MAX_LINE_BYTES];
        emf_start(&emf, (str){x, rows[i].name_space}, 0);
        emf_dimension(&emf, (str){x, rows[i].dimension}, (str){x, rows[i].value});
        emf_metric(&emf, (str){x, rows[i].metric}, STR("Count"), 1);
        if ((written(&emf, memory, sizeof memory).len > 0) != rows[i].said) {
            fail_msg("%s", rows[i].word);
        }
    }
}

static void what_does_not_fit_is_not_written_in_part(void **state)
{
    (void)state;
    static char value[EMF_MAX_LINE_BYTES];
    memset(value, 'a', sizeof value);
    for (size_t len = EMF_MAX_LINE_BYTES / 2 - 200; len < sizeof value; len += 97) {
        struct emf emf;
        char memory[2 * EMF_MAX_LINE_BYTES];
        emf_start(&emf, STR("n"), 0);
        emf_property(&emf, STR("p"), (str){value, len});
        emf_metric(&emf, STR("m"), STR("Count"), 1);
        str line = written(&emf, memory, sizeof memory);
        assert_true(line.len == 0 || line.at[line.len - 2] == '}');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_one_line_whatever_the_level),
        cmocka_unit_test(each_set_of_dimensions_holds_those_before_it),
        cmocka_unit_test(without_dimensions_the_set_is_empty),
        cmocka_unit_test(what_cloudwatch_would_not_take_is_not_written),
        cmocka_unit_test(names_and_values_are_as_long_as_cloudwatch_takes_them),
        cmocka_unit_test(what_does_not_fit_is_not_written_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which events are known, which texts are data, and which records are bad: a line for each. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/buf.h"
#include "test/unit/transform/event_fixture.h"

#include <string.h>

/* An event, and in short what is read from it: per delivery "origin:id(inputs)". NULL: unknown. */
struct form {
    const char *word, *event, *read;
};

static void add_short_input(struct buf *b, const struct input *input)
{
    static const char *const kinds[] = {"object ", "text ", "ignored", "bad "};
    buf_add(b, str_from(kinds[input->kind]));
    if (input->kind == INPUT_OBJECT) {
        buf_add(b, input->bucket);
        buf_char(b, '/');
        buf_add(b, input->key);
    } else if (input->kind == INPUT_TEXT) {
        buf_add(b, input->text);
    } else if (input->kind == INPUT_BAD) {
        buf_add(b, reason_code(input->bad));
    }
}

static void add_short(struct buf *b, const struct delivery *first)
{
    for (const struct delivery *d = first; d; d = d->next) {
        buf_add(b, d == first ? STR("") : STR(" "));
        buf_add(b, event_origin_name(d->origin));
        buf_char(b, ':');
        buf_add(b, d->id);
        buf_char(b, '(');
        for (const struct input *in = d->inputs; in; in = in->next) {
            buf_add(b, in == d->inputs ? STR("") : STR(", "));
            add_short_input(b, in);
        }
        buf_char(b, ')');
    }
}

static void check(const struct form *form)
{
    char memory[4096];
    struct buf b;
    buf_wrap(&b, memory, sizeof memory);
    struct result result = read_event(str_from(form->event));
    if (!form->read) {
        if (!is_unknown(&result)) {
            fail_msg("%s: taken", form->word);
        }
        return;
    }
    if (result.err.kind) {
        fail_msg("%s: %s", form->word, result.why.text);
    }
    add_short(&b, result.first);
    if (b.failed || !str_eq(buf_str(&b), str_from(form->read))) {
        fail_msg("%s: read as %.*s", form->word, (int)b.len, b.at);
    }
}

static void check_all(const struct form *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(&forms[i]);
    }
}

#define RECORDS(list) "{\"Records\":[" list "]}"
/* An S3 record whose bucket and object are given as JSON. */
#define S3(name, bucket, object)                                                                   \
    "{\"eventSource\":\"aws:s3\",\"eventName\":\"" name "\",\"s3\":{\"bucket\":" bucket            \
    ",\"object\":" object "}}"
#define CREATED(object) S3("ObjectCreated:Put", "{\"name\":\"b\"}", object)
#define SQS(id, body)   "{\"eventSource\":\"aws:sqs\",\"messageId\":\"" id "\",\"body\":\"" body "\"}"
#define KINESIS(number, data)                                                                      \
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"" number                   \
    "\",\"data\":\"" data "\"}}"

static void what_is_no_event_of_ours_is_unknown(void **state)
{
    static const struct form forms[] = {
        {"nothing", "", NULL},
        {"white space", " \n", NULL},
        {"no JSON", "user_id=1", NULL},
        {"a string", "\"Records\"", NULL},
        {"a list", "[]", NULL},
        {"null", "null", NULL},
        {"an empty object", "{}", NULL},
        {"something else", "{\"hello\":\"world\"}", NULL},
        {"a user", "{\"user_id\":\"u-1\"}", NULL},
        {"two values", "{\"Records\":[]} {}", NULL},
        {"text behind it", "{\"Records\":[]}x", NULL},
        {"Records is an object", "{\"Records\":{}}", NULL},
        {"Records holds a number", RECORDS("1"), NULL},
        {"Records holds a number later", RECORDS(CREATED("{\"key\":\"k\"}") ",1"), NULL},
        {"a record without a source", RECORDS("{\"user_id\":\"1\"}"), NULL},
        {"a later one without", RECORDS(CREATED("{\"key\":\"k\"}") ",{}"), NULL},
        {"a source that is no string", RECORDS("{\"eventSource\":1}"), NULL},
        {"DynamoDB", RECORDS("{\"eventSource\":\"aws:dynamodb\"}"), NULL},
        {"SNS", RECORDS("{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"x\"}}"), NULL},
        {"an SNS message alone", "{\"Type\":\"Notification\",\"TopicArn\":\"a\",\"Message\":\"x\"}",
         NULL},
        {"EventBridge of another service",
         "{\"source\":\"aws.ec2\",\"detail-type\":\"Object Created\",\"detail\":{}}", NULL},
        {"EventBridge of S3, another kind",
         "{\"source\":\"aws.s3\",\"detail-type\":\"AWS API Call via CloudTrail\"}", NULL},
        {"another test", "{\"Event\":\"s3:Other\"}", NULL},
        {"direct, records is no list", "{\"records\":{}}", NULL},
        {"direct, no key", "{\"s3\":{\"bucket\":\"b\"}}", NULL},
        {"direct, key is no string", "{\"s3\":{\"bucket\":\"b\",\"key\":1}}", NULL},
    };
    (void)state;
    check_all(forms, COUNT(forms));
}

static void what_is_an_event_of_ours_is_read(void **state)
{
    static const struct form forms[] = {
        {"no records", "{\"Records\":[]}", ""},
        {"white space around it", " \r\n{ \"Records\" : [ ] }\t", ""},
        {"source in capitals",
         RECORDS("{\"EventSource\":\"AWS:SQS\",\"messageId\":\"m\",\"body\":\"d\"}"),
         "sqs:m(text d)"},
        {"members before and after",
         "{\"a\":[{}],\"Records\":[" SQS("m", "d") "],\"b\":{\"Records\":1}}", "sqs:m(text d)"},
        {"source last", RECORDS("{\"body\":\"d\",\"messageId\":\"m\",\"eventSource\":\"aws:sqs\"}"),
         "sqs:m(text d)"},
        {"object before bucket",
         RECORDS("{\"s3\":{\"object\":{\"key\":\"k\"},\"bucket\":{\"name\":\"b\"}},"
                 "\"eventName\":\"ObjectCreated:Put\",\"eventSource\":\"aws:s3\"}"),
         "s3:(object b/k)"},
        {"s3: before the name",
         RECORDS(S3("s3:ObjectCreated:Post", "{\"name\":\"b\"}", "{\"key\":\"k\"}")),
         "s3:(object b/k)"},
        {"a tag was put", RECORDS(S3("ObjectTagging:Put", "{}", "{}")), "s3:(ignored)"},
        {"nearly created", RECORDS(S3("ObjectCreatedX", "{}", "{}")), "s3:(ignored)"},
        {"two lists", "{\"Records\":[" SQS("m", "d") "],\"Records\":[" SQS("n", "e") "]}",
         "sqs:m(text d) sqs:n(text e)"},
        {"escapes in ids", RECORDS(SQS("m\\u002d1", "d")), "sqs:m-1(text d)"},
        {"EventBridge, object removed",
         "{\"source\":\"aws.s3\",\"detail-type\":\"Object Deleted\",\"detail\":{}}",
         "s3:(ignored)"},
        {"EventBridge, no key",
         "{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"detail\":{}}",
         "s3:(bad E_EVENT_RECORD)"},
        {"direct, empty", "{\"records\":[]}", "direct:(text {\"records\":[]})"},
        {"direct object", "{\"s3\":{\"key\":\"a+b%20\",\"bucket\":\"b\"}}",
         "direct:(object b/a+b%20)"},
    };
    (void)state;
    check_all(forms, COUNT(forms));
}

static void a_message_s_text_is_opened_or_is_data(void **state)
{
    static const struct form forms[] = {
        {"empty", RECORDS(SQS("m", "")), "sqs:m(text )"},
        {"key=value", RECORDS(SQS("m", "user_id=1")), "sqs:m(text user_id=1)"},
        {"a list", RECORDS(SQS("m", "[1]")), "sqs:m(text [1])"},
        {"Records without a source", RECORDS(SQS("m", "{\\\"Records\\\":[{\\\"a\\\":1}]}")),
         "sqs:m(text {\"Records\":[{\"a\":1}]})"},
        {"Records of another source",
         RECORDS(SQS("m", "{\\\"Records\\\":[{\\\"eventSource\\\":\\\"x\\\"}]}")),
         "sqs:m(text {\"Records\":[{\"eventSource\":\"x\"}]})"},
        {"Records that is empty", RECORDS(SQS("m", "{\\\"Records\\\":[]}")),
         "sqs:m(text {\"Records\":[]})"},
        {"a direct invocation is data here", RECORDS(SQS("m", "{\\\"records\\\":[]}")),
         "sqs:m(text {\"records\":[]})"},
        {"a user with everything else",
         RECORDS(SQS("m", "{\\\"user_id\\\":1,\\\"Event\\\":\\\"s3:TestEvent\\\"}")),
         "sqs:m(text {\"user_id\":1,\"Event\":\"s3:TestEvent\"})"},
        {"a test event", RECORDS(SQS("m", " {\\\"Event\\\":\\\"s3:TestEvent\\\"} ")),
         "sqs:m(ignored)"},
        {"a test event, then more", RECORDS(SQS("m", "{\\\"Event\\\":\\\"s3:TestEvent\\\"} 1")),
         "sqs:m(text {\"Event\":\"s3:TestEvent\"} 1)"},
        {"SNS, no topic",
         RECORDS(SQS("m", "{\\\"Type\\\":\\\"Notification\\\",\\\"Message\\\":\\\"x\\\"}")),
         "sqs:m(text {\"Type\":\"Notification\",\"Message\":\"x\"})"},
        {"SNS",
         RECORDS(SQS("m", "{\\\"Message\\\":\\\"x\\\",\\\"TopicArn\\\":\\\"a\\\","
                          "\\\"Type\\\":\\\"Notification\\\"}")),
         "sqs:m(text x)"},
        {"EventBridge",
         RECORDS(SQS("m",
                     "{\\\"source\\\":\\\"aws.s3\\\",\\\"detail-type\\\":\\\"Object Created\\\","
                     "\\\"detail\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},"
                     "\\\"object\\\":{\\\"key\\\":\\\"a+b\\\"}}}")),
         "sqs:m(object b/a+b)"},
        {"an event that breaks off behind a good record",
         RECORDS(SQS("m", "{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\","
                          "\\\"eventName\\\":\\\"x\\\"}, ")),
         "sqs:m(text {\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"x\"}, )"},
        {"a record without a source behind one",
         RECORDS(SQS("m", "{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\","
                          "\\\"eventName\\\":\\\"x\\\"},{}]}")),
         "sqs:m(ignored, bad E_EVENT_RECORD)"},
        {"messages within a message",
         RECORDS(SQS("m", "{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:sqs\\\","
                          "\\\"messageId\\\":\\\"n\\\",\\\"body\\\":\\\"d\\\"}]}")),
         "sqs:m(text d)"},
        {"a test event in a stream", RECORDS(KINESIS("7", "eyJFdmVudCI6InMzOlRlc3RFdmVudCJ9")),
         "kinesis:7(ignored)"},
    };
    (void)state;
    check_all(forms, COUNT(forms));
}

static void a_record_that_lacks_a_part_is_bad_and_keeps_its_id(void **state)
{
    static const struct form forms[] = {
        {"SQS, no body", RECORDS("{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\"}"),
         "sqs:m(bad E_EVENT_RECORD)"},
        {"SQS, body is no string",
         RECORDS("{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\",\"body\":{}}"),
         "sqs:m(bad E_EVENT_RECORD)"},
        {"SQS, no id", RECORDS("{\"eventSource\":\"aws:sqs\",\"body\":\"d\"}"),
         "sqs:(bad E_EVENT_RECORD)"},
        {"only one of two",
         RECORDS("{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\"}," SQS("n", "d")),
         "sqs:m(bad E_EVENT_RECORD) sqs:n(text d)"},
        {"Kinesis, no data",
         RECORDS("{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":\"7\"}}"),
         "kinesis:7(bad E_EVENT_RECORD)"},
        {"Kinesis, a number that is no string",
         RECORDS(
             "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"sequenceNumber\":7,\"data\":\"\"}}"),
         "kinesis:(bad E_EVENT_RECORD)"},
        {"Kinesis, nothing", RECORDS("{\"eventSource\":\"aws:kinesis\"}"),
         "kinesis:(bad E_EVENT_RECORD)"},
        {"base64 without padding", RECORDS(KINESIS("7", "QQ")), "kinesis:7(bad E_BASE64)"},
        {"no base64", RECORDS(KINESIS("7", "Q!==")), "kinesis:7(bad E_BASE64)"},
        {"empty data", RECORDS(KINESIS("7", "")), "kinesis:7(text )"},
        {"an escaped slash in base64", RECORDS(KINESIS("7", "Pj4\\/")), "kinesis:7(text >>?)"},
        {"S3, no event name", RECORDS("{\"eventSource\":\"aws:s3\"}"), "s3:(bad E_EVENT_RECORD)"},
        {"S3, no bucket", RECORDS(S3("ObjectCreated:Put", "{}", "{\"key\":\"k\"}")),
         "s3:(bad E_EVENT_RECORD)"},
        {"S3, no key", RECORDS(CREATED("{}")), "s3:(bad E_EVENT_RECORD)"},
        {"S3, object is a list", RECORDS(CREATED("[{\"key\":\"k\"}]")), "s3:(bad E_EVENT_RECORD)"},
        {"a bucket that would change the host",
         RECORDS(S3("ObjectCreated:Put", "{\"name\":\"evil.example/\"}", "{\"key\":\"k\"}")),
         "s3:(bad E_EVENT_RECORD)"},
        {"a bucket with a line end",
         RECORDS(S3("ObjectCreated:Put", "{\"name\":\"b\\r\\n\"}", "{\"key\":\"k\"}")),
         "s3:(bad E_EVENT_RECORD)"},
        {"an ETag with a line end", RECORDS(CREATED("{\"key\":\"k\",\"eTag\":\"a\\r\\nX: y\"}")),
         "s3:(bad E_EVENT_RECORD)"},
        {"an ETag with a quote", RECORDS(CREATED("{\"key\":\"k\",\"eTag\":\"a\\\"\"}")),
         "s3:(bad E_EVENT_RECORD)"},
        {"a version with a space", RECORDS(CREATED("{\"key\":\"k\",\"versionId\":\"a b\"}")),
         "s3:(bad E_EVENT_RECORD)"},
    };
    (void)state;
    check_all(forms, COUNT(forms));
}

static void a_key_is_form_decoded_utf8_of_1_to_1024_bytes(void **state)
{
    static const struct form forms[] = {
        {"plus and percent", RECORDS(CREATED("{\"key\":\"a+b%2B%20%c3%A9\"}")),
         "s3:(object b/a b+ \u00e9)"},
        {"JSON escapes come first", RECORDS(CREATED("{\"key\":\"a\\u002bb\\/c\"}")),
         "s3:(object b/a b/c)"},
        {"empty", RECORDS(CREATED("{\"key\":\"\"}")), "s3:(bad E_KEY)"},
        {"an escape that is cut", RECORDS(CREATED("{\"key\":\"a%2\"}")), "s3:(bad E_KEY)"},
        {"an escape that is none", RECORDS(CREATED("{\"key\":\"a%zz\"}")), "s3:(bad E_KEY)"},
        {"a percent sign alone", RECORDS(CREATED("{\"key\":\"100%\"}")), "s3:(bad E_KEY)"},
        {"half a character", RECORDS(CREATED("{\"key\":\"%C3\"}")), "s3:(bad E_KEY)"},
        {"a surrogate", RECORDS(CREATED("{\"key\":\"%ED%A0%80\"}")), "s3:(bad E_KEY)"},
    };
    char event[8192];
    (void)state;
    check_all(forms, COUNT(forms));
    for (int len = 1024; len <= 1025; len++) {
        (void)snprintf(event, sizeof event, RECORDS(CREATED("{\"key\":\"%0*d\"}")), len, 0);
        struct result result = read_event(str_from(event));
        assert_int_equal(result.first->inputs->bad, len == 1024 ? REASON_NONE : REASON_E_KEY);
        (void)snprintf(event, sizeof event,
                       RECORDS(CREATED("{\"key\":\"k\",\"versionId\":\"%0*d\"}")), len, 0);
        result = read_event(str_from(event));
        assert_int_equal(result.first->inputs->kind, len == 1024 ? INPUT_OBJECT : INPUT_BAD);
    }
}

/* Fair queues put group ids on the messages of standard queues. */
static void a_group_alone_makes_no_fifo_queue(void **state)
{
    struct result result = read_event(STR(
        RECORDS("{\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"" QUEUE_ARN "\",\"messageId\":"
                "\"m\",\"body\":\"d\",\"attributes\":{\"MessageGroupId\":\"g\"}}")));
    (void)state;
    assert_int_equal(result.err.kind, ERR_NONE);
    assert_true(str_eq(result.first->group_id, STR("g")));
    assert_false(result.first->fifo);
}

static int64_t arrival_ms(const char *number)
{
    char event[512];
    (void)snprintf(event, sizeof event,
                   RECORDS("{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"data\":\"\","
                           "\"sequenceNumber\":\"7\",\"approximateArrivalTimestamp\":%s}}"),
                   number);
    struct result result = read_event(str_from(event));
    assert_int_equal(result.err.kind, ERR_NONE);
    return result.first->inputs->event_ms;
}

static void arrival_times_are_seconds_in_any_notation(void **state)
{
    static const struct {
        const char *number;
        int64_t ms;
    } cases[] = {
        {"1545084650.987", 1545084650987},
        {"1545084650.9879", 1545084650987},
        {"1545084650.98", 1545084650980},
        {"1545084650", 1545084650000},
        {"1.545084650987E9", 1545084650987},
        {"1.545084650987e+9", 1545084650987},
        {"15450846509870e-4", 1545084650987},
        {"1545084650.98765432109876543210987654321", 1545084650987},
        {"0.001", 1},
        {"0.0009", 0},
        {"0", 0},
        {"0e999999999999999999999", 0},
        {"-1545084650.987", 0},
        {"1e30", 0},
        {"1e4294967297", 0},
        {"1e-30", 0},
        {"99999999999999999999999999999999999999", 0},
        {"\"1545084650\"", 0},
        {"null", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (arrival_ms(cases[i].number) != cases[i].ms) {
            fail_msg("%s: %lld", cases[i].number, (long long)arrival_ms(cases[i].number));
        }
    }
}

static void sizes_and_times_that_cannot_be_read_are_not_known(void **state)
{
    static const char *const events[] = {
        RECORDS(CREATED("{\"key\":\"k\",\"size\":\"5\"}")),
        RECORDS(CREATED("{\"key\":\"k\",\"size\":-5}")),
        RECORDS(CREATED("{\"key\":\"k\",\"size\":1e3}")),
        RECORDS(CREATED("{\"key\":\"k\",\"size\":99999999999999999999}")),
        RECORDS("{\"eventTime\":\"2026-03-01 noon\",\"eventSource\":\"aws:s3\",\"eventName\":"
                "\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":"
                "\"k\"}}}"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(events); i++) {
        struct result result = read_event(str_from(events[i]));
        const struct input *input = result.first->inputs;
        assert_int_equal(input->kind, INPUT_OBJECT);
        assert_true(input->size == UINT64_MAX);
        assert_int_equal(input->event_ms, 0);
    }
}

/* As moto writes it. */
static void a_time_of_s3_without_a_zone_is_utc(void **state)
{
    struct result result = read_event(STR(RECORDS(
        "{\"eventTime\":\"1970-01-01T00:00:01.500000\",\"eventSource\":\"aws:s3\",\"eventName\":"
        "\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}")));
    (void)state;
    assert_int_equal(result.first->inputs->event_ms, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_of_s3_without_a_zone_is_utc),
        cmocka_unit_test(what_is_no_event_of_ours_is_unknown),
        cmocka_unit_test(what_is_an_event_of_ours_is_read),
        cmocka_unit_test(a_message_s_text_is_opened_or_is_data),
        cmocka_unit_test(a_record_that_lacks_a_part_is_bad_and_keeps_its_id),
        cmocka_unit_test(a_key_is_form_decoded_utf8_of_1_to_1024_bytes),
        cmocka_unit_test(a_group_alone_makes_no_fifo_queue),
        cmocka_unit_test(arrival_times_are_seconds_in_any_notation),
        cmocka_unit_test(sizes_and_times_that_cannot_be_read_are_not_known),
    };
    return cmocka_run_group_tests(tests, open_block, close_block);
}

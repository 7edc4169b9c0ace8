#include "runtime/metrics.h"

#include "runtime/emf.h"

#include <sys/resource.h>

static void add_count(struct emf *emf, str name, uint64_t value)
{
    emf_metric(emf, name, STR("Count"), value);
}

static void add_records(struct emf *emf, const struct ingest_counts *counts)
{
    add_count(emf, STR("RecordsIn"), counts->in);
    add_count(emf, STR("Written"), counts->of[OUTCOME_WRITTEN]);
    add_count(emf, STR("Duplicate"), counts->of[OUTCOME_DUPLICATE]);
    add_count(emf, STR("Stale"), counts->of[OUTCOME_STALE]);
    add_count(emf, STR("Rejected"), counts->of[OUTCOME_REJECTED]);
    add_count(emf, STR("Deferred"), counts->of[OUTCOME_DEFERRED]);
    add_count(emf, STR("Failed"), counts->of[OUTCOME_FAILED]);
    add_count(emf, STR("Ignored"), counts->ignored);
    add_count(emf, STR("ObjectsIn"), counts->objects);
    add_count(emf, STR("Continuations"), counts->continuations);
    add_count(emf, STR("AccountingMismatch"), counts->mismatch);
}

/* How far behind the source its oldest input is; -1 when none says. */
static int64_t oldest_ms(const struct metrics *metrics, enum origin origin)
{
    int64_t oldest = -1;
    for (const struct delivery *d = metrics->ingest->deliveries; d; d = d->next) {
        for (const struct input *in = d->inputs; in && d->origin == origin; in = in->next) {
            int64_t age = in->event_ms < metrics->ended_ms ? metrics->ended_ms - in->event_ms : 0;
            oldest = in->event_ms > 0 && age > oldest ? age : oldest;
        }
    }
    return oldest;
}

static void add_age(struct emf *emf, const struct metrics *metrics, enum origin origin)
{
    int64_t age_ms = oldest_ms(metrics, origin);
    if (age_ms >= 0) {
        emf_metric(emf, STR("RecordAgeMs"), STR("Milliseconds"), (uint64_t)age_ms);
    }
}

static void add_dynamodb(struct emf *emf, const struct dynamodb_use *use)
{
    add_count(emf, STR("DynamoRequests"), use->requests);
    add_count(emf, STR("Throttled"), use->throttled);
    add_count(emf, STR("Unprocessed"), use->unprocessed);
    if (use->answers) {
        emf_metric(emf, STR("DynamoLatencyMs"), STR("Milliseconds"), use->answer_ms / use->answers);
    }
}

/* The most that the process ever took. */
static uint64_t max_rss_kb(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
}

static void add_invocation(struct emf *emf, const struct metrics *metrics)
{
    int64_t took_ms = metrics->ended_ms - metrics->began_ms;
    int64_t left_ms = lambda_remaining_ms(metrics->invocation);
    add_dynamodb(emf, &metrics->dynamodb);
    emf_metric(emf, STR("BytesIn"), STR("Bytes"),
               metrics->invocation->event.len + metrics->read->bytes);
    add_count(emf, STR("S3Resumes"), metrics->read->resumes);
    add_count(emf, STR("DeadlineStops"), metrics->read->stopped);
    emf_metric(emf, STR("MaxRssKb"), STR("Kilobytes"), max_rss_kb());
    add_count(emf, STR("ColdStart"), metrics->cold_start);
    emf_number(emf, STR("ms"), took_ms > 0 ? (uint64_t)took_ms : 0);
    emf_number(emf, STR("remaining_ms"), (uint64_t)left_ms);
}

static void start_line(struct emf *emf, const struct metrics *metrics, str source)
{
    str name = metrics->invocation->function->name;
    emf_start(emf, STR(METRICS_NAMESPACE), metrics->ended_ms);
    emf_dimension(emf, STR("FunctionName"), name.len ? name : STR("unknown"));
    emf_dimension_set(emf);
    emf_dimension(emf, STR("Source"), source);
    emf_property(emf, STR("requestId"), metrics->invocation->request_id);
}

static bool has_source(const struct ingest *ingest, enum origin origin)
{
    const struct delivery *d = ingest->deliveries;
    while (d && d->origin != origin) {
        d = d->next;
    }
    return d != NULL;
}

static void write_source(const struct metrics *metrics, enum origin origin, bool first)
{
    struct emf emf;
    start_line(&emf, metrics, event_origin_name(origin));
    add_records(&emf, &metrics->ingest->counts[origin]);
    add_age(&emf, metrics, origin);
    if (first) {
        add_invocation(&emf, metrics);
    }
    (void)emf_end(&emf, metrics->invocation->log);
}

static void write_unknown(const struct metrics *metrics)
{
    struct emf emf;
    start_line(&emf, metrics, STR("unknown"));
    add_records(&emf, &(struct ingest_counts){0});
    add_invocation(&emf, metrics);
    (void)emf_end(&emf, metrics->invocation->log);
}

void metrics_write(const struct metrics *metrics)
{
    bool first = true;
    for (int i = 0; i < ORIGIN_COUNT; i++) {
        enum origin origin = (enum origin)i;
        if (has_source(metrics->ingest, origin)) {
            write_source(metrics, origin, first);
            first = false;
        }
    }
    if (first) {
        write_unknown(metrics);
    }
}

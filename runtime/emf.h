/* CloudWatch metrics as a line of the log: the embedded metric format. No call to any service, and
 * nothing to flush.
 *
 *     struct emf emf;
 *     emf_start(&emf, STR("UserIngest"), lambda_now_ms());
 *     emf_dimension(&emf, STR("FunctionName"), in->function->name);
 *     emf_dimension_set(&emf);
 *     emf_dimension(&emf, STR("Source"), STR("s3"));
 *     emf_metric(&emf, STR("RecordsWritten"), STR("Count"), written);
 *     emf_end(&emf, in->log);
 *
 * Source: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
 * CloudWatch_Embedded_Metric_Format_Specification.html
 */
#ifndef RUNTIME_EMF_H
#define RUNTIME_EMF_H

#include "base/buf.h"
#include "base/log.h"

enum {
    EMF_MAX_LINE_BYTES = 16 * 1024,
    EMF_MAX_METRICS = 100,
    EMF_MAX_DIMENSIONS = 30,
    EMF_MAX_NAME_BYTES = 1024, /* of namespaces, metrics and the values of dimensions */
    EMF_MAX_DIMENSION_NAME_BYTES = 250,
};

struct emf {
    struct buf line;   /* up to the metrics' names */
    struct buf values; /* of dimensions and metrics */
    size_t set_at;     /* where in `line` the names of the current set begin */
    unsigned dimensions, metrics;
    bool refused; /* something CloudWatch would not take */
    char line_memory[EMF_MAX_LINE_BYTES];
    char values_memory[EMF_MAX_LINE_BYTES / 2];
};

/* Names differ from each other. What CloudWatch would not take (an empty name or value, one past
 * the bounds above) is told by emf_end. */
void emf_start(struct emf *emf, str name_space, int64_t now_ms);
/* Before the first metric. */
void emf_dimension(struct emf *emf, str name, str value);
/* The dimensions so far are a set of their own, and begin another together with those that follow:
 * CloudWatch keeps each metric once for each set. */
void emf_dimension_set(struct emf *emf);
/* `unit` is CloudWatch's word, and goes in as it is: "Count", "Milliseconds", "Bytes", ... */
void emf_metric(struct emf *emf, str name, str unit, uint64_t value);
/* A word that is searchable in the log and no metric, as a request id. */
void emf_property(struct emf *emf, str name, str value);
void emf_number(struct emf *emf, str name, uint64_t value);
/* Writes it, whatever the log's level is. False, and nothing is written, when it is past what fits
 * or what CloudWatch takes. */
bool emf_end(struct emf *emf, const struct log *log);

#endif

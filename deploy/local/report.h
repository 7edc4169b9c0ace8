/* What the host says: lines for a person on standard error, and one JSON line per invocation for a
 * program (--outcomes). Neither ever holds an event, an answer or a credential.
 */
#ifndef DEPLOY_LOCAL_REPORT_H
#define DEPLOY_LOCAL_REPORT_H

#include "base/err.h"
#include "deploy/local/runtime_api.h"

#include <stdio.h>

enum { REPORT_OUTCOMES = RUNTIME_API_STOPPED + 1 };

struct report {
    FILE *outcomes; /* NULL: not asked for */
    bool quiet;     /* only errors are told */
    bool failed;    /* an outcome could not be written */
    uint64_t invocations, records, records_failed;
    uint64_t by_outcome[REPORT_OUTCOMES];
};

/* Appends to the file at `outcomes_path`; NULL for none. */
err report_open(struct report *report, const char *outcomes_path, bool quiet,
                struct why *why) MUST_USE;
/* One invocation for `records` records, of which `failed` come again or were given up. `source` is
 * "sqs", "s3", "kinesis" or "event". */
void report_invocation(struct report *report, const char *source, size_t records, size_t failed,
                       const struct runtime_api_result *result);
/* What makes a plural of a noun that `count` stands before: "s", or nothing for one. */
const char *report_plural(size_t count);
/* A line, unless quiet. */
void report_note(const struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line in any case. A service's failure names its call and code in why->text. */
void report_failure(const char *what, const struct why *why);
/* The last line, with the totals. ERR_BUG when lines could not be written. Safe on zeroed memory
 * and twice. */
err report_close(struct report *report, long peak_rss_kb, unsigned processes,
                 struct why *why) MUST_USE;

#endif

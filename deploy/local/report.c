#include "deploy/local/report.h"
#include "base/json_write.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { LINE_BYTES = 512 };

err report_open(struct report *report, const char *outcomes_path, bool quiet, struct why *why)
{
    *report = (struct report){.quiet = quiet};
    if (!outcomes_path) {
        return OK;
    }
    report->outcomes = fopen(outcomes_path, "ae");
    if (!report->outcomes) {
        return FAIL(why, ERR_BUG, "cannot write the outcomes: %s", strerror(errno));
    }
    return OK;
}

static void add_number(struct buf *line, const char *name, uint64_t value)
{
    buf_char(line, line->len ? ',' : '{');
    json_add_string(line, str_from(name));
    buf_char(line, ':');
    buf_u64(line, value);
}

static void add_text(struct buf *line, const char *name, const char *value)
{
    buf_char(line, line->len ? ',' : '{');
    json_add_string(line, str_from(name));
    buf_char(line, ':');
    json_add_string(line, str_from(value));
}

/* Written at once, so that a test can read along. */
static void write_line(struct report *report, struct buf *line)
{
    buf_add(line, STR("}\n"));
    if (line->failed || fwrite(line->at, 1, line->len, report->outcomes) != line->len ||
        fflush(report->outcomes) != 0) {
        report->failed = true;
    }
}

void report_invocation(struct report *report, const char *source, size_t records, size_t failed,
                       const struct runtime_api_result *result)
{
    const char *status = runtime_api_outcome_name(result->outcome);
    report->invocations++;
    report->records += records;
    report->records_failed += failed;
    report->by_outcome[result->outcome]++;
    if (result->error_type[0]) {
        report_note(report, "%s: %zu record%s, %s (%s) after %lld ms", source, records,
                    report_plural(records), status, result->error_type, (long long)result->ms);
    } else if (failed && result->outcome == RUNTIME_API_RESPONSE) {
        report_note(report, "%s: %zu record%s, %zu of them handed back", source, records,
                    report_plural(records), failed);
    }
    if (!report->outcomes) {
        return;
    }
    char memory[LINE_BYTES];
    struct buf line;
    buf_wrap(&line, memory, sizeof memory);
    add_text(&line, "source", source);
    add_number(&line, "records", records);
    add_number(&line, "failed", failed);
    add_number(&line, "ms", (uint64_t)result->ms);
    add_text(&line, "status", status);
    if (result->error_type[0]) {
        add_text(&line, "errorType", result->error_type);
    }
    write_line(report, &line);
}

const char *report_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

void report_note(const struct report *report, const char *format, ...)
{
    if (report->quiet) {
        return;
    }
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)fprintf(stderr, "lambda-local: %s\n", text);
}

void report_failure(const char *what, const struct why *why)
{
    (void)fprintf(stderr, "lambda-local: %s: %s\n", what, why->text);
}

static void write_totals(struct report *report, long peak_rss_kb, unsigned processes)
{
    char memory[LINE_BYTES];
    struct buf line;
    buf_wrap(&line, memory, sizeof memory);
    const uint64_t *by = report->by_outcome;
    add_number(&line, "invocations", report->invocations);
    add_number(&line, "records", report->records);
    add_number(&line, "failed", report->records_failed);
    add_number(&line, "ok", by[RUNTIME_API_RESPONSE]);
    add_number(&line, "error", by[RUNTIME_API_ERROR] + by[RUNTIME_API_INIT_ERROR]);
    add_number(&line, "timeout", by[RUNTIME_API_TIMEOUT]);
    add_number(&line, "crash", by[RUNTIME_API_DEATH]);
    add_number(&line, "processes", processes);
    add_number(&line, "peak_rss_kb", peak_rss_kb > 0 ? (uint64_t)peak_rss_kb : 0);
    write_line(report, &line);
}

err report_close(struct report *report, long peak_rss_kb, unsigned processes, struct why *why)
{
    if (!report->outcomes) {
        return OK;
    }
    write_totals(report, peak_rss_kb, processes);
    bool failed = fclose(report->outcomes) != 0 || report->failed;
    report->outcomes = NULL;
    if (failed) {
        return FAIL(why, ERR_BUG, "the outcomes could not be written");
    }
    return OK;
}

/* One event, one line, one write: JSON objects on a file descriptor, as Lambda wants them.
 *
 *     struct log_line line;
 *     if (log_start(log, &line, LOG_WARN, "object is gone")) {
 *         log_u64(&line, "offset", offset);
 *         log_end(&line);
 *     }
 *
 * `message` is a fixed text of ours. Never give the log a field value, a body, an event, an object
 * key or a credential. No line is longer than LOG_LINE_MAX, so that a pipe takes it in one piece
 * (PIPE_BUF): what does not fit is left out from a field on, and "truncated":true says so.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/buf.h"
#include "base/err.h"

enum { LOG_LINE_MAX = 4096 };

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL, LOG_OFF };

struct log {
    int fd;
    enum log_level level;    /* what is below is not written */
    bool text;               /* name=value instead of JSON; a line feed becomes \r */
    bool framed;             /* each record after a header of its length: see log_write */
    int64_t (*now_ms)(void); /* wall clock */
    /* of the current invocation; empty between them, and where it has none */
    str request_id, tenant_id, trace_id;
};

struct log_line {
    const struct log *log;
    enum log_level level;
    struct buf out;
    char memory[LOG_LINE_MAX];
};

/* "debug", "INFO", ...; false when it is none of them. */
bool log_level_parse(str name, enum log_level *out);
const char *log_level_name(enum log_level level);

/* False when the level is switched off: skip the rest. */
bool log_start(const struct log *log, struct log_line *line, enum log_level level,
               const char *message);
void log_str(struct log_line *line, const char *name, str value);
void log_u64(struct log_line *line, const char *name, uint64_t value);
void log_i64(struct log_line *line, const char *name, int64_t value);
/* "kind", "code", "status", "text", "serviceRequestId", "at" (file:line); those that are empty are
 * left out. */
void log_why(struct log_line *line, const struct why *why);
void log_end(struct log_line *line);

/* A line made elsewhere, without its line feed, whatever the log's level is. In a framed log, as
 * Lambda's telemetry descriptor wants it, 16 bytes go before it instead of a line feed after it:
 * the kind (0xa55a0002 JSON, 0xa55a0003 text) with the level in it, the length, and microseconds
 * since 1970, all big-endian. */
void log_write(const struct log *log, enum log_level level, str line);

/* A line with no fields, and a line with a failure. */
void log_message(const struct log *log, enum log_level level, const char *message);
void log_failure(const struct log *log, enum log_level level, const char *message,
                 const struct why *why);

#endif

#include "base/log.h"

#include <errno.h>
#include <sys/uio.h>

#include "base/date.h"
#include "base/json_write.h"

/* The longest end of a line; room for it, and for what is around a line, is always left. */
#define TRUNCATED ",\"truncated\":true}"

enum { FRAME_HEAD_BYTES = 16 };

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO", "WARN",
                                          "ERROR", "FATAL", "OFF"};

bool log_level_parse(str name, enum log_level *out)
{
    for (int level = LOG_TRACE; level <= LOG_OFF; level++) {
        if (str_eq_nocase(name, str_from(level_names[level]))) {
            *out = (enum log_level)level;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return level <= LOG_OFF ? level_names[level] : "OFF";
}

/* A record of plain text is one line too: readers of Lambda's logs show \r as a line break. */
static void add_plain(struct buf *b, str value)
{
    for (struct str_halves line = {.tail = value, .found = true}; line.found;) {
        line = str_cut(line.tail, '\n');
        buf_add(b, line.head);
        if (line.found) {
            buf_char(b, '\r');
        }
    }
}

static void add_name(struct log_line *line, const char *name)
{
    if (line->log->text) {
        buf_char(&line->out, ' ');
        buf_add(&line->out, str_from(name));
        buf_char(&line->out, '=');
        return;
    }
    buf_char(&line->out, ',');
    json_add_string(&line->out, str_from(name));
    buf_char(&line->out, ':');
}

/* After a field: back to before it when it did not fit. `out` stays failed, so that no later field
 * comes, and log_end sees it. */
static void settle(struct log_line *line, size_t before)
{
    if (line->out.failed) {
        line->out.len = before;
    }
}

void log_str(struct log_line *line, const char *name, str value)
{
    size_t before = line->out.len;
    add_name(line, name);
    if (line->log->text) {
        add_plain(&line->out, value);
    } else {
        json_add_string(&line->out, value);
    }
    settle(line, before);
}

void log_u64(struct log_line *line, const char *name, uint64_t value)
{
    size_t before = line->out.len;
    add_name(line, name);
    buf_u64(&line->out, value);
    settle(line, before);
}

void log_i64(struct log_line *line, const char *name, int64_t value)
{
    size_t before = line->out.len;
    add_name(line, name);
    buf_i64(&line->out, value);
    settle(line, before);
}

static void log_str_if_any(struct log_line *line, const char *name, str value)
{
    if (value.len) {
        log_str(line, name, value);
    }
}

/* Where in our code. */
static void log_place(struct log_line *line, const char *file, int number)
{
    char memory[128];
    struct buf place;
    buf_wrap(&place, memory, sizeof memory);
    buf_add(&place, str_from(file));
    buf_char(&place, ':');
    buf_i64(&place, number);
    log_str(line, "at", buf_str(&place));
}

void log_why(struct log_line *line, const struct why *why)
{
    log_str(line, "kind", str_from(err_kind_name(why->kind)));
    log_str_if_any(line, "code", str_from(why->code));
    if (why->status) {
        log_i64(line, "status", why->status);
    }
    log_str_if_any(line, "text", str_from(why->text));
    log_str_if_any(line, "serviceRequestId", str_from(why->request_id));
    if (why->file) {
        log_place(line, why->file, why->line);
    }
}

static void start_json(struct log_line *line, enum log_level level, const char *message)
{
    buf_add(&line->out, STR("{\"timestamp\":\""));
    date_add_rfc3339(&line->out, line->log->now_ms());
    buf_add(&line->out, STR("\",\"level\":\""));
    buf_add(&line->out, str_from(log_level_name(level)));
    buf_char(&line->out, '"');
    log_str(line, "message", str_from(message));
}

static void start_text(struct log_line *line, enum log_level level, const char *message)
{
    date_add_rfc3339(&line->out, line->log->now_ms());
    buf_char(&line->out, ' ');
    buf_add(&line->out, str_from(log_level_name(level)));
    buf_char(&line->out, ' ');
    size_t before = line->out.len;
    add_plain(&line->out, str_from(message));
    settle(line, before);
}

bool log_start(const struct log *log, struct log_line *line, enum log_level level,
               const char *message)
{
    if (level < log->level || log->level >= LOG_OFF) {
        return false;
    }
    line->log = log;
    line->level = level;
    buf_wrap(&line->out, line->memory, sizeof line->memory - STR(TRUNCATED).len - FRAME_HEAD_BYTES);
    if (log->text) {
        start_text(line, level, message);
    } else {
        start_json(line, level, message);
    }
    log_str_if_any(line, "requestId", log->request_id);
    log_str_if_any(line, "tenantId", log->tenant_id);
    log_str_if_any(line, "traceId", log->trace_id);
    return true;
}

static char *add_big_endian(char *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) {
        *at++ = (char)(value >> (8 * i));
    }
    return at;
}

static void write_frame_head(char head[FRAME_HEAD_BYTES], const struct log *log,
                             enum log_level level, size_t len)
{
    uint64_t kind = (log->text ? 0xa55a0003 : 0xa55a0002) | (((uint64_t)level + 1) << 2);
    char *at = add_big_endian(head, kind, 4);
    at = add_big_endian(at, len, 4);
    (void)add_big_endian(at, (uint64_t)log->now_ms() * 1000, 8);
}

void log_write(const struct log *log, enum log_level level, str line)
{
    char around[FRAME_HEAD_BYTES] = "\n"; /* the line feed after it, or the head before it */
    /* iovec has no const: the system only reads what it is given to write. */
    struct iovec parts[] = {{(void *)(uintptr_t)line.at, line.len}, {around, 1}};
    if (log->framed) {
        write_frame_head(around, log, level, line.len);
        parts[1] = parts[0];
        parts[0] = (struct iovec){around, sizeof around};
    }
    /* What cannot be logged cannot be reported either: a failed write is let go. */
    while (writev(log->fd, parts, 2) < 0 && errno == EINTR) {
    }
}

void log_end(struct log_line *line)
{
    bool truncated = line->out.failed;
    str end = line->log->text ? STR("") : STR("}");
    if (truncated) {
        end = line->log->text ? STR(" truncated") : STR(TRUNCATED);
    }
    line->out.failed = false;
    line->out.room = line->out.max = sizeof line->memory;
    buf_add(&line->out, end);
    log_write(line->log, line->level, buf_str(&line->out));
}

void log_message(const struct log *log, enum log_level level, const char *message)
{
    struct log_line line;
    if (log_start(log, &line, level, message)) {
        log_end(&line);
    }
}

void log_failure(const struct log *log, enum log_level level, const char *message,
                 const struct why *why)
{
    struct log_line line;
    if (log_start(log, &line, level, message)) {
        log_why(&line, why);
        log_end(&line);
    }
}

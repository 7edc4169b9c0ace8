#include "transform/record_scan.h"

#include <string.h>

static size_t to_end(struct record_scan *scan, str text)
{
    (void)scan;
    return text.len;
}

static size_t to_newline(struct record_scan *scan, str text)
{
    const char *newline = text.len ? memchr(text.at, '\n', text.len) : NULL;
    scan->found = newline != NULL;
    return newline ? (size_t)(newline - text.at) : text.len;
}

/* Step by step, so that a text of many lines that has only one of LF and CR is not searched for the
 * other in vain, to its end, for each line. */
size_t record_scan_line_len(str text)
{
    enum { STEP = 256 };
    for (size_t at = 0; at < text.len; at += STEP) {
        str step = str_take(str_drop(text, at), STEP);
        const char *newline = memchr(step.at, '\n', step.len);
        size_t len = newline ? (size_t)(newline - step.at) : step.len;
        const char *carriage_return = memchr(step.at, '\r', len);
        len = carriage_return ? (size_t)(carriage_return - step.at) : len;
        if (len < step.len) {
            return at + len;
        }
    }
    return text.len;
}

static size_t to_line_end(struct record_scan *scan, str text)
{
    size_t len = record_scan_line_len(text);
    scan->found = len < text.len;
    return len;
}

static size_t to_object_line(struct record_scan *scan, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (scan->after_newline && text.at[i] == '{') {
            scan->found = true;
            return i;
        }
        scan->after_newline = text.at[i] == '\n';
    }
    return text.len;
}

static void step_in_string(struct record_scan *scan, char c)
{
    if (scan->escaped) {
        scan->escaped = false;
        return;
    }
    scan->escaped = c == '\\';
    scan->in_string = c != '"';
}

static bool is_close(char c)
{
    return c == '}' || c == ']';
}

static size_t to_json_end(struct record_scan *scan, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (scan->in_string) {
            step_in_string(scan, c);
            if (!scan->in_string && scan->depth == 0) {
                scan->found = true;
                return i + 1;
            }
            continue;
        }
        if (scan->depth == 0 && (c == ',' || is_close(c))) {
            scan->found = true;
            return i;
        }
        scan->in_string = c == '"';
        scan->depth += c == '{' || c == '[';
        if (is_close(c) && --scan->depth == 0) {
            scan->found = true;
            return i + 1;
        }
    }
    return text.len;
}

struct record_scan record_scan_all(void)
{
    return (struct record_scan){.step = to_end};
}

struct record_scan record_scan_to_newline(void)
{
    return (struct record_scan){.step = to_newline};
}

struct record_scan record_scan_to_line_end(void)
{
    return (struct record_scan){.step = to_line_end};
}

struct record_scan record_scan_to_object_line(void)
{
    return (struct record_scan){.step = to_object_line};
}

struct record_scan record_scan_json(uint64_t depth)
{
    return (struct record_scan){.step = to_json_end, .depth = depth};
}

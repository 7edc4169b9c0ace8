#include <string.h>

#include "transform/record_csv.h"

struct naming {
    const char *name;
    enum record_format format;
};

static enum record_format of_content_type(str type)
{
    static const struct naming types[] = {
        {"application/json", FORMAT_JSON},
        {"text/json", FORMAT_JSON},
        {"application/x-ndjson", FORMAT_JSON},
        {"application/ndjson", FORMAT_JSON},
        {"application/jsonl", FORMAT_JSON},
        {"application/x-jsonlines", FORMAT_JSON},
        {"text/csv", FORMAT_CSV},
        {"application/csv", FORMAT_CSV},
        {"text/tab-separated-values", FORMAT_CSV},
    };
    type = str_trim(str_cut(type, ';').head);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_eq_nocase(type, str_from(types[i].name))) {
            return types[i].format;
        }
    }
    return FORMAT_UNKNOWN;
}

static bool ends_nocase(str s, str suffix)
{
    return s.len >= suffix.len && str_eq_nocase(str_drop(s, s.len - suffix.len), suffix);
}

static enum record_format of_suffix(str key)
{
    static const struct naming suffixes[] = {
        {".json", FORMAT_JSON}, {".ndjson", FORMAT_JSON}, {".jsonl", FORMAT_JSON},
        {".csv", FORMAT_CSV},   {".tsv", FORMAT_CSV},
    };
    if (ends_nocase(key, STR(".gz"))) {
        key = str_take(key, key.len - 3);
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (ends_nocase(key, str_from(suffixes[i].name))) {
            return suffixes[i].format;
        }
    }
    return FORMAT_UNKNOWN;
}

/* "aws-chunked" is how an upload came, and is sometimes left in. */
bool record_is_encoded(str content_encoding, str key)
{
    for (str left = content_encoding; left.len;) {
        struct str_halves h = str_cut(left, ',');
        str name = str_trim(h.head);
        if (name.len && !str_eq_nocase(name, STR("identity")) &&
            !str_eq_nocase(name, STR("aws-chunked"))) {
            return true;
        }
        left = h.tail;
    }
    return ends_nocase(key, STR(".gz"));
}

enum record_format record_format_of(str content_type, str key)
{
    enum record_format format = of_content_type(content_type);
    return format ? format : of_suffix(key);
}

static enum record_format of_line(struct record_reader *r, str line)
{
    if (record_csv_header_is(r, line)) {
        return FORMAT_CSV;
    }
    return line.len && memchr(line.at, '=', line.len) ? FORMAT_KV : FORMAT_UNKNOWN;
}

err record_format_sniff(struct record_reader *r, enum record_format *out, struct why *why)
{
    struct record_line line;
    TRY(record_reader_skip_blank_lines(r, why));
    str start = str_trim(window_text(&r->window));
    if (start.len && (start.at[0] == '{' || start.at[0] == '[')) {
        *out = FORMAT_JSON;
        return OK;
    }
    TRY(record_reader_line(r, &line, why));
    *out = of_line(r, line.text);
    return OK;
}

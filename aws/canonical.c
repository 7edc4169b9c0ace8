#include "aws/canonical.h"

#include "aws/uri.h"
#include "base/ascii.h"

#include <stdlib.h>
#include <string.h>

/* Proxies and clients add, change or drop these on the way. */
static const char *const never_signed[] = {
    "authorization",
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

/* Is `name` this text of lower-case letters, whatever its own case? */
static bool is_named(str name, const char *text)
{
    for (size_t i = 0; i < name.len; i++) {
        if (text[i] == 0 || ascii_lower(name.at[i]) != text[i]) {
            return false;
        }
    }
    return text[name.len] == 0;
}

static bool is_signed(str name)
{
    char first = name.len ? ascii_lower(name.at[0]) : 0;
    for (size_t i = 0; i < sizeof never_signed / sizeof never_signed[0]; i++) {
        if (never_signed[i][0] == first && is_named(name, never_signed[i])) {
            return false;
        }
    }
    return true;
}

/* Takes the last "/segment" off the path that starts at `start`, if there is one. */
static void drop_segment(struct buf *out, size_t start)
{
    bool dropped = false;
    while (out->len > start && !dropped) {
        dropped = out->at[--out->len] == '/';
    }
}

static void add_segment(struct buf *out, const struct sigv4_request *request, str segment)
{
    if (request->single_encode) {
        uri_add_encoded_once(out, segment);
    } else {
        uri_add_encoded(out, segment);
    }
}

/* RFC 3986 section 5.2.4, and empty segments are dropped as well. */
static void add_normal_path(struct buf *out, const struct sigv4_request *request)
{
    size_t start = out->len;
    for (str rest = request->path; rest.len;) {
        struct str_halves cut = str_cut(rest, '/');
        rest = cut.tail;
        if (str_eq(cut.head, STR(".."))) {
            drop_segment(out, start);
        } else if (cut.head.len && !str_eq(cut.head, STR("."))) {
            buf_char(out, '/');
            add_segment(out, request, cut.head);
        }
    }
    if (out->len == start || str_ends(request->path, STR("/"))) {
        buf_char(out, '/');
    }
}

static void add_verbatim_path(struct buf *out, const struct sigv4_request *request)
{
    struct str_halves cut = str_cut(request->path.len ? request->path : STR("/"), '/');
    add_segment(out, request, cut.head);
    while (cut.found) {
        cut = str_cut(cut.tail, '/');
        buf_char(out, '/');
        add_segment(out, request, cut.head);
    }
}

static void add_path(struct buf *out, const struct sigv4_request *request)
{
    if (request->verbatim_path) {
        add_verbatim_path(out, request);
    } else {
        add_normal_path(out, request);
    }
}

/* A query parameter, encoded. */
struct parameter {
    str name, value;
};

/* By name and then by value: compared as lines, "Param-3=" would come before "Param=". */
static int compare_parameters(const void *a, const void *b)
{
    const struct parameter *one = a;
    const struct parameter *other = b;
    int order = str_compare(one->name, other->name);
    return order ? order : str_compare(one->value, other->value);
}

/* The query in its own order, each parameter encoded, with a '=' and a '&' after it. */
static void add_encoded_query(struct buf *out, str query)
{
    while (query.len) {
        struct str_halves cut = str_cut(query, '&');
        query = cut.tail;
        if (cut.head.len) {
            struct str_halves pair = str_cut(cut.head, '=');
            uri_add_normal(out, pair.head);
            buf_char(out, '=');
            uri_add_normal(out, pair.tail);
            buf_char(out, '&');
        }
    }
}

static void add_query(struct sigv4_scratch *scratch, str query)
{
    struct buf *out = &scratch->canonical;
    struct buf *sorted = &scratch->sorted;
    buf_clear(&scratch->text);
    buf_clear(sorted);
    add_encoded_query(&scratch->text, query);
    for (str rest = buf_str(&scratch->text); rest.len;) {
        struct str_halves cut = str_cut(rest, '&');
        struct str_halves pair = str_cut(cut.head, '=');
        struct parameter parameter = {pair.head, pair.tail};
        buf_add(sorted, (str){(const char *)&parameter, sizeof parameter});
        rest = cut.tail;
    }
    const struct parameter *parameters = (const void *)sorted->at;
    size_t count = sorted->len / sizeof *parameters;
    if (count > 1) {
        qsort(sorted->at, count, sizeof *parameters, compare_parameters);
    }
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i ? STR("&") : STR(""));
        buf_add(out, parameters[i].name);
        buf_char(out, '=');
        buf_add(out, parameters[i].value);
    }
}

static int compare_nocase(str a, str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < common; i++) {
        int order = (unsigned char)ascii_lower(a.at[i]) - (unsigned char)ascii_lower(b.at[i]);
        if (order) {
            return order;
        }
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* By name; those of one name in the order they came, which is that of their addresses. */
static int compare_headers(const void *a, const void *b)
{
    const struct header *one = *(const struct header *const *)a;
    const struct header *other = *(const struct header *const *)b;
    int order = compare_nocase(one->name, other->name);
    return order ? order : (one > other) - (one < other);
}

/* The headers to be signed, in order, as pointers in scratch->sorted. */
static size_t sort_headers(struct sigv4_scratch *scratch, const struct sigv4_request *request)
{
    struct buf *sorted = &scratch->sorted;
    buf_clear(sorted);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        if (is_signed(header->name)) {
            buf_add(sorted, (str){(const char *)&header, sizeof header});
        }
    }
    size_t count = sorted->len / sizeof(struct header *);
    if (count > 1) {
        qsort(sorted->at, count, sizeof(struct header *), compare_headers);
    }
    return count;
}

static void add_lower(struct buf *out, str s)
{
    char *into = buf_reserve(out, s.len);
    if (!into) {
        return;
    }
    for (size_t i = 0; i < s.len; i++) {
        into[i] = ascii_lower(s.at[i]);
    }
    out->len += s.len;
}

static bool has(str s, char c)
{
    return s.len && memchr(s.at, c, s.len);
}

static void add_word_by_word(struct buf *out, str s)
{
    bool blank = false;
    for (size_t i = 0; i < s.len; i++) {
        bool was_blank = blank;
        blank = ascii_is_blank(s.at[i]);
        if (!blank) {
            buf_char(out, s.at[i]);
        } else if (!was_blank) {
            buf_char(out, ' ');
        }
    }
}

/* Trimmed, and each run of blanks inside made one space. Long values (tokens, hashes) are one
 * word. */
static void add_value(struct buf *out, str value)
{
    value = str_trim(value);
    if (has(value, ' ') || has(value, '\t') || has(value, '\n') || has(value, '\r')) {
        add_word_by_word(out, value);
    } else {
        buf_add(out, value);
    }
}

static bool same_name(const struct header *const *sorted, size_t i, size_t j)
{
    return str_eq_nocase(sorted[i]->name, sorted[j]->name);
}

static void add_headers(struct buf *out, const struct header *const *sorted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i && same_name(sorted, i - 1, i)) {
            buf_char(out, ',');
        } else {
            add_lower(out, sorted[i]->name);
            buf_char(out, ':');
        }
        add_value(out, sorted[i]->value);
        if (i + 1 == count || !same_name(sorted, i, i + 1)) {
            buf_char(out, '\n');
        }
    }
}

/* Each name once, with ';' between them. */
static void add_names(struct buf *out, const struct header *const *sorted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i && !same_name(sorted, i - 1, i)) {
            buf_char(out, ';');
        }
        if (!i || !same_name(sorted, i - 1, i)) {
            add_lower(out, sorted[i]->name);
        }
    }
}

void canonical_add_names(struct sigv4_scratch *scratch, const struct sigv4_request *request,
                         struct buf *out)
{
    size_t count = sort_headers(scratch, request);
    add_names(out, (const void *)scratch->sorted.at, count);
}

str canonical_add_request(struct sigv4_scratch *scratch, const struct sigv4_request *request)
{
    struct buf *out = &scratch->canonical;
    buf_add(out, request->method);
    buf_char(out, '\n');
    add_path(out, request);
    buf_char(out, '\n');
    add_query(scratch, request->query);
    buf_char(out, '\n');
    size_t count = sort_headers(scratch, request);
    const struct header *const *sorted = (const void *)scratch->sorted.at;
    add_headers(out, sorted, count);
    buf_char(out, '\n');
    size_t names_at = out->len;
    add_names(out, sorted, count);
    size_t names_len = out->len - names_at;
    buf_char(out, '\n');
    buf_add(out, request->payload_hash);
    return str_take(str_drop(buf_str(out), names_at), names_len);
}

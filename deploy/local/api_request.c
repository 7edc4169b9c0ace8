#include "deploy/local/api_request.h"

#include "base/ascii.h"

bool api_request_init(struct api_request *request, size_t max_body_bytes)
{
    *request = (struct api_request){0};
    buf_init(&request->body, max_body_bytes);
    buf_init(&request->lines, API_REQUEST_MAX_HEAD_BYTES);
    /* Taken whole at once: the headers point into it, so it must never move. */
    return buf_reserve(&request->lines, API_REQUEST_MAX_HEAD_BYTES) != NULL;
}

void api_request_close(struct api_request *request)
{
    buf_close(&request->body);
    buf_close(&request->lines);
    *request = (struct api_request){0};
}

void api_request_clear(struct api_request *request)
{
    struct buf body = request->body, lines = request->lines;
    buf_clear(&body);
    buf_clear(&lines);
    *request = (struct api_request){.body = body, .lines = lines};
}

static const struct api_header *find(const struct api_headers *headers, str name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (str_eq_nocase(headers->at[i].name, name)) {
            return &headers->at[i];
        }
    }
    return NULL;
}

str api_request_header(const struct api_request *request, str name)
{
    const struct api_header *found = find(&request->headers, name);
    return found ? found->value : STR("");
}

str api_request_trailer(const struct api_request *request, str name)
{
    const struct api_header *found = find(&request->trailers, name);
    return found ? found->value : STR("");
}

static enum api_request_state read_request_line(struct api_request *request, str line)
{
    struct str_halves method = str_cut(line, ' ');
    struct str_halves path = str_cut(method.tail, ' ');
    bool http10 = str_eq(path.tail, STR("HTTP/1.0"));
    if (!method.head.len || !path.head.len || !(http10 || str_eq(path.tail, STR("HTTP/1.1")))) {
        return API_REQUEST_BAD;
    }
    request->method = method.head;
    request->path = path.head;
    request->last = http10;
    return API_REQUEST_HEAD;
}

static bool is_name(str name)
{
    return name.len > 0 && ascii_all_visible(name);
}

static bool add(struct api_headers *headers, str line)
{
    struct str_halves pair = str_cut(line, ':');
    if (!pair.found || !is_name(pair.head) || headers->count == API_REQUEST_MAX_HEADERS) {
        return false;
    }
    headers->at[headers->count++] = (struct api_header){pair.head, str_trim(pair.tail)};
    return true;
}

static enum api_request_state read_header(struct api_request *request, str line)
{
    const struct api_header *length = find(&request->headers, STR("Content-Length"));
    if (length && str_eq_nocase(str_cut(line, ':').head, length->name)) {
        return API_REQUEST_BAD; /* two lengths: nobody knows where the next request begins */
    }
    return add(&request->headers, line) ? API_REQUEST_HEAD : API_REQUEST_BAD;
}

static enum api_request_state read_trailer(struct api_request *request, str line)
{
    return add(&request->trailers, line) ? API_REQUEST_TRAILER : API_REQUEST_BAD;
}

/* What follows the empty line. */
static enum api_request_state end_head(struct api_request *request)
{
    const struct api_header *coding = find(&request->headers, STR("Transfer-Encoding"));
    const struct api_header *length = find(&request->headers, STR("Content-Length"));
    if (str_eq_nocase(api_request_header(request, STR("Connection")), STR("close"))) {
        request->last = true;
    }
    if (coding) {
        bool known = !length && str_eq_nocase(coding->value, STR("chunked"));
        return known ? API_REQUEST_CHUNK_SIZE : API_REQUEST_BAD;
    }
    if (!length) {
        return API_REQUEST_DONE;
    }
    if (!str_to_u64(length->value, &request->left)) {
        return API_REQUEST_BAD;
    }
    return request->left ? API_REQUEST_BODY : API_REQUEST_DONE;
}

static enum api_request_state read_chunk_size(struct api_request *request, str line)
{
    enum { MAX_DIGITS = 15 }; /* fits 64 bits */
    str digits = str_trim(str_cut(line, ';').head);
    if (!digits.len || digits.len > MAX_DIGITS) {
        return API_REQUEST_BAD;
    }
    request->left = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = ascii_hex_value(digits.at[i]);
        if (digit < 0) {
            return API_REQUEST_BAD;
        }
        request->left = request->left * 16 + (uint64_t)digit;
    }
    return request->left ? API_REQUEST_CHUNK : API_REQUEST_TRAILER;
}

static enum api_request_state read_line(struct api_request *request, str line)
{
    switch (request->state) {
    case API_REQUEST_HEAD:
        if (!request->method.len) {
            /* A line break too many after the last request is allowed. */
            return line.len ? read_request_line(request, line) : API_REQUEST_HEAD;
        }
        return line.len ? read_header(request, line) : end_head(request);
    case API_REQUEST_CHUNK_SIZE:
        return read_chunk_size(request, line);
    case API_REQUEST_CHUNK_END:
        return line.len ? API_REQUEST_BAD : API_REQUEST_CHUNK_SIZE;
    case API_REQUEST_TRAILER:
        return line.len ? read_trailer(request, line) : API_REQUEST_DONE;
    default:
        return API_REQUEST_BAD;
    }
}

static size_t take_line(struct api_request *request, str bytes)
{
    struct str_halves cut = str_cut(bytes, '\n');
    size_t len = cut.head.len + (cut.found ? 1 : 0);
    struct buf *lines = &request->lines;
    buf_add(lines, str_take(bytes, len));
    if (lines->failed) {
        request->state = API_REQUEST_BAD;
        return len;
    }
    if (!cut.found) {
        return len;
    }
    str line = str_span(lines->at + request->line_at, lines->at + lines->len - 1);
    line.len -= line.len && line.at[line.len - 1] == '\r' ? 1 : 0;
    bool kept = request->state == API_REQUEST_HEAD || request->state == API_REQUEST_TRAILER;
    request->state = read_line(request, line);
    if (kept) {
        request->line_at = lines->len; /* headers point into it */
    }
    lines->len = request->line_at;
    return len;
}

static size_t take_data(struct api_request *request, str bytes)
{
    str data = bytes.len > request->left ? str_take(bytes, (size_t)request->left) : bytes;
    if (!request->too_large) {
        buf_add(&request->body, data);
    }
    if (request->body.failed) {
        request->too_large = true;
        buf_clear(&request->body);
    }
    request->left -= data.len;
    if (!request->left) {
        bool chunk = request->state == API_REQUEST_CHUNK;
        request->state = chunk ? API_REQUEST_CHUNK_END : API_REQUEST_DONE;
    }
    return data.len;
}

size_t api_request_feed(struct api_request *request, str bytes)
{
    size_t fed = 0;
    while (fed < bytes.len && request->state < API_REQUEST_DONE) {
        str rest = str_drop(bytes, fed);
        bool data = request->state == API_REQUEST_BODY || request->state == API_REQUEST_CHUNK;
        fed += data ? take_data(request, rest) : take_line(request, rest);
    }
    return fed;
}
